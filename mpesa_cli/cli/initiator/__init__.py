"""Commands that ask M-PESA itself."""

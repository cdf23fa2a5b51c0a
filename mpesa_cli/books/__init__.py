"""The books: M-PESA's own record beside the ledger, what differs, and days that were closed."""

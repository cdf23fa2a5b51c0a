"""Payouts: money sent to a phone for a reference, of which at most one request may be in doubt or done."""

"""The books: M-PESA's own record beside the ledger, the differences between them, and days that were closed."""

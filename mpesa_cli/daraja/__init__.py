"""Safaricom's HTTP API and its wire format. Knows nothing of the ledger or the terminal."""

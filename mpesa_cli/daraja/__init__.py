"""Safaricom's HTTP API and its wire format. Imports neither the ledger nor the terminal."""

"""The HTTP side of the owner's page: its own port, its own thread, its own connections."""

CONNECTIONS_MAX = 48
FILES = CONNECTIONS_MAX + 24
"""The files that the page may have open: its connections, and its threads' ways to the ledger."""
PORT = 8311

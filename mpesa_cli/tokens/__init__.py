"""Bearer tokens of the HTTP API: made, read and refused. Knows no ledger, no settings and no HTTP server."""

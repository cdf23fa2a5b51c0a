"""Bearer tokens of the HTTP API: made, read and refused."""

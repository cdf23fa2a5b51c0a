"""Commands about the HTTP API."""

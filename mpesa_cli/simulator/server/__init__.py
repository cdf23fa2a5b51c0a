"""The simulator as a real HTTP server on loopback."""

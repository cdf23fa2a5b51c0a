"""Daraja's APIs as the double plays them: one module an API, each a pure function of state and request."""

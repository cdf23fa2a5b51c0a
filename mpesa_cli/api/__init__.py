"""Payments over HTTP for the shop's own system: the terminal's operations on the terminal's ledger.

``endpoints.py`` is the one table: what is served, read and answered follows from it, and so does the OpenAPI
document. Loaded only where ``mpesa listen --api`` runs.
"""

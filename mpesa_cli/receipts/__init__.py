"""Receipts: the facts that a shop confirms to its customer, and their faces."""

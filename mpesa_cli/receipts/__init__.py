"""Receipts: the facts that a shop confirms to its customer, as text, HTML, PDF and printer bytes."""

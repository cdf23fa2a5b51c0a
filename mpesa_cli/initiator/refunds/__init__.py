"""Refunds: a receipt's money given back by a reversal, at most one of which may be in doubt or done."""

"""Held messages: those that came in and could not be applied, until somebody has dealt with them."""

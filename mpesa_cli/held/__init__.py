"""Held messages: what came in and could not be applied, until somebody has dealt with it."""

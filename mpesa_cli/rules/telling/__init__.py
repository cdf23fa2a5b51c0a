"""News for a shop's own system: when there is some."""

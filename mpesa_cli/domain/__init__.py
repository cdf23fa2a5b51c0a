"""Pure values and decisions. No clock, no I/O, no logging; the standard library only."""

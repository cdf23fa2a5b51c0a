"""The money rules: evidence, states, who may be asked again. Pure: no clock, no I/O; the standard library only."""

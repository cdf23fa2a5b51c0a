"""Intake: a body is stored before it is answered, then settled."""

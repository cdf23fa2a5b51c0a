"""Recorded bodies, sent to an app under development as Daraja would send them."""

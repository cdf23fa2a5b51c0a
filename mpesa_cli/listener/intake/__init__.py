"""What comes in: stored before it is answered, then settled."""

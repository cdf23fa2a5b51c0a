"""Questions to a person before money may move, and what the journal keeps of the answers."""

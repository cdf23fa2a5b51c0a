"""Questions to a person before money may move, and the form in which the journal keeps the answers."""

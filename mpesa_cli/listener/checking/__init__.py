"""A receiver of events under test: the deliveries that a shop's own system must survive, and what it made of each."""

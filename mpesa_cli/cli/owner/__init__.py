"""The owner's page beside a listener, and the browsers that may see it."""

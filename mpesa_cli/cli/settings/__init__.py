"""Commands about configuration and secrets."""

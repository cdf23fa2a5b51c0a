"""Commands about many payments."""

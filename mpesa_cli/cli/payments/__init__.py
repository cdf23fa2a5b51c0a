"""Commands about one payment."""

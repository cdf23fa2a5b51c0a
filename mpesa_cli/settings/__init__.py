"""Configuration and secrets, and their sources."""

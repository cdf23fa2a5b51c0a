"""Where configuration and secrets come from."""

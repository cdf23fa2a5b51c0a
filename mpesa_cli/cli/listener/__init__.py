"""Commands that receive callbacks, or send some."""

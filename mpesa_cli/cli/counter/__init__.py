"""The command that opens the counter."""

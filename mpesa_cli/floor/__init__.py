"""What everything stands on: errors, secrets, times, files and the wire. Knows nothing of payments."""

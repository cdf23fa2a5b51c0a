"""The floor that every package stands on: errors, secrets, times, files, the wire. No payments."""

"""The engine: a SQLite file opened, migrated, written durably, copied and scrubbed."""

"""The engine on PostgreSQL: several machines, one ledger. Loaded only where a profile names one."""

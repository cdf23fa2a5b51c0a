"""The ledger's upkeep: audit, backup, restore, erase, and a check-up of everything around it."""

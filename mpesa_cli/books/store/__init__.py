"""The books' part of the ledger: statements and their rows, closed days, differences."""

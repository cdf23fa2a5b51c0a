"""The check-up: the findings about ledger, machine, network and configuration."""

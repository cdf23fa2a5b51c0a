"""The check-up: what each look at ledger, machine, network and configuration finds."""

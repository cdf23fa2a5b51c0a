"""A Daraja double to develop against: no account, no network, no money."""

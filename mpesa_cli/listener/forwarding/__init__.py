"""What happened, passed on to the shop's own system, and sent to customers."""

"""Events passed on to the shop's own system, and messages sent to customers."""

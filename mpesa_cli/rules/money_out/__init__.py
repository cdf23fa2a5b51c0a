"""Money that goes out: refunds and payouts, their limits, and who must agree. Pure."""

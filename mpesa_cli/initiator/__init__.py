"""Questions that are asked with an initiator, their results, and what they prove about a receipt."""

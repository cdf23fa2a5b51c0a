"""Questions asked with an initiator (Safaricom's API user), their results, and the proof they give of a receipt."""

"""The audit: the chain, the projections and the file proven from the journal."""

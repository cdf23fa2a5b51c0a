"""The audit: chain, projections and file proven from the journal."""

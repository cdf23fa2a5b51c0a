"""Who may see the owner's page: browsers that were paired with a one-time code, listed and revocable."""

"""Files that several processes share: private, locked, whole or not at all."""

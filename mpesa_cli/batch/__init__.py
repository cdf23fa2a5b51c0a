"""Many payments from a file, or many that failed: planned, sent one after another, watched."""

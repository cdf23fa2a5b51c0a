"""HTTP as we use it: one gate for what leaves, one strict reader for what comes."""

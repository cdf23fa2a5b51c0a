"""The owner's page as HTML: what a look has found, in parts that can be sent one by one. Pure."""

"""The verbs that need more than one room. Each durable step of a verb is one transaction."""

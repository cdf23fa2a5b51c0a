"""Text messages: one protocol, one provider a file. What a failure proves decides what may be sent again."""

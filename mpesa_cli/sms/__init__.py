"""Text messages: one protocol, one provider a file. What a failure proves decides if it is sent again."""

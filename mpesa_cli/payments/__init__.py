"""The laws about money that comes in: push, settle, ask, wait, retry, resolve, and payments by hand."""

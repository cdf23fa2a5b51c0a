"""The laws about money that comes in: push, settle, ask, wait, retry, resolve, and what customers send by hand."""

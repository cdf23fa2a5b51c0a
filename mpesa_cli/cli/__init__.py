"""The command line: a folder per family of commands, and the framework that they share."""

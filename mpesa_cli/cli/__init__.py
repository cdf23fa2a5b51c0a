"""The command line: a folder for each family of commands, and the framework that they share."""

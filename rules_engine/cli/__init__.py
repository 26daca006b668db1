"""The command line: one file per command, each parses, makes one call, renders, and returns an exit code."""

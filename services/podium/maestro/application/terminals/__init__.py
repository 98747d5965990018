"""Terminals between runners and viewers: one relay each, in memory; what must last is the runner's transcript."""

"""The runner: supervises agents, keeps their worktrees, merges and lands what they made.

It is only a client of the other services: it follows `jobs/…` streams, claims agents, reports what they do. It
outlives the managers, and its data directory outlives it.
"""

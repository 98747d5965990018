"""Sandboxes for agents: `sandbox = "bwrap"` in a profile.

Inside, everything is read-only but the worktree, what git needs for commits on the agent's own branch, and private
temporary folders; the home directory and Podium's own files are not there; there is no network but the doors that the
profile names: single loopback ports of this machine.
"""

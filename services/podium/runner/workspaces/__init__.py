"""Workspaces: git repositories, a worktree and branch for each attempt, merging, checks and landing.

Everything is done with the git command (2.38 or newer), by porcelain and plumbing with stable, NUL-separated output.
"""

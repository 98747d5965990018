"""Maestro: the single source of truth for projects, tasks, sessions and their links; it follows the pods."""

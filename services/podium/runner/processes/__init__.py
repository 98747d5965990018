"""Processes that the runner starts: agents, setups, checks.

Each runs in a session and process group of its own, journaled before it may begin, bounded in time and output, and
ended with all its descendants.
"""

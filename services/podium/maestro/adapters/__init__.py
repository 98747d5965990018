"""Maestro's edges: the wire, the event store, and how its parts find each other."""

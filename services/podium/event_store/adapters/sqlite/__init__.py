"""The log on SQLite: one thread and connection write, commit and checkpoint; the others only read."""

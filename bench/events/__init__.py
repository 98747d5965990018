"""`make bench-events`: the event store beside others of its kind, and beside its own floors."""

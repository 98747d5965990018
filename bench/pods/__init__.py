"""`make bench-pods`: the pod-manager on a durable event store, beside DBOS and Restate."""

"""The event store: the only service with a database."""

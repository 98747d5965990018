"""The outside: SQLite, memory, gRPC."""

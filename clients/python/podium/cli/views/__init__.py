"""What people and programs see: pure functions from messages to text, tables and JSON values.

Nothing here calls a service, reads a clock or writes anywhere; the time comes in as `now` (seconds since the epoch).
"""

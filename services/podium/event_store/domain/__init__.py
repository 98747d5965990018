"""The rules of the log: what an append needs to be admitted, what an event looks like, who holds what."""

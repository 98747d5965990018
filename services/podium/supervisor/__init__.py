"""The local supervisor: one process per service, one data directory, and nothing of gRPC.

It makes what an installation needs (directory, key, token), starts the services all at once, watches their health
over their sockets, restarts what dies, and leaves no process behind. What it does stands in `run/supervisor.json`.
"""

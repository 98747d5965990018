"""The `podium` command.

One module a command under `commands/`, loaded when it is called; `views/` turns states into what people read, and
knows nothing of gRPC; the rest is what several commands share.
"""

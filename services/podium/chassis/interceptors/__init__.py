"""What stands between the wire and a servicer: admission, callers, validation, errors, traces.

A method's handler is wrapped once, when its servicer is registered (`edge.Edge`): grpc.aio's own hook would look
everything up anew for every call.
"""

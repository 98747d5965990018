"""gRPC and what the tests fork: import this before anything that imports gRPC.

A terminal of a test's own is made by a fork in the middle of the test's process. gRPC then starts its threads anew in
the child, which closes their descriptors and becomes another program: one in four children dies of that
(grpc/grpc issue 43055). A child that does nothing but become another program needs none of it. The setting is read
once, and taken away again: the services under test are to run as they do elsewhere, and start their processes without
a fork of that kind.
"""

import os

_NAME = "GRPC_ENABLE_FORK_SUPPORT"


def _read_once() -> None:
    before = os.environ.get(_NAME)
    os.environ[_NAME] = "false"
    import grpc

    grpc.insecure_channel("127.0.0.1:1").close()
    if before is None:
        del os.environ[_NAME]
    else:
        os.environ[_NAME] = before


_read_once()

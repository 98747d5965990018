"""How gRPC waits for its sockets in this process: import this before anything that imports gRPC.

gRPC's event engine hands what it reads and writes from thread to thread, four more of them for each process. Without it
the thread that waits does the work: a message takes a quarter less of the processor, and two hops less on its way. It
is turned off by a name that gRPC may drop one day; then it says so at the start, and goes on as it would without.
Services that start processes of others leave it as it is: what they start would inherit the setting.
"""

import os

os.environ.setdefault("GRPC_EXPERIMENTS", "-event_engine_client,-event_engine_listener")

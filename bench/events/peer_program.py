"""Other stores on the same work; runs in the peers' own environment (`.bench-venv`), prints one JSON object.

`python peer_program.py umadb PORT | redis PORT | eventsourcing sqlite FILE | eventsourcing postgres HOST`
"""

import json
import os
import socket
import sys
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from bench.events.measure import EVENT_BYTES, threads_loop

DATA = os.urandom(EVENT_BYTES)
CALLERS = 64
SAVERS = 16
"""Threads for eventsourcing: with 64 it is slower."""


def umadb(port: str) -> dict[str, float]:
    """64 threads with a client each, one event an append."""
    import umadb as library

    def caller(number: int) -> Callable[[], object]:
        client: Any = library.Client(f"http://127.0.0.1:{port}")
        return lambda: client.append([library.Event("SpecApproved", DATA, [f"bench/{number}"], uuid.uuid4())])

    load = threads_loop([caller(number) for number in range(CALLERS)])
    return {"rate": load.rate, "p50": load.percentile(0.5)}


def eventsourcing(kind: str, place: str) -> dict[str, float]:
    """An event of an aggregate and its save, in process: no network."""
    from eventsourcing.application import Application
    from eventsourcing.domain import Aggregate, event

    class Pod(Aggregate):
        @event("Updated")
        def update(self, data: str) -> None:
            self.data = data

    environment = {"PERSISTENCE_MODULE": f"eventsourcing.{kind}"}
    if kind == "sqlite":
        environment["SQLITE_DBNAME"] = place
    else:
        environment |= {
            "POSTGRES_DBNAME": "postgres",
            "POSTGRES_HOST": place,
            "POSTGRES_PORT": "5432",
            "POSTGRES_USER": "podium",
            "POSTGRES_PASSWORD": "",
            "POSTGRES_POOL_SIZE": "32",
            "POSTGRES_MAX_OVERFLOW": "40",
        }
    application: Any = Application(env=environment)
    data = "x" * (EVENT_BYTES - 36)  # beside what it wraps around it

    def caller(_: int) -> Callable[[], object]:
        pod = Pod()
        application.save(pod)

        def call() -> None:
            pod.update(data)
            application.save(pod)

        return call

    load = threads_loop([caller(number) for number in range(SAVERS)])
    return {"rate": load.rate, "p50": load.percentile(0.5)}


def redis(port: str) -> dict[str, float]:
    """XADD on 64 connections."""
    command = [b"XADD", b"bench", b"*", b"event", DATA]
    request = b"*%d\r\n" % len(command) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in command)

    def caller(_: int) -> Callable[[], object]:
        connection = socket.create_connection(("127.0.0.1", int(port)))

        def call() -> None:
            connection.sendall(request)
            answer = b""
            while answer.count(b"\r\n") < 2:
                answer += connection.recv(4096)
                if answer.startswith(b"-"):
                    raise RuntimeError(answer.decode())

        return call

    load = threads_loop([caller(number) for number in range(CALLERS)])
    return {"rate": load.rate, "p50": load.percentile(0.5)}


def main() -> None:
    """Run one and leave, whatever threads its libraries keep."""
    name, *arguments = sys.argv[1:]
    programs: dict[str, Callable[..., dict[str, float]]] = {
        "umadb": umadb,
        "eventsourcing": eventsourcing,
        "redis": redis,
    }
    print(json.dumps(programs[name](*arguments)), flush=True)
    assert threading.main_thread() is threading.current_thread()
    os._exit(0)


if __name__ == "__main__":
    main()

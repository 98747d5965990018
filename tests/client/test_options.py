"""What both ends tell gRPC."""

from pathlib import Path

from grpc._cython import cygrpc

from podium.client.options import CHANNEL_OPTIONS, SERVER_OPTIONS


def test_every_option_is_one_that_grpc_knows() -> None:
    """It takes any name and ignores those that it does not know: a misspelt one would do nothing, silently."""
    library = Path(cygrpc.__file__).read_bytes()
    names = {name for name, _ in (*CHANNEL_OPTIONS, *SERVER_OPTIONS)}
    assert {name for name in names if name.encode() + b"\0" not in library} == set()


def test_a_server_allows_what_a_client_sends() -> None:
    """Pings of idle connections come less often than what the server takes for an attack."""
    allowed = dict(SERVER_OPTIONS)["grpc.http2.min_ping_interval_without_data_ms"]
    assert dict(CHANNEL_OPTIONS)["grpc.keepalive_time_ms"] > allowed

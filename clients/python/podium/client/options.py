"""gRPC options that both ends share."""

from collections.abc import Sequence

MAX_MESSAGE_BYTES = 8 << 20
"""The longest message, either way."""

_KEEPALIVE: Sequence[tuple[str, int]] = (
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    # Without this one a peer that went silent is not noticed, whatever the two above say.
    ("grpc.http2.ping_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
)

_MESSAGES: Sequence[tuple[str, int]] = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
)

CHANNEL_OPTIONS: Sequence[tuple[str, int]] = (
    *_KEEPALIVE,
    *_MESSAGES,
    # A service that restarts is back within a second or two; gRPC's own steps go up to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 1_000),
    ("grpc.max_reconnect_backoff_ms", 500),
    # Retries are ours (`calls`): they keep the request id and follow owners.
    ("grpc.enable_retries", 0),
    # A proxy of the environment is for the web, never for a local service.
    ("grpc.enable_http_proxy", 0),
)

SERVER_OPTIONS: Sequence[tuple[str, int]] = (
    *_KEEPALIVE,
    *_MESSAGES,
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    # Two processes on one port would share its calls: a second one must fail to bind instead.
    ("grpc.so_reuseport", 0),
)

"""The browser edge: Connect and gRPC-Web on one HTTP address, the built UI beside them, nothing without a token.

`edge` is HTTP (hosts, origins, cookies, files, the server), `rpc` forwards calls by their descriptors, `web` is the
gateway's own service, `podium.web.v1.WebService`, which the gateway serves by gRPC like any other.
"""

"""HTTP: who may come in, and what they get that is no RPC."""

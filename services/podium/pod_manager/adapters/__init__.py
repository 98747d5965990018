"""The pod-manager's edge: gRPC in, event store and leases out."""

"""What the pod-manager does beside deciding: it follows the runners' leases."""

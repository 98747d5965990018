"""The pod-manager: one writer per pod, its state, its scheduling."""

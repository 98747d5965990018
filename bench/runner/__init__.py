"""Measurements of the runner: `make bench-runner`."""

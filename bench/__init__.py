"""Measurements, each one command; figures stand beside the peer or the limit of the same run."""

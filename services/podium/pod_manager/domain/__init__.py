"""The rules of pods: pure, no I/O, no clock, no randomness."""

"""The web interface as a browser meets it: how fast it is there, how fast it follows, and what it bears."""

"""What each command leads to, an area a module; each command is a small function on a `Draft`."""

"""`podium attach`: a session's terminal in the person's own, and what both must be spared."""

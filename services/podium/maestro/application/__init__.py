"""What the service does with the rules: listings, and the following of pods."""

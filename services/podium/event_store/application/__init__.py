"""The store at work over any `Log`: live subscriptions, leases, upkeep."""

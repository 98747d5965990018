"""A fake service."""

from tests.fakes.health_server import main

if __name__ == "__main__":
    main("event-store")

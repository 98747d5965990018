"""Background tasks that cannot get lost: the client's own class, for the services too."""

from podium.client.tasks import TaskSet

__all__ = ["TaskSet"]

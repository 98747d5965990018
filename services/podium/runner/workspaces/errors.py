"""What can be wrong with a workspace."""

from collections.abc import Sequence


class WorkspaceError(Exception):
    """The workspace cannot serve: the message says why and what a person can do."""


class GitError(WorkspaceError):
    """A git command failed; `arguments` without paths and options of ours, `status`, and what it said."""

    def __init__(self, arguments: Sequence[str], status: int, said: str) -> None:
        self.arguments = tuple(arguments)
        self.status = status
        self.said = said.strip()
        super().__init__(f"git {' '.join(arguments[:3])}: {self.said or f'exit status {status}'}")


class SetupError(WorkspaceError):
    """The repository's own setup failed; `output` is the end of what it wrote."""

    def __init__(self, message: str, output: str = "") -> None:
        super().__init__(message)
        self.output = output

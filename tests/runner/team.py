"""Attempts that change files, merged and landed: what the tests of merging and landing begin with."""

from podium.runner.workspaces import review
from podium.runner.workspaces.landing import Blocked, Landed, Landing
from podium.runner.workspaces.merging import Conflict
from podium.runner.workspaces.service import AttemptOrder, Place, Workspaces
from tests.runner.repo import Repo

POD = "task_1"
PREFIX = "podium/abc-title"
INTEGRATION = f"{PREFIX}/integration"


class Team:
    """Makes attempts that change files, merges and lands them."""

    def __init__(self, workspaces: Workspaces, place: Place, repo: Repo) -> None:
        self.workspaces = workspaces
        self.place = place
        self.repo = repo

    async def work(self, name: str, files: dict[str, str]) -> str:
        """An attempt's branch with one commit."""
        branch = f"{PREFIX}/{name}.1"
        prepared = await self.workspaces.prepare(POD, self.place, AttemptOrder(f"{name}.1", branch))
        self.repo.commit(f"work of {name}", files, cwd=prepared.path)
        return branch

    async def merge(self, name: str, job: str = "") -> str | Conflict:
        return await review.merge(
            self.workspaces,
            POD,
            self.place,
            branch=f"{PREFIX}/{name}.1",
            title=f"Do {name}",
            job_id=job or f"job_{name}",
            workstream_id=name,
        )

    async def merged(self, name: str, files: dict[str, str]) -> str:
        await self.work(name, files)
        commit = await self.merge(name)
        assert isinstance(commit, str)
        return commit

    async def land(self, commit: str, job: str = "job_land") -> Landed | Conflict | Blocked:
        return await review.land(
            self.workspaces, POD, self.place, integration_commit=commit, title="The task", job_id=job
        )


async def landing(team: Team, commit: str) -> Landing:
    repository, record = await team.workspaces.open(POD, team.place)
    return Landing(repository, record.base_branch, record.base_commit, INTEGRATION, commit, "T", "job_land", False)

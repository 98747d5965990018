"""Landing by a pull request, against real git and small programs that stand for `gh` and `glab`."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from podium.runner.workspaces import programs, releasing, review
from podium.runner.workspaces.forges import Forge, forge_of
from podium.runner.workspaces.landing import Blocked, Landed
from podium.runner.workspaces.merging import Conflict
from podium.runner.workspaces.proposing import Proposal, Proposed
from podium.runner.workspaces.service import AttemptOrder, Place, Workspaces
from tests.fakes.forge_program import ForgeState, install
from tests.runner.repo import Repo
from tests.runner.team import POD, Team

BRANCH = "podium/abc-title"
ADDRESS = {"gh": "https://github.com/ann/shop", "glab": "https://gitlab.com/group/sub/shop"}
Outcome = Landed | Conflict | Blocked | Proposed


class Proposer(Team):
    """A pod with one merged workstream, whose work is proposed to a remote."""

    def __init__(self, workspaces: Workspaces, place: Place, repo: Repo, there: Repo) -> None:
        super().__init__(workspaces, place, repo)
        self.there = there

    async def propose(self, commit: str, body: str = "The body") -> tuple[Outcome, Proposal | None]:
        return await review.propose(
            self.workspaces,
            POD,
            self.place,
            integration_commit=commit,
            title="Mend\nthe shop",
            body=body,
            known_forges={"git.example.org": "gitlab"},
        )


@pytest.fixture
def there(repo: Repo, tmp_path: Path) -> Repo:
    bare = tmp_path / "there.git"
    repo.git("clone", "-q", "--bare", str(repo.path), str(bare))
    return Repo(bare)


@pytest.fixture
def team(workspaces: Workspaces, place: Place, repo: Repo, there: Repo) -> Proposer:
    repo.git("remote", "add", "origin", str(there.path))
    return Proposer(workspaces, place, repo, there)


@pytest.fixture
def at(
    team: Proposer, repo: Repo, there: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> "Callable[[str], ForgeState]":
    """The remote seems to be at a forge, whose program is on PATH."""

    def place_at(program: str) -> ForgeState:
        repo.git("config", "remote.origin.url", ADDRESS[program])
        repo.git("config", f"url.{there.path}.insteadOf", ADDRESS[program])
        state = install(tmp_path / "bin", program)
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
        return state

    return place_at


@pytest.mark.parametrize(("program", "kind"), [("gh", "pull_request"), ("glab", "merge_request")])
async def test_the_forges_program_opens_the_request(
    team: Proposer, at: Callable[[str], ForgeState], program: str, kind: str
) -> None:
    """The branch is pushed, the request opened with title and text; again, it is found and not doubled."""
    state = at(program)
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    before = team.repo.head("main")
    outcome, proposal = await team.propose(commit)
    assert isinstance(outcome, Proposed)
    assert proposal == outcome.proposal
    assert (proposal.kind, proposal.number, proposal.state) == (kind, 1, "open")
    assert proposal.url.startswith(ADDRESS[program])
    assert team.there.head(BRANCH) == commit
    (call,) = state.calls("create")
    assert "Mend the shop" in call["words"]
    assert "The body" in (call["stdin"], *call["words"])
    assert call["directory"] == str(team.repo.path)
    assert (team.there.head("main"), team.repo.head("main")) == (before, before)
    again, _ = await team.propose(commit)
    assert again == outcome
    assert len(state.calls("create")) == 1


@pytest.mark.parametrize("program", ["gh", "glab"])
async def test_a_merged_request_is_landed_work(team: Proposer, at: Callable[[str], ForgeState], program: str) -> None:
    """Merged there, also as a squash whose commit git cannot tell: the pod hears the commit; branches go."""
    state = at(program)
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    await team.propose(commit)
    state.change(1, state="MERGED", head=commit, merged="c" * 40)
    outcome, proposal = await team.propose(commit)
    assert outcome == Landed("c" * 40)
    assert proposal is not None
    assert proposal.state == "merged"
    await releasing.release(team.workspaces, POD, keep_failed=True)
    assert team.repo.git("branch", "--list", "podium/*") == ""


async def test_more_work_goes_into_the_open_request(team: Proposer, at: Callable[[str], ForgeState]) -> None:
    """After requested changes the same branch is pushed on, without force; a person's own push to it is not undone."""
    state = at("gh")
    await team.propose(await team.merged("a", {"src/a.txt": "A\n"}))
    commit = await team.merged("b", {"src/b.txt": "B\n"})
    outcome, _ = await team.propose(commit)
    assert isinstance(outcome, Proposed)
    assert team.there.head(BRANCH) == commit
    assert len(state.calls("create")) == 1
    clone = Repo(team.repo.path.parent / "clone")
    team.repo.git("clone", "-q", "-b", BRANCH, str(team.there.path), str(clone.path))
    theirs = clone.commit("a person's", {"theirs.txt": "x\n"})
    clone.git("push", "-q", "origin", BRANCH)
    blocked, _ = await team.propose(await team.merged("c", {"c.txt": "C\n"}))
    assert isinstance(blocked, Blocked)
    assert "refused" in blocked.error
    assert team.there.head(BRANCH) == theirs


async def test_a_program_that_refuses_leaves_it_to_a_person(team: Proposer, at: Callable[[str], ForgeState]) -> None:
    """Not logged in: the branch is pushed, its words are kept, and the address and the text are there."""
    state = at("gh")
    state.write({**state.read(), "refuse": "To get started with GitHub CLI, please run:  gh auth login"})
    outcome, proposal = await team.propose(await team.merged("a", {"src/a.txt": "A\n"}))
    assert isinstance(outcome, Proposed)
    assert proposal is not None
    assert (proposal.number, proposal.state) == (0, "to_open")
    assert "gh auth login" in proposal.error
    assert proposal.url == f"{ADDRESS['gh']}/compare/main...{BRANCH}?expand=1&title=Mend%20the%20shop"
    assert (proposal.title, proposal.body) == ("Mend the shop", "The body")


async def test_a_program_that_hangs_is_given_up(
    team: Proposer, at: Callable[[str], ForgeState], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has its time; then a person opens the request."""
    at("gh")
    (tmp_path / "bin/gh").write_text("#!/bin/sh\nsleep 1000\n")
    monkeypatch.setattr("podium.runner.workspaces.forges.TOOL_SECONDS", 0.3)
    monkeypatch.setattr(programs, "_GRACE_SECONDS", 0.3)
    outcome, proposal = await team.propose(await team.merged("a", {"src/a.txt": "A\n"}))
    assert isinstance(outcome, Proposed)
    assert proposal is not None
    assert "did not end" in proposal.error


async def test_without_a_program_the_merge_is_seen_in_git(team: Proposer) -> None:
    """A remote of no known kind: pushed and said; merged or squashed by whatever means, it has landed."""
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    outcome, proposal = await team.propose(commit)
    assert isinstance(outcome, Proposed)
    assert proposal == Proposal(branch=BRANCH, title="Mend the shop", body="The body")
    clone = Repo(team.repo.path.parent / "clone")
    team.repo.git("clone", "-q", str(team.there.path), str(clone.path))
    clone.git("merge", "-q", "--squash", f"origin/{BRANCH}")
    squashed = clone.commit("all of it (#1)", {})
    clone.git("push", "-q", "origin", "main")
    assert (await team.propose(commit))[0] == Landed(squashed)


async def test_a_merge_commit_there_is_found(team: Proposer) -> None:
    """The commit on the target that brought the work."""
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    clone = Repo(team.repo.path.parent / "clone")
    team.repo.git("clone", "-q", str(team.there.path), str(clone.path))
    await team.propose(commit)
    clone.git("fetch", "-q")
    clone.git("merge", "-q", "--no-ff", "-m", "Merge #1", f"origin/{BRANCH}")
    merged = clone.head()
    clone.commit("later", {"later.txt": "x\n"})
    clone.git("push", "-q", "origin", "main")
    outcome, proposal = await team.propose(commit)
    assert outcome == Landed(merged)
    assert proposal is not None
    assert proposal.state == "merged"
    assert team.repo.git("for-each-ref", "refs/podium") == ""


async def test_a_target_there_that_conflicts_names_the_paths(team: Proposer) -> None:
    """Nothing is pushed: the conflict goes to a resolver or a person first."""
    clone = Repo(team.repo.path.parent / "clone")
    team.repo.git("clone", "-q", str(team.there.path), str(clone.path))
    clone.commit("theirs", {"src/a.txt": "theirs\n"})
    clone.git("push", "-q", "origin", "main")
    outcome, _ = await team.propose(await team.merged("a", {"src/a.txt": "A\n"}))
    assert outcome == Conflict(("src/a.txt",))
    assert team.there.git("branch", "--list", "podium/*") == ""


@pytest.mark.parametrize("where", ["path", "url"])
async def test_a_resolver_meets_the_target_as_the_remote_has_it(
    team: Proposer, workspaces: Workspaces, there: Repo, repo: Repo, where: str
) -> None:
    """The user's own branch may be behind, and a mirror has none: the conflict is there to be resolved."""
    if where == "url":
        team = Proposer(workspaces, Place(f"file://{there.path}", BRANCH, "main"), repo, there)
    first = await team.merged("a", {"src/a.txt": "A\n"})
    clone = Repo(repo.path.parent / "clone")
    repo.git("clone", "-q", str(there.path), str(clone.path))
    clone.commit("theirs", {"src/a.txt": "theirs\n"})
    clone.git("push", "-q", "origin", "main")
    assert (await team.propose(first))[0] == Conflict(("src/a.txt",))
    order = AttemptOrder("r.1", f"{BRANCH}/r.1", conflict_branch="main")
    prepared = await workspaces.prepare(POD, team.place, order)
    assert "<<<<<<<" in (prepared.path / "src/a.txt").read_text()
    (prepared.path / "src/a.txt").write_text("both\n")
    assert (await workspaces.finish(POD, team.place, "r.1", "resolved")).changed
    merged = await review.merge(
        workspaces, POD, team.place, branch=f"{BRANCH}/r.1", title="r", job_id="job_r", workstream_id="r"
    )
    assert isinstance(merged, str)
    assert isinstance((await team.propose(merged))[0], Proposed)
    assert there.head(BRANCH) == merged
    assert there.git("for-each-ref", "refs/podium") == repo.git("for-each-ref", "refs/podium") == ""


async def test_what_stands_in_the_way_is_said(team: Proposer) -> None:
    """No remote; a target that is not there; a push that the user's hook refuses."""
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    hook = team.repo.path / ".git/hooks/pre-push"
    hook.write_text("#!/bin/sh\necho tests first >&2\nexit 1\n")
    hook.chmod(0o755)
    blocked, _ = await team.propose(commit)
    assert isinstance(blocked, Blocked)
    assert "tests first" in blocked.error
    assert "git -C" in blocked.error
    team.there.git("branch", "-m", "main", "trunk")
    blocked, _ = await team.propose(commit)
    assert isinstance(blocked, Blocked)
    assert "main is gone from origin" in blocked.error
    team.repo.git("remote", "remove", "origin")
    blocked, _ = await team.propose(commit)
    assert isinstance(blocked, Blocked)
    assert "no remote" in blocked.error


async def test_a_url_is_proposed_to_from_its_mirror(workspaces: Workspaces, repo: Repo, there: Repo) -> None:
    """A pod on a URL pushes from the mirror."""
    team = Proposer(workspaces, Place(f"file://{there.path}", BRANCH), repo, there)
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    outcome, _ = await team.propose(commit)
    assert isinstance(outcome, Proposed)
    assert there.head(BRANCH) == commit


@pytest.mark.parametrize(
    ("url", "provider", "host", "path"),
    [
        ("git@github.com:ann/shop.git", "github", "github.com", "ann/shop"),
        ("https://user:secret@github.example.com/ann/shop", "github", "github.example.com", "ann/shop"),
        ("ssh://git@gitlab.com:2222/group/sub/shop.git", "gitlab", "gitlab.com", "group/sub/shop"),
        ("https://bitbucket.org/ann/shop.git/", "bitbucket", "bitbucket.org", "ann/shop"),
        ("git.example.org:group/shop", "gitlab", "git.example.org", "group/shop"),
        ("https://forge.example.net/ann/shop", "", "forge.example.net", "ann/shop"),
    ],
)
def test_remotes_and_their_forges(url: str, provider: str, host: str, path: str) -> None:
    """By address; hosts whose name does not tell are named in the settings. No password gets into an address."""
    assert forge_of(url, {"git.example.org": "gitlab"}) == Forge(provider, host, path)


@pytest.mark.parametrize("url", ["/srv/shop.git", "file:///srv/shop.git", "../shop", "C:\\shop", "https://host"])
def test_paths_have_no_forge(url: str) -> None:
    """Nothing to open there."""
    assert forge_of(url, {}) is None


def test_where_people_open_requests() -> None:
    """The address of each kind of forge; a title that is too long is left out of it."""
    branch, base = "podium/ab c", "main"
    assert Forge("gitlab", "gitlab.com", "a/b").opening(branch, base, "T") == (
        "https://gitlab.com/a/b/-/merge_requests/new?merge_request%5Bsource_branch%5D=podium%2Fab%20c"
        "&merge_request%5Btarget_branch%5D=main&merge_request%5Btitle%5D=T"
    )
    assert Forge("bitbucket", "bitbucket.org", "a/b").opening(branch, base, "T") == (
        "https://bitbucket.org/a/b/pull-requests/new?source=podium%2Fab%20c&dest=main&t=1"
    )
    assert Forge("github", "github.com", "a/b").opening(branch, base, "ü" * 4000) == "https://github.com/a/b"
    assert Forge("", "x.org", "a/b").opening(branch, base, "T") == "https://x.org/a/b"

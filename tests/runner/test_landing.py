"""Landing on the target branch of a local repository, against real git."""

from podium.runner.workspaces import review
from podium.runner.workspaces.commands import StepResult, Verdict
from podium.runner.workspaces.landing import Blocked, Landed
from podium.runner.workspaces.merging import Conflict
from tests.runner.repo import Repo
from tests.runner.team import POD, Team, landing


async def test_a_fast_forward_updates_the_checkout_that_has_the_branch(team: Team, repo: Repo) -> None:
    """The user's clean checkout of the target gets the files; untracked files of theirs stay."""
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    repo.write("notes.txt", "mine")
    assert await team.land(commit) == Landed(commit)
    assert repo.head("main") == commit
    assert (repo.path / "src/a.txt").read_text() == "A\n"
    assert repo.git("status", "--porcelain") == "?? notes.txt"


async def test_a_branch_that_no_checkout_has_is_moved_by_ref(team: Team, repo: Repo) -> None:
    """The user works on another branch: their files do not change."""
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    repo.git("checkout", "-q", "-b", "other")
    assert await team.land(commit) == Landed(commit)
    assert repo.head("main") == commit
    assert (repo.path / "src/a.txt").read_text() == "a\n"
    assert repo.git("status", "--porcelain") == ""


async def test_a_dirty_checkout_blocks_with_the_command(team: Team, repo: Repo) -> None:
    """Uncommitted changes are never touched; the message says where and how to go on, and later it lands."""
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    repo.write("README.md", "my edit\n")
    blocked = await team.land(commit)
    assert isinstance(blocked, Blocked)
    assert "uncommitted changes" in blocked.error
    assert f"merge --ff-only {commit}" in blocked.error
    assert (repo.path / "README.md").read_text() == "my edit\n"
    assert repo.head("main") != commit
    repo.git("checkout", "-q", "--", "README.md")
    assert await team.land(commit) == Landed(commit)


async def test_an_operation_under_way_blocks(team: Team, repo: Repo) -> None:
    """A merge or rebase of the target in progress is left alone."""
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    (repo.path / ".git/MERGE_HEAD").write_text(commit + "\n")
    blocked = await team.land(commit)
    assert isinstance(blocked, Blocked)
    assert "a merge is under way" in blocked.error


async def test_a_target_that_is_being_rebased_is_not_moved(team: Team, repo: Repo) -> None:
    """During a rebase HEAD is detached, yet the branch is in use."""
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    before = repo.head("main")
    repo.git("checkout", "-q", "--detach")
    (repo.path / ".git/rebase-merge").mkdir()
    (repo.path / ".git/rebase-merge/head-name").write_text("refs/heads/main\n")
    blocked = await team.land(commit)
    assert isinstance(blocked, Blocked)
    assert "rebase" in blocked.error
    assert repo.head("main") == before


async def test_an_untracked_file_in_the_way_blocks(team: Team, repo: Repo) -> None:
    """git's own refusal is passed on."""
    commit = await team.merged("a", {"new.txt": "from the agent\n"})
    repo.write("new.txt", "mine\n")
    blocked = await team.land(commit)
    assert isinstance(blocked, Blocked)
    assert "new.txt" in blocked.error
    assert (repo.path / "new.txt").read_text() == "mine\n"


async def test_a_target_that_moved_is_merged_and_checked(team: Team, repo: Repo) -> None:
    """The candidate is the merge of both; the checks run on it before it lands, with the job's trailer."""
    repo.commit("checks", {".podium.toml": 'checks = "test -f src/a.txt -a ! -f forbidden"\n'})
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    mine = repo.commit("mine", {"mine.txt": "x\n"})
    landed = await team.land(commit)
    assert isinstance(landed, Landed)
    assert repo.git("rev-list", "--parents", "-1", "main").split() == [landed.commit, mine, commit]
    assert await team.land(commit) == landed


async def test_red_checks_on_the_merge_block(team: Team, repo: Repo) -> None:
    """Green work on a target that moved can be red together: it stays on integration, with the output."""
    repo.commit("checks", {".podium.toml": 'checks = "test ! -f forbidden || { echo no way; exit 1; }"\n'})
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    mine = repo.commit("mine", {"forbidden": "x\n"})
    blocked = await team.land(commit)
    assert isinstance(blocked, Blocked)
    assert "no way" in blocked.checks_output
    assert repo.head("main") == mine


async def test_red_work_that_a_person_approved_lands(team: Team, repo: Repo) -> None:
    """The review showed red checks and was approved: the same red after a merge with the target does not stop it."""
    repo.commit("checks", {".podium.toml": 'checks = "false"\n'})
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    verified = await review.verify(team.workspaces, POD, team.place)
    assert verified.checks.verdict is Verdict.FAILED
    repo.commit("mine", {"mine.txt": "x\n"})
    assert isinstance(await team.land(commit), Landed)


async def test_a_conflict_with_the_target_names_the_paths(team: Team, repo: Repo) -> None:
    """Nothing moves."""
    commit = await team.merged("a", {"README.md": "from the agent\n"})
    mine = repo.commit("mine", {"README.md": "from me\n"})
    assert await team.land(commit) == Conflict(("README.md",))
    assert repo.head("main") == mine


async def test_a_target_that_moves_during_the_checks_is_met_again(team: Team, repo: Repo) -> None:
    """The race is lost twice, then won: the candidate is made anew each time."""
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    repo.commit("first", {"m0.txt": "x\n"})
    moves = iter(["one", "two"])

    async def checks(_: str) -> StepResult:
        if (name := next(moves, "")) != "":
            repo.commit(name, {f"{name}.txt": "x\n"})
        return StepResult(Verdict.PASSED)

    landed = await (await landing(team, commit)).run(checks)
    assert isinstance(landed, Landed)
    assert repo.head("main") == landed.commit
    assert {"one.txt", "two.txt", "m0.txt"} <= set(repo.git("ls-tree", "--name-only", "main").splitlines())


async def test_a_target_that_never_rests_blocks(team: Team, repo: Repo) -> None:
    """Four tries, then a person decides."""
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    repo.commit("first", {"m.txt": "0\n"})
    tries = []

    async def checks(_: str) -> StepResult:
        tries.append(repo.commit("again", {"m.txt": f"{len(tries) + 1}\n"}))
        return StepResult(Verdict.PASSED)

    blocked = await (await landing(team, commit)).run(checks)
    assert isinstance(blocked, Blocked)
    assert len(tries) == 4


async def test_a_target_that_is_gone_is_said(team: Team, repo: Repo) -> None:
    """The message says how to make it again."""
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    repo.git("checkout", "-q", "--detach")
    repo.git("branch", "-D", "main")
    blocked = await team.land(commit)
    assert isinstance(blocked, Blocked)
    assert "branch main" in blocked.error


async def test_a_rewritten_base_is_merged_with(team: Team, repo: Repo) -> None:
    """The user amended the commit that the work started from: the work lands as a merge."""
    repo.commit("second", {"second.txt": "x\n"})
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    repo.git("commit", "-q", "--amend", "-m", "second, amended")
    assert isinstance(await team.land(commit), Landed)

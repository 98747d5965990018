"""Submodules: filled from the user's own objects, never from the network, and never silently lost."""

from pathlib import Path

import pytest

from podium.runner.workspaces import releasing
from podium.runner.workspaces.errors import WorkspaceError
from podium.runner.workspaces.service import AttemptOrder, Place, Prepared, Workspaces
from tests.runner.repo import Repo, make_repo

POD = "task_1"
LOCAL = ("-c", "protocol.file.allow=always")


@pytest.fixture
def library(tmp_path: Path) -> Repo:
    """A repository with a submodule of its own, in a folder that is gone when the tests begin: so no network."""
    inner = make_repo(tmp_path / "elsewhere" / "inner")
    library = make_repo(tmp_path / "elsewhere" / "the library")
    library.git(*LOCAL, "submodule", "--quiet", "add", str(inner.path), "in ner")
    library.commit("with a submodule", {"code.txt": "code\n"})
    return library


@pytest.fixture
def with_submodule(repo: Repo, library: Repo) -> Repo:
    repo.git(*LOCAL, "submodule", "--quiet", "add", str(library.path), "lib/größe x")
    repo.git(*LOCAL, "submodule", "--quiet", "update", "--init", "--recursive")
    repo.git("commit", "--quiet", "-m", "with the library")
    library.path.parent.rename(library.path.parent.parent / "gone")
    return repo


async def prepare(workspaces: Workspaces, place: Place, said: bytearray | None = None) -> Prepared:
    order = AttemptOrder("ws.1", "podium/abc-title/ws.1")
    return await workspaces.prepare(POD, place, order, said.extend if said is not None else lambda _: None)


async def test_submodules_come_from_the_users_own_clone(
    workspaces: Workspaces, place: Place, with_submodule: Repo
) -> None:
    """Also those within; the remote they were fetched from is gone. The user's configuration stays as it was."""
    before = (with_submodule.path / ".git/config").read_text()
    prepared = await prepare(workspaces, place)
    module = prepared.path / "lib/größe x"
    assert (module / "code.txt").read_text() == "code\n"
    assert (module / "in ner/README.md").read_text() == "hello\n"
    assert with_submodule.git("status", "--porcelain", cwd=prepared.path) == ""
    assert "elsewhere" in with_submodule.git("config", "remote.origin.url", cwd=module)
    assert (with_submodule.path / ".git/config").read_text() == before
    (prepared.path / "new.txt").write_text("x\n")
    finished = await workspaces.finish(POD, place, "ws.1", "m")
    assert finished.changed
    removed = await releasing.release(workspaces, POD, keep_failed=False)
    assert str(prepared.path) in removed
    assert not prepared.path.exists()
    assert with_submodule.git("status", "--porcelain") == ""


async def test_a_submodule_that_the_user_has_not_is_left_empty(
    workspaces: Workspaces, place: Place, with_submodule: Repo
) -> None:
    """It is said, and the agent may work."""
    with_submodule.git("submodule", "--quiet", "deinit", "--all", "--force")
    (with_submodule.path / ".git/modules").rename(with_submodule.path / ".git/modules-away")
    said = bytearray()
    prepared = await prepare(workspaces, place, said)
    assert "the submodule lib/größe x is left empty" in said.decode()
    assert list((prepared.path / "lib/größe x").iterdir()) == []
    (prepared.path / "new.txt").write_text("x\n")
    assert (await workspaces.finish(POD, place, "ws.1", "m")).changed


async def test_a_commit_that_the_users_clone_has_not_is_said(
    workspaces: Workspaces, place: Place, with_submodule: Repo
) -> None:
    """The tree names a commit that was never fetched."""
    with_submodule.git("update-index", "--cacheinfo", f"160000,{'1' * 40},lib/größe x")
    with_submodule.git("commit", "--quiet", "-m", "ahead of its clone")
    said = bytearray()
    await prepare(workspaces, place, said)
    assert "has no commit 111111111111" in said.decode()


async def test_work_inside_a_submodule_is_refused(workspaces: Workspaces, place: Place, with_submodule: Repo) -> None:
    """Uncommitted, it would be lost with the worktree; committed, nobody else would have the commit."""
    prepared = await prepare(workspaces, place)
    module = prepared.path / "lib/größe x"
    (module / "built.o").write_text("what a build leaves is nobody's business\n")
    (prepared.path / "new.txt").write_text("x\n")
    assert (await workspaces.finish(POD, place, "ws.1", "m")).changed
    (module / "code.txt").write_text("changed\n")
    with pytest.raises(WorkspaceError, match="inside submodules"):
        await workspaces.finish(POD, place, "ws.1", "m")
    with_submodule.commit("in the submodule", {}, cwd=module)
    with pytest.raises(WorkspaceError, match="does not have"):
        await workspaces.finish(POD, place, "ws.1", "m")


async def test_a_submodule_may_be_moved_to_what_the_user_has(
    workspaces: Workspaces, place: Place, with_submodule: Repo
) -> None:
    """An agent may bring the library to another commit of the user's clone."""
    older = with_submodule.git("rev-parse", "HEAD~1", cwd=with_submodule.path / "lib/größe x")
    prepared = await prepare(workspaces, place)
    with_submodule.git("checkout", "--quiet", older, cwd=prepared.path / "lib/größe x")
    finished = await workspaces.finish(POD, place, "ws.1", "m")
    assert older in with_submodule.git("ls-tree", finished.commit, "lib/größe x")


async def test_names_that_lead_out_are_passed_over(workspaces: Workspaces, place: Place, repo: Repo) -> None:
    """A `.gitmodules` that names paths elsewhere makes nothing happen there."""
    text = '[submodule "../../x"]\n\tpath = ../../x\n\turl = /tmp\n[submodule "y"]\n\tpath = /tmp/y\n\turl = /tmp\n'
    repo.commit("odd", {".gitmodules": text})
    said = bytearray()
    await prepare(workspaces, place, said)
    assert said == b""

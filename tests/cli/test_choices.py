"""What words on the command line mean: tasks, agents, options, budgets, repositories."""

import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from podium.cli import actions, exits, opening, profiles, repository, resolve
from podium.cli.exits import CliError
from podium.cli.views.decisions import Decision
from podium.cli.waiting import the_decision
from podium.pods.v1 import pod_pb2, pod_service_pb2
from tests.cli import pods


def git(place: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(place), *arguments], check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    place = tmp_path / "till"
    place.mkdir()
    git(place, "init", "--quiet", "--initial-branch=main")
    git(place, "-c", "user.name=t", "-c", "user.email=t@t", "commit", "--quiet", "--allow-empty", "-m", "first")
    return place


def connection(*summaries: pod_pb2.PodSummary) -> Any:
    """A connection whose pod manager lists these pods, as the real one would filter them."""

    async def list_pods(request: pod_service_pb2.ListPodsRequest) -> pod_service_pb2.ListPodsResponse:
        found = [
            each
            for each in summaries
            if request.project_id in {"", each.project_id}
            and not (request.unfinished_only and each.phase >= pod_pb2.PHASE_COMPLETED)
        ]
        return pod_service_pb2.ListPodsResponse(pods=found)

    return SimpleNamespace(pods=SimpleNamespace(ListPods=list_pods))


def summary(name: str, number: int, project: str, phase: int = 3, attention: int = 0) -> pod_pb2.PodSummary:
    return pod_pb2.PodSummary(
        pod_id=name,
        number=number,
        project_id=project,
        phase=phase,  # type: ignore[arg-type]
        attention=attention,
    )


async def test_a_number_is_one_of_this_project(checkout: Path) -> None:
    """Numbers are the project's own; a pod of another project with the same number is not meant."""
    here = repository.locate(str(checkout)).project_id
    podium = connection(summary("mine", 3, here), summary("other", 3, "elsewhere"))
    assert await resolve.resolve_pod(podium, "3", where=str(checkout)) == "mine"
    assert await resolve.resolve_pod(podium, "#3", where=str(checkout)) == "mine"
    with pytest.raises(CliError) as caught:
        await resolve.resolve_pod(podium, "4", where=str(checkout))
    assert caught.value.code == exits.NOT_FOUND


async def test_an_id_is_taken_as_it_is(checkout: Path) -> None:
    """What is no number is an id."""
    assert await resolve.resolve_pod(connection(), "task_x", where=str(checkout)) == "task_x"


@pytest.mark.parametrize(("text", "is_pod"), [("3", True), ("#3", True), ("task_x", True), ("yes", False), ("", False)])
def test_a_lone_word_is_a_pod_or_an_answer(text: str, is_pod: bool) -> None:
    """`podium answer yes` answers the question that waits; `podium answer 3` is about task 3."""
    assert resolve.names_a_pod(text) is is_pod


async def test_nothing_means_the_one_that_waits(checkout: Path) -> None:
    """Nothing means the only pod that wants a person; else the only unfinished one; else it is asked for."""
    here = repository.locate(str(checkout)).project_id
    working, waiting = summary("working", 1, here), summary("waiting", 2, here, attention=1)
    done = summary("done", 3, here, phase=pod_pb2.PHASE_COMPLETED)
    assert await resolve.resolve_pod(connection(working, waiting, done), None, where=str(checkout)) == "waiting"
    assert await resolve.resolve_pod(connection(working, done), None, where=str(checkout)) == "working"
    with pytest.raises(CliError) as caught:
        await resolve.resolve_pod(connection(done), None, where=str(checkout))
    assert caught.value.code == exits.NOT_FOUND
    with pytest.raises(CliError) as caught:
        await resolve.resolve_pod(connection(waiting, summary("too", 4, here, attention=1)), None, where=str(checkout))
    assert caught.value.code == exits.USAGE
    assert "#4" in caught.value.message


def test_the_project_is_the_same_from_everywhere_inside(checkout: Path, tmp_path: Path) -> None:
    """Subdirectories, symlinks and linked worktrees name one project, at the main worktree."""
    (checkout / "deep" / "er").mkdir(parents=True)
    (tmp_path / "link").symlink_to(checkout)
    git(checkout, "worktree", "add", "--quiet", str(tmp_path / "second"), "-b", "other")
    places = [checkout, checkout / "deep" / "er", tmp_path / "link", tmp_path / "second"]
    found = [repository.locate(str(place)) for place in places]
    assert len({each.project_id for each in found}) == 1
    assert {each.location for each in found} == {str(checkout)}
    assert [each.branch for each in found] == ["main", "main", "main", "other"]


def test_urls_are_projects_too() -> None:
    """A URL is a project of its own, with or without `.git`."""
    first, second = (repository.locate(url) for url in ("https://h/x/till.git", "https://h/x/till"))
    assert first.project_id == second.project_id
    assert first.name == "till"
    assert repository.is_url("git@host:x/till.git")
    assert not repository.is_url("../till")


def test_no_repository_is_said_so(tmp_path: Path) -> None:
    """Outside of a repository the error says what to do."""
    with pytest.raises(CliError) as caught:
        repository.locate(str(tmp_path))
    assert "git init" in caught.value.hint


def test_the_repositorys_agent_is_read(checkout: Path) -> None:
    """`agent` in .podium.toml is the repository's setting; a broken file is named."""
    (checkout / ".podium.toml").write_text('agent = "codex"')
    assert repository.locate(str(checkout)).agent == "codex"
    (checkout / ".podium.toml").write_text("agent = ")
    with pytest.raises(CliError, match=r"\.podium\.toml"):
        repository.locate(str(checkout))


@pytest.mark.parametrize(
    ("flag", "setting", "installed", "expected"),
    [
        ("codex", "claude", ["claude", "codex"], "codex"),
        (None, "claude", ["claude", "codex"], "claude"),
        (None, "", ["claude", "demo"], "claude"),
        ("demo", "", ["demo"], "demo"),
    ],
)
def test_the_agent_is_flag_setting_or_the_only_one(
    flag: str | None, setting: str, installed: list[str], expected: str
) -> None:
    """Flag, then setting, then the only one that is no scripted one."""
    assert profiles.choose(flag, setting, installed, {"demo"}) == expected


@pytest.mark.parametrize(
    ("flag", "setting", "installed", "says"),
    [
        (None, "", ["demo"], "no agent is installed"),
        (None, "", ["claude", "codex"], "more than one"),
        ("gpt", "", ["claude"], "no runner offers the agent 'gpt'"),
        (None, "gpt", ["claude"], "`agent` in .podium.toml"),
    ],
)
def test_no_agent_is_guessed(flag: str | None, setting: str, installed: list[str], says: str) -> None:
    """None, several, or an unknown one is an error that lists what there is; the scripted one is never taken."""
    with pytest.raises(CliError) as caught:
        profiles.choose(flag, setting, installed, {"demo"})
    assert says in caught.value.message
    assert "demo" not in caught.value.hint.replace("podium demo", "")


@pytest.mark.parametrize(
    ("installed", "says"),
    [
        (["claude", "demo"], "there are: claude, demo (scripted)"),
        (["demo"], "there are: demo (scripted)"),
        ([], "none is offered"),
    ],
)
def test_who_names_an_agent_is_told_of_all(installed: list[str], says: str) -> None:
    """A name that nobody offers: the hint has every profile there is, scripted ones too, and how a new one comes."""
    with pytest.raises(CliError, match="no runner offers the agent 'gpt'") as caught:
        profiles.choose("gpt", "", installed, {"demo"})
    assert says in caught.value.hint
    assert "podium up" in caught.value.hint


def test_scripted_profiles_are_known_by_their_kind(tmp_path: Path) -> None:
    """Whatever its name, a profile of kind `scripted` is one."""
    config = tmp_path / "podium.toml"
    assert profiles.scripted(config) == {"scripted"}
    config.write_text('[profiles.play]\nkind = "scripted"\n[profiles.real]\ncommand = "x"')
    assert profiles.scripted(config) == {"play"}


@pytest.mark.parametrize(
    ("typed", "meant"), [("2", "No, wait"), ("yes", "Yes"), ("n", "No, wait"), ("No, wait", "No, wait")]
)
def test_an_option_by_number_or_words(typed: str, meant: str) -> None:
    """An option is meant by its number, its words, or an unmistakable beginning."""
    assert actions.pick(("Yes", "No, wait"), typed) == meant


@pytest.mark.parametrize("typed", ["", "3", "0", "maybe", "none"])
def test_what_is_no_option_is_refused(typed: str) -> None:
    """Anything else is refused with the list."""
    with pytest.raises(CliError) as caught:
        actions.pick(("No, wait", "No, never"), typed)
    assert "1 No, wait" in caught.value.hint


def test_a_budget_in_words() -> None:
    """Tokens, cost and time, in any mixture."""
    budget = opening.budget_of("tokens=500k, cost=2.50,time=90m")
    assert (budget.tokens, budget.cost_micros, budget.agent_time.seconds) == (500_000, 2_500_000, 5400)
    assert opening.budget_of("tokens=2M").tokens == 2_000_000


@pytest.mark.parametrize("text", ["500", "money=3", "time=2", "cost=much", "time=xh"])
def test_what_is_no_budget_is_refused(text: str) -> None:
    """A budget that cannot be read is a usage error with an example."""
    with pytest.raises(CliError) as caught:
        opening.budget_of(text)
    assert caught.value.code == exits.USAGE
    assert "tokens=500k" in caught.value.hint


def test_a_title_is_one_short_line() -> None:
    """The first line that says something, without heading signs, cut at 80 characters."""
    assert opening.title_of("\n\n## Mend the till\n\nmore") == "Mend the till"
    assert len(opening.title_of("x" * 200)) == 80


def test_workstreams_and_agents_by_short_names() -> None:
    """A workstream by id or place; an agent by id, end of id, or workstream, or as the only one."""
    pod = pods.pod(
        workstreams=[pods.workstream("b", "READY", position=1), pods.workstream("a", "READY", position=0)],
        agents=[pod_pb2.Agent(id="agent_12ab", workstream_id="a"), pod_pb2.Agent(id="agent_9")],
    )
    assert resolve.find_workstream(pod, "1").id == "a"
    assert resolve.find_workstream(pod, "b").id == "b"
    with pytest.raises(CliError, match="no workstream"):
        resolve.find_workstream(pod, "3")
    assert resolve.find_agent(pod, "12ab").id == "agent_12ab"
    assert resolve.find_agent(pod, "a").id == "agent_12ab"
    with pytest.raises(CliError, match="more than one"):
        resolve.find_agent(pod, None)
    pod.agents[1].ended_time.FromSeconds(1)
    assert resolve.find_agent(pod, None).id == "agent_12ab"


def test_the_decision_that_a_command_is_about() -> None:
    """One waits: it; none: refused with what it waits for; several: refused with their ids."""
    assert the_decision(pods.pod(**pods.SPEC_READY), ("spec", "plan")).kind == "spec"
    with pytest.raises(CliError) as caught:
        the_decision(pods.pod(waiting_on=[pod_pb2.WaitingOn(text="a runner")]), ("spec",))
    assert (caught.value.code, caught.value.hint) == (exits.REFUSED, "it waits: a runner")
    ask = pod_pb2.MESSAGE_KIND_QUESTION
    two = pods.pod(messages=[pod_pb2.Message(id="m1", kind=ask), pod_pb2.Message(id="m2", kind=ask)])
    with pytest.raises(CliError) as caught:
        the_decision(two, ("question",))
    assert "m2" in caught.value.message
    assert the_decision(two, ("question",), "m2") == Decision("question", "m2", " asks")

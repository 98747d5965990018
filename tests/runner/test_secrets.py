"""Secrets: what an agent's profile gives it stands in nothing that is kept, however the agent says it."""

import base64
import json
import logging
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from podium.pods.v1 import pod_pb2 as pods
from podium.pods.v1.pod_service_pb2 import AgentFailure, AgentReport, UpdatePlanRequest
from podium.runner.environment import secrets_in, secrets_of
from podium.runner.redaction import Redactor, cleaned, guard_logs
from tests.runner.acp import scripted
from tests.runner.house import House, house
from tests.runner.repo import Repo

SECRET = 'sk-"quoted"/1234567890'
FORMS = [SECRET, json.dumps(SECRET)[1:-1], base64.b64encode(SECRET.encode()).decode().rstrip("=")]


# -- what is a secret ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({"MY_API_KEY": "12345678", "SHORT_KEY": "1", "NAME": "12345678"}, ["12345678"]),
        (
            {"GITHUB_TOKEN": "abcdefgh", "DB_PASSWORD": "ijklmnop", "X_AUTH": "qrstuvwx"},
            ["abcdefgh", "ijklmnop", "qrstuvwx"],
        ),
        ({"SSH_AUTH_SOCK": "/run/user/1000/agent"}, []),
        ({"HTTPS_PROXY": "http://ann:correct-horse@proxy:3128", "NO_PROXY": "localhost"}, ["correct-horse"]),
        ({"DATABASE_URL": "postgres://u:p%40ssw0rd@db/x"}, ["p%40ssw0rd"]),
    ],
)
def test_secrets_are_told_by_names_and_addresses(environment: dict[str, str], found: list[str]) -> None:
    """Variables whose names speak of secrets, and passwords in addresses; short values are left alone."""
    assert sorted(secrets_of(environment)) == sorted(found)


def test_secrets_stand_on_command_lines_too() -> None:
    """`--api-key VALUE` and `--token=VALUE`; a place that is filled later is none."""
    words = ["agent", "--api-key", "12345678", "--token=abcdefgh", "--key", "--other", "--auth", "{instructions}", "-k"]
    assert secrets_in(words) == ["12345678", "abcdefgh"]


def test_every_form_is_found() -> None:
    """Plain, in JSON, in a URL, in base 64, and the lines of one that has several."""
    redactor = Redactor([SECRET, "first line of a key\nsecond line of a key\n"])
    for form in [*FORMS, "sk-%22quoted%22%2F1234567890", "second line of a key"]:
        assert redactor.text(f"<{form}>") == "<[redacted]>"


def test_messages_are_cleaned_to_the_last_text() -> None:
    """Lists and nested messages; what is no text stays."""
    plan = UpdatePlanRequest(summary=SECRET, pod_id="p")
    plan.items.add(id="a", title=f"use {SECRET}", dependencies=["b", SECRET], priority=pods.PRIORITY_HIGH)
    report = AgentReport(failed=AgentFailure(error=SECRET, checks_output=SECRET))
    for message in (plan, report):
        Redactor([SECRET]).message(message)
        assert SECRET not in str(message).replace("\\", "")
    assert (plan.items[0].title, plan.items[0].priority) == ("use [redacted]", pods.PRIORITY_HIGH)


def test_a_stream_of_its_own_is_clean_at_its_end() -> None:
    """A secret in two pieces, and a beginning of one that was none after all."""
    written: list[bytes] = []
    with cleaned(Redactor([SECRET]), written.append) as take:
        for piece in (b"a " + SECRET[:9].encode(), SECRET[9:].encode() + b" b sk-", b"no"):
            take(piece)
    assert b"".join(written) == b"a [redacted] b sk-no"


@pytest.fixture
def handler() -> Iterator[logging.Handler]:
    made = logging.StreamHandler()
    logging.getLogger().addHandler(made)
    yield made
    logging.getLogger().removeHandler(made)


def test_logs_are_clean(handler: logging.Handler) -> None:
    """Messages and tracebacks, while an agent that has the secret lives."""
    keeper = Redactor([SECRET])
    guard_logs()
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "it said %s", (SECRET,), (type(error), error, None))
    line = handler.format(record)
    assert SECRET not in line
    assert line.count("[redacted]") == 2
    assert keeper.text("x") == "x"


# -- a whole runner --------------------------------------------------------------------------------------------------

TALKS = r"""
printf 'split: %.9s' "$MY_TOKEN"; sleep 0.3; printf '%s\n' "${MY_TOKEN#?????????}"
echo "plain: $MY_TOKEN"; printf %s "$MY_TOKEN" | base64 -w0
podium agent progress "progress $MY_TOKEN"
podium agent checklist "done: list $MY_TOKEN"
podium agent post "post $MY_TOKEN" --at "src/$MY_TOKEN:1"
podium agent ask "ask $MY_TOKEN" --option "one $MY_TOKEN" --wait 0
printf %s "$MY_TOKEN" > found.txt
podium agent complete "complete $MY_TOKEN"
"""


def leaks(folder: Path) -> list[str]:
    """Files that hold the secret, of everything that is kept but the agent's own work."""
    command = [
        "grep",
        "-rlaF",
        *(word for form in FORMS for word in ("-e", form)),
        str(folder),
        "--exclude-dir=worktrees",
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()


async def test_a_secret_is_nowhere_in_what_is_kept(
    tmp_path: Path, repo: Repo, caplog: pytest.LogCaptureFixture
) -> None:
    """Printed in two pieces, encoded, and by every verb; printed by the checks of a repository: neither the store nor a
    transcript, spool, record, log or call to the pod has it. On a terminal and without."""
    caplog.set_level(logging.INFO)
    repo.commit("checks", {".podium.toml": 'checks = "cat found.txt; exit 1"\n'})
    plain = {"command": ["/bin/sh", "-c", TALKS], "set_env": {"MY_TOKEN": SECRET}, "settle_seconds": 1}
    async with house(tmp_path, repo) as at_home:
        await at_home.start_runner({"it": plain, "tty": {**plain, "pty": True}})
        await at_home.launch("agent_1")
        await at_home.launch("agent_2", workstream="two", profile="tty")
        for agent in ("agent_1", "agent_2"):
            end = (await at_home.pods.end_of(agent)).failed
            assert end.cause == pods.FAILURE_CAUSE_CHECKS_FAILED
            assert "[redacted]" in end.checks_output
            assert b"turn 1 ended" in await at_home.shown(agent, b"turn 1 ended")
        await _is_clean(at_home, caplog)


async def test_a_sessions_secret_is_nowhere_either(
    tmp_path: Path, repo: Repo, caplog: pytest.LogCaptureFixture
) -> None:
    """An ACP agent: what it says in pieces, does, plans, writes to its error output and dies of."""
    caplog.set_level(logging.INFO)
    steps = [
        {"say": f"split: {SECRET[:9]}"},
        {"say": f"{SECRET[9:]} end. "},
        {"think": f"hm {SECRET}"},
        {"plan": [[f"use {SECRET}", "pending"]]},
        {"tool": {"toolCallId": "c", "title": f"run {SECRET}", "kind": "execute", "status": "completed"}},
        {"log": f"noise {SECRET}"},
        {"error": {"code": -32603, "message": f"died of {SECRET}"}},
    ]
    profile = scripted(tmp_path, steps, set_env={"MY_TOKEN": SECRET})
    async with house(tmp_path, repo) as at_home:
        await at_home.start_runner({"it": profile})
        await at_home.launch("agent_1")
        await at_home.pods.end_of("agent_1")
        assert b"split: [redacted] end" in await at_home.shown("agent_1", b"end. ")
        await _is_clean(at_home, caplog)


async def _is_clean(at_home: House, caplog: pytest.LogCaptureFixture) -> None:
    said = "".join(str(request).replace("\\", "") for _, request in at_home.pods.said)
    assert "[redacted]" in said
    assert [form for form in FORMS if form in said] == []
    assert [form for form in FORMS if form in caplog.text] == []
    await at_home.stop_runner()
    assert os.environ.get("MY_TOKEN") is None
    assert leaks(at_home.data_dir) == []


async def test_an_output_file_is_no_way_out(tmp_path: Path, repo: Repo) -> None:
    """A link or a pipe in place of $PODIUM_OUTPUT is not read: nobody's file becomes a result; nothing hangs."""
    (Path.home() / "private.txt").write_text("what it may not tell")
    link = 'ln -sf "$HOME/private.txt" "$PODIUM_OUTPUT"; echo x > made.txt'
    pipe = 'rm -f "$PODIUM_OUTPUT"; mkfifo "$PODIUM_OUTPUT"; echo x > made.txt'
    profiles = {
        name: {"command": ["/bin/sh", "-c", text], "result": "exit"} for name, text in (("link", link), ("pipe", pipe))
    }
    async with house(tmp_path, repo) as at_home:
        await at_home.start_runner(profiles)
        await at_home.launch("agent_1", workstream="a", profile="link")
        await at_home.launch("agent_2", workstream="b", profile="pipe")
        for agent in ("agent_1", "agent_2"):
            end = await at_home.pods.end_of(agent)
            assert end.WhichOneof("kind") == "completed"
            assert end.completed.summary == ""
        await at_home.stop_runner()

"""ACP agents in the runner: a scripted agent, good and bad; real store, real processes, real git; pods from a fake."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from podium.jobs.v1 import artifact_events_pb2 as jobs
from podium.pods.v1 import pod_pb2 as pods
from podium.runner.processes import table
from tests.runner.acp import DONE, WRITE, heard, scripted, updates
from tests.runner.helpers import Process, until
from tests.runner.house import POD, House
from tests.runner.repo import Repo

# -- a session -------------------------------------------------------------------------------------------------------


async def test_a_session_is_told_shown_and_counted(at_home: House, repo: Repo, tmp_path: Path) -> None:
    """One prompt with the instructions; speech, calls, plan, usage and cost are kept as what they are; work counts."""
    call = {"toolCallId": "c-1", "title": "Write new.txt", "kind": "edit", "status": "in_progress"}
    diff = {"type": "diff", "path": "new.txt", "oldText": "a\n", "newText": "b\nc\n"}
    steps: list[dict[str, Any]] = [
        {"think": "Let me see."},
        {"say": "I shall "},
        {"say": "write it."},
        {"plan": [["look", "completed"], ["write", "in_progress"], ["test", "pending"]]},
        {"tool": call},
        WRITE,
        {"tool": {"toolCallId": "c-1", "status": "completed", "content": [diff]}},
        {"cost": 0.25},
        DONE,
    ]
    await at_home.start_runner({"it": scripted(tmp_path, steps)})
    await at_home.launch("agent_1")
    end = await at_home.pods.end_of("agent_1")
    assert end.completed.summary == "It is done"
    assert repo.show(f"{end.completed.commit}:new.txt") == "new"
    (prompt,) = heard(tmp_path, "session/prompt")
    assert "# Do the work" in prompt["prompt"][0]["text"]
    assert Path(heard(tmp_path, "session/new")[0]["cwd"]).name == "ws.1"
    used = [report.usage for report in at_home.pods.reports("agent_1")]
    assert [sum(getattr(each, name) for each in used) for name in ("input_tokens", "output_tokens", "turns")] == [
        100,
        10,
        1,
    ]
    assert sum(each.cost_micros for each in used) == 250_000
    checklist = at_home.pods.calls("UpdateChecklist")[0].items
    assert [(item.text, item.state) for item in checklist] == [
        ("look", pods.CHECKLIST_STATE_DONE),
        ("write", pods.CHECKLIST_STATE_DOING),
        ("test", pods.CHECKLIST_STATE_TODO),
    ]
    assert (await at_home.pods.report("agent_1", "progress")).progress.text == "Write new.txt"
    shown = (await at_home.shown("agent_1", b"turn 1 ended: end_turn")).decode()
    assert "(thinking) Let me see.\nI shall write it.\n" in shown
    assert "  [x] look\n  [~] write\n  [ ] test\n" in shown
    assert "✓ Write new.txt +2 −1\n" in shown
    calls = await updates(at_home, "agent_1", "tool_call")
    assert [each.status for each in calls] == [jobs.TOOL_CALL_STATUS_IN_PROGRESS, jobs.TOOL_CALL_STATUS_COMPLETED]
    assert (calls[1].changes[0].path, calls[1].changes[0].lines_added) == ("new.txt", 2)


async def test_settings_of_a_session_are_set_or_refused(at_home: House, tmp_path: Path) -> None:
    """A mode that the agent offers is set; one that it does not offer is an error that names what it offers."""
    wild = scripted(tmp_path, [WRITE, DONE], name="wild", mode="wild")
    tame = scripted(tmp_path, [DONE], name="tame", mode="tame")
    await at_home.start_runner({"wild": wild, "tame": tame})
    await at_home.launch("agent_1", profile="wild")
    await at_home.launch("agent_2", workstream="other", profile="tame")
    assert (await at_home.pods.end_of("agent_1")).HasField("completed")
    assert heard(tmp_path, "session/set_mode", "wild")[0]["modeId"] == "wild"
    failed = (await at_home.pods.end_of("agent_2")).failed
    assert failed.cause == pods.FAILURE_CAUSE_START_FAILED
    assert "mode" in failed.error


async def test_the_tools_are_offered_to_a_session(at_home: House, tmp_path: Path) -> None:
    """Podium's MCP server is injected with the agent's own token; where an agent takes none, that is said."""
    tools = scripted(tmp_path, [WRITE, DONE], name="tools", mcp=True)
    none = scripted(tmp_path, [WRITE, DONE], name="none", mcp=True, http=False)
    await at_home.start_runner({"tools": tools, "none": none})
    await at_home.launch("agent_1", profile="tools")
    await at_home.launch("agent_2", workstream="other", profile="none")
    await at_home.pods.end_of("agent_1")
    await at_home.pods.end_of("agent_2")
    (server,) = heard(tmp_path, "session/new", "tools")[0]["mcpServers"]
    assert server["url"].startswith("http://127.0.0.1:")
    assert server["headers"][0]["name"] == "Authorization"
    assert heard(tmp_path, "session/new", "none")[0]["mcpServers"] == []
    assert b"podium agent" in await at_home.shown("agent_2", b"takes no tools")


async def test_people_are_heard_in_the_next_turn_and_silence_is_met_once(at_home: House, tmp_path: Path) -> None:
    """A message that came meanwhile is the next prompt, alone; a silent end gets one reminder, then NO_RESULT."""
    await at_home.start_runner({"it": scripted(tmp_path, [{"wait_for": "go"}], [{"say": "Well."}])})
    await at_home.launch("agent_1")
    await at_home.pods.report("agent_1", "started")
    order = {"agent_id": "agent_1", "message_id": "msg_1", "text": "Use tabs"}
    job = await at_home.order(pods.JOB_KIND_INPUT, input=order)
    await until(lambda: heard(tmp_path, "session/prompt"))
    worktree = Path(heard(tmp_path, "session/new")[0]["cwd"])
    (worktree / "go").touch()
    end = await at_home.pods.end_of("agent_1")
    assert end.failed.cause == pods.FAILURE_CAUSE_NO_RESULT
    assert "Well." in end.failed.error
    prompts = [each["prompt"][0]["text"] for each in heard(tmp_path, "session/prompt")]
    assert len(prompts) == 3
    assert "Use tabs" in prompts[1]
    assert "# Do the work" not in prompts[1]
    assert "Reminder" in prompts[2]
    assert (await at_home.pods.outcome(job.job_id)).HasField("done")
    assert len(heard(tmp_path, "initialize")) == 1


# -- bad days --------------------------------------------------------------------------------------------------------


BAD: dict[str, tuple[list[dict[str, Any]], dict[str, Any], str, str]] = {
    "dies": ([{"say": "Now"}, {"log": "boom\n"}, {"die": 3}], {}, "EXIT_STATUS", "middle of a turn (exit status 3)"),
    "ends": ([{"die": 0}], {}, "EXIT_STATUS", "middle of a turn (exit status 0)"),
    "mute": ([], {"initialize": "never", "start_limit_seconds": 0.5}, "START_FAILED", "start_limit_seconds"),
    "stranger": ([], {"initialize": 7}, "START_FAILED", "version 7"),
    "login": ([], {"auth": True}, "LOGIN_FAILED", "Log in by the browser"),
    "no-way": ([], {"auth_method": "card"}, "START_FAILED", "'card'"),
    "idle": ([{"hang": 0}], {"idle_limit_seconds": 0.5}, "TIME_LIMIT", "idle_limit_seconds"),
    "time": ([{"hang": 0}], {"time_limit_seconds": 1.0}, "TIME_LIMIT", "time limit"),
    "floods": ([{"flood": 5000}], {"output_limit_bytes": 1_000_000}, "OUTPUT_LIMIT", "output limit"),
    "long": ([{"long": 17}], {}, "EXIT_STATUS", "16384 KiB"),
    "noise": ([{"raw": "no message\n" * 1500}, {"hang": 0}], {}, "EXIT_STATUS", "does not speak ACP"),
    "error": ([{"error": {"code": -32603, "message": "Internal error", "data": {"details": "it broke"}}}],
              {}, "EXIT_STATUS", "it broke"),
    "limit": ([{"error": {"code": -32603, "message": "429 Too Many Requests"}}], {}, "RATE_LIMITED", "429"),
    "missing": ([], {"command": ["no-such-agent"]}, "START_FAILED", "no-such-agent"),
    "silent": ([{"say": "Hm."}], {}, "NO_RESULT", "without saying"),
}  # fmt: skip


async def test_every_bad_day_has_its_cause(at_home: House, tmp_path: Path) -> None:
    """Death, silence, strangers, floods, endless lines, errors and limits: each ends with its cause in words, and
    nothing of its processes is left."""
    profiles = {name: scripted(tmp_path, steps, name=name, **more) for name, (steps, more, _, _) in BAD.items()}
    await at_home.start_runner(profiles, capacity=4)
    for name in BAD:
        await at_home.launch(f"agent_{name}", workstream=name, profile=name)
    for name, (_, _, cause, words) in BAD.items():
        failed = (await at_home.pods.end_of(f"agent_{name}")).failed
        assert (pods.FailureCause.Name(failed.cause), name) == (f"FAILURE_CAUSE_{cause}", name), failed.error
        assert words in failed.error, name
    for name in BAD:
        for started in at_home.pods.reports(f"agent_{name}", "started"):
            assert not table.members(started.started.process_id)


async def test_strange_updates_are_passed_over(at_home: House, tmp_path: Path) -> None:
    """A newer agent's updates, and a few lines that are none, do no harm: they are named, and the turn goes on."""
    strange = (
        '{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s-1","update":{"sessionUpdate":"dance"}}}'
    )
    await at_home.start_runner({"it": scripted(tmp_path, [{"raw": strange}, {"raw": "hello"}, WRITE, DONE])})
    await at_home.launch("agent_1")
    assert (await at_home.pods.end_of("agent_1")).HasField("completed")
    shown = await at_home.shown("agent_1", b"turn 1 ended")
    assert b"not understood: dance" in shown
    assert b"! hello" in shown


async def test_one_who_said_the_end_and_goes_on_is_ended(at_home: House, tmp_path: Path) -> None:
    """After `complete` a turn may go on for settle_seconds; then it is cancelled, strays are ended, the work counts."""
    steps = [WRITE, {"start": ["sleep", "300"]}, DONE, {"until_cancelled": 0}]
    await at_home.start_runner({"it": scripted(tmp_path, steps, settle_seconds=0.2)})
    await at_home.launch("agent_1")
    assert (await at_home.pods.end_of("agent_1")).completed.summary == "It is done"
    assert len(heard(tmp_path, "session/cancel")) == 1
    worktree = Path(heard(tmp_path, "session/new")[0]["cwd"])
    assert table.row(int((worktree / "child.pid").read_text())) is None


async def test_a_program_that_ends_between_turns_is_started_again(at_home: House, tmp_path: Path) -> None:
    """While it waits for people its program may end; for the next turn it is started again, and told all anew."""
    ask = {"agent": ["ask", "Which colour?", "--key", "colour", "--wait", "0"]}
    await at_home.start_runner({"it": scripted(tmp_path, [ask])})
    await at_home.launch("agent_1")
    pid = (await at_home.pods.report("agent_1", "started")).started.process_id
    await at_home.shown("agent_1", b"turn 1 ended")
    os.kill(pid, signal.SIGKILL)
    scripted(tmp_path, [WRITE, DONE])
    at_home.pods.answer(POD, "msg_colour", "red")
    order = {"agent_id": "agent_1", "message_id": "msg_colour", "text": "It shall be red"}
    await at_home.order(pods.JOB_KIND_INPUT, input=order)
    assert (await at_home.pods.end_of("agent_1")).HasField("completed")
    told = heard(tmp_path, "session/prompt")[-1]["prompt"][0]["text"]
    assert "# Do the work" in told
    assert "It shall be red" in told


# -- after a crash ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("load", [True, False, "gone"])
async def test_a_session_is_loaded_again_after_a_crash(at_home: House, tmp_path: Path, load: object) -> None:
    """Where the agent can load its session, it goes on under the same id, told so; else it is LOST, with the cause."""
    steps: list[dict[str, Any]] = [{"file": {"path": "half.txt", "content": "half\n"}}, {"hang": 0}]
    command = json.dumps(scripted(tmp_path, steps, load=load)["command"])
    runner = Process(at_home, f'[profiles.it]\nkind = "acp"\nmcp = false\ncommand = {command}\n')
    await at_home.launch("agent_1")
    pid = (await at_home.pods.report("agent_1", "started")).started.process_id
    await at_home.shown("agent_1", b"turn 1\n")
    worktree = Path(heard(tmp_path, "session/new")[0]["cwd"])
    await until((worktree / "half.txt").exists)
    runner.kill()
    scripted(tmp_path, [WRITE, DONE], load=load)
    runner.start()
    try:
        await check_resumed(at_home, tmp_path, worktree, load=load)
    finally:
        runner.stop()
    assert not table.members(pid)


async def check_resumed(at_home: House, tmp_path: Path, worktree: Path, *, load: object) -> None:
    end = await at_home.pods.end_of("agent_1")
    if load is not True:
        assert end.failed.cause == pods.FAILURE_CAUSE_LOST
        return
    assert end.completed.summary == "It is done", end
    assert heard(tmp_path, "session/load")[0]["sessionId"] == "s-1"
    told = heard(tmp_path, "session/prompt")[-1]["prompt"][0]["text"]
    assert "You were interrupted" in told
    assert "# Do the work" not in told
    assert b"told long ago" not in await at_home.transcript("agent_1")
    assert (worktree / "half.txt").exists()

"""The demo, as a person sees it."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from podium.cli import demo, supervision
from podium.cli.exits import CliError
from podium.cli.output import Output
from podium.client.installation import Installation


@pytest.mark.timeout(180)
def test_the_demo_goes_from_words_to_a_landed_commit(tmp_path: Path) -> None:
    """`podium demo` in a pipe: plain lines through every phase, the sample's tests green, nothing left behind."""
    answer = subprocess.run(
        [sys.executable, "-m", "podium.cli.demo"],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    lines = answer.stdout
    told = ["spec v1 ready", "spec v1 approved by", "plan v1 ready: 3 workstreams", "plan v1 approved by"]
    told += ["verified", "checks pass", "landed as", "git log --graph", "OK", "from words to a landed commit"]
    place = 0
    for text in told:
        assert text in lines[place:], f"{text!r} does not follow in\n{lines}"
        place = lines.index(text, place)
    assert "\x1b[" not in lines
    started = [lines.index(f"worker of {name} runs") for name in ("money", "stock")]
    merged = [lines.index(f"({title}) merged as") for title in ("Exact amounts", "Honest stock")]
    assert max(started) < min(merged) < max(merged) < lines.index("worker of checkout runs")
    assert list(tmp_path.iterdir()) == []


def test_a_demo_that_cannot_begin_says_why(tmp_path: Path) -> None:
    """Without git the demo ends with 1 and names it; nothing is started, nothing left behind."""
    answer = subprocess.run(
        [sys.executable, "-m", "podium.cli.demo"],
        env={"PATH": "", "TMPDIR": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert "git is not installed" in answer.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.timeout(180)
def test_a_demo_that_goes_wrong_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No plan can be written: the demo ends with the pod's own cause, and keeps what is needed to look into it."""
    example = tmp_path / "example"
    shutil.copytree(demo.EXAMPLE, example)
    (example / "plan.toml").write_text("[[items]]\nid = 'a'\ntitle = 'A'\ndependencies = ['nothing']\n")
    monkeypatch.setattr(demo, "EXAMPLE", example)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    with pytest.raises(CliError, match="No plan could be written") as caught:
        demo.run(Output(as_json=False), terminal=False)
    place = Path(caught.value.hint.rpartition(" ")[2])
    assert (place / "data" / "logs" / "runner.log").exists()
    assert not supervision.is_running(Installation(place / "data"))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells of a parent's end on Linux only")
@pytest.mark.timeout(180)
def test_a_killed_demo_leaves_no_services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGKILL at the demo stops its services too."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "podium.cli.demo"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "spec writer runs" in line:
            break
    process.kill()
    process.wait()
    (data_dir,) = tmp_path.glob("podium-demo-*/data")
    deadline = time.monotonic() + 60
    while supervision.is_running(Installation(data_dir)):
        assert time.monotonic() < deadline, "the supervisor still runs"
        time.sleep(0.02)

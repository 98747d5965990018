"""The demo, as a person sees it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


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

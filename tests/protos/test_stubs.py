"""Stubs for others, and the promise that later protos keep."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What the tools need of the tree, to write into or to break."""
    shutil.copytree(ROOT / "protos", tmp_path / "protos", ignore=shutil.ignore_patterns("gen", "gen.new"))
    shutil.copy(ROOT / "buf.yaml", tmp_path)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    return tmp_path


def run(tree: Path, tool: str, *words: str, path: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **({"PATH": path} if path else {})}
    command = [tree / "protos/tools" / tool, *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_python_stubs(tree: Path):
    """They come with types and services, and import where nothing of Podium is installed."""
    made = run(tree, "stubs.sh", "python")
    assert made.returncode == 0, made.stderr
    stubs = tree / "build/stubs/python"
    assert (stubs / "podium/tasks/v1/task_pb2.pyi").exists()
    code = "from podium.tasks.v1 import maestro_service_pb2_grpc as g; print(g.MaestroServiceStub.__module__)"
    used = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {[str(stubs), *_site()]!r}; {code}"],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONNOUSERSITE": "1"},
    )
    assert used.stdout == "podium.tasks.v1.maestro_service_pb2_grpc\n", used.stderr


def test_what_is_missing_is_said(tree: Path):
    """Without Go or Node.js, or with a locale for a language, one line says what is needed."""
    bare = tree / "bare"
    bare.mkdir()
    for tool in ("bash", "dirname", "env", "mkdir"):
        (bare / tool).symlink_to(str(shutil.which(tool)))
    said = {word: run(tree, "stubs.sh", word, path=str(bare)) for word in ("go", "typescript", "en_US.UTF-8")}
    assert all(each.returncode for each in said.values())
    assert "need Go" in said["go"].stderr and "need Node.js" in said["typescript"].stderr
    assert "LANG=typescript" in said["en_US.UTF-8"].stderr
    assert all(each.stderr.count("\n") == 1 for each in said.values())


def test_released_protos_are_kept(tree: Path):
    """The protos as they are keep the last release's promise; a field that is gone breaks it, and is named."""
    assert run(tree, "breaking.sh").returncode == 0
    proto = tree / "protos/podium/tasks/v1/task.proto"
    source = proto.read_text()
    assert "  string prompt = 7;\n" in source
    proto.write_text(source.replace("  string prompt = 7;\n", ""))
    broken = run(tree, "breaking.sh")
    assert broken.returncode != 0 and '"prompt"' in broken.stdout + broken.stderr


def _site() -> list[str]:
    return [path for path in sys.path if path.endswith("site-packages")]

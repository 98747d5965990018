"""Both distributions: built from the tree, and the small one used outside of it."""

import asyncio
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from podium.client.installation import Installation
from tests.maestro.servers import servers

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).parent / "uv"

SCRIPT = """
import sys
from podium.client import sync
from podium.client.reasons import TaskNotFoundError
from podium.tasks.v1 import maestro_service_pb2 as pb

with sync.Podium.connect() as podium:
    assert podium.serving("maestro")
    podium.maestro.CreateProject(pb.CreateProjectRequest(project_id="p", repository="/src/p"))
    print(podium.maestro.CreateTask(pb.CreateTaskRequest(project_id="p", title="from outside")).task.title)
    try:
        podium.maestro.GetTask(pb.GetTaskRequest(project_id="p", task_id="x"))
    except TaskNotFoundError as error:
        print(error.reason)
import podium.client.cache
assert not {"sqlalchemy", "uvicorn", "mcp", "apsw", "pydantic"} & set(sys.modules)
"""


def run(*command: object, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **more)


def build(project: Path, into: Path) -> Path:
    """The wheel, by the build tools of this environment: no network."""
    built = run(UV, "build", "--quiet", "--offline", "--wheel", "--no-build-isolation", "--python", sys.executable,
                "--out-dir", into, project)  # fmt: skip
    assert built.returncode == 0, built.stderr
    (wheel,) = into.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def client_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT / "clients/python", tmp_path_factory.mktemp("client"))


def test_the_program_has_all_and_its_types(tmp_path: Path):
    """The wheel of `podium` holds services, client, command line and stubs, and says that the client is typed."""
    names = set(zipfile.ZipFile(build(ROOT, tmp_path)).namelist())
    wanted = {
        "podium/client/py.typed",
        "podium/tasks/py.typed",
        "podium/client/sync.py",
        "podium/cli/main.py",
        "podium/maestro/__main__.py",
        "podium/tasks/v1/task_pb2.pyi",
        "buf/validate/validate_pb2.py",
    }
    assert wanted <= names


def test_the_client_has_the_client_only(client_wheel: Path):
    """The wheel of `podium-client`: the client and the stubs; neither services nor command line."""
    names = zipfile.ZipFile(client_wheel).namelist()
    tops = {name.split("/")[1] for name in names if name.startswith("podium/")}
    assert tops == {"client", *(each.name for each in (ROOT / "protos/gen/podium").iterdir() if each.is_dir())}
    assert {"podium/client/py.typed", "podium/tasks/py.typed", "buf/validate/validate_pb2.py"} <= set(names)


def test_its_requirements_are_few_and_the_programs(client_wheel: Path):
    """Everything that the small one requires the whole one does too, at the same versions."""
    whole = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    small = tomllib.loads((ROOT / "clients/python/pyproject.toml").read_text())["project"]
    assert set(small["dependencies"]) < set(whole["dependencies"]) and len(small["dependencies"]) == 4
    assert small["version"] == whole["version"]


async def test_the_client_outside_of_the_tree(client_wheel: Path, tmp_path: Path):
    """In a fresh environment, far from the tree, with nothing but its requirements, it talks to an installation."""
    python = tmp_path / "env/bin/python"
    assert run(UV, "venv", "--quiet", "--python", sys.executable, tmp_path / "env").returncode == 0
    pinned = tmp_path / "pinned.txt"
    lines = re.findall(r"^[a-z0-9-]+==[^ \\]+", (ROOT / "requirements/runtime.txt").read_text(), re.MULTILINE)
    pinned.write_text("\n".join(lines))
    install = (UV, "pip", "install", "--quiet", "--python", python, "--constraint", pinned, client_wheel)
    installed = await asyncio.to_thread(run, *install)
    if re.search(r"(?i)error sending request|failed to fetch|dns error|network", installed.stderr):
        pytest.skip("the package index cannot be reached: podium-client cannot be installed in a fresh environment")
    assert installed.returncode == 0, installed.stderr
    async with servers(tmp_path / "data") as running:
        installation = Installation(tmp_path / "data")
        token = running.connect()._caller.token  # what `podium up` leaves there
        installation.person_token_file.parent.mkdir(parents=True, exist_ok=True)
        installation.person_token_file.write_text(token)
        environment = {"PATH": os.environ["PATH"], "PODIUM_DATA_DIR": str(installation.data_dir)}
        used = await asyncio.to_thread(run, python, "-I", "-c", SCRIPT, cwd=tmp_path, env=environment)
    assert used.stdout.split("\n")[:2] == ["from outside", "TASK_NOT_FOUND"], used.stderr

"""docs/pods.md: its diagram is the table of phases, its tables are complete, its commands work."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest

from podium.cli.views import policy_text
from podium.common.v1.error_reason_pb2 import ErrorReason
from podium.pod_manager.adapters.codec import make_codec
from podium.pod_manager.domain.phases import diagram
from podium.pod_manager.domain.policy import Policy, resolved
from podium.pods.v1 import pod_pb2
from podium.pods.v1 import pod_service_pb2 as pb
from tests.docs.blocks import ROOT, blocks, commands
from tests.support.installation import LocalInstallation

PAGE = "docs/pods.md"
TEXT = (ROOT / PAGE).read_text(encoding="utf-8")


def test_the_diagram_is_the_table() -> None:
    """Here and in ARCHITECTURE.md, between the markers."""
    for page in (PAGE, "ARCHITECTURE.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        found = re.search(r"<!-- phases:.*?-->\n```mermaid\n(.*?)```\n<!-- /phases -->", text, re.S)
        assert found is not None, page
        assert found[1] == diagram(), page
    assert blocks(PAGE, "mermaid") == [diagram()]


def test_nothing_is_left_out() -> None:
    """Every RPC, every kind of waiting, every reason of the inbox, every reason that pods refuse for."""
    names = {method.name for method in pb.DESCRIPTOR.services_by_name["PodService"].methods}
    names |= {name.removeprefix("WAITING_KIND_") for name in pod_pb2.WaitingKind.keys()}  # noqa: SIM118
    names |= {name.removeprefix("INBOX_REASON_") for name in pod_pb2.InboxReason.keys()}  # noqa: SIM118
    reasons = {name.removeprefix("ERROR_REASON_") for name in ErrorReason.keys()}  # noqa: SIM118
    for source in (ROOT / "services/podium/pod_manager").rglob("*.py"):
        names |= reasons & set(re.findall(r'"([A-Z][A-Z_]{5,})"', source.read_text(encoding="utf-8")))
    names -= {"UNSPECIFIED"}
    assert {name for name in names if f"`{name}`" not in TEXT} == set()


@pytest.mark.timeout(240)
async def test_its_commands_work(tmp_path: Path) -> None:
    """Each line as it stands, on a pod that waits for a runner."""
    async with LocalInstallation(tmp_path) as installation:
        async with installation.client() as podium:
            request = pb.OpenPodRequest(
                pod_id="task_1", project_id="p", number=1, title="Sums", request="Mend.", repository="/r", quick=True
            )
            await podium.pods.OpenPod(request)
        environment = os.environ | {"PODIUM_DATA_DIR": str(installation.installation.data_dir)}
        found = commands(PAGE)
        assert len(found) >= 10
        for line in found:
            words = [sys.executable, "-m", "podium.cli.main", *shlex.split(line)[1:]]
            done = subprocess.run(words, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
            assert done.returncode == 0, line + "\n" + done.stdout + done.stderr


def test_the_rules_are_all_there_with_their_defaults() -> None:
    """As the domain has them, in the words of `podium policy`."""
    defaults = policy_text.plain_policy(cast("pod_pb2.Policy", make_codec().to_proto(resolved(Policy()))))
    told: dict[str, str] = {}
    table = TEXT[TEXT.index("| rule | default |") :].split("\n\n")[0]
    for row in table.splitlines()[2:]:
        names, values = (cell.strip().split(", ") for cell in row.strip("|").split("|")[:2])
        told |= dict(zip(names, values * len(names) if len(values) == 1 else values, strict=True))
    assert {name: told.get(name) for name in defaults} == defaults

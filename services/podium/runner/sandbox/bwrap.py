"""The sandbox of one process of an agent."""

import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from podium.runner.processes.supervised import StartError
from podium.runner.sandbox import layout
from podium.runner.sandbox.doors import Doors
from podium.runner.sandbox.layout import View
from podium.runner.sandbox.probe import Bwrap, find_bwrap, identity_of

_HELPER = Path(__file__).with_name("door_helper.py")
_found: Bwrap | None = None


async def _inside(environment: Mapping[str, str], directory: Path) -> dict[str, str]:
    """The environment inside. The user's git configuration is hidden there, so who commits is said by variables."""
    made = layout.environment(environment)
    for who in ("AUTHOR", "COMMITTER"):
        if f"GIT_{who}_NAME" not in made and (found := await identity_of(who, directory, environment)):
            made |= {f"GIT_{who}_NAME": found[0], f"GIT_{who}_EMAIL": found[1]}
    # Packing would touch what cannot be written.
    return made | {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "gc.auto", "GIT_CONFIG_VALUE_0": "0"}


async def _bwrap() -> Bwrap:
    """The program; looked for again until it works."""
    global _found  # noqa: PLW0603 - what the machine can do does not change while we run
    if _found is None:
        _found = await find_bwrap()
    return _found


@dataclass
class Sandbox:
    """Runs a process with a view of its own. `ports` are the loopback ports that it may reach."""

    view: View
    ports: Sequence[int]
    _doors: Doors | None = field(default=None, init=False)

    async def enter(
        self, argv: Sequence[str], environment: Mapping[str, str]
    ) -> tuple[Sequence[str], Mapping[str, str]]:
        """The words and the environment of the process inside. Raises StartError where there can be no sandbox."""
        bwrap = await _bwrap()
        view = self.view
        self._check_program(argv[0], environment)
        if self.ports and not view.network:
            self._doors = Doors(self.ports)
            try:
                path = await self._doors.open()
            except OSError as error:
                raise StartError(f"sandbox: its doors cannot be opened: {error.strerror}") from error
            extra = [sys.executable, "-I", "-S", str(_HELPER), str(path), ",".join(map(str, self.ports))]
            view = replace(view, extra=extra, readable=[*view.readable, path.parent])
        return layout.arguments(bwrap, view, argv), await _inside(environment, view.directory)

    def _check_program(self, program: str, environment: Mapping[str, str]) -> None:
        """Bwrap itself would only say that there is no such file."""
        found = shutil.which(program, path=layout.path_of(environment))
        if found is None:
            raise StartError(f"{program}: it is not on PATH")
        for path in (Path(found), Path(found).resolve()):
            if layout.hides(self.view, path):
                raise StartError(
                    f"{program}: {path} cannot be seen inside the sandbox, which hides {self.view.home}: "
                    "name its folder in `sandbox_read` of the profile"
                )

    async def leave(self) -> None:
        """The process has ended."""
        if self._doors is not None:
            await self._doors.close()
            self._doors = None

"""The installation's directory and secrets: made once, private to their owner."""

import getpass
import os
import secrets
import tempfile
from pathlib import Path

from podium.client.installation import Installation
from podium.kernel.identity import CallerKind, Identity, issue_token

_KEY_CHARACTERS = 64


def prepare(installation: Installation) -> None:
    """Makes the data directory (0700), the installation key and the person's token (0600); what exists is kept.

    The key is 64 hexadecimal characters; its bytes as they stand in the file sign the tokens. Raises `OSError`.
    """
    installation.ensure()
    installation.data_dir.chmod(0o700)
    installation.run_dir.chmod(0o700)  # refused where a stranger made it: then nothing is started in it
    if not installation.key_file.exists():
        write_private(installation.key_file, secrets.token_hex(_KEY_CHARACTERS // 2))
    key = installation.key_file.read_bytes().strip()
    token = issue_token(key, Identity(CallerKind.PERSON, person_name()))
    if _read(installation.person_token_file) != token:
        write_private(installation.person_token_file, token)


def person_name() -> str:
    """The name under which this user's decisions are recorded."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no passwd entry, as in some containers
        return f"uid-{os.getuid()}"


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def write_private(path: Path, text: str) -> None:
    """Whole or not at all, and readable by nobody else at any instant (mkstemp makes 0600)."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise

"""`python -m podium.supervisor.tokens NAME [--save]`: a person's token, signed with the installation's key.

`podium up` makes the token of the one whose machine it is; where services are run one by one nobody does.
Whoever can read the key may speak for anybody, so this asks for nothing more.
"""

import argparse
import re
import sys
from pathlib import Path

from podium.client.installation import Installation
from podium.kernel.identity import CallerKind, Identity, issue_token
from podium.supervisor.credentials import write_private

_NAME = re.compile(r"\w[\w.@+-]{0,63}")
_KEY_BYTES = 32


def main(arguments: list[str] | None = None) -> int:
    """Prints the token. Exit status: 0, 1 where there is no good key or nothing can be saved, 2 for a wrong name."""
    parser = argparse.ArgumentParser(prog="podium token", allow_abbrev=False)
    parser.add_argument("name")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--key-file", type=Path)
    parser.add_argument("--save", action="store_true")
    options = parser.parse_args(arguments)
    if not _NAME.fullmatch(options.name):
        print(f"{options.name!r} is no name: 1 to 64 letters, digits, . _ @ + -, the first no sign", file=sys.stderr)
        return 2
    installation = Installation.locate(options.data_dir)
    try:
        token = issue_token(_key(options.key_file or installation.key_file), Identity(CallerKind.PERSON, options.name))
        if options.save:
            installation.ensure()
            write_private(installation.person_token_file, token)
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    print(token)
    return 0


def _key(path: Path) -> bytes:
    try:
        key = path.read_bytes().strip()
    except FileNotFoundError:
        raise OSError(f"there is no key at {path}: a service makes it when it first starts, or name its file") from None
    if len(key) < _KEY_BYTES:
        raise OSError(f"{path} is no key: one has at least {_KEY_BYTES} characters")
    return key


if __name__ == "__main__":
    sys.exit(main())

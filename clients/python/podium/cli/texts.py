"""Text that people hand over: a file, or standard input."""

import sys
from pathlib import Path

from podium.cli import exits
from podium.cli.exits import CliError


def read(file: str) -> str:
    """The text of a file (`-`: of standard input). Raises `CliError` where it cannot be read, or is no UTF-8."""
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return data.decode("utf-8").replace("\r\n", "\n")
    except OSError as error:
        raise CliError(f"{file}: {error.strerror}", code=exits.USAGE) from error
    except UnicodeDecodeError as error:
        name = "standard input" if file == "-" else file
        raise CliError(f"{name} is not UTF-8 (at byte {error.start})", code=exits.USAGE) from error

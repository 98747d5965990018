"""`podium doctor`."""

import os
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from podium.cli import checks, exits
from podium.cli.common import Cli, command

if TYPE_CHECKING:
    from rich.console import RenderableType

_MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "problem": ("✗", "red")}


@click.command()
@command
def doctor(cli: Cli) -> int:
    """Check git, identity, Node, agents and their login, sockets, disk, services; say how to mend each."""
    findings = checks.all_findings(cli.installation, os.environ)

    def render() -> "RenderableType":
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, show_header=False)
        for finding in findings:
            remedy = (("\n→ ", "dim"), finding.remedy) if finding.remedy else ()
            table.add_row(Text(*_MARKS[finding.state]), finding.name, Text.assemble(finding.text, *remedy))
        return table

    cli.out.show([asdict(finding) for finding in findings], render)
    return exits.FAILED if any(finding.state == "problem" for finding in findings) else exits.OK

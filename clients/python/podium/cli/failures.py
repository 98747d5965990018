"""Errors for people: what happened, what to do, and which exit code it is."""

import json
import os
import sys
from itertools import pairwise

import click

from podium.cli import exits
from podium.cli.exits import CliError
from podium.client.errors import PodiumError

_BY_CODE = {
    "UNAVAILABLE": exits.UNAVAILABLE,
    "DEADLINE_EXCEEDED": exits.UNAVAILABLE,
    "NOT_FOUND": exits.NOT_FOUND,
    "INVALID_ARGUMENT": exits.REFUSED,
    "ALREADY_EXISTS": exits.REFUSED,
    "FAILED_PRECONDITION": exits.REFUSED,
    "OUT_OF_RANGE": exits.REFUSED,
    "ABORTED": exits.REFUSED,
    "RESOURCE_EXHAUSTED": exits.REFUSED,
    "UNAUTHENTICATED": exits.DENIED,
    "PERMISSION_DENIED": exits.DENIED,
}

_HINTS = {
    "UNAUTHENTICATED": "the token of this installation was not accepted; is --data-dir the one that `podium up` uses?",
    "NOT_READY": "the service is starting: try again, or see `podium status`",
    "OUTCOME_UNKNOWN": "it may have taken effect: look with `podium show` before you repeat it",
    "STALE_VERSION": "it changed meanwhile: `podium show spec|plan` shows the current version; approve that",
    "GUARD_NOT_MET": "`podium show` says what it waits for",
    "SPEC_ALREADY_APPROVED": "`podium edit spec` reopens it for you",
    "PLAN_ALREADY_APPROVED": "`podium edit plan` reopens it for you",
    "GENERATION_IN_PROGRESS": "an agent writes it right now: wait for it, or `podium interrupt` it",
    "ALREADY_ANSWERED": "somebody answered before you: `podium show` has the answer",
    "POD_ALREADY_TERMINAL": "it has ended; `podium run` opens a new one",
    "AGENTS_RUNNING": "`podium interrupt` them first",
    "REVIEW_NOT_READY": "the work is being verified; `podium watch` shows when it is done",
    "REVIEW_NOT_READY/NOT_APPROVED": "`podium approve` lands it, with --pr by a pull request",
    "REVIEW_NOT_READY/APPROVED": "`podium land` lands it again, where something was in the way",
    "STORAGE_FULL": "free some space: the services go on by themselves",
    "POLICY_INVALID": "autonomous work needs a budget: --budget time=2h",
}

_HINTS_BY_CODE = {
    "UNAVAILABLE": "is it running? `podium up` starts it, `podium status` shows it",
    "DEADLINE_EXCEEDED": "the services did not answer in time: see `podium status` and `podium logs SERVICE`",
    "INTERNAL": "this is a bug in Podium; its log has more: `podium logs SERVICE`",
}


def explain(error: PodiumError) -> CliError:
    """What a refused or failed call means for the person."""
    state = f"{error.reason}/{error.metadata.get('state', '')}"
    hint = _HINTS.get(state) or _HINTS.get(error.reason) or _HINTS_BY_CODE.get(error.code, "")
    details: dict[str, object] = {"code": error.code, "reason": error.reason, **error.metadata}
    message = error.message
    for violation in error.violations:
        if violation.field not in message:
            message += f"\n  {violation.field}: {violation.description}"
    return CliError(message, hint, _BY_CODE.get(error.code, exits.FAILED), details)


def report(error: Exception) -> int:
    """Writes the error to standard error, as text or (with `--output json`) as one JSON object; the exit code.

    What is not foreseen is raised again: its traceback is what a bug report needs.
    """
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, PodiumError):
        error = explain(error)
    if isinstance(error, BrokenPipeError):  # `podium events | head`: the reader has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exits.BROKEN_PIPE
    if isinstance(error, UnicodeEncodeError):  # bytes of the command line, or of a path, that are no text
        error = CliError(f"{error.object[:80]!a} is not UTF-8", "Podium takes text in UTF-8", exits.USAGE)
    if isinstance(error, CliError):
        _write(error)
        return error.code
    if isinstance(error, click.exceptions.Abort):
        return exits.INTERRUPTED
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    raise error


def _write(error: CliError) -> None:
    if _wants_json():
        problem = {"message": error.message, "hint": error.hint, "exit_code": error.code, **error.details}
        click.echo(json.dumps({"error": problem}), err=True)
        return
    click.echo(click.style("error: ", fg="red", bold=True) + error.message, err=True)
    if error.hint:
        click.echo(f"  {error.hint}", err=True)


def _wants_json() -> bool:
    arguments = sys.argv[1:]
    return "--output=json" in arguments or "-ojson" in arguments or "json" in _after_output(arguments)


def _after_output(arguments: list[str]) -> list[str]:
    return [value for name, value in pairwise(arguments) if name in {"--output", "-o"}]

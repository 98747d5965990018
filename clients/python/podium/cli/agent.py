"""`podium agent …`: what an agent says and asks, from inside its own process.

It speaks to the runner that started the agent, by the PODIUM_AGENT_* variables, and to nobody else.
"""

import os
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec

import click

from podium.cli import exits, texts
from podium.cli.exits import CliError

if TYPE_CHECKING:
    from podium.client.agent import AgentClient

PENDING = exits.WAITING
"""The exit status of `ask` while nobody has answered."""

P = ParamSpec("P")


def _speaking(function: Callable[Concatenate["AgentClient", P], None]) -> Callable[P, None]:
    """Give a command the agent's connection, and turn its errors into the command line's."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        from podium.client.agent import AgentClient, AgentError

        try:
            with AgentClient.from_environment(os.environ) as client:
                function(client, *args, **kwargs)
        except AgentError as error:
            raise CliError(str(error), code=exits.REFUSED) from error

    return run


def _text(words: tuple[str, ...], file: str | None) -> str:
    """The text of a command: its words, a file (`-`: standard input), or what is piped in."""
    if words and file:
        raise CliError("give the text or a file, not both", code=exits.USAGE)
    if words:
        return " ".join(words)
    text = texts.read(file or "-")
    if not text.strip() and file in {None, "-"}:
        raise CliError("there is no text: give it as words, as a file, or on standard input", code=exits.USAGE)
    return text


@click.group()
def agent() -> None:
    """Report from inside an agent that Podium runs."""


@agent.command("submit-spec")
@click.argument("file", required=False)
@click.option("--draft", is_flag=True, help="Not yet offered for approval.")
@_speaking
def submit_spec(client: "AgentClient", file: str | None, draft: bool) -> None:
    """Submit the spec: Markdown from FILE, or from standard input."""
    version = client.submit_spec(_text((), file or "-"), draft=draft)
    click.echo(f"spec v{version}")


@agent.command("submit-plan")
@click.argument("file", required=False)
@_speaking
def submit_plan(client: "AgentClient", file: str | None) -> None:
    """Submit the plan: JSON or TOML from FILE, or from standard input.

    {"summary": "…", "items": [{"id", "title", "description", "dependencies", "priority", "profile"}]}
    """
    version = client.submit_plan_text(_text((), file or "-"))
    click.echo(f"plan v{version}")


@agent.command()
@click.argument("text", nargs=-1, required=True)
@_speaking
def progress(client: "AgentClient", text: tuple[str, ...]) -> None:
    """Say in a line what you are doing."""
    client.progress(" ".join(text))


@agent.command()
@click.argument("items", nargs=-1, required=True)
@_speaking
def checklist(client: "AgentClient", items: tuple[str, ...]) -> None:
    """Set your checklist, whole: "done: read the code" "doing: fix it" "blocked: …" "todo: …"."""
    client.checklist(items)


@agent.command()
@click.argument("question", nargs=-1)
@click.option("--key", default="", help="Names the question: asking again under it is the same question.")
@click.option("--option", "options", multiple=True, help="A choice; several make it a choice between them.")
@click.option("--file", help="Read the question from a file; - is standard input.")
@click.option("--wait", "wait_seconds", type=click.FloatRange(0, 25), default=25.0, help="Seconds to wait; at most 25.")
@click.option("--until-answered", is_flag=True, help="Wait as long as it takes.")
@_speaking
def ask(
    client: "AgentClient",
    question: tuple[str, ...],
    key: str,
    options: tuple[str, ...],
    file: str | None,
    wait_seconds: float,
    until_answered: bool,
) -> None:
    """Ask the people, and print the answer.

    While nobody has answered it prints `pending` and exits with status 7: end your turn then; the answer starts the
    next one.
    """
    text = _text(question, file)
    answer = client.ask(text, key=key, options=options, wait_seconds=wait_seconds)
    while answer is None and until_answered:
        answer = client.ask(text, key=key, options=options)
    if answer is None:
        click.echo("pending: nobody has answered yet. End your turn; you are started again with the answer.")
        raise SystemExit(PENDING)
    click.echo(answer)


@agent.command()
@click.argument("text", nargs=-1)
@click.option("--kind", type=click.Choice(["update", "blocker", "review_comment"]), default="update")
@click.option("--thread", "thread_id", default="", help="Reply in this thread.")
@click.option("--at", default="", help="What it is about: PATH, PATH:LINE or PATH:FIRST-LAST.")
@click.option("--file", help="Read the text from a file; - is standard input.")
@_speaking
def post(client: "AgentClient", text: tuple[str, ...], kind: str, thread_id: str, at: str, file: str | None) -> None:
    """Post a message that stays."""
    message_id = client.post(_text(text, file), kind=kind, thread_id=thread_id, at=at)
    click.echo(message_id or "kept: the pod gets it when it can be reached again")


@agent.command()
@click.argument("summary", nargs=-1)
@click.option("--file", help="Read the summary from a file; - is standard input.")
@_speaking
def complete(client: "AgentClient", summary: tuple[str, ...], file: str | None) -> None:
    """Say that you are done, with a summary; then end. The checks run after that."""
    client.complete(_text(summary, file))


@agent.command()
@click.argument("reason", nargs=-1)
@click.option("--file", help="Read the reason from a file; - is standard input.")
@_speaking
def fail(client: "AgentClient", reason: tuple[str, ...], file: str | None) -> None:
    """Say that it cannot be done, and why; then end."""
    client.fail(_text(reason, file))


@agent.command()
@_speaking
def context(client: "AgentClient") -> None:
    """Print your instructions, and what people said since you last looked."""
    shown = client.context()
    click.echo(shown.instructions)
    if shown.messages:
        click.echo("## What people said\n")
        click.echo("\n\n".join(shown.messages))

"""`podium`: the table of commands, and how errors become messages and exit codes.

A command's module is imported when it is called, so that `podium --help` starts at once.
"""

import sys
from importlib import import_module

import click

from podium.cli import exits

COMMANDS: dict[str, dict[str, tuple[str, str]]] = {
    "Work": {
        "run": ("commands.run:run", "Hand over a task and follow it until it has landed."),
        "ls": ("commands.ls:ls", "List tasks and pods of this project."),
        "show": ("commands.show:show", "Show a pod: phase, workstreams, agents, what it waits for."),
        "watch": ("commands.watch:watch", "Follow a pod live."),
        "board": ("commands.board:board", "Show all pods, live."),
        "inbox": ("commands.inbox:inbox", "Show what needs a person."),
        "approve": ("commands.approve:approve", "Approve what waits: spec, plan or review."),
        "edit": ("commands.edit:edit", "Edit the spec or the plan."),
        "request-changes": (
            "commands.request_changes:request_changes",
            "Send reviewed work back, with comments on files and lines.",
        ),
        "answer": ("commands.answer:answer", "Answer a question."),
        "policy": ("commands.policy:policy", "Show or change a pod's rules."),
        "advance": ("commands.advance:advance", "Move a pod to its next phase."),
        "retry": ("commands.retry:retry", "Let a workstream try again."),
        "skip": ("commands.skip:skip", "Go on without a workstream."),
        "interrupt": ("commands.interrupt:interrupt", "End an agent; its workstream waits for you."),
        "cancel": ("commands.cancel:cancel", "Give a pod up."),
        "diff": ("commands.diff:diff", "Show what a pod changed."),
        "land": ("commands.land:land", "Land approved work again after it was blocked."),
        "events": ("commands.events:events", "Show a pod's events."),
        "sessions": ("commands.sessions:sessions", "List the sessions of this project."),
        "session": ("commands.session:session", "Begin a session in a terminal, or close one."),
        "attach": ("commands.attach:attach", "Show a session's terminal here, and type into it."),
        "trust": ("commands.trust:trust_", "Let a repository's .podium.toml run its commands."),
        "gc": ("commands.gc:gc", "Reclaim branches and worktrees of finished pods."),
    },
    "Installation": {
        "up": ("commands.up:up", "Start the services."),
        "down": ("commands.down:down", "Stop the services."),
        "open": ("commands.open:open_", "Open the web interface, signed in."),
        "limits": ("commands.limits:limits", "Show or set how many agents run at once."),
        "status": ("commands.status:status", "Show services, addresses, health and leases."),
        "logs": ("commands.logs:logs", "Show the log of a service or the transcript of an agent."),
        "serve": ("commands.serve:serve", "Run one service here, for clusters and containers."),
        "store": ("commands.store:store", "Look into the event store; verify, back up, restore."),
        "token": ("commands.token:token", "Make a person's token, where services run by `podium serve`."),
        "doctor": ("commands.doctor:doctor", "Check this machine and say how to mend what is wrong."),
        "demo": ("commands.demo:demo", "See a whole run on a sample repository, without any model."),
        "completion": ("commands.completion:completion", "Print the shell completion script."),
    },
    "For agents": {
        "agent": ("agent:agent", "Report from inside an agent: submit, ask, complete, …"),
    },
}


class LazyGroup(click.Group):
    """A group whose commands are imported on first use; its help comes from the table."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the table's order."""
        return [name for section in COMMANDS.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        for section in COMMANDS.values():
            if cmd_name in section:
                module, _, attribute = section[cmd_name][0].partition(":")
                command: click.Command = getattr(import_module(f"podium.cli.{module}"), attribute)
                return command
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table, without importing any of it."""
        for title, section in COMMANDS.items():
            with formatter.section(title):
                formatter.write_dl([(name, text) for name, (_, text) in section.items()])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The exit codes."""
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), text) for code, text in exits.TABLE.items()])


def _print_version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"podium {version('podium')}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_print_version, help="Show it.")
def cli() -> None:
    """Podium: durable control of coding agents.

    State a task in words; follow it through spec, plan and parallel work to a landed commit. Most commands take a
    task's NUMBER, an id, or nothing where only one is meant. NO_COLOR=1 turns colours off; in a pipe there are none.
    """


def main() -> None:
    """The entry point; never returns."""
    try:
        code = cli.main(prog_name="podium", standalone_mode=False)
    except Exception as error:
        from podium.cli.failures import report

        code = report(error)
    sys.exit(code if isinstance(code, int) else exits.OK)


if __name__ == "__main__":
    main()

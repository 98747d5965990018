"""`podium store`: the table of its commands, each imported when it is called."""

from importlib import import_module

import click

COMMANDS = {
    "read": ("reading:read", "Read a stream, or the whole log."),
    "tail": ("reading:tail", "Follow a stream, or the whole log."),
    "append": ("writing:append", "Append an event to a stream of your own."),
    "streams": ("listing:streams", "List streams by name."),
    "leases": ("listing:leases", "List the processes that live."),
    "verify": ("upkeep:verify", "Check every row's checksum, of the store or of a copy."),
    "backup": ("upkeep:backup", "Write a consistent copy, while the store serves or when it is stopped."),
    "restore": ("upkeep:restore", "Take a copy for the store, while the services are stopped."),
}


class StoreGroup(click.Group):
    """Its help comes from the table."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(f"podium.cli.store.{module}"), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table, without importing any of it."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=StoreGroup)
def store() -> None:
    """Look into the event store: every fact that Podium knows, in the order in which it became true."""

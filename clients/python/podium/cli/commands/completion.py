"""`podium completion`."""

import click

_HOW = {
    "bash": 'eval "$(podium completion bash)"    # in ~/.bashrc',
    "zsh": 'eval "$(podium completion zsh)"     # in ~/.zshrc',
    "fish": "podium completion fish | source     # in ~/.config/fish/config.fish",
}


@click.command(epilog="\n\n".join(["\b", *_HOW.values()]))
@click.argument("shell", type=click.Choice(list(_HOW)))
def completion(shell: str) -> None:
    """Print the completion script of a shell."""
    from click.shell_completion import get_completion_class

    from podium.cli.main import cli

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(cli, {}, "podium", "_PODIUM_COMPLETE").source())

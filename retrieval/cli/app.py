"""The commands by their names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Annotated, get_type_hints

import typer

from .outcome import report_errors

COMMANDS = (
    "index", "query", "info", "add", "remove", "watch", "verify", "tune",
    "serve", "duplicates", "anomalies", "map",
    "evaluate", "demo", "train", "reconstruct", "denoise",
)  # fmt: skip
"""In the order of the help. A new command is one more name here: of a module, and of the function in it."""


def make_app(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The command line with the commands of these `names`."""
    names = tuple(names)
    app = typer.Typer(
        name="retrieve",
        no_args_is_help=True,
        # A shell that completes names no command, and a query need not wait for these two options.
        add_completion=names == COMMANDS,
        context_settings={"help_option_names": ["-h", "--help"]},
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback()(retrieve)
    for name in names:
        command = getattr(import_module(f".{name}", __package__), name)
        # Read from their text once: typer does it several times, which takes a query some milliseconds.
        command.__annotations__ = get_type_hints(command, include_extras=True)
        app.command(name, short_help=_summary(command))(report_errors(command))
    return app


def _summary(command: Callable[..., None]) -> str:
    """The first paragraph of its help. Left to itself, click cuts it off where it is longer than a line."""
    return " ".join((command.__doc__ or "").partition("\n\n")[0].split())


def needed(arguments: list[str]) -> tuple[str, ...]:
    """The commands to load for these `arguments`: the one that they name, otherwise all.

    To load a command takes typer several milliseconds an option, and a query is to be quick.
    """
    named = next((argument for argument in arguments if not argument.startswith("-")), None)
    return (named,) if named in COMMANDS else COMMANDS


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"retrieve {version('retrieve')}")
        raise typer.Exit


def retrieve(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Find pictures that look alike, with an encoder fitted to your own pictures, offline.

    \b
    retrieve demo                           # see what it does, on pictures it draws itself
    retrieve index photos/                  # fit an encoder to your pictures, and index them
    retrieve query img.png --index photos/  # the nearest pictures
    """

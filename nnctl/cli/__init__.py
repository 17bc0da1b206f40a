"""The command line: one file in `commands/` is one command.

    __init__      the group: commands are found by scanning, and imported when they are called
    exits         exceptions -> exit status and last line, in this one place
    streams       standard input, output and error, also where they are closed, full or not UTF-8
    voice         what is said while a command works: stderr
    console*      results: stdout; and the progress bar. The only imports of rich
    options       the options that commands share
    commands/     parse, call the library, hand the result to the console

A command module holds a click command called `command`; the first line of its docstring is what the
list of commands says of it. Nothing heavy is imported before a command runs.
"""

from __future__ import annotations

import ast
import gc
import importlib
import importlib.util
import os
import pkgutil
import sys
from collections.abc import Sequence
from typing import Any

import click

from nnctl.cli import commands, exits, streams
from nnctl.registry import suggest

SELDOM = 100_000  # new objects before Python looks for cycles: with its own 700, imports take a tenth longer


class Commands(click.Group):
    """A group whose commands are the modules of a package."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(info.name for info in pkgutil.iter_modules(commands.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(f"{commands.__name__}.{cmd_name}").command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        names = self.list_commands(ctx)
        if args and args[0] not in names and not args[0].startswith("-"):
            near = suggest(args[0], names)
            hint = f"did you mean {near!r}?" if near else f"there are: {', '.join(names)}"
            raise click.UsageError(f"no command is called {args[0]!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, first_line(name)) for name in self.list_commands(ctx)])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Exit status"):
            formatter.write_dl(exits.statuses())

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, *_: Any, **__: Any) -> Any:
        """Run one command and leave the process with its exit status."""
        streams.prepare()
        gc.set_threshold(SELDOM, *gc.get_threshold()[1:])
        given = list(sys.argv[1:] if args is None else args)
        if "_NNCTL_COMPLETE" in os.environ:
            from click.shell_completion import shell_complete

            sys.exit(shell_complete(self, {}, "nnctl", "_NNCTL_COMPLETE", os.environ["_NNCTL_COMPLETE"]))
        status = exits.run(lambda: self._call(given))
        streams.close()
        gc.freeze()  # or Python would go through everything that was imported once more, to find nothing
        sys.exit(status)

    def _call(self, given: list[str]) -> None:
        with self.make_context("nnctl", given) as ctx:
            self.invoke(ctx)


def first_line(name: str) -> str:
    """Return the first line of a command's docstring without importing the command."""
    spec = importlib.util.find_spec(f"{commands.__name__}.{name}")
    source = spec.loader.get_source(spec.name) if spec and spec.loader else None  # type: ignore[attr-defined]
    text = ast.get_docstring(ast.parse(source)) if source else None
    return (text or "").partition("\n")[0]


def show_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from nnctl import __version__

        click.echo(f"nnctl {__version__}")
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=show_version,
    help="Show the version and exit.",
)
def main() -> None:
    """Train neural networks from YAML specs, on a plain CPU.

    \b
    nnctl train specs/digits.yaml                 train, and leave a run directory
    nnctl evaluate runs/digits/model.h5 new.csv   how good it is on raw data
    nnctl predict runs/digits/model.h5 new.csv    what it says of raw data
    """

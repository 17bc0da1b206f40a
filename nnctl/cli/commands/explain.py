"""Explain a layer, optimizer, loss ... : formula, fields, defaults, an example."""

from __future__ import annotations

from typing import Any

import click

from nnctl.cli import console, options


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from nnctl.cli.explaining import overview

    return [name for _, names in overview() for name in names if name.startswith(incomplete)]


@click.command()
@click.argument("name", required=False, shell_complete=_complete)
@options.plugin
@options.talk
def command(name: str | None) -> None:
    """Explain NAME: anything that a spec can name, or a section of it.

    Without NAME, list everything there is. Where several kinds share a name, all are shown;
    KIND:NAME picks one, such as activation:softmax.
    """
    from nnctl.cli import explaining

    if name is None:
        for kind, things in explaining.overview():
            console.text(f"{kind:<18} {', '.join(things)}")
        return
    for number, cls in enumerate(explaining.look_up(name)):
        if number:
            console.text("\n")
        _show(cls)


def _show(cls: Any) -> None:
    from nnctl.cli import explaining

    console.title(explaining.title(cls))
    console.text(explaining.formula(cls))
    for line in explaining.other_names(cls):
        console.text(line)
    if rows := explaining.fields(cls):
        console.title("\nFields")
        console.table(("name", "default", "must be", "meaning"), rows)
    if example := explaining.example(cls):
        console.title("\nExample")
        console.text(example)
    console.text(f"\nWritten in {cls.__module__.replace('.', '/')}.py")

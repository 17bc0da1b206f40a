"""Check a spec: everything but the training."""

from __future__ import annotations

from pathlib import Path

import click

from nnctl.cli import console, options, wording
from nnctl.cli.voice import voice


@click.command()
@click.argument("spec")
@click.option("--set", "overrides", multiple=True, metavar="K=V", help="Another value, as for train.")
@options.plugin
@options.data_dir
@options.offline
@options.threads
@options.talk
def command(spec: str, overrides: tuple[str, ...], data_dir: Path | None, threads: int | None) -> None:
    """Read SPEC and its data, and build the network, without training it.

    Shows what the data are, the layers with their shapes and weights, and about how much memory and time the
    training takes. Status 78 where the spec is wrong, 65 or 66 where the data are.
    """
    from nnctl.cli import estimates, summary
    from nnctl.run import assemble
    from nnctl.spec import load

    loaded = load(spec, overrides)
    for notice in loaded.notices:
        voice.say(notice)
    prepared, model = assemble(loaded, data_dir)
    console.text("\n".join(prepared.notes))
    summary.show_data(prepared.preprocessing)
    console.text("")
    summary.show(model)
    needed = estimates.memory(loaded, prepared, model)
    console.text(
        f"memory: about {wording.size(sum(needed.values()))} (weights, gradients and optimizer "
        f"{wording.size(needed['weights'])}, a batch {wording.size(needed['batch'])}, "
        f"data {wording.size(needed['data'])}), besides some 100 MB for Python"
    )
    spent, steps = estimates.seconds(loaded, prepared, model)
    console.text(
        f"time: roughly {wording.duration(spent)} for {wording.plural(loaded.fit.epochs, 'epoch')} "
        f"(guessed from {wording.plural(steps, 'step')})"
    )
    voice.say(f"{spec}: no problems found; train it with  nnctl train {spec}")

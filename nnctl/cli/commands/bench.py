"""Time the training steps of a spec, layer by layer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nnctl.cli import console, options, wording
from nnctl.cli.voice import voice

if TYPE_CHECKING:
    from nnctl.benchmark import Report


@click.command()
@click.argument("spec")
@options.as_json
@click.option("--seconds", type=click.FloatRange(0, min_open=True), default=2.0, show_default=True, help="To train.")
@click.option("--set", "overrides", multiple=True, metavar="K=V", help="Another value, as for train.")
@options.plugin
@options.data_dir
@options.offline
@options.threads
@options.talk
def command(
    spec: str, as_json: bool, seconds: float, overrides: tuple[str, ...], data_dir: Path | None, threads: int | None
) -> None:
    """Train SPEC for a moment and show what takes the time of a step.

    The floor is what the matrix products of a step would take at the speed that this machine reaches in a large
    one. Nothing is saved.
    """
    from nnctl import kernels
    from nnctl.benchmark import measure
    from nnctl.data import Batches
    from nnctl.run import assemble
    from nnctl.spec import load

    loaded = load(spec, overrides)
    for notice in loaded.notices:
        voice.say(notice)
    prepared, model = assemble(loaded, data_dir)
    fit = loaded.fit
    batches = Batches(prepared.train, fit.batch_size, fit.shuffle, loaded.seed)
    kernels.choose(model.numbers(fit.batch_size) * len(batches) * fit.epochs, voice.say)
    report = measure(model, batches, seconds)
    if as_json:
        console.json({"spec": spec, **report.plain()})
        return
    show(report)
    voice.say(
        f"medians of {wording.plural(report.steps, 'step')} of {wording.plural(report.batch_size, 'row')}; "
        f"about {wording.duration(report.epoch * fit.epochs)} for {wording.plural(fit.epochs, 'epoch')}"
    )


def show(report: Report) -> None:
    """Print a line for each part of a step, then what follows from them."""
    rows = [
        (layer.name, layer.title, layer.output_shape, *_times(report, layer.forward, layer.backward))
        for layer in report.layers
    ]
    for name in ("loss", "optimizer", "metrics", "other"):
        taken = getattr(report, name)
        rows.append((name, "", "", "", "", _share(taken, report)))
    header = ("part", "layer", "output", "forward", "backward", "share of a step")
    console.table(header, rows, right=[3, 4, 5])
    console.text("")
    facts = {
        "a step": wording.duration(report.step),
        "in matrix products": f"{wording.duration(report.products)} ({report.products / report.step:.0%})",
        "floor": f"{wording.duration(report.floor)} ({report.floor / report.step:.0%}), at {report.gflops:.0f} GFLOP/s "
        f"on {wording.plural(report.threads, 'thread')}",
        "samples a second": f"{report.samples_per_second:,.0f}",
        "an epoch": f"{wording.duration(report.epoch)} ({wording.plural(report.steps_per_epoch, 'step')})",
    }
    for name, fact in facts.items():
        console.text(f"{name:<20}{fact}")


def _times(report: Report, forward: float, backward: float) -> tuple[str, str, str]:
    return wording.duration(forward), wording.duration(backward), _share(forward + backward, report)


def _share(seconds: float, report: Report) -> str:
    return f"{seconds / report.step:.0%}"

"""Time the training steps of a spec, layer by layer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nnctl.cli import console, options, wording
from nnctl.cli.voice import voice

if TYPE_CHECKING:
    from nnctl.benchmark import LayerTime, Report


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

    All times are means. The floor is what the matrix products of a step would take at the speed that this machine
    reaches in a large one. Nothing is saved.
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
        f"means of {wording.plural(report.steps, 'step')} of {wording.plural(report.batch_size, 'row')}; "
        f"about {wording.duration(report.epoch * fit.epochs)} for {wording.plural(fit.epochs, 'epoch')}"
    )


def show(report: Report) -> None:
    """Print a line for each part of a step, then what follows from them."""
    rows = [
        (layer.name, layer.title, layer.output_shape.replace("None, ", ""), *_times(report, layer))
        for layer in report.layers
    ]
    for name in ("loss", "optimizer", "metrics", "other"):
        taken = getattr(report, name)
        rows.append((name, "", "", "", "", _share(taken, report)))
    header = ("part", "layer", "output", "forward", "backward", "share")
    console.table(header, rows, right=[3, 4, 5])
    console.text("")
    at_least = "at least " if report.seen < report.multiplications else ""
    facts = {
        "a step": wording.duration(report.step),
        "in matrix products": f"{at_least}{wording.duration(report.products)} ({_share(report.products, report)})",
        "floor": f"{wording.duration(report.floor)} ({_share(report.floor, report)}), at {report.gflops:.0f} GFLOP/s "
        f"on {wording.plural(report.threads, 'thread')}",
        "samples a second": f"{report.samples_per_second:,.0f}",
        "loops": {"numpy": "NumPy", "compiled": "numba"}[report.kernels],
        "an epoch": f"{wording.duration(report.epoch)} ({wording.plural(report.steps_per_epoch, 'step')})",
    }
    for name, fact in facts.items():
        console.text(f"{name:<20}{fact}")


def _times(report: Report, layer: LayerTime) -> tuple[str, str, str]:
    """Return the cells of a layer; it goes no way back below the first weights."""
    forward, backward = (wording.duration(taken) if taken else "-" for taken in (layer.forward, layer.backward))
    return forward, backward, _share(layer.forward + layer.backward, report)


def _share(seconds: float, report: Report) -> str:
    return f"{seconds / report.step:.0%}"

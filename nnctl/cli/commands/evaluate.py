"""Measure a trained model on raw data, or on the test rows that its spec set aside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nnctl.cli import console, options, thresholds, wording
from nnctl.cli.voice import voice


@click.command()
@click.argument("model")
@click.argument("data", required=False, type=options.SourceType())
@options.as_json
@click.option("--batch-size", type=click.IntRange(min=1), metavar="N", help="Rows at once.")
@options.fail_under
@options.plugin
@options.data_dir
@options.offline
@options.threads
@options.talk
def command(
    model: str,
    data: Any,
    as_json: bool,
    batch_size: int | None,
    fail_under: options.Threshold | None,
    data_dir: Path | None,
    threads: int | None,
) -> None:
    """Print loss and metrics of MODEL on DATA.

    MODEL is a model file or a run directory. DATA is raw, as in training, with the target in it; the
    preprocessing saved in the model is applied. Without DATA, the test rows are taken that the spec set aside.
    """
    from nnctl.prediction import evaluate_file

    result = evaluate_file(model, data, batch_size=batch_size, data_dir=data_dir)
    for notice in result.notices:
        voice.say(notice)
    if result.filled:
        voice.say(wording.filled(result.filled))
    if as_json:
        console.json({"model": model, "data": data, "rows": result.rows, "filled": result.filled, **result.values})
    else:
        voice.say(f"{result.source}: {wording.plural(result.rows, 'row')}")
        console.table(("metric", "value"), [(name, f"{value:.6g}") for name, value in result.values.items()], right=[1])
    if fail_under:
        thresholds.check(fail_under, result.values, f"on {result.source}")

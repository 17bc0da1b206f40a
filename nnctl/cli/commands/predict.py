"""Predict for every row of raw data, with a trained model."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from nnctl.cli import options, streams, wording
from nnctl.cli.voice import voice
from nnctl.errors import UsageError

if TYPE_CHECKING:
    from nnctl.prediction import What


@click.command()
@click.argument("model")
@click.argument("data", default="-", type=options.SourceType())
@click.option("-o", "--output", metavar="OUT", help="File to write: .csv .jsonl .npy .parquet; default: CSV on stdout.")
@click.option("--keep", multiple=True, metavar="COL", help="Hand a column of DATA through; may be given again.")
@click.option("--labels", "what", flag_value="labels", type=str, help="The predicted classes alone.")
@click.option("--probabilities", "what", flag_value="probabilities", type=str, help="The probabilities alone.")
@click.option("--raw", "what", flag_value="raw", type=str, help="The outputs of the network as they are.")
@click.option("--batch-size", type=click.IntRange(min=1), metavar="N", help="Rows at once.")
@options.plugin
@options.data_dir
@options.offline
@options.threads
@options.talk
def command(
    model: str,
    data: Any,
    output: str | None,
    keep: tuple[str, ...],
    what: What | None,
    batch_size: int | None,
    data_dir: Path | None,
    threads: int | None,
) -> None:
    """Predict for every row of DATA, in its order.

    MODEL is a model file or a run directory. DATA is raw, as in training; columns are matched by name, and
    '-' is stdin. Written are the columns kept, `prediction`, and a `p(label)` for each class; .npy gets the
    outputs of the network as an array.
    """
    from nnctl.checkpoint.atomic import check_writable, write_file
    from nnctl.data.writing import NpyWriter, writer_for
    from nnctl.prediction import predict_file

    writer = writer_for(output or "stdout.csv")
    if writer is NpyWriter and (keep or what in ("labels", "probabilities")):
        raise UsageError(
            "an .npy file holds the outputs of the network alone: leave --keep, --labels and "
            "--probabilities out, or write .csv"
        )
    if output:
        check_writable(output)
    predictions = predict_file(model, data, keep=keep, what=what or "all", batch_size=batch_size, data_dir=data_dir)
    for notice in predictions.notices:
        voice.say(notice)
    rows = 0

    def write(file: BinaryIO) -> None:
        nonlocal rows
        out: Any = writer(file, predictions.names)
        for block in predictions:
            out.write(block.columns, block.outputs)
            rows += len(block.outputs)
        out.close()

    if output:
        write_file(output, write)
        voice.say(f"{output}: {wording.plural(rows, 'row')}")
    else:
        with streams.results():
            write(sys.stdout.buffer)
    if predictions.reading.filled:
        voice.say(wording.filled(predictions.reading.filled))

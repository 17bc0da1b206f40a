"""Write a trained model in a form that other programs open."""

from __future__ import annotations

from pathlib import Path

import click

from nnctl.cli import options
from nnctl.cli.voice import voice


@click.command()
@click.argument("model")
@click.option("-o", "--output", required=True, metavar="OUT", help="File to write: .keras (an archive) or .h5.")
@options.plugin
@options.talk
def command(model: str, output: str) -> None:
    """Write MODEL, a model file or a run directory, as OUT.

    Keras opens both forms with keras.models.load_model, and so does nnctl. What Keras lacks is an error
    that names the layer.
    """
    from nnctl.exporting import export

    for note in export(Path(model), Path(output)):
        voice.say(note)
    voice.say(f"{output}: written")

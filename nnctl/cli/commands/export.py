"""Write a trained model in a form that other programs open."""

from __future__ import annotations

from pathlib import Path

import click

from nnctl.cli import options
from nnctl.cli.voice import voice


@click.command()
@click.argument("model")
@click.option("-o", "--output", required=True, metavar="OUT", help="File to write: .keras (an archive), .h5 or .onnx.")
@options.plugin
@options.talk
def command(model: str, output: str) -> None:
    """Write MODEL, a model file or a run directory, as OUT.

    Keras opens .keras and .h5 with keras.models.load_model, and so does nnctl. An .onnx file holds the
    network for onnxruntime and its like, in float32; raw data must be prepared for it as its metadata say.
    What a form lacks is an error that names the layer.
    """
    from nnctl.exporting import export

    for note in export(Path(model), Path(output)):
        voice.say(note)
    voice.say(f"{output}: written")

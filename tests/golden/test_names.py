"""Every public name of Keras is there, or left out for a reason that is written down here."""

from __future__ import annotations

import json
from collections.abc import Iterator

from nnctl.registry import find

from . import store

NAMES = json.loads((store.FOLDER / "keras_names.json").read_text(encoding="utf-8"))  # by generate_names.py

LEFT_OUT: dict[str, dict[str, str]] = {
    "base classes; a plugin has nnctl's": {
        "callback": "Callback CallbackList",
        "constraint": "Constraint",
        "initializer": "Initializer",
        "layer": "InputSpec Layer Wrapper",
        "loss": "Loss",
        "metric": "MeanMetricWrapper Metric",
        "optimizer": "Optimizer",
        "regularizer": "Regularizer",
        "schedule": "LearningRateSchedule",
    },
    "made of code, which no spec can hold; a plugin can": {
        "callback": "LambdaCallback",
        "layer": "FlaxLayer JaxLayer Lambda TFSMLayer TorchModuleWrapper",
    },
    "several inputs or outputs, which no stack of layers has": {
        "layer": (
            "Add AdditiveAttention Attention Average Concatenate Dot GroupQueryAttention HashedCrossing Maximum "
            "Minimum MultiHeadAttention Multiply Subtract add average concatenate dot maximum minimum multiply subtract"
        ),
    },
    "one step of a recurrent layer, or a loop over such; SimpleRNN, LSTM and GRU are whole": {
        "layer": "GRUCell LSTMCell RNN SimpleRNNCell StackedRNNCells",
    },
    "a container; the spec's own list of layers is one, and takes the same layers": {
        "layer": "Pipeline",
    },
    "one tensor does two things, an input and, called backwards, an output": {
        "layer": "ReversibleEmbedding",
    },
    "images with several labels, or boxes, mixed with one another: the targets change too": {
        "layer": "CutMix MaxNumBoundingBoxes MixUp",
    },
    "changes of pictures in ways that no tutorial uses": {
        "layer": (
            "AugMix AutoContrast ContrastLimitedAdaptiveHistogramEqualization Equalization RandAugment "
            "RandomColorDegeneration RandomColorJitter RandomElasticTransform RandomErasing RandomGaussianBlur "
            "RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization RandomSaturation "
            "RandomSharpness RandomShear Solarization"
        ),
    },
    "what the data section does, with what it learned saved in the model: columns of type categorical, scaling": {
        "layer": "CategoryEncoding Discretization Hashing IntegerLookup StringLookup",
    },
    "sound: no source of nnctl's reads it, and the spectrogram is a layer of Keras' ops of its own": {
        "initializer": "STFT STFTInitializer stft",
        "layer": "MelSpectrogram STFTSpectrogram",
    },
    "sequences as targets, shorter than the outputs and aligned by the loss: no source of nnctl's has such": {
        "loss": "CTC ctc",
    },
    "half precision, which nnctl does not compute with": {
        "optimizer": "LossScaleOptimizer",
    },
    "an optimizer for each part of a model, told apart by code": {
        "optimizer": "MultiOptimizer OptimizerMap",
    },
    "JAX's own format of checkpoints; ModelCheckpoint and BackupAndRestore write HDF5": {
        "callback": "OrbaxCheckpoint",
    },
    "not there yet": {
        "layer": "RandomCrop TextVectorization",
    },
}


def left_out() -> Iterator[tuple[str, str]]:
    for kinds in LEFT_OUT.values():
        for kind, names in kinds.items():
            yield from ((kind, name) for name in names.split())


def missing() -> set[tuple[str, str]]:
    return {(kind, name) for kind, names in NAMES["names"].items() for name in names if find(kind, name) is None}


def test_every_name_of_keras_is_there_or_left_out_for_a_reason() -> None:
    assert missing() - {*left_out()} == set(), "register it, or write down above why not"


def test_nothing_is_left_out_that_is_there() -> None:
    assert {*left_out()} - missing() == set(), "nnctl has it, or Keras has not: take it out of LEFT_OUT"


def test_the_names_are_those_of_the_golden_numbers() -> None:
    assert NAMES["keras"] == store.load("optimizers")[1]["keras"]

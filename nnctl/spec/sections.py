"""The sections of a spec as things: `Spec` is the whole, `Fit` says how to train."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Predicate

from nnctl.callbacks import Callback
from nnctl.data.settings import DataSettings
from nnctl.errors import ConfigError
from nnctl.fields import Thing, field
from nnctl.findings import Findings, Problem, show_path
from nnctl.layers import ALayer
from nnctl.losses import ALoss
from nnctl.metrics import AMetric
from nnctl.model import Sequential
from nnctl.optimizers import AnOptimizer
from nnctl.registry import suggest
from nnctl.rules import Fraction, NonNegativeFloat, NonNegativeInt, Of, PositiveInt, Words
from nnctl.spec.diagnostics import Diagnostic, spec_error
from nnctl.spec.nodes import Node, Place, Source, locate

SETTING = re.compile(r"(\w+(?:\.\w+)*): (.*)", re.DOTALL)

BARE_SECTIONS = {"data": "source", "initial_weights": "file"}  # a text alone is this field of the section

Label = int | float | bool | str


def is_file_name(text: str) -> bool:
    """Whether a run directory can be called so, on every system."""
    safe = text.isprintable() and not set(text) & set('/\\:*?"<>|')
    return safe and 0 < len(text.encode()) <= 100 and text[0] not in ".- " and text[-1] not in ". "


Name = Annotated[
    str,
    Predicate(is_file_name),
    Words(
        "a name for a directory (without / \\ : * ? \" < > |, not beginning with '.' or '-')",
        extra_bad=("", "a/b", "..", "a\nb"),
    ),
]


class Fit(Thing):
    """How to train: the arguments of Keras' `fit`."""

    epochs: PositiveInt = field(1, doc="Passes over the training rows.", legacy=("nb_epoch",))
    batch_size: PositiveInt = field(32, doc="Rows of one step.")
    validation_split: Fraction = field(0.0, doc="Share of the training rows, the last ones, set aside for validation.")
    shuffle: bool = field(
        True,
        doc="Take the rows in another order in each epoch. Rows in memory are mixed as a whole; those on disk "
        "(data.cache) in blocks of 512 KB, put in random order and mixed within windows of 64 of them; those that are "
        "read again in every epoch within such windows of the file's order.",
    )
    class_weight: Annotated[
        Literal["balanced"] | dict[Label, NonNegativeFloat] | None,
        Words("'balanced', or a mapping from labels to weights >= 0, or null"),
    ] = field(None, doc="Weight of each label in the loss: a mapping, or 'balanced' for the inverse of its frequency.")
    initial_epoch: NonNegativeInt = field(0, doc="Number of the first epoch, counted from 0.")
    validation_freq: PositiveInt = field(1, doc="Judge the validation rows after every so many epochs.")

    def conflicts(self) -> Iterator[tuple[str, str]]:
        if self.initial_epoch >= self.epochs:
            yield "initial_epoch", f"expected less than epochs ({self.epochs}), got {self.initial_epoch}"


class InitialWeights(Thing):
    """Where the weights start: a file of nnctl or Keras."""

    file: str = field(doc="Model file, or file of weights.")
    by: Literal["auto", "order", "name"] = field(
        "auto",
        doc="How layers are matched: order (all must fit), name (the others stay as they are), or auto: by name where "
        "file and network have the same names, else by order.",
    )
    optimizer: bool = field(
        False, doc="Also take the state of the optimizer, and go on counting its steps. It must be the same optimizer."
    )


class Spec(Thing):
    """A whole training run: data, layers, loss, optimizer and the rest, all checked."""

    name: Name = field("spec", doc="Name of the run; by default that of the file.")
    seed: NonNegativeInt = field(0, doc="Every random draw comes from it.")
    dtype: Literal["float32", "float64"] = field("float32", doc="Type of weights and computations.")
    data: Annotated[DataSettings, Words("a mapping such as {source: data.csv, target: 0}")] = field(
        doc="Where the rows come from and how they become numbers."
    )
    layers: tuple[ALayer, ...] = field(doc="The network, from input to output.")
    loss: ALoss = field(doc="What training makes small.", legacy=("objective",))
    optimizer: AnOptimizer = field("rmsprop", doc="How the weights move.")
    metrics: tuple[AMetric, ...] = field((), doc="What is measured beside the loss.")
    weighted_metrics: tuple[AMetric, ...] = field((), doc="The same, with the weights of the rows.")
    fit: Annotated[Fit, Words("a mapping such as {epochs: 10, batch_size: 32}")] = field({}, doc="How to train.")
    callbacks: tuple[Annotated[Callback, Of("callback")], ...] = field(
        (), doc="What happens beside the training, in this order."
    )
    initial_weights: Annotated[
        InitialWeights | None, Words("the name of a model file, or a mapping such as {file: start.h5, optimizer: true}")
    ] = field(None, doc="Model file to start from: its name, or more about it.")

    path: Path | None = None
    base_dir: Path = Path()
    notices: tuple[str, ...] = ()
    tree: Node = Node(Place(Source("spec", is_file=False)), None)

    @classmethod
    def title(cls) -> str:
        return "the spec"

    @classmethod
    def parse(cls, given: Mapping[str, Any], findings: Findings, path: tuple[Any, ...]) -> dict[str, Any]:
        """Like any thing's, and says where a setting belongs that stands one level too high."""
        known = dict(given)
        for section, first in BARE_SECTIONS.items():
            if isinstance(known.get(section), str):
                known[section] = {first: known[section]}
        for key in given:
            if key not in cls.fields and suggest(str(key), cls.fields) is None and (place := _elsewhere(str(key))):
                findings.error((*path, key), f"{cls.title()} has no field {str(key)!r}", place, at_key=True)
                del known[key]
        return super().parse(known, findings, path)

    def conflicts(self) -> Iterator[tuple[str, str]]:
        if not self.layers:
            yield "layers", "expected a list of at least one layer, got []"

    def resolved(self) -> dict[str, Any]:
        """Return the spec as plain values with every default filled in."""
        Sequential(self.layers)  # gives every layer its name
        return self.config()

    def where(self, path: tuple[Any, ...]) -> str:
        """Say where a setting stands: 'specs/pima.yaml:14:9'."""
        return str(locate(self.tree, path))

    def raise_for(self, problems: Findings | ConfigError | Iterable[Problem]) -> None:
        """Raise SpecError that shows problems found later at their places; do nothing if there are none."""
        if isinstance(problems, Findings):
            problems = problems.errors
        elif isinstance(problems, ConfigError):
            problems = [p for p in problems.problems if isinstance(p, Problem)] or [self._problem(problems)]
        if found := [diagnose(self.tree, problem) for problem in problems]:
            raise spec_error(found)

    def _problem(self, error: ConfigError) -> Problem:
        """Find the place of an error that knows the number of a layer, or begins with a setting's name."""
        layer = getattr(error, "layer", None)
        if layer is not None:
            return Problem(("layers", layer + (self.layers[0].title() == "Input")), str(error))
        match = SETTING.match(str(error))
        if match and match[1].partition(".")[0] in self.fields:
            return Problem(tuple(match[1].split(".")), match[2])
        return Problem((), str(error))


def _elsewhere(key: str) -> str | None:
    """Say in which section a setting of this name belongs, if in one."""
    for section, inner in (("fit", Fit), ("data", DataSettings)):
        near = suggest(key, [*inner.fields, *(old for f in inner.fields.values() for old in f.legacy)])
        if near:
            return f"indent it under '{section}:'" if near == key else f"did you mean {near!r}, under '{section}:'?"
    return None


def diagnose(tree: Node, problem: Problem) -> Diagnostic:
    """Give a problem its place in the file."""
    place = locate(tree, problem.path, problem.at_key)
    return Diagnostic(place, problem.message, show_path(problem.path), problem.hint)

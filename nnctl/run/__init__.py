"""A training run: from a spec to a run directory with a model that predicts on raw data.

    prepare the data -> build the network -> check one against the other -> open the directory
    -> train, with checkpoints -> test -> write model.h5, history.csv, curves.svg

Nothing is written before everything that can be known to be wrong has been checked.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nnctl.callbacks import Callback
from nnctl.data import Prepared, Rows, class_weights, prepare
from nnctl.data.lazy import mapped
from nnctl.errors import ConfigError, MissingInputError, SpecError
from nnctl.model import Sequential
from nnctl.spec import Spec, check_against_data, dump
from nnctl.spec.lookups import lookup_problems
from nnctl.training import talk

# What a run needs besides (HDF5 among it) is imported when it begins: `nnctl check` assembles and does no more.
if TYPE_CHECKING:
    from nnctl.run.saving import Often
    from nnctl.run.session import EVALUATION_BATCH, Result

__all__ = ["EVALUATION_BATCH", "Result", "assemble", "find_model", "train"]


def __getattr__(name: str) -> Any:
    if name not in ("EVALUATION_BATCH", "Result"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from nnctl.run import session

    return getattr(session, name)


def train(
    spec: Spec,
    *,
    out: Path | None = None,
    data_dir: Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    max_time: float | None = None,
    often: Often | None = None,
    display: Callback | None = None,
    say: Callable[[str], None] = talk,
    command: Sequence[str] = (),
) -> Result:
    """Train what a spec says; the result is on disk when this returns.

    `max_time` is in seconds; `often` says how often a checkpoint is saved; `command` is the command line that
    began the run: how to go on is told in its words. Raises the exceptions of nnctl.errors: SpecError and DataError
    before anything is written; DivergedError, SignalError and StoppedError after what there is was saved.
    """
    from nnctl.run.directory import RunDirectory, choose
    from nnctl.run.saving import has_checkpoint
    from nnctl.run.session import Session
    from nnctl.run.warm_start import warm_start

    place = choose(out, spec.name, resume=resume, overwrite=overwrite)
    resolved = dump(spec.resolved())  # now: building the network fills in more
    if resume and (done := _finished(place, spec, resolved, say)) is not None:
        return done
    goes_on = resume and has_checkpoint(place)
    if goes_on and spec.data.cache == "auto":
        spec.data.cache = _kept(place)  # what fits into memory may differ here, and the order of the rows with it
    prepared, model = assemble(spec, data_dir)
    started = warm_start(spec, model) if spec.initial_weights is not None and not goes_on else None
    directory = RunDirectory(place)
    directory.open()
    if not directory.has_locks:
        say(f"warning: {place}: the file system has no locks; see to it that no second run writes there")
    try:
        if overwrite:
            directory.clear()
        again = _again(command or ("nnctl", "train", str(spec.path or "SPEC")), place)
        session = Session(spec, resolved, prepared, model, directory, say, often)
        return session.go(resume, max_time, display, again, started)
    finally:
        directory.close()


def assemble(spec: Spec, data_dir: Path | None = None) -> tuple[Prepared, Sequential]:
    """Read and prepare the data, build and compile the network for them.

    Raises SpecError, at its place in the file, for whatever does not fit together.
    """
    try:
        prepared = prepare(
            spec.data,
            seed=spec.seed,
            targets=spec.loss.targets,
            base_dir=spec.base_dir,
            data_dir=data_dir,
            dtype=spec.dtype,
            validation_split=spec.fit.validation_split,
        )
        fitted = prepared.preprocessing
        labels = fitted.labels
        targets = prepared.train.y
        if targets is None:
            raise ConfigError("data.target: training needs a target column")
        check_against_data(
            spec,
            input_shape=fitted.input_shape,
            n_classes=len(labels) if labels is not None else None,
            target_rank=max(targets.ndim - 1, 1),
        )
        parts = {"training": prepared.train, "validation": prepared.validation, "test": prepared.test}
        spec.raise_for(lookup_problems(spec.layers, parts, fitted))
        model = Sequential(spec.layers, spec.name, dtype=spec.dtype, seed=spec.seed)
        model.build(fitted.input_shape)
        model.adapt(prepared.train.x, mapped)
        for rows in (prepared.train, prepared.validation, prepared.test):
            if rows is not None and rows.y is not None:
                rows.y = mapped(partial(spec.loss.adapt_targets, output_shape=model.output_shape), rows.y)
        model.compile(spec.optimizer, spec.loss, spec.metrics, spec.weighted_metrics)
        if spec.fit.class_weight is not None:
            _weigh_classes(prepared.train, spec.fit.class_weight, labels)
    except SpecError:
        raise
    except ConfigError as error:
        spec.raise_for(error)
        raise
    return prepared, model


def _weigh_classes(rows: Rows, weights: Any, labels: list[Any] | None) -> None:
    """Multiply the rows' weights by those of their classes, as Keras does."""
    if labels is None or rows.y is None:
        raise ConfigError("fit.class_weight: the targets are numbers, not classes; remove it")
    by_class = class_weights(weights, labels, rows.y)
    if rows.weight is None:
        rows.weight = mapped(lambda weight: weight.astype(rows.x.dtype), by_class)
    else:
        rows.weight = mapped(np.multiply, rows.weight, by_class)


def _kept(place: Path) -> Any:
    """Return where the rows of a run were kept, as `data.cache` says it."""
    from nnctl.run.directory import MANIFEST, read_manifest

    return read_manifest(place).get("kept", "auto") if (place / MANIFEST).is_file() else "auto"


def find_model(path: Path) -> Path:
    """Return the model file that a path means: itself, or the model.h5 of a run directory."""
    if not path.is_dir():
        return path
    if (path / "model.h5").is_file():
        return path / "model.h5"
    raise MissingInputError(f"{path}: holds no model.h5; a run directory has one when its training is done")


def _again(command: Sequence[str], place: Path) -> str:
    """Return the command that goes on with a run."""
    words = [word for word in command if word not in ("--overwrite", "--resume")]
    if not any(word == "--out" or word.startswith("--out=") for word in words):
        words += ["--out", str(place)]
    return shlex.join([*words, "--resume"])


def _finished(place: Path, spec: Spec, resolved: str, say: Callable[[str], None]) -> Result | None:
    """Return the result of a run that is complete already, None where there is something to do."""
    from nnctl.run.directory import MANIFEST, read_manifest
    from nnctl.run.session import Result, refuse_changes

    if not (place / MANIFEST).is_file():
        return None
    manifest = read_manifest(place)
    if manifest.get("status") != "complete":
        return None
    refuse_changes(manifest.get("spec"), resolved, place)
    if manifest.get("epochs", 0) < spec.fit.epochs and not manifest.get("stopped_early"):
        return None
    say(f"{place}: the run is complete; nothing to do")
    return Result(place, already_complete=True, test=manifest.get("test"))

"""A training run: from a spec to a run directory with a model that predicts on raw data.

    prepare the data -> build the network -> check one against the other -> open the directory
    -> train, with checkpoints -> test -> write model.h5, history.csv, curves.svg

Nothing is written before everything that can be known to be wrong has been checked.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import nnctl
from nnctl import threads as thread_policy
from nnctl.callbacks import Callback
from nnctl.checkpoint import load_weights, save_model
from nnctl.checkpoint.atomic import write_text
from nnctl.data import Batches, Prepared, Rows, class_weights, prepare
from nnctl.errors import ConfigError, DivergedError, MissingInputError, ModelFileError, SpecError
from nnctl.model import Sequential
from nnctl.report.curves import draw
from nnctl.run.directory import MANIFEST, RunDirectory, choose, now
from nnctl.run.recording import HistoryFile, Log
from nnctl.run.saving import Saver, load_newest
from nnctl.run.stopping import Stopper
from nnctl.spec import Spec, check_against_data, dump
from nnctl.training import Host, Trainer, evaluate

EVALUATION_BATCH = 1024  # rows at once where the number cannot change the result


@dataclass
class Result:
    """What a run came to."""

    directory: Path
    model: Sequential | None = None
    history: dict[str, list[float]] = field(default_factory=dict)
    epochs: list[int] = field(default_factory=list)
    test: dict[str, float] | None = None
    notes: list[str] = field(default_factory=list)
    already_complete: bool = False


def train(
    spec: Spec,
    *,
    out: Path | None = None,
    data_dir: Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    max_time: float | None = None,
    display: Callback | None = None,
    say: Callable[[str], None] = print,
) -> Result:
    """Train what a spec says; the result is on disk when this returns.

    `max_time` is in seconds. Raises the exceptions of nnctl.errors: SpecError and DataError before
    anything is written; DivergedError, SignalError and StoppedError after what there is was saved.
    """
    place = choose(out, spec.name, resume=resume, overwrite=overwrite)
    resolved = dump(spec.resolved())  # now: building the network fills in more
    if resume and (done := _finished(place, spec, resolved, say)) is not None:
        return done
    prepared, model = assemble(spec, data_dir)
    directory = RunDirectory(place)
    directory.open()
    try:
        if overwrite:
            directory.clear()
        return _Run(spec, resolved, prepared, model, directory, say).go(resume, max_time, display)
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
        model = Sequential(spec.layers, spec.name, dtype=spec.dtype, seed=spec.seed)
        model.build(fitted.input_shape)
        for rows in (prepared.train, prepared.validation, prepared.test):
            if rows is not None and rows.y is not None:
                rows.y = spec.loss.adapt_targets(rows.y, model.output_shape)
        model.compile(spec.optimizer, spec.loss, spec.metrics)
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
    rows.weight = by_class.astype(rows.x.dtype) if rows.weight is None else rows.weight * by_class


def find_model(path: Path) -> Path:
    """Return the model file that a path means: itself, or the model.h5 of a run directory."""
    if not path.is_dir():
        return path
    if (path / "model.h5").is_file():
        return path / "model.h5"
    raise MissingInputError(f"{path}: holds no model.h5; a run directory has one when its training is done")


def _finished(place: Path, spec: Spec, resolved: str, say: Callable[[str], None]) -> Result | None:
    """Return the result of a run that is complete already, None where there is something to do."""
    from nnctl.run.directory import read_manifest

    if not (place / MANIFEST).is_file():
        return None
    manifest = read_manifest(place)
    if manifest.get("status") != "complete":
        return None
    _refuse_changes(manifest.get("spec"), resolved, place)
    if manifest.get("epochs", 0) < spec.fit.epochs and not manifest.get("stopped_early"):
        return None
    say(f"{place}: the run is complete; nothing to do")
    return Result(place, already_complete=True, test=manifest.get("test"))


def _refuse_changes(before: Any, resolved: str, place: Path) -> None:
    """Raise SpecError where a run cannot go on under this spec; more epochs are allowed."""
    import difflib

    lines = [_comparable(text).splitlines() for text in (before or "", resolved)]
    if before is None or lines[0] == lines[1]:
        return
    difference = "\n".join(difflib.unified_diff(*lines, "the run's spec", "the spec given", lineterm="", n=0))
    raise SpecError(f"{place}: the spec has changed since the run began; train under another --out, or with "
                    f"--overwrite\n{difference}")


def _comparable(text: str) -> str:
    """A resolved spec without the number of epochs."""
    return "\n".join(line for line in text.splitlines() if not line.strip().startswith("epochs:"))


class _Run:
    """One call of `train`, its parts in one place."""

    def __init__(
        self,
        spec: Spec,
        resolved: str,
        prepared: Prepared,
        model: Sequential,
        directory: RunDirectory,
        say: Callable[[str], None],
    ) -> None:
        self.spec, self.resolved, self.prepared = spec, resolved, prepared
        self.model, self.directory, self.speak = model, directory, say
        self.history, self.log = HistoryFile(), Log()
        self.saver, self.stopper = Saver(), Stopper()

    def say(self, text: str) -> None:
        self.speak(text)
        self.log.line(text)

    def go(self, resume: bool, max_time: float | None, display: Callback | None) -> Result:
        directory, spec = self.directory, self.spec
        goes_on = resume and (directory.path / "checkpoint.h5").exists()
        self.log.open(directory.file("train.log"))
        trainer = self._trainer(display)
        self.stopper.watch(max_time)
        if goes_on:
            self._restore(trainer)
        elif spec.initial_weights is not None:
            filled = load_weights(spec.base_dir / spec.initial_weights, self.model)
            self.say(f"initial weights from {spec.initial_weights}: {', '.join(filled)}")
        write_text(directory.file("spec.yaml"), self.resolved)
        directory.save_manifest(**self._about(), status="running", spec=self.resolved, started=now())
        for note in (*spec.notices, *self.prepared.notes):
            self.log.line(note)
        with self.stopper.listening():
            self._train(trainer)
            return self._finish(trainer)

    def _trainer(self, display: Callback | None) -> Trainer:
        spec, path = self.spec, self.directory.path
        self.history.open(self.directory.file("history.csv"))
        self.saver.open(
            self.directory.file("checkpoint.h5"),
            self.directory.file("checkpoint.previous.h5"),
            {"spec": self.resolved, "fingerprint": self.prepared.fingerprint, "threads": thread_policy.current()},
            lambda seconds: setattr(self.stopper, "margin", 2 * seconds),
        )
        validation = self.prepared.validation
        return Trainer(
            self.model,
            Batches(self.prepared.train, spec.fit.batch_size, spec.fit.shuffle, spec.seed),
            None if validation is None else Batches(validation, EVALUATION_BATCH),
            epochs=spec.fit.epochs,
            initial_epoch=spec.fit.initial_epoch,
            callbacks=spec.callbacks,
            observers=[self.history, self.log, *([display] if display else []), self.saver, self.stopper],
            host=Host(path, self.say, self._save),
        )

    def _restore(self, trainer: Trainer) -> None:
        """Put the trainer where the checkpoint says."""
        path = self.directory.path
        state = load_newest(path / "checkpoint.h5", path / "checkpoint.previous.h5", self.say)
        _refuse_changes(state.get("spec"), self.resolved, path)
        if state.get("fingerprint") != self.prepared.fingerprint:
            raise SpecError(f"{path}: the data have changed since the run began; train under another --out, or with "
                            "--overwrite")
        if state.get("threads") != thread_policy.current():
            self.say(f"note: the run began with {state.get('threads')} threads and goes on with "
                     f"{thread_policy.current()}: the last bits may differ")
        display_state = [{"name": type(c).__name__, "state": c.state()} for c in trainer.callbacks]
        saved = {entry["name"]: entry for entry in state["trainer"]["callbacks"]}
        if set(saved) - {e["name"] for e in display_state}:
            raise ModelFileError(f"{path}/checkpoint.h5: was written by a run with other callbacks")
        trainer.restore(state["trainer"])
        self.say(f"going on in {path} at epoch {trainer.epoch + 1}, batch {trainer.batch + 1}")

    def _train(self, trainer: Trainer) -> None:
        """Run the trainer; save and raise where it was stopped or diverged."""
        again = f"go on with  nnctl train {self.spec.path or 'SPEC'} --out {self.directory.path} --resume"
        try:
            trainer.run()
        except DivergedError as error:
            self.directory.save_manifest(status="diverged")
            if np.isfinite(self.model.parameters.values).all():
                self._save(self.directory.file("model.h5"), self.model)
            self.log.line(str(error))
            raise
        if trainer.stop_at_once:
            self.saver.save()
            self.directory.save_manifest(status="stopped")
            error = self.stopper.error(again)
            self.log.line(str(error))
            raise error

    def _finish(self, trainer: Trainer) -> Result:
        """Test the trained model and write what the run leaves."""
        directory, history = self.directory, trainer.history
        test = None
        if self.prepared.test is not None and self.prepared.test.y is not None:
            test = evaluate(self.model, Batches(self.prepared.test, EVALUATION_BATCH))
        if trainer.epoch > 0:
            self.saver.save()
        self._save(directory.file("model.h5"), self.model)
        write_text(directory.file("curves.svg"), draw(self.spec.name, history.epoch, history.history))
        directory.save_manifest(
            status="complete", finished=now(), epochs=trainer.epoch, stopped_early=trainer.stop_training, test=test
        )
        if test:
            self.log.line("test " + " ".join(f"{name}={value:.6g}" for name, value in test.items()))
        return Result(directory.path, self.model, history.history, history.epoch, test, self.prepared.notes)

    def _save(self, path: Path, model: Sequential) -> None:
        """Write a model file that carries all it takes to predict on raw data."""
        if path.is_relative_to(self.directory.path):
            self.directory.file(str(path.relative_to(self.directory.path)))
        trained = model.optimizer.iterations if model.optimizer else 0
        save_model(path, model, {
            "spec": self.resolved,
            "preprocessing": self.prepared.preprocessing.to_dict(),
            "fingerprint": self.prepared.fingerprint,
            "steps": trained,
            "versions": {"nnctl": nnctl.__version__, "numpy": np.__version__},
        })

    def _about(self) -> dict[str, Any]:
        """What the manifest says of the circumstances."""
        return {
            "name": self.spec.name,
            "base_dir": str(self.spec.base_dir.resolve()),
            "threads": thread_policy.current(),
            "versions": {
                "nnctl": nnctl.__version__,
                "python": platform.python_version(),
                **{name: version(name) for name in ("numpy", "h5py", "pandas")},
            },
        }

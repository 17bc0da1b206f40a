"""A session: one stretch of a training run in its directory, from the first batch or from a checkpoint."""

from __future__ import annotations

import difflib
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from nnctl import __version__, threads as thread_policy
from nnctl.callbacks import Callback
from nnctl.checkpoint import keras_lacks, save_model
from nnctl.checkpoint.atomic import write_text
from nnctl.data import Batches, Places, Prepared
from nnctl.data.sources import is_folder
from nnctl.errors import DivergedError, MissingInputError, ModelFileError, SpecError
from nnctl.model import Sequential
from nnctl.report.curves import draw
from nnctl.run.directory import RunDirectory, now
from nnctl.run.recording import HistoryFile, Log
from nnctl.run.saving import NEWEST, PREVIOUS, Often, Saver, has_checkpoint, load_newest
from nnctl.run.stopping import Stopper
from nnctl.spec import Spec, dump
from nnctl.training import Host, Trainer, evaluate

LISTED_ROWS = 1_000_000  # split.csv lists no more: the seed and a checksum tell of the others
LIBRARIES = ("numpy", "h5py", "pandas")  # whose versions a run records, of those that took part
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


class Session:
    """One call of `train`, its parts in one place."""

    def __init__(
        self,
        spec: Spec,
        resolved: str,
        prepared: Prepared,
        model: Sequential,
        directory: RunDirectory,
        say: Callable[[str], None],
        often: Often | None = None,
    ) -> None:
        self.spec, self.resolved, self.prepared = spec, resolved, prepared
        self.model, self.directory, self.speak = model, directory, say
        self.history, self.log = HistoryFile(), Log()
        self.saver, self.stopper, self.often = Saver(), Stopper(), often or Often()

    def say(self, text: str) -> None:
        self.speak(text)
        self.log.line(text)

    def go(
        self, resume: bool, max_time: float | None, display: Callback | None, again: str, started: str | None = None
    ) -> Result:
        """Train to the end; `started` tells of the weights that the model begins with."""
        directory, spec = self.directory, self.spec
        goes_on = resume and self._has_checkpoint()
        self.log.open(directory.file("train.log"))
        trainer = self._trainer(display)
        self.trainer = trainer
        self.stopper.watch(max_time)
        if goes_on:
            self._restore(trainer)
        elif started is not None:
            self.say(started)
        write_text(directory.file("spec.yaml"), dump(_from_anywhere(spec)))
        directory.save_manifest(
            **self._about(), **self._about_rows(), status="running", spec=self.resolved, started=now()
        )
        for note in (*spec.notices, *self.prepared.notes):
            self.log.line(note)
        with self.stopper.listening():
            self._train(trainer, again)
            return self._finish(trainer)

    def _trainer(self, display: Callback | None) -> Trainer:
        spec, path = self.spec, self.directory.path
        self.history.open(self.directory.file("history.csv"))
        self.saver.open(
            self.directory.file(NEWEST),
            self.directory.file(PREVIOUS),
            {
                "spec": self.resolved,
                "fingerprint": self.prepared.fingerprint,
                "kept": self.prepared.kept,
                "threads": thread_policy.described(),
            },
            lambda seconds: setattr(self.stopper, "margin", 2 * seconds),
            self.often,
        )
        validation = self.prepared.validation
        return Trainer(
            self.model,
            Batches(self.prepared.train, spec.fit.batch_size, spec.fit.shuffle, spec.seed),
            None if validation is None else Batches(validation, self._rows_at_once()),
            epochs=spec.fit.epochs,
            initial_epoch=spec.fit.initial_epoch,
            validation_freq=spec.fit.validation_freq,
            callbacks=spec.callbacks,
            observers=[self.history, self.log, *([display] if display else []), self.saver, self.stopper],
            host=Host(path, self.say, self._save),
        )

    def _rows_at_once(self) -> int:
        """Return the batch size of evaluations."""
        return self.spec.fit.batch_size if self.model.stateful else EVALUATION_BATCH

    def _has_checkpoint(self) -> bool:
        """Whether there is something to go on from; raises MissingInputError where there was, and is no more."""
        if has_checkpoint(self.directory.path):
            return True
        newest = self.directory.path / NEWEST
        if self.directory.manifest["status"] in ("stopped", "complete"):
            raise MissingInputError(
                f"{newest}: is gone, and the run had saved one; restore it, or begin anew with --overwrite"
            )
        return False

    def _restore(self, trainer: Trainer) -> None:
        """Put the trainer where the checkpoint says."""
        path = self.directory.path
        state = load_newest(path / NEWEST, path / PREVIOUS, self.say)
        refuse_changes(state.get("spec"), self.resolved, path)
        if state.get("fingerprint") != self.prepared.fingerprint:
            raise SpecError(
                f"{path}: the data have changed since the run began; train under another --out, or with --overwrite"
            )
        if self.spec.fit.shuffle and (kept := state.get("kept", "memory")) != self.prepared.kept:
            raise SpecError(
                f"{path}: the run began with data.cache: {kept}, here it comes to {self.prepared.kept}, and each has "
                f"its own order of the rows; go on with --set data.cache={kept}"
            )
        if (before := state.get("threads")) != (now_with := thread_policy.described()):
            self.say(f"note: the run began with {before} and goes on with {now_with}: the last bits may differ")
        try:
            trainer.restore(state["trainer"])
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise ModelFileError(
                f"{path / 'checkpoint.h5'}: does not fit the run ({error!r}); begin anew with --overwrite"
            ) from error
        self.say(f"going on in {path} at epoch {trainer.epoch + 1}, batch {trainer.batch + 1}")

    def _train(self, trainer: Trainer, again: str) -> None:
        """Run the trainer; save and raise where it was stopped or diverged."""
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
            stopped = self.stopper.error(f"go on with  {again}")
            self.log.line(str(stopped))
            raise stopped

    def _finish(self, trainer: Trainer) -> Result:
        """Test the trained model and write what the run leaves."""
        directory, history = self.directory, trainer.history
        test = None
        if self.prepared.test is not None and self.prepared.test.y is not None:
            test = evaluate(self.model, Batches(self.prepared.test, self._rows_at_once()))
        if trainer.epoch > 0:
            self.saver.save()
        self._save(directory.file("model.h5"), self.model)
        if (note := keras_lacks.note(self.model)) is not None:
            self.say(f"note: {note}")
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
        save_model(
            path,
            model,
            {
                "spec": self.resolved,
                "preprocessing": self.prepared.preprocessing.to_dict(),
                "fingerprint": self.prepared.fingerprint,
                "steps": trained,
                "batch_size": self.spec.fit.batch_size,
                "history": dict(self.trainer.history.history),
                "versions": {"nnctl": __version__, "numpy": np.__version__},
            },
        )

    def _about_rows(self) -> dict[str, Any]:
        """Write split.csv, and return what the manifest says of the rows: where they went, and what was mended."""
        prepared = self.prepared
        told: dict[str, Any] = {"dropped": prepared.dropped, "filled": prepared.filled, "kept": prepared.kept}
        if (split := prepared.split) is None:
            return told
        file = "split.csv" if len(split.part) <= LISTED_ROWS else None
        if file is not None:
            write_text(self.directory.file(file), split.text())
        how = split.how.removeprefix("split: ")
        return told | {"split": {"how": how, "rows": split.sizes(), "sha256": split.digest(), "file": file}}

    def _about(self) -> dict[str, Any]:
        """What the manifest says of the circumstances."""
        return {
            "name": self.spec.name,
            "base_dir": str(self.spec.base_dir.resolve()),
            "threads": thread_policy.current(),
            "versions": {
                "nnctl": __version__,
                "python": platform.python_version(),
                **{name: sys.modules[name].__version__ for name in LIBRARIES if name in sys.modules},
            },
        }


def refuse_changes(before: Any, resolved: str, place: Path) -> None:
    """Raise SpecError where a run cannot go on under this spec; more epochs are allowed."""
    lines = [_comparable(text).splitlines() for text in (before or "", resolved)]
    if before is None or lines[0] == lines[1]:
        return
    pieces = difflib.unified_diff(lines[0], lines[1], "the run's spec", "the spec given", lineterm="", n=0)
    difference = "\n".join(pieces)
    raise SpecError(
        f"{place}: the spec has changed since the run began; train under another --out, or with "
        f"--overwrite\n{difference}"
    )


def _comparable(text: str) -> str:
    """A resolved spec without the number of epochs, and without where rows are kept: see `_restore`."""
    return "\n".join(line for line in text.splitlines() if not line.strip().startswith(("epochs:", "cache:")))


def _from_anywhere(spec: Spec) -> dict[str, Any]:
    """Return the resolved spec with the files beside it named by absolute paths, so that it trains from any place."""
    resolved = spec.resolved()

    def absolute(value: Any) -> Any:
        if isinstance(value, list):
            return [absolute(item) for item in value]
        if isinstance(value, dict):
            return {
                key: absolute(item) if key == "path" or isinstance(item, dict) else item for key, item in value.items()
            }
        beside = isinstance(value, str) and (
            (spec.base_dir / value).is_file() or is_folder(value, Places(spec.base_dir))
        )
        return str((spec.base_dir / value).resolve()) if beside else value

    for name in ("source", "validation", "test"):
        resolved["data"][name] = absolute(resolved["data"][name])
    if (start := resolved["initial_weights"]) is not None:
        start["file"] = absolute(start["file"])
    return resolved

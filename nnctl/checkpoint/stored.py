"""The two forms of a model file, as one: a legacy .h5 (nnctl's, Keras 2's, Keras 3's) and a .keras archive.

Which one it is, its first bytes say. Either gives a config, how the model was compiled, and weights.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from nnctl.checkpoint import keras2
from nnctl.checkpoint.archive import CONFIG, is_archive, read_archive
from nnctl.checkpoint.guard import Group, open_hdf5
from nnctl.checkpoint.keras3_weights import OPTIMIZER, match_keras3, optimizer_names
from nnctl.checkpoint.kind import open_regular
from nnctl.checkpoint.strict_json import loads
from nnctl.checkpoint.weights import Match, match_weights, read_optimizer
from nnctl.errors import ModelFileError
from nnctl.layers import Layer
from nnctl.optimizers import Optimizer


@dataclass
class Stored:
    """An open model file."""

    root: Group  # of the file of weights
    is_archive: bool
    version: str = ""  # of Keras
    config: Any = None
    place: str = ""  # of the config, for messages
    training: Any = None
    training_place: str = ""

    def match(self, layers: Iterable[Layer]) -> list[Match]:
        """Pair all weights with datasets; raise ModelFileError where they do not fit."""
        return match_keras3(self.root, layers) if self.is_archive else match_weights(self._weights(), layers)

    def _weights(self) -> Group:
        return self.root.group("model_weights")

    @property
    def has_optimizer(self) -> bool:
        """Whether the file holds the state of an optimizer."""
        return self.root.has("optimizer" if self.is_archive else "optimizer_weights")

    def read_optimizer(self, optimizer: Optimizer) -> bool | None:
        """Set the optimizer's state; None where the file has none, False where its layout is not known."""
        if not self.has_optimizer:
            return None
        is_old = _is_of_old_kind(self.version, self.training)
        if is_old and optimizer.title() not in keras2.SLOT_AFTER_SLOT:
            return False
        if self.is_archive:
            return read_optimizer(self.root.group(OPTIMIZER), optimizer_names(self.root), optimizer, is_old)
        group = self.root.group("optimizer_weights")
        return read_optimizer(group, group.texts("weight_names"), optimizer, is_old)


@contextmanager
def open_stored(path: str | os.PathLike[str], *, weights_only: bool = False) -> Iterator[Stored]:
    """Open a model file of either form; with `weights_only`, only its weights are looked at.

    Raises MissingInputError where there is no file, ModelFileError where it is no sound model file.
    """
    name = os.fspath(path)
    with open_regular(path) as file:
        if not is_archive(file):
            with open_hdf5(file, name) as root:
                yield Stored(root, False) if weights_only else _legacy(root, name)
            return
        archive = read_archive(file, name)
        with open_hdf5(archive.weights, name) as root:
            yield Stored(root, True) if weights_only else _archived(root, archive.config, archive.metadata, name)


def _legacy(root: Group, path: str) -> Stored:
    if not root.has_attribute("model_config"):
        has_weights = root.has_attribute("layer_names") or root.has_attribute("layer_names0") or root.has("layers")
        what = "weights only" if has_weights else "an HDF5 file of something else"
        hint = "; a spec can take them as initial_weights, with a fresh optimizer" if has_weights else ""
        raise ModelFileError(f"{path}: holds no model_config: it is {what}, not a whole model{hint}")
    stored = Stored(root, False, place=f"{path}: model_config", training_place=f"{path}: training_config")
    stored.version = root.text("keras_version") if root.has_attribute("keras_version") else ""
    stored.config = _renewed(loads(root.text("model_config"), stored.place), stored.version)
    if root.has_attribute("training_config"):
        stored.training = _with_loss(
            _renewed(loads(root.text("training_config"), stored.training_place), stored.version)
        )
    return stored


def _archived(root: Group, config: Any, metadata: Any, path: str) -> Stored:
    stored = Stored(root, True, place=f"{path}: {CONFIG}", training_place=f"{path}: {CONFIG}: compile_config")
    version = metadata.get("keras_version") if isinstance(metadata, dict) else None
    stored.version = version if isinstance(version, str) else ""
    stored.config = _renewed(config, stored.version)
    if isinstance(stored.config, dict):
        stored.training = _with_loss(stored.config.get("compile_config"))
    return stored


def _renewed(config: Any, version: str) -> Any:
    return keras2.renewed(config) if keras2.is_keras2(version) else config


def _with_loss(training: Any) -> Any:
    """Return how a model was compiled; None for one without a loss, as Keras makes of a model that only predicted."""
    return None if isinstance(training, dict) and training.get("loss") is None else training


def _is_of_old_kind(version: str, training: Any) -> bool:
    """Whether the optimizer is one of Keras 2's older ones, which keep their slots one after the other."""
    config = training.get("optimizer_config", training.get("optimizer")) if isinstance(training, dict) else None
    inner = config.get("config") if isinstance(config, dict) else None
    if isinstance(inner, dict) and keras2.is_keras2(version):
        # jit_compile is a setting of the newer ones, which stand beside the older ones since Keras 2.9.
        return inner.get("is_legacy_optimizer") is True or "jit_compile" not in inner
    return keras2.has_old_optimizers(version)

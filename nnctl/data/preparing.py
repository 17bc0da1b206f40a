"""From the `data:` section to arrays for training: open, choose columns, split, fit, encode."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from nnctl.data import Array, Arrays, Form, Glance, Opened, Places, Prepared, Rows
from nnctl.data.features import TableFeatures, fit_features
from nnctl.data.images import ArrayFeatures, fit_arrays
from nnctl.data.loading import load_table, take
from nnctl.data.preprocessing import Preprocessing, reading_of
from nnctl.data.roles import Roles
from nnctl.data.settings import DataSettings
from nnctl.data.sources import resolve
from nnctl.data.splits import Parts, last_rows, split_rows
from nnctl.data.table import Table
from nnctl.data.targets import Targets, fit_targets
from nnctl.errors import ConfigError, DataError
from nnctl.findings import Problem

Data: TypeAlias = "Table | Arrays"


def glance(settings: DataSettings, base_dir: Path | str = ".", data_dir: Path | None = None) -> Glance | None:
    """Return what can be known of the source without reading its rows; None if nothing."""
    places = Places(Path(base_dir), data_dir)
    return resolve(settings.source, places).glance(settings, places)


def prepare(
    settings: DataSettings,
    *,
    seed: int = 0,
    targets: Form = "auto",
    base_dir: Path | str = ".",
    data_dir: Path | None = None,
    dtype: str = "float32",
    validation_split: float = 0.0,
) -> Prepared:
    """Read the data, set rows aside, fit the preprocessing on the rest.

    `validation_split` is Keras': the last fraction of the rows, after any split of the section.
    Raises DataError, ConfigError and MissingInputError, saying where and what to do.
    """
    places = Places(Path(base_dir), data_dir)
    digest = hashlib.sha256()
    opened = resolve(settings.source, places).open(settings, places, digest)
    data, roles, notes = _load(opened, settings, targets, dtype)
    target = _targets(data, roles, settings, targets)
    explicit: dict[str, Data | None] = {
        part: _explicit(getattr(settings, part), settings, roles, target, places, digest, dtype)
        for part in ("validation", "test")
    }
    if explicit["test"] is None and opened.test is not None and not settings.split.test:
        explicit["test"] = opened.test
    parts = _split(data, target, settings, seed, validation_split, explicit, dtype)
    train = take(data, parts.train)
    features, remarks = _fit(train, roles, settings)
    fitted = Preprocessing(features, target, roles, reading_of(settings), dtype)
    digest.update(json.dumps([len(data), seed, settings.split.config(), validation_split]).encode())

    def rows(part: Literal["validation", "test"]) -> Rows | None:
        own: Any = explicit[part] if explicit[part] is not None else take(data, getattr(parts, part))
        return encode(fitted, own) if len(own) else None

    validation, test = rows("validation"), rows("test")
    sizes = {"training": train, "validation": validation, "test": test}
    counts = [f"{len(part)} {name}" for name, part in sizes.items() if part is not None]
    return Prepared(
        encode(fitted, train),
        validation,
        test,
        fitted,
        digest.hexdigest(),
        [*notes, f"rows: {', '.join(counts)}", *remarks],
    )


def encode(fitted: Preprocessing, data: Data) -> Rows:
    """Apply a fitted preprocessing to rows in memory."""
    x = fitted.features.apply(data, fitted.dtype)  # type: ignore[arg-type]
    has_targets = data.y is not None if isinstance(data, Arrays) else set(fitted.target_names) <= set(data.columns)
    y = fitted.targets.encode(data, fitted.dtype) if fitted.targets and has_targets else None
    return Rows(x, y, weights(fitted, data))


def weights(fitted: Preprocessing, data: Data) -> Array | None:
    if isinstance(data, Arrays) or not fitted.roles or fitted.roles.weight not in data.columns:
        return None
    values = data.numbers(fitted.roles.weight)
    if (values < 0).any():
        row = int(np.flatnonzero(values < 0)[0])
        raise DataError(f"{data.where(row)}: weight {fitted.roles.weight!r}: {values[row]:g} is negative")
    return values.astype(fitted.dtype)


def _load(opened: Opened, settings: DataSettings, targets: Form, dtype: str) -> tuple[Data, Roles | None, list[str]]:
    if isinstance(opened.rows, Arrays):
        for name in ("target", "features", "sample_weight"):
            if getattr(settings, name) is not None:
                message = f"{opened.rows.name} holds arrays, which have no columns; remove it"
                raise ConfigError(f"data.{name}: {message}", (Problem(("data", name), message),))
        return opened.rows, None, []
    return load_table(opened.rows, settings, targets, dtype)


def _targets(data: Data, roles: Roles | None, settings: DataSettings, form: Form) -> Targets | None:
    if isinstance(data, Arrays):
        return fit_targets(data, ["y"], form, settings.labels) if data.y is not None else None
    assert roles is not None
    return fit_targets(data, roles.targets, form, settings.labels) if roles.targets else None


def _explicit(
    source: Any,
    settings: DataSettings,
    roles: Roles | None,
    target: Targets | None,
    places: Places,
    digest: Any,
    dtype: str,
) -> Data | None:
    """Open the separate source of a part and read it the way the first was read.

    Of a data set that has test rows of its own, these are meant: `validation: mnist`.
    """
    if source is None:
        return None
    opened = resolve(source, places).open(settings, places, digest)
    if opened.test is not None:
        return opened.test
    if isinstance(opened.rows, Arrays) != (roles is None):
        raise DataError(f"{source}: validation, test and training data must all be tables, or all arrays")
    if isinstance(opened.rows, Arrays):
        return opened.rows
    data, _, _ = load_table(opened.rows, settings, target.form if target else "auto", dtype, roles, target)  # type: ignore[arg-type]
    return data


def _split(
    data: Data,
    target: Targets | None,
    settings: DataSettings,
    seed: int,
    validation_split: float,
    explicit: dict[str, Data | None],
    dtype: str,
) -> Parts:
    classes = None
    if target is not None and target.vocabulary is not None:
        y = target.encode(data, dtype)
        classes = y.argmax(axis=1) if y.ndim == 2 and y.shape[1] > 1 else y.reshape(-1)
    parts = split_rows(len(data), settings.split, classes, seed)
    if validation_split and explicit["validation"] is None:
        if len(parts.validation):
            raise ConfigError("fit.validation_split and data.split.validation both set rows aside; use one of them")
        inner = last_rows(len(parts.train), validation_split)
        parts = Parts(parts.train[inner.train], parts.train[inner.validation], parts.test)
    return parts


def _fit(train: Data, roles: Roles | None, settings: DataSettings) -> tuple[TableFeatures | ArrayFeatures, list[str]]:
    if isinstance(train, Arrays):
        return fit_arrays(train, settings.scale)
    assert roles is not None
    positions = {name: position for position, name in enumerate(roles.names)}
    return fit_features(train, roles.features, settings, positions)

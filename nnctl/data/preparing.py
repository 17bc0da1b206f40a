"""From the `data:` section to arrays for training: open, choose columns, split, fit, encode."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any, TypeAlias

from nnctl.data import Arrays, Form, Glance, Opened, Places, Prepared, Rows
from nnctl.data.duplicates import shared_rows
from nnctl.data.features import TableFeatures, fit_features
from nnctl.data.images import ArrayFeatures, fit_arrays
from nnctl.data.keeping import Keeper
from nnctl.data.loading import Gather, dropped, load_table, take
from nnctl.data.preprocessing import Preprocessing, reading_of
from nnctl.data.roles import Roles
from nnctl.data.settings import DataSettings
from nnctl.data.sources import resolve, with_options
from nnctl.data.split_columns import split_column
from nnctl.data.split_record import split_record
from nnctl.data.splits import Parts, check_whole, describe, last_rows, split_rows
from nnctl.data.table import Table
from nnctl.data.targets import Targets, fit_targets
from nnctl.data.windows import with_past
from nnctl.errors import ConfigError, DataError
from nnctl.findings import Problem

Data: TypeAlias = "Table | Arrays"
COMPARED = 1 << 26  # bytes of arrays, of pictures for the most part, that are searched for rows of two parts


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
    keeper = Keeper(settings, places, [seed, targets, dtype, validation_split])
    if not isinstance(opened.rows, Arrays) and (found := keeper.find(opened.rows)) is not None:
        opened.rows.close()
        return found
    with keeper:
        return _prepare(opened, settings, seed, targets, places, dtype, validation_split, digest, keeper)


def _prepare(
    opened: Opened,
    settings: DataSettings,
    seed: int,
    targets: Form,
    places: Places,
    dtype: str,
    validation_split: float,
    digest: Any,
    keeper: Keeper,
) -> Prepared:
    data, roles, notes = _load(opened, settings, targets, dtype, keeper.gather(settings.source))
    target = _targets(data, roles, settings, targets)
    explicit: dict[str, Data | None] = {
        part: _explicit(getattr(settings, part), settings, roles, target, places, digest, dtype, notes, keeper)
        for part in ("validation", "test")
    }
    if explicit["test"] is None and opened.test is not None and not settings.split.test:
        explicit["test"] = opened.test
    parts = _split(data, roles, target, settings, seed, validation_split, explicit)
    if settings.sequence is not None:
        check_whole(parts, settings.split)
    train = take(data, parts.train)
    features, remarks = _fit(train, roles, settings)
    fitted = Preprocessing(features, target, roles, reading_of(settings), dtype, settings.sequence)
    content = digest.hexdigest()
    digest.update(json.dumps([len(data), seed, settings.split.config(), validation_split]).encode())

    pieces: dict[str, Data] = {"training": train}
    training = keeper.encode("training", fitted, train)
    rows: dict[str, Rows | None] = {"training": training}
    for part in ("validation", "test"):
        own = explicit[part]
        pieces[part] = seen = own if own is not None else take(data, getattr(parts, part))
        if own is None and settings.sequence is not None:
            seen = take(data, with_past(parts, part, settings.sequence, by_time=settings.split.time is not None))
        rows[part] = keeper.encode(part, fitted, seen) if len(pieces[part]) else None
    counts = ", ".join(f"{len(part)} {name}" for name, part in rows.items() if part is not None)
    what = "windows" if settings.sequence else "rows"
    how = describe(settings.split, seed, validation_split if explicit["validation"] is None else 0.0)
    notes = [note for note in (*notes, f"{what}: {counts}", how, *remarks) if note]
    prepared = Prepared(training, rows["validation"], rows["test"], fitted, digest.hexdigest(), notes)
    prepared.split = split_record(data, parts, how)
    if isinstance(features, TableFeatures):
        tables = {part: piece for part, piece in pieces.items() if isinstance(piece, Table) and len(piece)}
        prepared.filled = {part: features.filled(table) for part, table in tables.items()}
        prepared.dropped = sum(map(dropped, (data, *explicit.values())))
        prepared.notes += _filled(fitted, prepared.filled)
    if roles is not None or training.x.nbytes <= COMPARED:
        prepared.notes += shared_rows(rows)
    return keeper.finish(prepared, content)


def _filled(fitted: Preprocessing, parts: dict[str, dict[str, int]]) -> list[str]:
    """Say how many missing cells were filled in, by column, over all parts."""
    total: Counter[str] = Counter()
    for counts in parts.values():
        total.update(counts)
    fills = {column.name: column.fill for column in fitted.features.columns}  # type: ignore[union-attr]
    told = [
        f"{name} {count} ({fills[name]:g})" if isinstance(fills[name], float) else f"{name} {count} ({fills[name]})"
        for name, count in total.items()
    ]
    return [f"filled in missing cells: {', '.join(told)}"] if told else []


def _load(
    opened: Opened, settings: DataSettings, targets: Form, dtype: str, gather: Gather | None
) -> tuple[Data, Roles | None, list[str]]:
    if isinstance(opened.rows, Arrays):
        for name in ("target", "features", "exclude", "sample_weight", "sequence"):
            if getattr(settings, name) is not None:
                message = f"{opened.rows.name} holds arrays, which have no columns; remove it"
                raise ConfigError(f"data.{name}: {message}", (Problem(("data", name), message),))
        return opened.rows, None, list(opened.notes)
    return load_table(opened.rows, settings, targets, dtype, gather=gather)


def _targets(data: Data, roles: Roles | None, settings: DataSettings, form: Form) -> Targets | None:
    if isinstance(data, Arrays):
        return fit_targets(data, ["y"], form, settings.labels) if data.y is not None else None
    assert roles is not None
    if not roles.targets:
        return None
    strip = settings.column(roles.targets[0], roles.names.index(roles.targets[0])).strip
    return fit_targets(data, roles.targets, form, settings.labels, strip)


def _explicit(
    source: Any,
    settings: DataSettings,
    roles: Roles | None,
    target: Targets | None,
    places: Places,
    digest: Any,
    dtype: str,
    notes: list[str],
    keeper: Keeper,
) -> Data | None:
    """Open the separate source of a part and read it the way the first was read.

    Of a data set that has test rows of its own, these are meant: `validation: mnist`.
    """
    if source is None:
        return None
    options = settings.source if isinstance(settings.source, dict) else None
    opened = resolve(with_options(source, options), places).open(settings, places, digest)
    if opened.test is not None:
        return opened.test
    if isinstance(opened.rows, Arrays) != (roles is None):
        raise DataError(f"{source}: validation, test and training data must all be tables, or all arrays")
    if isinstance(opened.rows, Arrays):
        return opened.rows
    form: Any = target.form if target else "auto"
    data, _, more = load_table(opened.rows, settings, form, dtype, roles, target, keeper.gather(source))
    notes += more
    return data


def _split(
    data: Data,
    roles: Roles | None,
    target: Targets | None,
    settings: DataSettings,
    seed: int,
    validation_split: float,
    explicit: dict[str, Data | None],
) -> Parts:
    classes = None if target is None else target.classes(data)
    parts = split_rows(len(data), settings.split, classes, seed, split_column(data, roles, settings))
    if validation_split and explicit["validation"] is None:
        if len(parts.validation):
            raise ConfigError("fit.validation_split and data.split.validation both set rows aside; use one of them")
        if isinstance(data, Arrays) and data.files is not None:
            raise ConfigError(
                "fit.validation_split takes the last rows, but files stand class by class; set "
                f"data.split: {{validation: {validation_split:g}, stratify: true}} instead"
            )
        inner = last_rows(len(parts.train), validation_split)
        parts = Parts(parts.train[inner.train], parts.train[inner.validation], parts.test)
    return parts


def _fit(train: Data, roles: Roles | None, settings: DataSettings) -> tuple[TableFeatures | ArrayFeatures, list[str]]:
    if isinstance(train, Arrays):
        scale = settings.scale
        if scale not in ("none", "standard", "minmax", "l2"):
            message = f"{train.name} holds arrays, which are scaled by none, standard, minmax or l2, got {scale!r}"
            raise ConfigError(f"data.scale: {message}", (Problem(("data", "scale"), message),))
        return fit_arrays(train, str(scale))
    assert roles is not None
    positions = {name: position for position, name in enumerate(roles.names)}
    return fit_features(train, roles.features, settings, positions)

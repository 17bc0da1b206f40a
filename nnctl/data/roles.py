"""Which column is what: features, targets, the weight. Names and positions of the spec, resolved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from glob import has_magic
from typing import Any

from nnctl.data.settings import DataSettings
from nnctl.errors import ConfigError, DataError
from nnctl.findings import Problem
from nnctl.registry import suggest


@dataclass(frozen=True)
class Roles:
    """The names of a table's columns, and what those that are used are used for."""

    names: list[str]
    features: list[str]
    targets: list[str]
    weight: str | None
    split: str | None = None  # the column that the split goes by

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def assign(settings: DataSettings, names: list[str], title: str) -> Roles:
    """Resolve the spec's names, patterns and positions; raise ConfigError with every one that is not there."""
    problems: list[Problem] = []

    def resolve(value: Any, *path: Any) -> list[str]:
        if value is None:
            return []
        many = isinstance(value, (tuple, list))
        found = [
            _columns(item, names, title, (*path, i) if many else path, problems)
            for i, item in enumerate(value if many else [value])
        ]
        return list(dict.fromkeys(name for part in found for name in part))

    def single(value: Any, *path: Any) -> str | None:
        found = resolve(value, *path)
        if len(found) > 1:
            problems.append(Problem(path, f"means one column, {value!r} fits {', '.join(found[:5])}"))
        return found[0] if found else None

    targets = resolve(settings.target, "data", "target")
    weight = single(settings.sample_weight, "data", "sample_weight")
    split = single(settings.split.by, "data", "split", _key(settings))
    used = {*targets, weight}
    may_overlap = targets if settings.sequence and settings.sequence.horizon else []
    excluded = resolve(settings.exclude, "data", "exclude")
    if settings.features is None:
        left_out = {*used, *excluded, split} - {*may_overlap} | {*excluded}
        features = [name for name in names if name not in left_out]
    else:
        features = resolve(settings.features, "data", "features")
        features = [name for name in features if name not in excluded]
        problems += [
            Problem(("data", "features"), f"{name!r} is the target or the weight as well")
            for name in features
            if name in used and name not in may_overlap
        ]
    problems += [Problem(("data", "exclude"), f"{name!r} is the target") for name in excluded if name in targets]
    for key, own in settings.columns.items():
        found = _columns(key, names, title, ("data", "columns", key), problems)
        if found and found[0] in used and found[0] not in features:
            problems += [
                Problem(("data", "columns", key, field), f"{found[0]!r} is no feature: only strip says anything here")
                for field in own.fields
                if field != "strip" and getattr(own, field) is not None
            ]
    if not features and not problems:
        problems.append(Problem(("data", "features"), f"no column of {title} is left to predict from"))
    if problems:
        raise ConfigError("; ".join(map(str, problems)), tuple(problems))
    return Roles(names, features, targets, weight, split)


def _key(settings: DataSettings) -> str:
    return next((key for key in ("group", "time", "column") if getattr(settings.split, key) is not None), "")


def _columns(key: Any, names: list[str], title: str, path: tuple[Any, ...], problems: list[Problem]) -> list[str]:
    """Return the columns that a name, a pattern or a position means."""
    if str(key) in names:
        return [str(key)]
    if isinstance(key, int) and -len(names) <= key < len(names):
        return [names[key]]
    if isinstance(key, str) and has_magic(key) and (found := [name for name in names if fnmatchcase(name, key)]):
        return found
    if isinstance(key, int):
        problems.append(Problem(path, f"{title} has {len(names)} columns, 0 to {len(names) - 1}, got {key}"))
    else:
        near = suggest(key, names)
        hint = f"did you mean {near!r}?" if near else f"its columns are {', '.join(names[:20])}"
        what = "no column that fits" if has_magic(key) else "no column"
        problems.append(Problem(path, f"{title} has {what} {key!r}", hint))
    return []


def match(
    roles: Roles, names: list[str], title: str, header: bool, need_targets: bool
) -> tuple[dict[str, int], list[str]]:
    """Find the columns of another file: by name, or by position where there is no header.

    Returns where each column is, and notices. A file without header may lack target and weight.
    """
    if not header:
        return _match_positions(roles, names, title, need_targets), []
    needed = [*roles.features, *(roles.targets if need_targets else [])]
    absent = [name for name in needed if name not in names]
    if absent:
        near = {name: suggest(name, [n for n in names if n not in roles.names]) for name in absent}
        hints = [f"{name!r} (is it {near[name]!r}?)" if near[name] else repr(name) for name in absent]
        raise DataError(f"{title}: has no column {', '.join(hints)}; its columns are {', '.join(names[:30])}")
    extra = [name for name in names if name not in roles.names]
    notices = [f"{title}: not used: column {', '.join(map(repr, extra))}"] if extra else []
    return {name: position for position, name in enumerate(names) if name in roles.names}, notices


def _match_positions(roles: Roles, names: list[str], title: str, need_targets: bool) -> dict[str, int]:
    choices: list[Sequence[str]] = [roles.names]
    if not need_targets:
        choices.append(
            [name for name in roles.names if name in roles.features or name not in (*roles.targets, roles.weight)]
        )
        choices.append(roles.features)
    for choice in choices:
        if len(choice) == len(names):
            return {name: position for position, name in enumerate(choice)}
    counts = " or ".join(str(count) for count in sorted({len(choice) for choice in choices}))
    raise DataError(f"{title}: {len(names)} columns, expected {counts} as in training (there is no header to go by)")

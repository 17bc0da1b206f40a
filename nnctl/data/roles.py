"""Which column is what: features, targets, the weight. Names and positions of the spec, resolved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
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

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def assign(settings: DataSettings, names: list[str], title: str) -> Roles:
    """Resolve the spec's names and positions; raise ConfigError with every one that is not there."""
    problems: list[Problem] = []

    def resolve(value: Any, *path: Any) -> list[str]:
        many = isinstance(value, (tuple, list))
        found = [
            (_column(item, names, title, (*path, i) if many else path, problems))
            for i, item in enumerate(value if many else [value])
        ]
        return [name for name in found if name is not None]

    targets = resolve(settings.target, "data", "target") if settings.target is not None else []
    weight = resolve(settings.sample_weight, "data", "sample_weight") if settings.sample_weight is not None else []
    used = {*targets, *weight}
    if settings.features is None:
        features = [name for name in names if name not in used]
    else:
        features = resolve(settings.features, "data", "features")
        problems += [
            Problem(("data", "features"), f"{name!r} is the target or the weight as well")
            for name in features
            if name in used
        ]
    for key in settings.columns:
        _column(key, names, title, ("data", "columns", key), problems)
    if not features and not problems:
        problems.append(Problem(("data", "features"), f"no column of {title} is left to predict from"))
    if problems:
        raise ConfigError("; ".join(map(str, problems)), tuple(problems))
    return Roles(names, features, targets, weight[0] if weight else None)


def _column(key: Any, names: list[str], title: str, path: tuple[Any, ...], problems: list[Problem]) -> str | None:
    if str(key) in names:
        return str(key)
    if isinstance(key, int) and -len(names) <= key < len(names):
        return names[key]
    if isinstance(key, int):
        problems.append(Problem(path, f"{title} has {len(names)} columns, 0 to {len(names) - 1}, got {key}"))
    else:
        near = suggest(key, names)
        hint = f"did you mean {near!r}?" if near else f"its columns are {', '.join(names[:20])}"
        problems.append(Problem(path, f"{title} has no column {key!r}", hint))
    return None


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
        choices.append([name for name in roles.names if name not in (*roles.targets, roles.weight)])
        choices.append(roles.features)
    for choice in choices:
        if len(choice) == len(names):
            return {name: position for position, name in enumerate(choice)}
    counts = " or ".join(str(count) for count in sorted({len(choice) for choice in choices}))
    raise DataError(f"{title}: {len(names)} columns, expected {counts} as in training (there is no header to go by)")

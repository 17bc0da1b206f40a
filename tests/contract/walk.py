"""Walks over the registry: what the contract tests are parametrised with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from nnctl.fields import Thing, create
from nnctl.registry import PLACES, known

KINDS = sorted(PLACES)


def things(kind: str | None = None) -> list[Any]:
    """One pytest parameter per registered class."""
    kinds = [kind] if kind else KINDS
    return [pytest.param(cls, id=f"{k}-{name}") for k in kinds for name, cls in known(k).items()]


def examples(kind: str) -> list[Any]:
    """One pytest parameter per example configuration of each class of a kind."""
    return [
        pytest.param(name, dict(config), id=f"{name}-{number}")
        for name, cls in known(kind).items()
        for number, config in enumerate(configs(cls))
    ]


def configs(cls: type[Any]) -> Iterator[dict[str, Any]]:
    """The small examples of a class; a class that needs no fields is its own example."""
    if cls.examples:
        yield from (dict(example) for example in cls.examples)
    elif not any(field.required for field in cls.fields.values()):
        yield {}


def make(kind: str, name: str, config: dict[str, Any]) -> Thing:
    return create(kind, {name: config})

"""What `nnctl explain` tells of a thing, read from the registry: nothing here is kept by hand."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from nnctl.errors import UsageError
from nnctl.fields import Field, Thing, plain
from nnctl.registry import PLACES, find, known, names, suggest
from nnctl.rules import alternatives, describe, show, thing_kind, unwrap

# Where a thing of a kind stands in a spec; NAME is replaced by the thing.
CONTEXTS: dict[str, Any] = {
    "activation": {"layers": [{"Activation": {"activation": "NAME"}}]},  # the one layer that takes them all
    "initializer": {"layers": [{"Dense": {"units": 8, "kernel_initializer": "NAME"}}]},
    "regularizer": {"layers": [{"Dense": {"units": 8, "kernel_regularizer": "NAME"}}]},
    "constraint": {"layers": [{"Dense": {"units": 8, "kernel_constraint": "NAME"}}]},
    "schedule": {"optimizer": {"SGD": {"learning_rate": "NAME"}}},
    "loss": {"loss": "NAME"},
    "optimizer": {"optimizer": "NAME"},
    "layer": {"layers": ["NAME"]},
    "metric": {"metrics": ["NAME"]},
    "callback": {"callbacks": ["NAME"]},
    "data source": {"data": {"source": "NAME"}},
}


def look_up(word: str) -> list[type[Thing]]:
    """Return the things that answer to a name, or to KIND:NAME; raise UsageError where none does."""
    kind, colon, name = word.rpartition(":")
    kinds = [kind.replace("_", " ")] if colon else [*PLACES]
    if colon and kinds[0] not in PLACES:
        near = suggest(kinds[0], PLACES)
        raise UsageError(f"no kind of thing is called {kind!r}; " + _meant(near, ", ".join(PLACES)))
    found: list[Any] = [hit[0] for one in kinds if (hit := find(one, name))]
    if not colon and name in sections():
        found.append(sections()[name])
    if not found:
        candidates = [n for one in kinds for n in spellings(one)] + ([] if colon else [*sections()])
        raise UsageError(f"nothing is called {name!r}; " + _meant(suggest(name, candidates), "see  nnctl explain"))
    return found


def _meant(near: str | None, otherwise: str) -> str:
    return f"did you mean {near!r}?" if near else otherwise


def spellings(kind: str) -> list[str]:
    """Return every name under which a thing of this kind is found, the canonical ones first."""
    return [*known(kind), *(other for cls in known(kind).values() for part in names(cls) for other in part)]


def sections() -> dict[str, type[Thing]]:
    """Return the sections of a spec by their place: spec, data, data.split, fit."""
    from nnctl.spec import Spec

    found: dict[str, type[Thing]] = {"spec": Spec}
    found.update(_sections_of(Spec, ""))
    return found


def _sections_of(cls: type[Thing], prefix: str) -> Iterator[tuple[str, type[Thing]]]:
    for name, field in cls.fields.items():
        base, _ = unwrap(field.rule)
        for member in alternatives(base):
            if isinstance(member, type) and issubclass(member, Thing) and not thing_kind(field.rule):
                yield prefix + name, member
                yield from _sections_of(member, f"{prefix}{name}.")


def overview() -> list[tuple[str, list[str]]]:
    """Return (kind, names) of everything there is."""
    return [(kind, list(known(kind))) for kind in PLACES if known(kind)] + [("section of a spec", list(sections()))]


def title(cls: type[Thing]) -> str:
    place = next((name for name, other in sections().items() if other is cls), cls.__name__)
    return f"{cls.registered_name} ({cls.kind})" if cls.registered_name else f"{place} (section of a spec)"


def formula(cls: type[Thing]) -> str:
    """Return the whole docstring: formula, remarks, shapes, source."""
    return inspect.cleandoc(cls.__doc__ or "")


def other_names(cls: type[Thing]) -> list[str]:
    """Return lines about the other names of a registered thing."""
    if not cls.registered_name:
        return []
    aliases, legacy = names(cls)
    lines = [f"Also called  {', '.join(sorted(aliases))}"] if aliases else []
    return lines + ([f"Old names    {', '.join(sorted(legacy))}"] if legacy else [])


def fields(cls: type[Thing]) -> list[tuple[str, str, str, str]]:
    """Return (name, default, rule, sentence) of each field."""
    return [(name, _default(field), describe(field.rule), _sentence(field)) for name, field in cls.fields.items()]


def _default(field: Field) -> str:
    return "required" if field.required else show(plain(field.default), 40)


def _sentence(field: Field) -> str:
    old = f" (old: {', '.join(field.legacy)})" if field.legacy else ""
    return field.doc + old


def example(cls: type[Thing]) -> str | None:
    """Return YAML that uses a registered thing, from its own examples; None where there is none."""
    from nnctl.spec import dump

    if not cls.registered_name or (not cls.examples and any(f.required for f in cls.fields.values())):
        return None
    given = dict(cls.examples[0]) if cls.examples else {}
    thing = {cls.registered_name: given} if given else cls.registered_name
    return dump(_placed(CONTEXTS[cls.kind], thing))


def _placed(context: Any, thing: Any) -> Any:
    if isinstance(context, dict):
        return {key: _placed(value, thing) for key, value in context.items()}
    if isinstance(context, list):
        return [_placed(value, thing) for value in context]
    return thing if context == "NAME" else context

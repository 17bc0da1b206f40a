"""The registry: every named thing of a spec, found by scanning the folders.

A thing is a class under a *kind* ("layer", "loss", ...). `@register` enters it when its module is
imported; `known(kind)` imports the kind's module, or every file of its folder, first. So a new
thing is one new file, and nothing here or anywhere else lists names by hand. Whoever asks for one
name (`find`) does not wait for all files: the one whose text registers that name is imported first.

A thing answers to its class name (`GlorotUniform`), to the same in lower case with underscores
(`glorot_uniform`), to its `aliases` (other names that Keras still has), and to its `legacy` names
(of Keras 1 and 2; these work too, with a notice).
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import TypeVar

# Where each kind lives: a module, or a package whose modules are all scanned.
PLACES = {
    "activation": "nnctl.activations",
    "initializer": "nnctl.initializers",
    "regularizer": "nnctl.regularizers",
    "constraint": "nnctl.constraints",
    "schedule": "nnctl.schedules",
    "loss": "nnctl.losses",
    "metric": "nnctl.metrics",
    "layer": "nnctl.layers",
    "optimizer": "nnctl.optimizers",
    "callback": "nnctl.callbacks",
    "data source": "nnctl.data",
}

_things: dict[str, dict[str, type]] = {kind: {} for kind in PLACES}
_aliases: dict[str, dict[str, str]] = {kind: {} for kind in PLACES}
_legacy: dict[str, dict[str, str]] = {kind: {} for kind in PLACES}
_scanned: set[str] = set()

# As it stands in a file: the kind, the other arguments, the name of the class.
REGISTRATION = re.compile(r'^@register\("([^"]+)"([^\n]*)\n(?:[^\n]*\n)??class (\w+)', re.MULTILINE)

C = TypeVar("C", bound=type)


def register(
    kind: str,
    *,
    name: str | None = None,
    aliases: Iterable[str] = (),
    legacy: Iterable[str] = (),
    derive: bool = True,
) -> Callable[[C], C]:
    """Enter the decorated class under `kind`; raise ValueError where a name is taken already.

    `derive=False` leaves out the lower-case spellings, where those mean something else.
    """

    def enter(cls: C) -> C:
        canonical = name or cls.__name__
        spellings = {canonical} | ({canonical.lower(), snake(canonical)} - {*legacy} if derive else set())
        for other in {*spellings, *aliases, *legacy}:
            holder = _aliases[kind].get(other) or _legacy[kind].get(other)
            if holder is not None and _things[kind][holder].__qualname__ != cls.__qualname__:
                raise ValueError(f"{kind} {other!r} is registered twice: {holder} and {canonical}")
        _things[kind][canonical] = cls
        for other in (*sorted(spellings), *aliases):
            _aliases[kind][other] = canonical
        for other in legacy:
            _legacy[kind][other] = canonical
        cls.kind = kind  # type: ignore[attr-defined]  # every registered class is a fields.Thing
        cls.registered_name = canonical  # type: ignore[attr-defined]
        return cls

    return enter


def known(kind: str) -> dict[str, type]:
    """Return every thing of a kind by its canonical name, in alphabetical order."""
    if kind not in _scanned:
        module = importlib.import_module(PLACES[kind])
        for info in pkgutil.iter_modules(getattr(module, "__path__", ())):
            importlib.import_module(f"{module.__name__}.{info.name}")
        _scanned.add(kind)
    return dict(sorted(_things[kind].items(), key=lambda item: item[0].lower()))


def find(kind: str, name: str) -> tuple[type, bool] | None:
    """Return the class that answers to `name` and whether the name is a legacy one, or None."""
    found = _entered(kind, name)
    if found is None and kind not in _scanned:
        if home := _homes(kind).get(name):
            importlib.import_module(home)
            found = _entered(kind, name)
        if found is None:
            known(kind)
            found = _entered(kind, name)
    return found


def _entered(kind: str, name: str) -> tuple[type, bool] | None:
    """Return what `find` does, of the things that are registered by now."""
    for canonical, is_legacy in ((_aliases[kind].get(name), False), (_legacy[kind].get(name), True)):
        if canonical is not None:
            return _things[kind][canonical], is_legacy
    return None


@cache
def _homes(kind: str) -> dict[str, str]:
    """Return the modules of a kind by the names that their text registers; those made by code are missing."""
    module = importlib.import_module(PLACES[kind])
    homes: dict[str, str] = {}
    for file in (file for folder in getattr(module, "__path__", ()) for file in Path(folder).glob("[!_]*.py")):
        for its_kind, arguments, cls in REGISTRATION.findall(file.read_text(encoding="utf-8")):
            if its_kind == kind:
                spelled = {cls, cls.lower(), snake(cls), *re.findall(r'"([^"]+)"', arguments)}
                homes |= dict.fromkeys(spelled, f"{module.__name__}.{file.stem}")
    return homes


def exported(kind: str, name: str) -> type:
    """Serve `layers.Dense` from a package whose things live in its files; for a module's __getattr__."""
    if name[:1].isupper():  # the others are modules
        found = find(kind, name)
        if found is not None and found[0].__name__ == name:
            return found[0]
        for cls in known(kind).values():
            if cls.__name__ == name:
                return cls
    raise AttributeError(f"module {PLACES[kind]!r} has no attribute {name!r}")


def names(cls: type) -> tuple[list[str], list[str]]:
    """Return the other names a thing answers to: (aliases, legacy names)."""
    kind, canonical = cls.kind, cls.registered_name  # type: ignore[attr-defined]
    aliases = [n for n, target in _aliases[kind].items() if target == canonical and n != canonical]
    legacy = [n for n, target in _legacy[kind].items() if target == canonical]
    return aliases, legacy


def suggest(word: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that `word` was probably meant to be, or None.

    >>> suggest("optimiser", ["optimizer", "loss"])
    'optimizer'
    """
    options = sorted(candidates, key=lambda option: (option.islower() != word.islower(), -option.count("_")))
    folded = {option.lower().replace("_", ""): option for option in reversed(options)}
    close = difflib.get_close_matches(word.lower().replace("_", ""), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def suggest_name(kind: str, name: str) -> str | None:
    """Return the registered name nearest to a misspelt one, or None."""
    return suggest(name, [*known(kind), *_aliases[kind], *_legacy[kind]])


def snake(name: str) -> str:
    """Write a class name as Keras writes the function of the same meaning.

    >>> [snake(n) for n in ("GlorotUniform", "MeanSquaredError", "Conv2D", "AUC")]
    ['glorot_uniform', 'mean_squared_error', 'conv2d', 'auc']
    """
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()


def article(word: str) -> str:
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"

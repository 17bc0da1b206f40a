"""Things <-> Keras' configs: `{module, class_name, config, registered_name}`.

The fields of things have Keras' argument names, so a config is nearly the thing itself. On the way
back every class name is looked up in nnctl's registry, under the kind that its slot takes, and
nowhere else: `module` and `registered_name` are compared with a fixed table and never imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nnctl import registry, rules
from nnctl.checkpoint.ignorable import RENAMED_VALUES, is_ignorable
from nnctl.errors import ModelFileError
from nnctl.fields import Thing, create
from nnctl.findings import Findings

MODULES = {
    "activation": "keras.activations",
    "initializer": "keras.initializers",
    "regularizer": "keras.regularizers",
    "constraint": "keras.constraints",
    "schedule": "keras.optimizers.schedules",
    "layer": "keras.layers",
    "loss": "keras.losses",
    "metric": "keras.metrics",
    "optimizer": "keras.optimizers",
}
CODE = ("Lambda", "__lambda__", "TFOpLambda", "SlicingOpLambda")


def to_keras(thing: Thing) -> Any:
    """Return Keras' config of a thing: a name for an activation, else class and arguments."""
    if thing.kind == "activation" and isinstance(thing.to_spec(), str):
        return thing.title()
    return {"module": MODULES[thing.kind], **bare(thing), "registered_name": None}


def bare(thing: Thing) -> dict[str, Any]:
    """Return `{class_name, config}`, as Keras writes layers, losses, metrics and optimizers in an .h5 file."""
    return {"class_name": thing.title(), "config": arguments(thing)}


def arguments(thing: Thing) -> dict[str, Any]:
    """Return the constructor's arguments; None, and what Keras lacks, is left out where it is the default."""
    values = {name: getattr(thing, name) for name in thing.fields}
    optional = (*getattr(thing, "own", ()), *getattr(thing, "recent", ()))
    return {
        name: _plain(value)
        for name, value in values.items()
        if not (value == thing.fields[name].default and (value is None or name in optional))
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Thing):
        return to_keras(value)
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return value


def from_keras(kind: str, value: Any, where: str) -> Any:
    """Return the thing that a config stands for; raises ModelFileError naming place, slot and value."""
    findings = Findings()
    thing = create(kind, _as_spec(kind, value, where), findings)
    if findings.errors:
        raise ModelFileError(f"{where}: " + "; ".join(str(problem) for problem in findings.errors))
    return thing


def _as_spec(kind: str, value: Any, where: str) -> Any:
    """Turn Keras' config into what a spec would say, `{Name: {field: value}}`, every name looked up."""
    name, config = _named(value, where)
    found = registry.find(kind, name)
    if found is None:
        near = registry.suggest_name(kind, name)
        meant = f"did you mean {near!r}? " if near else ""
        hint = f"{meant}if it is a plugin's, add  --plugin FILE.py"
        raise ModelFileError(f"{where}: nnctl has no {kind} called {name[:80]!r}; {hint}")
    if isinstance(value, str):
        return name
    cls: Any = found[0]
    fields = cls.fields
    legacy = {old for field in fields.values() for old in field.legacy}
    if kind == "optimizer":
        legacy.add("decay")  # of Keras 2, joined with the rate
    result: dict[str, Any] = {}
    for key, item in config.items():
        if key in fields:
            result[key] = _field(kind, key, fields[key].rule, item, f"{where}: {key}")
        elif key in legacy and not is_ignorable(kind, key, item):
            result[key] = _without_classes(item, f"{where}: {key}")
        elif not is_ignorable(kind, key, item):
            raise ModelFileError(f"{where}: {cls.title()} of nnctl has no {key!r} with the value {rules.show(item)}")
    return {name: result}


def _field(kind: str, key: str, rule: Any, value: Any, where: str) -> Any:
    inner = rules.thing_kind(rule)
    if inner and isinstance(value, (str, Mapping)):
        return _as_spec(inner, value, where)
    value = _without_classes(value, where)
    return RENAMED_VALUES.get((kind, key, value), value) if isinstance(value, str) else value


def _named(value: Any, where: str) -> tuple[str, Mapping[str, Any]]:
    """Take a config apart into class name and arguments, after a look at what else it says."""
    if isinstance(value, str):
        return value, {}
    if not isinstance(value, Mapping) or not isinstance(value.get("class_name"), str):
        raise ModelFileError(f"{where}: expected the name of a class, or its config, got {rules.show(value)}")
    name, config = value["class_name"], value.get("config")
    if name in CODE:
        raise ModelFileError(f"{where} is a {name}: it carries Python code; nnctl does not run code from a model file")
    if name == "function" and isinstance(config, str):  # how Keras 3 writes a function, such as an activation
        name, config = config, {}
    name = name.removeprefix("Custom>")  # how Keras 2 writes its own optimizers
    module, registered = value.get("module"), value.get("registered_name")
    if module is not None and module not in (*MODULES.values(), "keras", "builtins"):
        raise ModelFileError(f"{where}: module {rules.show(module)} is not one of Keras' own; nnctl imports nothing")
    if registered not in (None, name, f"Custom>{name}", "function"):
        raise ModelFileError(f"{where}: registered_name {rules.show(registered)} is not Keras' own class {name[:80]!r}")
    config = {} if config is None else config
    if not isinstance(config, Mapping):
        raise ModelFileError(f"{where}: the config of {name[:80]!r} is no mapping: {rules.show(config)}")
    return name, config


def _without_classes(value: Any, where: str) -> Any:
    """Return a plain value; the tuples that Keras 2 marks become lists, any other class is refused."""
    if isinstance(value, list):
        return [_without_classes(item, where) for item in value]
    if isinstance(value, Mapping):
        if value.get("class_name") == "__tuple__" and isinstance(value.get("items"), list):
            return [_without_classes(item, where) for item in value["items"]]
        if not {"class_name", "config", "module", "registered_name"} & {*value}:
            return {key: _without_classes(item, where) for key, item in value.items()}
        raise ModelFileError(f"{where}: expected a plain value, got {rules.show(value)}")
    return value

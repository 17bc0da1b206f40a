"""The JSON Schema of a spec, made from the fields of every registered thing.

Editors complete and check with it (specs/schema.json is this module's output). It knows the old names of
Keras 1 and 2, marked as deprecated, and lets a reference (`${vars.width}`) stand for any value. What needs
more than one value at a time stays with `nnctl check`.
"""

from __future__ import annotations

import json
import math
import typing
from collections.abc import Iterator
from typing import Any

from nnctl.fields import Field, Thing, plain
from nnctl.registry import known, names
from nnctl.rules import adapter, alternatives, thing_kind, unwrap
from nnctl.spec.sections import BARE_SECTIONS, Spec

WIDTH = 120
REFERENCE = {"$ref": "#/$defs/reference"}
INCLUDE = {
    "description": "Another spec, or a list of them, that this one adds to; this file wins.",
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
}
VARS = {"type": "object", "description": "Values to use as ${vars.NAME}."}

Schema = dict[str, Any]


def schema_text() -> str:
    """Return the schema as specs/schema.json holds it."""
    return _write(json_schema()) + "\n"


def json_schema() -> Schema:
    """Return the schema of a whole spec, draft 2020-12."""
    definitions: Schema = {"reference": {"type": "string", "pattern": r"\$\{[^{}]+\}", "description": "A reference."}}
    spec = _section(Spec, definitions)
    required = [name for name, field in Spec.fields.items() if field.required]
    for section, first in BARE_SECTIONS.items():
        spec["properties"][section]["anyOf"].append({"type": "string", "description": f"The {first} alone."})
    spec["properties"] = {"include": INCLUDE, "vars": VARS, **spec["properties"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "nnctl spec",
        **spec,
        "anyOf": [{"required": required}, {"required": ["include"]}],
        "$defs": dict(sorted(definitions.items())),
    }


def _section(cls: type[Thing], definitions: Schema) -> Schema:
    """Return the schema of a mapping of a thing's fields."""
    properties: Schema = {}
    for name, field in cls.fields.items():
        properties[name] = _field(field, definitions)
        for old in field.legacy:
            properties.setdefault(old, {"deprecated": True, "description": f"Old name of {name}."})
    for name, why in cls.without_effect.items():
        properties[name] = {"deprecated": True, "description": f"Without effect: {why}."}
    for parts, name in cls.joined.items():
        for old in parts:
            properties.setdefault(old, {"deprecated": True, "description": f"Old name of a part of {name}."})
    schema: Schema = {"type": "object", "description": _sentence(cls), "properties": properties}
    # A field with an old name may be given under that one, and what a section lacks may be included.
    renamed = {n for n, f in cls.fields.items() if f.legacy} | {*cls.joined.values()}
    required = [n for n, f in cls.fields.items() if f.required and n not in renamed and cls.registered_name]
    return {**schema, **({"required": required} if required else {}), "additionalProperties": False}


def _field(field: Field, definitions: Schema) -> Schema:
    schema: Schema = {"description": field.doc, "anyOf": [*_branches(_rule(field.rule, definitions)), REFERENCE]}
    default = plain(field.default)
    if not field.required and not (isinstance(default, float) and not math.isfinite(default)):
        schema["default"] = default
    return schema


def _branches(schema: Schema) -> list[Schema]:
    return schema["anyOf"] if schema.keys() == {"anyOf"} else [schema]


def _rule(rule: Any, definitions: Schema) -> Schema:
    """Return the schema of a rule; sections and kinds become definitions of their own."""
    base, _ = unwrap(rule)
    members = alternatives(base)
    if len(members) > 1:
        return {"anyOf": [branch for member in members for branch in _branches(_rule(member, definitions))]}
    if kind := thing_kind(rule):
        return _kind(kind, definitions)
    origin, arguments = typing.get_origin(base), typing.get_args(base)
    if isinstance(base, type) and issubclass(base, Thing):
        if base.__name__ not in definitions:
            definitions[base.__name__] = {}
            definitions[base.__name__] = _section(base, definitions)
        return {"$ref": f"#/$defs/{base.__name__}"}
    if origin is tuple and arguments[-1] is Ellipsis:
        return {"type": "array", "items": {"anyOf": [*_branches(_rule(arguments[0], definitions)), REFERENCE]}}
    if origin is dict:
        return {"type": "object", "additionalProperties": _rule(arguments[1], definitions)}
    schema: Schema = adapter(rule).json_schema()
    return schema


def _kind(kind: str, definitions: Schema) -> Schema:
    """Define what may stand for a thing: its name, `{Name: {fields}}`, or Keras' class_name and config."""
    key = kind.replace(" ", "_")
    if key not in definitions:
        definitions[key] = {}
        bare: list[str] = []
        tagged: Schema = {}
        for name, cls in known(kind).items():
            definitions[f"{key}.{name}"] = {}
            definitions[f"{key}.{name}"] = {"anyOf": list(_values(cls, definitions))}
            aliases, legacy = names(cls)
            spellings = [name, *sorted(aliases), *sorted(legacy)]
            for other in spellings:
                tagged[other] = {"$ref": f"#/$defs/{key}.{name}"}
            if not any(f.required for f in cls.fields.values()):  # type: ignore[attr-defined]
                bare += spellings
        definitions[key] = {
            "anyOf": [
                {"enum": bare},
                {
                    "type": "object",
                    "minProperties": 1,
                    "maxProperties": 1,
                    "properties": tagged,
                    "additionalProperties": False,
                },
                {"type": "object", "required": ["class_name"], "properties": {"class_name": {"enum": list(tagged)}}},
            ]
        }
    return {"$ref": f"#/$defs/{key}"}


def _values(cls: Any, definitions: Schema) -> Iterator[Schema]:
    """Yield what may stand behind a thing's name: its fields, nothing, or the value of the first."""
    yield _section(cls, definitions)
    fields = list(cls.fields.values())
    if not any(f.required for f in fields):
        yield {"type": "null"}
    if first := next((f for f in fields if f.positional), None):
        yield _field(first, definitions)


def _write(value: Any, indent: str = "") -> str:
    """Write JSON with each part that fits on one line."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + len(indent) <= WIDTH or not isinstance(value, (dict, list)):
        return line
    deeper = indent + " "
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {_write(item, deeper)}" for key, item in value.items()]
    else:
        parts = [_write(item, deeper) for item in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}\n" + ",\n".join(deeper + part for part in parts) + f"\n{indent}{closing}"


def _sentence(cls: type) -> str:
    return (cls.__doc__ or "").strip().partition("\n\n")[0].replace("\n    ", " ")

"""Things and their fields: constructor, schema and documentation in one place.

    class Dropout(Layer):
        rate: Fraction = field(doc="Share of the inputs set to zero.")

The annotation is the rule, the default and the sentence sit beside it, and everything else reads
them from here: the constructor, the spec reader, the JSON Schema, `nnctl explain`, the README's
tables. YAML and Python go through the same `parse`, which collects every problem with its path
instead of stopping at the first.
"""

from __future__ import annotations

import inspect
import re
import sys
import typing
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from nnctl import rules
from nnctl.errors import ConfigError
from nnctl.findings import Findings, Implied, Path, Problem, Tag, show_path
from nnctl.registry import article, find, known, suggest, suggest_name

REQUIRED: Any = type("Required", (), {"__repr__": lambda self: "required"})()
INVALID: Any = type("Invalid", (), {"__repr__": lambda self: "invalid"})()

CODE = ("Lambda", "LambdaCallback")  # of Keras: things made of Python functions
BOOLEANS_OF_YAML_1_1 = {"yes": "true", "on": "true", "no": "false", "off": "false"}


@dataclass
class Field:
    """One constructor argument of a thing."""

    default: Any
    doc: str
    positional: bool
    legacy: Mapping[str, Callable[[Any], Any] | None]  # old name -> converter of its value
    name: str = ""
    rule: Any = None

    @property
    def required(self) -> bool:
        return self.default is REQUIRED


def field(
    default: Any = REQUIRED,
    *,
    doc: str,
    positional: bool = True,
    legacy: Mapping[str, Callable[[Any], Any] | None] | tuple[str, ...] = (),
) -> Any:
    """Declare a field; `legacy` names old spellings, with a converter where the value differs too."""
    old = legacy if isinstance(legacy, Mapping) else dict.fromkeys(legacy)
    return Field(default, doc, positional, old)


T = TypeVar("T", bound="Thing")


class Thing:
    """The base of everything that a spec can name.

    Raises ConfigError (a ValueError) from the constructor, naming each field that breaks its rule.
    """

    kind: ClassVar[str] = "section"
    registered_name: ClassVar[str] = ""
    fields: ClassVar[dict[str, Field]] = {}
    examples: ClassVar[tuple[Mapping[str, Any], ...]] = ()  # small configs for the contract tests
    joined: ClassVar[Mapping[tuple[str, ...], str]] = {}  # old fields that together say one: (nb_row, nb_col)
    without_effect: ClassVar[Mapping[str, str]] = {}  # Keras' arguments that are taken and change nothing, and why

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        own = {}
        for name, annotation in inspect.get_annotations(cls).items():
            if isinstance(declared := cls.__dict__.get(name), Field):
                declared.name = name
                declared.rule = _evaluated(annotation, cls.__module__)
                own[name] = declared
                delattr(cls, name)
        inherited = {n: f for n, f in cls.fields.items() if n not in own}
        cls.fields = {**own, **inherited}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        names = [n for n, f in self.fields.items() if f.positional]
        if len(args) > len(names):
            raise ConfigError(f"{self.title()}: takes {len(names)} positional values, got {len(args)}")
        findings = Findings()
        for name, value in zip(names, args, strict=False):
            if name in kwargs:
                findings.error((name,), "given twice, by position and by name")
            kwargs[name] = value
        values = self.parse(kwargs, findings, ())
        if not findings.errors:
            self._fill(values, findings, ())
        findings.finish(self.title())

    @classmethod
    def title(cls) -> str:
        return cls.registered_name or cls.__name__

    @classmethod
    def parse(cls, given: Mapping[str, Any], findings: Findings, path: Path) -> dict[str, Any]:
        """Check every value of a mapping against its field; return them with the defaults."""
        fields = cls.fields
        given = cls.joining(given, findings, path)
        old_names = {old: f for f in fields.values() for old in f.legacy}
        values: dict[str, Any] = {}
        places: dict[str, Path] = {}
        meant: set[str | None] = set()  # by misspelt keys: these are not missing as well
        who = show_path(path) if path and not cls.registered_name else cls.title()
        for key, value in given.items():
            name, here = key, (*path, key)
            if key in old_names and key not in fields:
                name, convert = old_names[key].name, old_names[key].legacy[key]
                findings.notice(here, f"{key!r} is an old name: {name!r} in Keras 3")
                value = _converted(value, convert)
            if name not in fields:
                near = suggest(str(key), [*fields, *old_names])
                meant.add(near)
                hint = f"did you mean {near!r}?" if near else f"known: {', '.join(fields) or 'none'}"
                findings.error(here, f"{who} has no field {str(key)!r}", hint, at_key=True)
            elif name in values:
                findings.error(here, f"{name!r} is given twice: as {places[name][-1]!r} and as {key!r}", at_key=True)
            else:
                values[name], places[name] = value, here
        for name, declared in fields.items():
            if name in values:
                values[name] = check(values[name], declared.rule, findings, places[name])
            elif declared.required:
                if name in meant:
                    continue
                sentence = rules.describe(declared.rule)
                findings.error(path, f"{who} needs {name!r}: {sentence}", declared.doc)
            else:
                values[name] = check(declared.default, declared.rule, findings, (*path, name))
        return values

    @classmethod
    def joining(cls, given: Mapping[str, Any], findings: Findings, path: Path) -> Mapping[str, Any]:
        """Join old fields that together say one (nb_row, nb_col -> kernel_size); drop those without effect."""
        for name in [name for name in cls.without_effect if name in given]:
            findings.notice((*path, name), f"{name!r} has no effect: {cls.without_effect[name]}")
            given = {key: value for key, value in given.items() if key != name}
        for parts, name in cls.joined.items():
            if all(part in given and part not in cls.fields for part in parts) and name not in given:
                for part in parts:
                    findings.notice((*path, part), f"{part!r} is an old name: part of {name!r} in Keras 3")
                rest = {key: value for key, value in given.items() if key not in parts}
                given = {**rest, name: tuple(given[part] for part in parts)}
        return given

    def _fill(self, values: dict[str, Any], findings: Findings, path: Path) -> None:
        self.__dict__.update(values)
        for name, message in self.conflicts():
            findings.error((*path, name), message)

    def spelled(self, text: str) -> None:
        """Hear the bare name that made this thing; a metric keeps it as its column's name."""

    def conflicts(self) -> Iterator[tuple[str, str]]:
        """Yield (field, message) for values that are right alone and wrong together."""
        return iter(())

    def config(self) -> dict[str, Any]:
        """Return the fields as plain values (things as `{Name: {...}}`), every default filled in."""
        return {name: plain(getattr(self, name)) for name in self.fields}

    def to_spec(self) -> Any:
        """Return what a spec would say: `{Name: {field: value}}`, or the name alone."""
        config = self.config()
        if not self.registered_name:
            return config
        return {self.title(): config} if config else self.title()

    def __repr__(self) -> str:
        changed = (
            f"{n}={rules.show(plain(getattr(self, n)))}"
            for n, f in self.fields.items()
            if plain(getattr(self, n)) != plain(f.default)
        )
        return f"{self.title()}({', '.join(changed)})"


def _evaluated(annotation: Any, module: str) -> Any:
    """Return the rule that an annotation stands for, also where it is kept as text (PEP 563)."""
    return eval(annotation, vars(sys.modules[module])) if isinstance(annotation, str) else annotation


def _converted(value: Any, convert: Callable[[Any], Any] | None) -> Any:
    """Turn the value of an old name into today's; one that cannot be turned is left for `check` to refuse."""
    try:
        return convert(value) if convert else value
    except (TypeError, ValueError, KeyError, IndexError, AttributeError):
        return value


def plain(value: Any) -> Any:
    """Turn a field's value into what YAML and JSON can hold."""
    if isinstance(value, Thing):
        return value.to_spec()
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def check(value: Any, rule: Any, findings: Findings, path: Path) -> Any:
    """Return the value that a field gets, or INVALID after noting what was wrong with it."""
    value = _python_scalar(value)
    base, _ = rules.unwrap(rule)
    sections = [m for m in rules.alternatives(base) if isinstance(m, type) and issubclass(m, Thing)]
    kind = rules.thing_kind(rule)
    if kind and _may_name_thing(value, rule):
        return create(kind, value, findings, path)
    if typing.get_origin(base) is tuple and isinstance(value, (list, tuple)) and _holds_things(base):
        item = typing.get_args(base)[0]
        return tuple(check(v, item, findings, (*path, i)) for i, v in enumerate(value))
    if not kind and sections and isinstance(value, Mapping):
        return parse_section(sections[0], value, findings, path)
    if rules.plainly_fits(frozen := _frozen(value), rule):
        return copy(frozen)  # a mapping of its own for each
    import pydantic

    try:
        return rules.adapter(rule).validate_python(frozen)
    except pydantic.ValidationError as error:
        location = error.errors()[0]["loc"]
        inner = tuple(part for part in location if isinstance(part, int))
        findings.error((*path, *inner), f"expected {rules.describe(rule)}, got {rules.show(value)}", _hint(value, rule))
        return INVALID


def parse_section(cls: type[T], value: Mapping[str, Any], findings: Findings, path: Path) -> Any:
    """Make a thing from a mapping of its fields; INVALID where anything in it is wrong."""
    before = len(findings.errors)
    values = cls.parse(value, findings, path)
    if len(findings.errors) > before:
        return INVALID
    thing = cls.__new__(cls)
    thing._fill(values, findings, path)
    return thing if len(findings.errors) == before else INVALID


def create(kind: str, value: Any, findings: Findings | None = None, path: Path = ()) -> Any:
    """Make a registered thing from its name, `{Name: {field: value}}`, or Keras' config.

    A bare value instead of the inner mapping is the first field (`Dropout: 0.2`). With `findings`,
    problems go there and INVALID comes back; without, they raise ConfigError.
    """
    alone = findings is None
    findings = Findings() if findings is None else findings
    thing = _create(kind, value, findings, path)
    if alone:
        findings.finish(article(kind))
    return thing


def _create(kind: str, value: Any, findings: Findings, path: Path) -> Any:
    if isinstance(value, Thing) and value.kind == kind:
        return value
    name, inner, here = _split(value, path)
    if name is None:
        findings.error(
            path,
            f"expected the name of {article(kind)}, or its name with fields, got {rules.show(value)}",
            _hint_fields_beside_name(kind, value),
        )
        return INVALID
    found = find(kind, name)
    if found is None:
        near = suggest_name(kind, name)
        listed = ", ".join(known(kind))
        hint = f"did you mean {near!r}?" if near else f"known: {listed}; if it is a plugin's, add  --plugin FILE.py"
        if name in CODE:
            hint = "code cannot stand in a spec: register a class of yours and load it with --plugin FILE.py"
        findings.error(here, f"no {kind} is called {name!r}", hint)
        return INVALID
    cls, is_legacy = found
    if is_legacy:
        findings.notice(here, f"{name!r} is an old name: {cls.registered_name!r} in Keras 3")  # type: ignore[attr-defined]
    if isinstance(value, str):
        thing = parse_section(cls, {}, findings, here)
        if thing is not INVALID:
            thing.spelled(name)
        return thing
    if not isinstance(inner, Mapping):
        first = next((n for n, f in cls.fields.items() if f.positional), None)  # type: ignore[attr-defined]
        if first is None:
            findings.error(here, f"{name} takes no value, got {rules.show(inner)}")
            return INVALID
        return _from_bare_value(cls, first, inner, findings, here)
    return parse_section(cls, inner, findings, here)


def _from_bare_value(cls: Any, first: str, value: Any, findings: Findings, path: Path) -> Any:
    """Like parse_section of `{first: value}`, but the path says that `first` was not written."""
    own = Findings()
    thing = parse_section(cls, {first: value}, own, ())
    for mine, theirs in ((own.errors, findings.errors), (own.notices, findings.notices)):
        for problem in mine:
            inner = (Implied(first), *problem.path[1:]) if problem.path[:1] == (first,) else problem.path
            theirs.append(Problem((*path, *inner), problem.message, problem.hint, problem.at_key))
    return thing


def _split(value: Any, path: Path) -> tuple[str | None, Any, Path]:
    """Take apart the ways to write a thing: (name, fields, path of the fields)."""
    if isinstance(value, str):
        return value, {}, path
    if isinstance(value, Mapping):
        if "class_name" in value and isinstance(value.get("config", {}), Mapping):
            return str(value["class_name"]), value.get("config", {}), (*path, Tag("config"))
        if len(value) == 1:
            name, inner = next(iter(value.items()))
            if isinstance(name, str):
                return name, {} if inner is None else inner, (*path, Tag(name))
    return None, None, path


def _hint_fields_beside_name(kind: str, value: Any) -> str | None:
    """Spot `- Dense:` with its fields on the same level, a common slip of indentation."""
    if isinstance(value, Mapping) and len(value) > 1:
        name, inner = next(iter(value.items()))
        if inner is None and isinstance(name, str) and find(kind, name):
            return f"indent the fields of {name} further than its name"
    return None


def _may_name_thing(value: Any, rule: Any) -> bool:
    """Whether a value is meant as a thing, not as the plain alternative of `float | Schedule`."""
    if isinstance(value, (str, Mapping)):
        return True
    if len(rules.alternatives(rule)) == 1:
        return True
    return isinstance(value, Thing)


def _holds_things(base: Any) -> bool:
    item = typing.get_args(base)[0]
    inner, _ = rules.unwrap(item)
    return rules.thing_kind(item) is not None or (isinstance(inner, type) and issubclass(inner, Thing))


def _python_scalar(value: Any) -> Any:
    """Turn NumPy's scalars into Python's without importing NumPy."""
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
        return value.item()
    return value


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, (list, tuple)) else _python_scalar(value)


def _hint(value: Any, rule: Any) -> str | None:
    """Say what to write instead, where that is clear."""
    choices = [
        a
        for member in rules.alternatives(rules.unwrap(rule)[0])
        if typing.get_origin(member) is typing.Literal
        for a in typing.get_args(member)
    ]
    if isinstance(value, str) and choices:
        near = suggest(value, [c for c in choices if isinstance(c, str)])
        return f"did you mean {near!r}?" if near else None
    bases = [rules.unwrap(member)[0] for member in rules.alternatives(rules.unwrap(rule)[0])]
    if any(typing.get_origin(base) is tuple for base in bases) and isinstance(value, (str, Mapping)):
        return f"write a list: [{value}]" if isinstance(value, str) else "begin each item of the list with '- '"
    if str in bases and not isinstance(value, (str, Mapping, list, tuple)) and value is not None:
        return "put it in quotes to make it text"
    if bool in bases and isinstance(value, str) and value.lower() in BOOLEANS_OF_YAML_1_1:
        return f"write {BOOLEANS_OF_YAML_1_1[value.lower()]}"
    if int in bases and isinstance(value, float) and value.is_integer():
        return f"write {value:.0f}"
    if {int, float} & set(bases) and isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value):
        return "remove the quotes"
    return None

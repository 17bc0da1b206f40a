"""What every registered thing must do: say itself, refuse what breaks its rules, and survive a round trip."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from nnctl.data.column_settings import ColumnSettings
from nnctl.data.settings import DataSettings
from nnctl.data.split_settings import SplitSettings
from nnctl.errors import ConfigError
from nnctl.fields import create, plain
from nnctl.registry import known, names
from nnctl.rules import adapter, counterexamples, describe, plainly_fits
from nnctl.spec.sections import Fit, InitialWeights, Spec
from tests.contract.walk import KINDS, configs, things

PROBES = (
    *(None, True, False, -1, 0, 1, 3, 1 << 70, -2.0, 0.0, 0.5, 1.5, math.nan, math.inf),
    *("", "none", "max", "1:3", "\xe9", "\ud800", (), (1,), (1, 2), (1, None), (0.5, 1.5), ("a", 1), ("max",)),
    *({}, {"a": 1.0}, {1: -1.0}, {"path": "a.csv"}),
)


@pytest.mark.parametrize("cls", things())
def test_has_an_example(cls: Any) -> None:
    assert list(configs(cls)), f"{cls.__name__} has required fields and no `examples`"


@pytest.mark.parametrize("cls", things())
def test_documents_formula_and_source(cls: Any) -> None:
    doc = cls.__doc__ or ""
    first = doc.strip().splitlines()[0]
    assert len(first) <= 120, f"{cls.__name__} needs a first line: the formula"
    assert "Source  " in doc, f"{cls.__name__} does not say its source"
    if cls.kind == "layer":
        assert "Shapes  " in doc, f"{cls.__name__} does not say its shapes"


@pytest.mark.parametrize("cls", things())
def test_fields_say_rule_and_sentence(cls: Any) -> None:
    for field in cls.fields.values():
        assert field.doc.endswith("."), f"{cls.__name__}.{field.name}: the sentence ends with a full stop"
        assert describe(field.rule)


@pytest.mark.parametrize("cls", things())
def test_config_round_trip(cls: Any) -> None:
    for config in configs(cls):
        made = create(cls.kind, {cls.registered_name: config})
        again = create(cls.kind, made.to_spec())
        assert again.config() == made.config()
        assert set(made.config()) == set(cls.fields)
        json.dumps({str(k): v for k, v in plain(made.config()).items()})


@pytest.mark.parametrize("cls", things())
def test_refuses_counterexamples_by_name(cls: Any) -> None:
    base = next(configs(cls))
    for field in cls.fields.values():
        for bad in counterexamples(field.rule):
            with pytest.raises(ConfigError, match=field.name):
                create(cls.kind, {cls.registered_name: {**base, field.name: bad}})


@pytest.mark.parametrize("cls", [*things(), Spec, Fit, InitialWeights, DataSettings, ColumnSettings, SplitSettings])
def test_pydantic_takes_as_it_is_what_plainly_fits(cls: Any) -> None:
    for field in cls.fields.values():
        for value in (*PROBES, field.default, *counterexamples(field.rule)):
            if plainly_fits(value, field.rule):
                assert repr(adapter(field.rule).validate_python(value)) == repr(value), field.name


@pytest.mark.parametrize("cls", things())
def test_unknown_field_is_refused(cls: Any) -> None:
    with pytest.raises(ConfigError, match="no field 'no_such_field'"):
        create(cls.kind, {cls.registered_name: {**next(configs(cls)), "no_such_field": 1}})


@pytest.mark.parametrize("kind", KINDS)
def test_every_name_leads_to_its_class(kind: str) -> None:
    for cls in known(kind).values():
        aliases, legacy = names(cls)
        config = next(configs(cls))
        for name in aliases:
            assert type(create(kind, {name: config})) is cls
        for name in legacy:
            with pytest.warns(UserWarning, match="is an old name"):
                assert type(create(kind, {name: config})) is cls

"""include, --set and references: from several texts to one tree."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from nnctl.errors import MissingInputError, SpecError
from nnctl.spec import Spec, load, loads

SPEC = """
data: {source: table.csv, target: 0}
layers:
  - Dense: {units: 8, activation: relu}
  - Dropout: 0.2
  - Flatten
  - Dense: 1
loss: mse
optimizer: {Adam: {learning_rate: 0.1}}
fit: {nb_epoch: 9}
"""


def with_set(*overrides: str) -> Spec:
    return loads(SPEC, overrides=overrides)


def test_include_merges_below_this_file(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "base.yaml").write_text("include: most.yaml\nfit: {epochs: 5}\nvars: {width: 3}\n")
    (tmp_path / "deep" / "most.yaml").write_text(SPEC.replace("nb_epoch: 9", "epochs: 2, batch_size: 7"))
    main = tmp_path / "main.yaml"
    main.write_text("include: deep/base.yaml\nseed: 4\noptimizer: {SGD: {momentum: 0.5}}\nvars: {depth: 1}\n")
    spec = load(main)
    assert (spec.name, spec.seed, spec.fit.epochs, spec.fit.batch_size) == ("main", 4, 5, 7)
    assert spec.optimizer.title() == "SGD", "a thing of another class replaces"
    main.write_text("include: deep/base.yaml\noptimizer: {Adam: {clipnorm: 1.0}}\n")
    assert (load(main).optimizer.learning_rate, load(main).optimizer.clipnorm) == (0.1, 1.0)


def test_include_of_several_the_later_wins(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SPEC + "seed: 1\n")
    (tmp_path / "b.yaml").write_text("seed: 2\n")
    (tmp_path / "main.yaml").write_text("include: [a.yaml, b.yaml]\n")
    assert load(tmp_path / "main.yaml").seed == 2


def test_include_chain_has_an_end(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number}.yaml").write_text(f"include: {number + 1}.yaml\n")
    with pytest.raises(SpecError, match="more than 10 files include one another"):
        load(tmp_path / "0.yaml")


def test_pipes_and_directories_are_no_specs(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", ".", "nowhere.yaml", "a" * 5000, "nul\0"):
        with pytest.raises(MissingInputError):
            load(tmp_path / name)
        with pytest.raises(SpecError, match=r"spec\.yaml:1:10: include: "):
            loads(f'include: "{name}"'.replace("\0", "\\0"), base_dir=tmp_path)


@pytest.mark.parametrize(
    ("override", "get", "value"),
    [
        ("layers.0.units=64", lambda s: s.layers[0].units, 64),
        ("layers.0.Dense.units=64", lambda s: s.layers[0].units, 64),
        ("layers.0.activation=tanh", lambda s: s.layers[0].activation.title(), "tanh"),
        ("layers.0.kernel_initializer.seed=3", lambda s: s.layers[0].kernel_initializer.seed, 3),
        ("layers.0.kernel_initializer.RandomNormal.stddev=2", lambda s: s.layers[0].kernel_initializer.stddev, 2.0),
        ("layers.1.rate=0.5", lambda s: s.layers[1].rate, 0.5),
        ("layers.1.seed=1", lambda s: s.layers[1].rate, 0.2),
        ("layers.2.name=flat", lambda s: s.layers[2].name, "flat"),
        ("layers.3={Dense: {units: 2}}", lambda s: s.layers[3].units, 2),
        ("optimizer.learning_rate=1e-3", lambda s: s.optimizer.learning_rate, 0.001),
        ("optimizer=sgd", lambda s: s.optimizer.title(), "SGD"),
        ("optimizer.SGD.momentum=0.9", lambda s: s.optimizer.momentum, 0.9),
        ("fit.epochs=3", lambda s: s.fit.epochs, 3),
        ("fit.nb_epoch=3", lambda s: s.fit.epochs, 3),
        ("fit.batch_size=3", lambda s: s.fit.epochs, 9),
        ("data.columns.3.type=numeric", lambda s: s.data.columns[3].type, "numeric"),
        ("data.split.validation=0.5", lambda s: s.data.split.validation, 0.5),
        ("name=a=b", lambda s: s.name, "a=b"),
        ("metrics=[mae]", lambda s: s.metrics[0].column, "mae"),
        ("initial_weights=", lambda s: s.initial_weights, None),
        ("loss.MeanAbsoluteError.reduction=sum", lambda s: s.loss.reduction, "sum"),
    ],
)
def test_set(override: str, get: Any, value: Any) -> None:
    assert get(with_set(override)) == value


def test_set_reaches_defaults_that_are_not_written() -> None:
    text = SPEC.replace("optimizer: {Adam: {learning_rate: 0.1}}\n", "")
    assert loads(text, overrides=["optimizer.learning_rate=0.5"]).optimizer.title() == "RMSprop"


def test_set_comes_before_interpolation_and_the_last_wins() -> None:
    text = "vars: {n: 3}\n" + SPEC.replace("nb_epoch: 9", 'epochs: "${vars.n}"')
    assert loads(text).fit.epochs == 3
    assert loads(text, overrides=["vars.n=4", "vars.n=5"]).fit.epochs == 5
    assert loads(text, overrides=["fit.batch_size=${vars.n}"]).fit.batch_size == 3


def test_set_changes_one_of_two_aliases() -> None:
    text = SPEC.replace("- Dense: {units: 8, activation: relu}", "- Dense: &d {units: 8}\n  - Dense: *d")
    spec = loads(text, overrides=["layers.1.units=9"])
    assert [spec.layers[0].units, spec.layers[1].units] == [8, 9]


def test_references() -> None:
    text = """
vars: {width: 8, deep: {rates: [0.1, 0.2]}, both: "${vars.width}", text: "w${vars.width}", drop: {Dropout: 0.3}}
name: ${vars.text}-${env:RUN}-${env:NONE:x}-$${kept}-$9
data: {source: "${env:HOME}/t.csv", target: 0}
layers: [{Dense: "${vars.both}"}, "${vars.drop}", {Dropout: "${vars.deep.rates.1}"}, {Dense: 1}]
loss: mse
fit: {epochs: "${env:EPOCHS}", batch_size: "${env:BATCH:16}", shuffle: "${env:SHUFFLE:false}"}
"""
    with pytest.raises(SpecError, match=r"2:7: name: expected a name for a directory .*, got 'w8-a/b-x"):
        loads(text.lstrip(), environ={"RUN": "a/b", "HOME": "/h", "EPOCHS": "4"})
    spec = loads(text, environ={"RUN": "7", "HOME": "/h", "EPOCHS": "4"})
    assert spec.name == "w8-7-x-${kept}-$9"
    assert spec.data.source == "/h/t.csv"
    assert [spec.layers[0].units, spec.layers[1].rate, spec.layers[2].rate] == [8, 0.3, 0.2]
    assert (spec.fit.epochs, spec.fit.batch_size, spec.fit.shuffle) == (4, 16, False)


def doubling(first: str) -> str:
    """Return variables each of which names the one before twice."""
    return f"{{a0: '{first}', " + ", ".join(f"a{i}: '${{vars.a{i - 1}}}${{vars.a{i - 1}}}'" for i in range(1, 41)) + "}"


def nested(count: int) -> str:
    """Return variables each of which is a list around the one before."""
    return "{a0: 1, " + ", ".join(f"a{i}: [[['${{vars.a{i - 1}}}']]]" for i in range(1, count)) + "}"


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        (doubling(""), "more than 100,000 values"),
        (doubling("x" * 1000), "more than 1,048,576 characters"),
        (nested(41), "nested deeper than 50 levels"),
        ("{" + ", ".join(f"a{i}: '${{vars.a{i + 1}}}'" for i in range(99)) + "}", "more than 50 variables refer"),
    ],
)
def test_references_cannot_explode(variables: str, words: str) -> None:
    """Y02, by way of vars"""
    with pytest.raises(SpecError, match=words):
        loads(f"vars: {variables}\nname: ${{vars.a40}}\n{SPEC}")

"""The Spec itself: defaults, names, notices, places for later problems, the resolved spec and its YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from nnctl.errors import ConfigError, SpecError
from nnctl.findings import Findings, Problem
from nnctl.registry import known
from nnctl.spec import Spec, check_against_data, dump, load, loads, summary

SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.yaml"))
SMALL = "data: table.csv\nlayers:\n  - Dense: 1\nloss: mse\n"
OLD = """
data: {source: t.csv, target: 0}
layers:
  - Dense: {output_dim: 4, init: uniform, input_dim: 8}
  - Dense: {output_dim: 1, init: uniform}
objective: mse
optimizer: {SGD: {lr: 0.1}}
fit: {nb_epoch: 3}
"""


def test_defaults_are_those_of_keras() -> None:
    spec = loads(SMALL, "folder/pima.yaml")
    assert (spec.name, spec.seed, spec.dtype) == ("pima", 0, "float32")
    assert spec.data.source == "table.csv"
    assert (spec.fit.epochs, spec.fit.batch_size, spec.fit.shuffle, spec.fit.validation_split) == (1, 32, True, 0.0)
    assert spec.optimizer.title() == "RMSprop"
    assert spec.metrics == spec.callbacks == spec.notices == ()
    assert spec.initial_weights is None
    assert spec.base_dir == Path("folder")


def test_a_file_name_that_is_no_name_gives_way() -> None:
    assert loads(SMALL, ".hidden").name == "spec"


def test_text_that_looks_like_something_else_stays_text() -> None:
    """Y04"""
    for text in ("no", "2024-01-01", "1_000"):
        assert loads(f"{SMALL}name: {text}").name == text
    for text in ("010", "true", "1e3", "~"):
        with pytest.raises(SpecError, match="name: expected a name"):
            loads(f"{SMALL}name: {text}")


def test_one_notice_for_each_old_name() -> None:
    spec = loads(OLD)
    assert spec.layers[0].input_shape == (8,)
    assert list(spec.notices) == [
        "spec.yaml:4:13: notice: 'output_dim' is an old name: 'units' in Keras 3",
        "spec.yaml:4:28: notice: 'init' is an old name: 'kernel_initializer' in Keras 3",
        "spec.yaml:4:43: notice: 'input_dim' is an old name: 'input_shape' in Keras 3",
        "spec.yaml:6:1: notice: 'objective' is an old name: 'loss' in Keras 3",
        "spec.yaml:7:19: notice: 'lr' is an old name: 'learning_rate' in Keras 3",
        "spec.yaml:8:7: notice: 'nb_epoch' is an old name: 'epochs' in Keras 3",
    ]


def test_an_old_name_with_a_value_that_cannot_be_turned_is_refused() -> None:
    with pytest.raises(SpecError, match=r"batch_input_shape: expected"):
        loads(SMALL.replace("Dense: 1", "Dense: {units: 1, batch_input_shape: 5}"))


def test_problems_found_later_are_shown_at_their_places() -> None:
    spec = loads(SMALL)
    spec.raise_for([])
    spec.raise_for(Findings())
    assert spec.where(("layers", 0)) == "spec.yaml:3:5"
    with pytest.raises(SpecError, match=r"^spec\.yaml:3:5: layers\[0\]: no\n      3 \|   - Dense: 1\n"):
        spec.raise_for([Problem(("layers", 0), "no")])
    with pytest.raises(SpecError, match=r"^spec\.yaml:1:1: all wrong\n"):
        spec.raise_for(ConfigError("all wrong"))
    with pytest.raises(SpecError, match=r"^spec\.yaml:1:7: data\.target: none\n"):
        spec.raise_for(ConfigError("data.target: none"))
    stopped = ConfigError("too deep")
    stopped.layer = 0  # type: ignore[attr-defined]
    with pytest.raises(SpecError, match=r"^spec\.yaml:3:5: layers\[0\]: too deep\n"):
        spec.raise_for(stopped)


def test_a_spec_made_in_python_has_no_places() -> None:
    spec = Spec(data={"source": "t.csv"}, layers=[{"Dense": 1}], loss="mse")
    with pytest.raises(SpecError, match=r"^spec: layers\[0\]: no$"):
        spec.raise_for([Problem(("layers", 0), "no")])


def test_summary_is_one_line() -> None:
    with pytest.raises(SpecError) as caught:
        loads(SMALL + "fit: {epochs: 0, batch_size: 0}")
    assert summary(caught.value) == "spec.yaml:5:15: fit.epochs: expected an integer >= 1, got 0 (and 1 more problem)"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"input_shape": (8,), "n_classes": 4}, "layers[1].units: the data have 4 classes, the network has 3 outputs"),
        ({"input_shape": (9,), "n_classes": 3}, "expects samples of shape (None, 8), the data have (None, 9)"),
    ],
)
def test_network_and_data_once_the_data_are_read(arguments: dict[str, Any], words: str) -> None:
    """Y06"""
    layers = "layers:\n  - Input: [8]\n  - Dense: {units: 3, activation: softmax}\n"
    spec = loads(f"data: t.csv\n{layers}loss: categorical_crossentropy\n")
    check_against_data(spec, input_shape=(8,), n_classes=3)
    with pytest.raises(SpecError) as caught:
        check_against_data(spec, **arguments)
    assert words in str(caught.value)


def test_an_image_into_dense_is_told_once_the_data_are_read() -> None:
    """Y06"""
    layers = "layers:\n  - Dense: {units: 3, activation: softmax}\n"
    spec = loads(f"data: t.npz\n{layers}loss: sparse_categorical_crossentropy\n")
    with pytest.raises(SpecError, match=r"inputs of shape \(None, 28, 28\) and the network gives \(None, 28, 3\)"):
        check_against_data(spec, input_shape=(28, 28), n_classes=3)
    check_against_data(spec, input_shape=(28, 28), n_classes=3, target_rank=2)


def equal(a: Any, b: Any) -> bool:
    return (
        a == b
        and type(a) is type(b)
        and (
            all(equal(a[k], b[k]) for k in a)
            if isinstance(a, dict)
            else all(map(equal, a, b))
            if isinstance(a, list)
            else True
        )
    )


AWKWARD = """
data: {source: "${env:X:a b}", target: [0, "1", "no"], missing_values: ["", "1e-3", "~", "é", "$${x}", "a: b", "\\e"]}
layers: [{Dense: {units: 1, name: "010"}}]
loss: {Huber: {delta: 1e-7}}
optimizer: {SGD: {learning_rate: 1e20, name: "true"}}
fit: {class_weight: {0: 1.0, "0": 2e-300, yes: 3}}
"""


@pytest.mark.parametrize("text", [SMALL, OLD, AWKWARD, *(path.read_text() for path in SPECS)])
def test_resolved_spec_reads_back_to_itself(text: str) -> None:
    if "Huber" in text and "Huber" not in known("loss"):
        text = text.replace("{Huber: {delta: 1e-7}}", "mse")
    spec = loads(text, base_dir=SPECS[0].parent)
    resolved = spec.resolved()
    assert list(resolved) == [
        "name",
        "seed",
        "dtype",
        "data",
        "layers",
        "loss",
        "optimizer",
        "metrics",
        "weighted_metrics",
        "fit",
        "callbacks",
        "initial_weights",
    ]
    written = dump(resolved)
    assert equal(loads(written).resolved(), resolved)
    assert dump(loads(written).resolved()) == written
    if "$${" not in text:
        assert yaml.safe_load(written) == resolved  # as YAML 1.1, too
    assert "&" not in written
    assert max(map(len, written.splitlines())) <= 125


def test_resolved_spec_keeps_every_default(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(SMALL)
    dense = load(path).resolved()["layers"][0]["Dense"]
    assert dense["activation"] == "linear"
    assert dense["use_bias"] is True

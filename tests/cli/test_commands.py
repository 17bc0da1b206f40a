"""The group, and the commands that only tell: explain, schema, check, info."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from nnctl.cli import explaining, first_line, main
from nnctl.registry import PLACES, known
from nnctl.spec import loads, schema_text
from tests.cli.conftest import ROOT, Nnctl, last_line, run_nnctl

HEAVY = {"numpy", "pydantic", "h5py", "pandas", "yaml", "rich"}
COMMANDS = main.list_commands(click.Context(main))


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_import_nothing_heavy(option: str) -> None:
    # At its end a command puts /dev/null in the place of stderr, so the list goes through a copy.
    code = (
        "import os, sys; copy = os.fdopen(os.dup(2), 'w')\n"
        "from nnctl.cli import main\n"
        f"try: main([{option!r}])\n"
        "finally: print(*sys.modules, file=copy)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stderr.split())
    assert "nnctl" in done.stdout


def test_every_command_is_listed_with_its_first_line(nnctl: Nnctl) -> None:
    assert {"train", "evaluate", "predict", "check", "info", "explain", "schema"} <= set(COMMANDS)
    text = nnctl("--help").stdout
    for name in COMMANDS:
        assert first_line(name).endswith(".")
        assert f"  {name} " in text


@pytest.mark.parametrize("name", COMMANDS)
def test_options_of_commands_are_explained(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command
    assert command.help
    assert all(p.help for p in command.params if isinstance(p, click.Option))


def test_schema(nnctl: Nnctl) -> None:
    text = nnctl("schema").stdout
    assert text == schema_text()


def test_explain_shows_formula_fields_and_example(nnctl: Nnctl) -> None:
    text = nnctl("explain", "Dense").stdout
    for words in (
        "y = activation(x @ kernel + bias)",
        "Shapes",
        "an integer >= 1",
        "required",
        "nnctl/layers/dense.py",
    ):
        assert words in text
    assert "relu" in nnctl("explain").stdout
    assert "did you mean 'Dropout'?" in last_line(nnctl("explain", "Droput", status=2))


REST = {  # of a spec that an example is a part of
    "data": "{source: table.csv, target: y, split: {validation: 0.2}}",
    "layers": "[Flatten, Dense: {units: 10, activation: softmax}]",
    "loss": "mse",
}


@pytest.mark.parametrize("kind", PLACES)
def test_examples_of_explain_are_valid(kind: str) -> None:
    """The very YAML that is printed, completed to a spec, loads without a problem."""
    for name, cls in known(kind).items():
        assert cls in explaining.look_up(f"{kind}:{name}")
        example = explaining.example(cls)
        assert example, f"{kind} {name} gives no example of itself"
        loads(example + "".join(f"{key}: {value}\n" for key, value in REST.items() if not example.startswith(key)))


def test_explain_sections() -> None:
    assert {"spec", "data", "data.split", "fit"} <= set(explaining.sections())


def test_check_tells_shapes_and_trains_nothing(trained: Path, tmp_path: Path) -> None:
    for name in ("flowers.csv", "spec.yaml"):
        (tmp_path / name).write_bytes((trained / name).read_bytes())
    text = run_nnctl("check", "spec.yaml", cwd=tmp_path).stdout
    for words in ("72 training, 24 validation, 24 test", "(None, 4)", "25 weights", "memory: about", "time: roughly"):
        assert words in text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["flowers.csv", "spec.yaml"]


def test_info_of_model_run_and_spec(trained: Path, tmp_path: Path) -> None:
    shown = run_nnctl("info", "runs/spec", cwd=trained).stdout
    assert "Zürich" in shown
    assert "Adam(learning_rate=0.1)" in shown
    about = json.loads(run_nnctl("info", "runs/spec/model.h5", "--json", cwd=trained).stdout)
    assert about["weights"] == 25
    assert about["labels"] == ["Bern", "Zürich"]
    (tmp_path / "again.yaml").write_text(run_nnctl("info", "runs/spec", "--spec", cwd=trained).stdout, encoding="utf-8")
    (tmp_path / "flowers.csv").write_bytes((trained / "flowers.csv").read_bytes())
    assert "(None, 4)" in run_nnctl("info", "again.yaml", cwd=tmp_path).stdout

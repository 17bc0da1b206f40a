"""Plugins of every kind, through the real command line: train, evaluate and predict with the plugin and without."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import last_line, run_nnctl, write_flowers

PLUGIN = Path(__file__).parent / "plugin_of_every_kind.py"
# What a spec says to use the plugin's thing of a kind; the rest of the spec is that of `spec`.
USES = {
    "activation": {"activation": "cube"},
    "initializer": {"kernel_initializer": "Sevenths"},
    "regularizer": {"kernel_regularizer": "{Cubic: 0.01}"},
    "constraint": {"kernel_constraint": "{AtMost: 0.1}"},
    "loss": {"loss": "{Quartic: {factor: 2.0}}"},
    "metric": {"metrics": "[Closeness]"},
    "optimizer": {"optimizer": "SignDescent"},
    "schedule": {"optimizer": "{SGD: {learning_rate: {Harmonic: {start: 0.1}}}}"},
}


def spec(uses: dict[str, str], callbacks: str = "[]") -> str:
    sections = {"loss": "binary_crossentropy", "optimizer": "adam", "metrics": "[accuracy]", "callbacks": callbacks}
    dense = {"units": "4"} | {name: value for name, value in uses.items() if name not in sections}
    sections |= {name: value for name, value in uses.items() if name in sections}
    fields = ", ".join(f"{name}: {value}" for name, value in dense.items())
    return (
        "data: {source: flowers.csv, target: place, scale: standard}\n"
        f"layers: [Dense: {{{fields}}}, Dense: {{units: 1, activation: sigmoid}}]\n"
        + "".join(f"{name}: {value}\n" for name, value in sections.items())
        + "fit: {epochs: 2}\n"
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_flowers(tmp_path / "flowers.csv")
    return tmp_path


def test_all_of_them_in_one_model(folder: Path) -> None:
    together = {name: value for kind, use in USES.items() if kind != "schedule" for name, value in use.items()}
    (folder / "spec.yaml").write_text(spec(together, callbacks="[{Diary: {filename: diary.txt}}]"))
    run_nnctl("train", "spec.yaml", "--out", "run", "--plugin", PLUGIN, cwd=folder)
    assert (folder / "run" / "diary.txt").read_text() == "0 Closeness loss\n1 Closeness loss\n"
    evaluated = run_nnctl("evaluate", "run", "flowers.csv", "--json", "--plugin", PLUGIN, cwd=folder)
    assert {"loss", "Closeness"} <= set(json.loads(evaluated.stdout))
    predicted = run_nnctl("predict", "run", "flowers.csv", "--plugin", PLUGIN, cwd=folder)
    assert len(predicted.stdout.splitlines()) == 121
    resumed = run_nnctl(
        "train", "spec.yaml", "--out", "run", "--resume", "--epochs", "3", "--plugin", PLUGIN, cwd=folder
    )
    assert "epoch 3/3" in resumed.stderr
    refused = run_nnctl("train", "spec.yaml", "--out", "new", cwd=folder, status=78)
    for kind, name in (
        ("activation", "cube"),
        ("loss", "Quartic"),
        ("optimizer", "SignDescent"),
        ("callback", "Diary"),
    ):
        assert f"no {kind} is called {name!r}" in refused.stderr
    assert "if it is a plugin's, add  --plugin FILE.py" in refused.stderr
    assert not (folder / "new").exists()


@pytest.mark.slow
@pytest.mark.parametrize("kind", USES)
def test_without_the_plugin_the_error_names_what_is_missing(kind: str, folder: Path) -> None:
    (folder / "spec.yaml").write_text(spec(USES[kind]))
    run_nnctl("train", "spec.yaml", "--out", "run", "--plugin", PLUGIN, cwd=folder)
    name = {"schedule": "Harmonic"}.get(kind) or next(iter(USES[kind].values())).strip("{[]}").split(":")[0]
    for command in ("evaluate", "predict"):
        run_nnctl(command, "run", "flowers.csv", "--plugin", PLUGIN, cwd=folder)
        line = last_line(run_nnctl(command, "run", "flowers.csv", cwd=folder, status=65))
        assert f"nnctl has no {kind} called {name!r}" in line
        assert line.endswith("if it is a plugin's, add  --plugin FILE.py")


def test_a_model_trained_with_a_callback_of_a_plugin_does_not_need_it(folder: Path) -> None:
    """Nor a spec that sets no test rows aside; one that does is read again, and names what it misses."""
    (folder / "spec.yaml").write_text(
        spec({}, callbacks="[Diary]").replace("standard}", "standard, split: {test: 0.2}}")
    )
    run_nnctl("train", "spec.yaml", "--out", "run", "--plugin", PLUGIN, cwd=folder)
    run_nnctl("predict", "run", "flowers.csv", cwd=folder)
    run_nnctl("evaluate", "run", "flowers.csv", cwd=folder)
    refused = run_nnctl("evaluate", "run", cwd=folder, status=None)
    assert refused.returncode in (65, 78)
    assert "no callback is called 'Diary'" in last_line(refused)

"""Show what a model file, a run directory or a spec holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nnctl.cli import console, options


@click.command()
@click.argument("model", metavar="MODEL|RUN|SPEC")
@click.option("--spec", "as_spec", is_flag=True, help="The YAML that it was made from, every default filled in.")
@options.as_json
@options.plugin
@options.data_dir
@options.offline
@options.talk
def command(model: str, as_spec: bool, as_json: bool, data_dir: Path | None) -> None:
    """Show layers, preprocessing, labels and training of MODEL.

    Nothing is trained; of a SPEC, the data are read where the shape of the inputs is not known without.
    """
    shown = _of_spec(model, data_dir) if model.lower().endswith((".yaml", ".yml")) else _of_model(model)
    if as_spec:
        console.text(shown["spec"])
    elif as_json:
        told = {key: value for key, value in shown.items() if key not in ("model", "preprocessing")}
        console.json(told | _layers(shown["model"]))
    else:
        _print(shown)


def _of_model(path: str) -> dict[str, Any]:
    from nnctl.prediction import open_model
    from nnctl.spec import dump

    trained = open_model(path)
    model, extra = trained.model, trained.extra
    spec = extra.get("spec") or dump(_outline(model) | {"initial_weights": _start(trained)})
    fitted = trained.preprocessing if "preprocessing" in extra else None
    return {
        "file": str(trained.path),
        "model": model,
        "preprocessing": fitted,
        "labels": trained.labels,
        **_training(model),
        "steps": extra.get("steps"),
        "versions": extra.get("versions"),
        "spec": spec,
    }


def _of_spec(path: str, data_dir: Path | None) -> dict[str, Any]:
    from nnctl.run import assemble
    from nnctl.spec import dump, load

    spec = load(path)
    prepared, model = assemble(spec, data_dir)
    return {
        "file": path,
        "model": model,
        "preprocessing": prepared.preprocessing,
        "labels": prepared.preprocessing.labels,
        **_training(model),
        "steps": None,
        "versions": None,
        "spec": dump(spec.resolved()),
    }


def _training(model: Any) -> dict[str, Any]:
    return {
        "loss": model.loss.to_spec() if model.loss else None,
        "optimizer": model.optimizer.to_spec() if model.optimizer else None,
        "metrics": [metric.column for metric in model.metrics],
    }


def _outline(model: Any) -> dict[str, Any]:
    """What a spec can say of a model that was not trained here: all but the data, which must be added."""
    layers = [{"Input": {"shape": list(model.input_shape)}}, *(layer.to_spec() for layer in model.layers)]
    training = {key: value for key, value in _training(model).items() if value}
    return {"name": model.name, "dtype": model.dtype, "layers": layers, **training}


def _start(trained: Any) -> Any:
    """Return what begins a training where the file's ended: with the optimizer's state where it is there."""
    goes_on = trained.model.optimizer is not None and trained.model.optimizer.iterations > 0
    return {"file": str(trained.path), **({"optimizer": True} if goes_on else {})}


def _layers(model: Any) -> dict[str, Any]:
    layers = [
        {"name": name, "class": kind, "output_shape": list(shape), "weights": count}
        for (name, kind, _, count), shape in zip(model.summary_rows(), model.shapes, strict=True)
    ]
    return {
        "input_shape": list(model.input_shape),
        "layers": layers,
        "weights": model.count_params(),
        "dtype": model.dtype,
    }


def _print(shown: dict[str, Any]) -> None:
    from nnctl.cli import summary

    model = shown["model"]
    summary.show(model)
    console.text("")
    if shown["preprocessing"]:
        summary.show_data(shown["preprocessing"])
    if shown["loss"]:
        console.text(f"loss {model.loss!r}\noptimizer {model.optimizer!r}")
        console.text(f"metrics {', '.join(shown['metrics']) or 'none'}")
    if shown["steps"] is not None:
        versions = ", ".join(f"{name} {number}" for name, number in shown["versions"].items())
        console.text(f"trained for {shown['steps']:,} steps with {versions}")

"""Keras' model_config and training_config <-> the layers, optimizer, loss and metrics of a model.

Written in the form that Keras 2 and Keras 3 both read: layers without `module`, dtypes as names,
`batch_input_shape` on the input layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from nnctl import rules
from nnctl.checkpoint.keras_config import MODULES, arguments, bare, from_keras
from nnctl.errors import ModelFileError
from nnctl.fields import create, plain
from nnctl.layers import Layer
from nnctl.losses import Loss
from nnctl.metrics import Metric
from nnctl.model import Sequential
from nnctl.optimizers import Optimizer
from nnctl.registry import snake

DTYPES = ("float32", "float64")
KERAS_DEFAULT_OPTIMIZER = "rmsprop"
INPUT_DTYPES = (*DTYPES, "int32", "int64", "uint8", "bool", "float16")


class Architecture(NamedTuple):
    """What a model_config says."""

    name: str
    layers: list[Layer]
    input_shape: tuple[int | None, ...] | None
    dtype: str


class Compilation(NamedTuple):
    """What a training_config says."""

    optimizer: Optimizer
    loss: Loss
    metrics: list[Metric]


def model_config(model: Sequential) -> dict[str, Any]:
    shape = [None, *(model.input.shape if model.input else model.input_shape)]
    first = {
        "batch_input_shape": shape,
        "dtype": model.dtype,
        "sparse": False,
        "ragged": False,
        "name": (model.input and model.input.name) or "input_layer",
    }
    layers: list[dict[str, Any]] = [{"class_name": "InputLayer", "config": first}]
    for layer in model.layers:
        config = {"dtype": model.dtype, **arguments(layer)}
        config.pop("input_shape", None)
        layers.append({"class_name": layer.title(), "config": config})
    config = {"name": model.name, "layers": layers, "build_input_shape": [None, *model.input_shape]}
    return {"class_name": "Sequential", "config": config}


def archive_config(model: Sequential) -> dict[str, Any]:
    """Return the config.json of a .keras archive: the same, with the module of every class."""
    inner = model_config(model)["config"]
    first, *others = inner["layers"]
    first["config"]["batch_shape"] = first["config"].pop("batch_input_shape")
    del inner["build_input_shape"]
    result = _of_keras({"class_name": "Sequential", "config": inner}, "keras")
    inner["layers"] = [_of_keras(layer, MODULES["layer"]) for layer in (first, *others)]
    result["build_config"] = {"input_shape": [None, *model.input_shape]}
    if model.optimizer is not None:
        training = training_config(model)
        result["compile_config"] = {
            "optimizer": _of_keras(training["optimizer_config"], MODULES["optimizer"]),
            "loss": _of_keras(training["loss"], MODULES["loss"]),
            "metrics": [_of_keras(metric, MODULES["metric"]) for metric in training["metrics"]],
            "loss_weights": None,
            "weighted_metrics": [_of_keras(m, MODULES["metric"]) for m in training["weighted_metrics"] or ()] or None,
        }
    return result


def _of_keras(config: Any, module: str) -> Any:
    """Add to a bare config what an archive says of its class."""
    return {"module": module, **config, "registered_name": None} if isinstance(config, dict) else config


def training_config(model: Sequential) -> dict[str, Any]:
    assert model.loss is not None
    assert model.optimizer is not None
    return {
        "loss": _loss_config(model.loss),
        "metrics": [_metric_config(metric) for metric in model.metrics if not metric.weighted],
        "weighted_metrics": [_metric_config(metric) for metric in model.metrics if metric.weighted] or None,
        "loss_weights": None,
        "optimizer_config": bare(model.optimizer),
    }


def _loss_config(loss: Loss) -> Any:
    """Keras 3 restores a loss from its long name in any case, from a config not always."""
    defaults = {name: plain(field.default) for name, field in loss.fields.items()}
    return snake(loss.title()) if loss.config() == defaults else bare(loss)


def _metric_config(metric: Metric) -> dict[str, Any]:
    config = bare(metric)
    config["config"]["name"] = metric.column
    return config


def read_architecture(config: Any, where: str) -> Architecture:
    """Return the layers of a Sequential model; raises ModelFileError naming layer, slot and value."""
    config = _mapping(config, where)
    if config.get("class_name") != "Sequential":
        raise ModelFileError(f"{where}: nnctl reads Sequential models, got {rules.show(config.get('class_name'))}")
    inner = config.get("config")
    inner = {"layers": inner} if isinstance(inner, list) else _mapping(inner, where)  # a list in Keras before 2.2.3
    entries = inner.get("layers")
    if not isinstance(entries, list) or not entries:
        raise ModelFileError(f"{where}: expected a list of layers, got {rules.show(entries)}")
    layers: list[Layer] = []
    shape = None
    dtypes: set[str] = set()
    for number, entry in enumerate(entries):
        entry = _mapping(entry, f"{where}: layer {number}")
        values = dict(_mapping(entry.get("config", {}), f"{where}: layer {number}"))
        here = f"{where}: layer {values.get('name', number)!r}"
        given = values.pop("batch_shape", None) or values.pop("batch_input_shape", None)
        if number == 0 and given is not None:
            shape = _sample_shape(given, here)
        values, own_dtypes = _without_dtypes(values, here)
        if entry.get("class_name") in ("InputLayer", "Input"):
            if number or shape is None:
                raise ModelFileError(f"{here}: an input layer must come first and say its shape")
            layers.append(create("layer", {"Input": {"shape": shape, "name": values.get("name")}}))
            continue
        dtypes |= own_dtypes
        layers.append(from_keras("layer", {**entry, "config": values}, here))
    if len(dtypes) > 1 or not dtypes <= set(DTYPES):
        raise ModelFileError(f"{where}: expected one dtype for all layers, float32 or float64, got {sorted(dtypes)}")
    if shape is None or None in shape:
        built = inner.get("build_input_shape")
        shape = _sample_shape(built, where) if built is not None else shape
    name = inner.get("name", "sequential")
    if not isinstance(name, str):
        raise ModelFileError(f"{where}: expected a name, got {rules.show(name)}")
    return Architecture(name, layers, shape, dtypes.pop() if dtypes else "float32")


def read_compilation(config: Any, where: str) -> Compilation:
    """Return optimizer, loss and metrics; raises ModelFileError naming slot and value."""
    config = _mapping(config, where)
    if config.get("loss_weights") not in (None, [], 1):
        raise ModelFileError(f"{where}: nnctl has no loss_weights, got {rules.show(config['loss_weights'])}")
    metrics = _metrics(config.get("metrics"), f"{where}: metrics")
    for metric in (weighted := _metrics(config.get("weighted_metrics"), f"{where}: weighted_metrics")):
        metric.weighted = True
    return Compilation(
        read_optimizer_config(config, where),
        from_keras("loss", config.get("loss"), f"{where}: loss"),
        [*metrics, *weighted],
    )


def read_optimizer_config(config: Any, where: str) -> Optimizer:
    """Return the optimizer of a training_config; raises ModelFileError naming slot and value."""
    config = _mapping(config, where)
    # Keras 3 forgets the optimizer in an archive that it writes after an .h5 of the same model.
    optimizer = config.get("optimizer_config", config.get("optimizer", KERAS_DEFAULT_OPTIMIZER))
    result: Optimizer = from_keras("optimizer", optimizer, f"{where}: optimizer")
    return result


def _metrics(configs: Any, where: str) -> list[Metric]:
    configs = configs or []
    if len(configs) == 1 and isinstance(configs, list) and isinstance(configs[0], list):
        configs = configs[0]  # Keras 2: one list an output
    if not isinstance(configs, list):
        raise ModelFileError(f"{where}: expected a list, got {rules.show(configs)}")
    return [from_keras("metric", _unwrapped(config), f"{where}[{i}]") for i, config in enumerate(configs)]


def _unwrapped(metric: Any) -> Any:
    """Keras 2 writes `accuracy` as a wrapper of the function that it turned out to be."""
    if isinstance(metric, Mapping) and metric.get("class_name") == "MeanMetricWrapper":
        config = dict(metric.get("config") or {})
        return {"class_name": config.pop("fn", None), "config": config}
    return metric


def _sample_shape(value: Any, where: str) -> tuple[int | None, ...]:
    """Return the shape of one sample from a shape with the batch axis in front."""
    sizes = value[1:] if isinstance(value, list) else None
    if not sizes or not all(size is None or (type(size) is int and size > 0) for size in sizes):
        raise ModelFileError(f"{where}: expected an input shape such as [null, 28, 28], got {rules.show(value)}")
    return tuple(sizes)


def _without_dtypes(values: Mapping[str, Any], where: str) -> tuple[dict[str, Any], set[str]]:
    """Return a layer's config, and those of the layers in it, without their dtypes; and these."""
    values = dict(values)
    dtype = _dtype(values.pop("dtype", None), where)
    found = {dtype} if dtype else set()
    for slot in ("layer", "backward_layer"):
        inner = values.get(slot)
        if isinstance(inner, Mapping) and isinstance(inner.get("config"), Mapping):
            config, more = _without_dtypes(inner["config"], f"{where}: {slot}")
            values[slot] = {**inner, "config": config}
            found |= more
    return values, found


def _dtype(value: Any, where: str) -> str | None:
    """Return the name of a dtype; Keras 3 wraps it in a policy."""
    if isinstance(value, Mapping) and value.get("class_name") in ("DTypePolicy", "Policy"):
        value = _mapping(value.get("config"), where).get("name")
    if value is not None and value not in INPUT_DTYPES:
        raise ModelFileError(f"{where}: nnctl computes in float32 or float64, got dtype {rules.show(value)}")
    return value


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ModelFileError(f"{where}: expected a mapping, got {rules.show(value)}")
    return value

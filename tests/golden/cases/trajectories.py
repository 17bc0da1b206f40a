"""Whole nets, trained: 13 rows in batches of 5, so that the last batch is short; nothing is shuffled."""

from __future__ import annotations

from typing import Any

from ..inputs import Draw, ints, normal, one_hot, uniform
from . import TrajectoryCase

N = 13


def net(name: str, layers: list[Any], x: Draw, y: Draw, loss: Any, *, epochs: int = 4, **rest: Any) -> TrajectoryCase:
    fit = {"epochs": epochs, "batch_size": 5, **rest.pop("fit", {})}
    return TrajectoryCase(name=name, layers=tuple(layers), x=x, y=y, loss=loss, fit=fit, **rest)


def dense(units: int, activation: Any = "linear", **config: Any) -> dict[str, Any]:
    return {"Dense": {"units": units, "activation": activation, **config}}


def rate(name: str, learning_rate: Any = 0.1, **config: Any) -> dict[str, Any]:
    return {name: {"learning_rate": learning_rate, **config}}


ROWS, REAL, BIT, BITS = normal(N, 4), normal(N, 2), ints(N, 1, high=2), ints(N, 3, high=2)
CLASS, HOT, WEIGHTS = ints(N, high=3), one_hot(N, 3), uniform(N, high=2.0)

REGRESSION: list[Any] = [dense(5, "tanh"), dense(2)]
BINARY: list[Any] = [dense(5, "relu"), dense(1, "sigmoid")]
CLASSIFIER: list[Any] = [dense(5, "tanh"), dense(3, "softmax")]
SPARSE = "sparse_categorical_crossentropy"

BASICS = [
    net("line", [dense(1)], normal(N, 1), normal(N, 1), "mse", optimizer=rate("SGD", 0.01), metrics=("mae",)),
    net("regression", REGRESSION, ROWS, REAL, "mean_squared_error", metrics=("mae", "mse")),
    net("absolute error", REGRESSION, ROWS, REAL, "mean_absolute_error", optimizer=rate("SGD", momentum=0.9)),
    net("binary", BINARY, ROWS, BIT, "binary_crossentropy", optimizer=rate("Adam", 0.01), metrics=("accuracy",)),
    net("binary from logits", [dense(5, "relu"), dense(1)], ROWS, BIT, {"BinaryCrossentropy": {"from_logits": True}},
        optimizer=rate("SGD", nesterov=True, momentum=0.9), metrics=({"BinaryAccuracy": {"threshold": 0.0}},)),
    net("several labels", [dense(5, "sigmoid"), dense(3, "sigmoid")], ROWS, BITS, "binary_crossentropy",
        metrics=("accuracy", "binary_accuracy")),
    net("categorical", CLASSIFIER, ROWS, HOT, "categorical_crossentropy", optimizer=rate("RMSprop", 0.01),
        metrics=("accuracy", "mse")),
    net("sparse categorical", CLASSIFIER, ROWS, CLASS, SPARSE, metrics=("accuracy",)),
    net("sparse from logits", [dense(5, "tanh"), dense(3)], ROWS, CLASS,
        {"SparseCategoricalCrossentropy": {"from_logits": True}}, metrics=("accuracy",)),
    net("smoothed labels", CLASSIFIER, ROWS, HOT, {"CategoricalCrossentropy": {"label_smoothing": 0.1}}),
    net("softplus as probabilities", [dense(5, "tanh"), dense(3, "softplus")], ROWS, CLASS, SPARSE,
        optimizer=rate("SGD", 0.01)),
    net("activation as a layer", [
        dense(5), {"Activation": {"activation": "tanh"}}, dense(3), {"Activation": {"activation": "softmax"}},
    ], ROWS, CLASS, SPARSE, metrics=("accuracy",)),
    net("image rows", ["Flatten", dense(4, "relu"), {"Reshape": {"target_shape": [2, 2]}}, "Flatten", dense(2)],
        normal(N, 2, 3), REAL, "mse"),
    net("softmax over steps", [dense(4, "tanh"), dense(3, "softmax")], normal(N, 4, 2), ints(N, 4, high=3), SPARSE,
        metrics=("accuracy",)),
    net("sigmoid under the categorical loss", [dense(5, "tanh"), dense(3, "sigmoid")], ROWS, HOT,
        "categorical_crossentropy"),
    net("softmax under the binary loss", [dense(5, "tanh"), dense(3, "softmax")], ROWS, HOT, "binary_crossentropy"),
    net("same metric twice", BINARY, ROWS, BIT, "binary_crossentropy", metrics=("accuracy", "acc", "mse", "mse")),
]

FITTING = [
    net("validation split", CLASSIFIER, ROWS, CLASS, SPARSE, metrics=("accuracy",), fit={"validation_split": 0.3}),
    net("validation set", CLASSIFIER, ROWS, CLASS, SPARSE, metrics=("accuracy",), validation=6),
    net("validation now and then", CLASSIFIER, ROWS, CLASS, SPARSE, validation=6, fit={"validation_freq": 2}),
    net("class weights", CLASSIFIER, ROWS, CLASS, SPARSE, metrics=("accuracy",),
        fit={"class_weight": {0: 0.5, 1: 2.0, 2: 1.5}}),
    net("class weights, binary", BINARY, ROWS, BIT, "binary_crossentropy", metrics=("accuracy",),
        fit={"class_weight": {0: 0.25, 1: 3.0}, "validation_split": 0.3}),
    net("class weights, one-hot", CLASSIFIER, ROWS, HOT, "categorical_crossentropy",
        fit={"class_weight": {0: 0.5, 2: 1.5}}),
    net("sample weights", REGRESSION, ROWS, REAL, "mse", metrics=("mae",), weighted_metrics=("mse",),
        sample_weight=WEIGHTS),
    net("sample weights, split", CLASSIFIER, ROWS, CLASS, SPARSE, metrics=("accuracy",), weighted_metrics=("accuracy",),
        sample_weight=WEIGHTS, fit={"validation_split": 0.3}),
    net("temporal sample weights", [dense(4, "tanh"), dense(2)], normal(N, 3, 2), normal(N, 3, 2), "mse",
        metrics=("mae",), weighted_metrics=("mae",), sample_weight=uniform(N, 3, high=2.0)),
    net("clip by norm", REGRESSION, ROWS, REAL, "mse", optimizer=rate("SGD", 0.5, clipnorm=0.1)),
    net("clip by value", REGRESSION, ROWS, REAL, "mse", optimizer=rate("Adam", 0.5, clipvalue=0.05)),
    net("clip by global norm", REGRESSION, ROWS, REAL, "mse", optimizer=rate("RMSprop", 0.1, global_clipnorm=0.1)),
    net("weight decay", REGRESSION, ROWS, REAL, "mse", optimizer=rate("AdamW", 0.1)),
    net("moving average of weights", REGRESSION, ROWS, REAL, "mse", validation=6,
        optimizer=rate("SGD", use_ema=True, ema_momentum=0.8)),
    net("accumulated gradients", REGRESSION, ROWS, REAL, "mse", optimizer=rate("Adam", gradient_accumulation_steps=2)),
    net("schedule", REGRESSION, ROWS, REAL, "mse", optimizer=rate(
        "SGD", {"ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5}},
    )),
    net("one batch larger than the data", REGRESSION, ROWS, REAL, "mse", fit={"batch_size": 64}),
    net("batches of one", REGRESSION, ROWS, REAL, "mse", epochs=2, fit={"batch_size": 1}),
    net("later epochs", REGRESSION, ROWS, REAL, "mse", epochs=5, fit={"initial_epoch": 3}),
]

PENALTY = {"L1L2": {"l1": 0.01, "l2": 0.02}}
REGULARIZED = [
    net("regularizers", [
        dense(5, "tanh", kernel_regularizer=PENALTY, bias_regularizer={"L1": {"l1": 0.05}}),
        dense(3, "softmax", kernel_regularizer={"L2": {"l2": 0.03}}),
    ], ROWS, CLASS, SPARSE, metrics=("accuracy",), validation=6),
    net("activity penalties", [
        dense(5, "tanh", activity_regularizer=PENALTY), {"ActivityRegularization": {"l2": 0.1}}, dense(2),
    ], ROWS, REAL, "mse", validation=6),
    net("constraints", [
        dense(5, "tanh", kernel_constraint={"MaxNorm": {"max_value": 0.8}}, bias_constraint={"NonNeg": {}}),
        dense(5, "tanh", kernel_constraint={"UnitNorm": {}}),
        dense(2, kernel_constraint={"MinMaxNorm": {"min_value": 0.2, "max_value": 0.6, "rate": 0.5}}),
    ], ROWS, REAL, "mse"),
    net("frozen layer", [dense(5, "tanh", trainable=False), dense(2)], ROWS, REAL, "mse", optimizer=rate("Adam")),
    net("frozen layer with penalty", [dense(5, "tanh", trainable=False, kernel_regularizer=PENALTY), dense(2)],
        ROWS, REAL, "mse", validation=6),
]

STOP = {"monitor": "val_loss", "patience": 1}
CALLBACKS = [
    net("early stopping", CLASSIFIER, ROWS, CLASS, SPARSE, epochs=12, validation=6, optimizer=rate("SGD", 1.0),
        callbacks=({"EarlyStopping": STOP},)),
    net("early stopping, best weights", CLASSIFIER, ROWS, CLASS, SPARSE, epochs=12, validation=6,
        optimizer=rate("SGD", 1.0),
        callbacks=({"EarlyStopping": {**STOP, "patience": 3, "restore_best_weights": True}},)),
    net("early stopping that never triggers", REGRESSION, ROWS, REAL, "mse", validation=6, optimizer=rate("SGD", 0.5),
        callbacks=({"EarlyStopping": {**STOP, "patience": 50, "restore_best_weights": True}},)),
    net("early stopping with a baseline", REGRESSION, ROWS, REAL, "mse", epochs=12, optimizer=rate("SGD", 0.01),
        callbacks=({"EarlyStopping": {"monitor": "loss", "patience": 3, "baseline": 0.1}},)),
    net("early stopping, min_delta", REGRESSION, ROWS, REAL, "mse", epochs=12, optimizer=rate("SGD", 0.01),
        callbacks=({"EarlyStopping": {"monitor": "loss", "patience": 2, "min_delta": 0.02}},)),
    net("early stopping on accuracy", CLASSIFIER, ROWS, CLASS, SPARSE, epochs=12, metrics=("accuracy",), validation=6,
        callbacks=({"EarlyStopping": {
            "monitor": "val_accuracy", "mode": "max", "patience": 2, "start_from_epoch": 3,
        }},)),
    net("reduce on plateau", REGRESSION, ROWS, REAL, "mse", epochs=12, validation=6, optimizer=rate("SGD", 0.5),
        callbacks=({"ReduceLROnPlateau": {"monitor": "val_loss", "factor": 0.5, "patience": 1}},)),
    net("reduce on plateau, cooldown", REGRESSION, ROWS, REAL, "mse", epochs=14, validation=6,
        optimizer=rate("SGD", 0.5), callbacks=({"ReduceLROnPlateau": {
            "monitor": "val_loss", "factor": 0.1, "patience": 1, "cooldown": 2, "min_lr": 0.01, "min_delta": 0.05,
        }},)),
    net("rate by epoch", REGRESSION, ROWS, REAL, "mse", epochs=5,
        callbacks=({"LearningRateScheduler": {"schedule": "0.1 * 0.5 ** epoch"}},)),
    net("rate from the last rate", REGRESSION, ROWS, REAL, "mse", epochs=5, optimizer=rate("Adam"),
        callbacks=({"LearningRateScheduler": {"schedule": "lr / (1 + epoch)"}},)),
    net("two callbacks", CLASSIFIER, ROWS, CLASS, SPARSE, epochs=15, validation=6, optimizer=rate("SGD", 1.0),
        callbacks=({"EarlyStopping": {**STOP, "patience": 4, "restore_best_weights": True}},
                   {"ReduceLROnPlateau": {"monitor": "val_loss", "factor": 0.5, "patience": 2}})),
]

IMAGES, SENTENCES, SERIES = normal(N, 6, 6, 1), ints(N, 5, high=6), Draw("ints_as_floats", (N, 5, 2))
SERIES_TARGETS, STEP_CLASS = normal(N, 5, 2), ints(N, 5, high=3)
CONVOLUTIONS = [
    net("convolutional net", [
        {"Conv2D": {"filters": 3, "kernel_size": 3, "activation": "relu", "padding": "same"}}, {"MaxPooling2D": {}},
        {"Conv2D": {"filters": 2, "kernel_size": 2, "strides": 2, "activation": "tanh"}}, "Flatten",
        dense(3, "softmax"),
    ], IMAGES, CLASS, SPARSE, optimizer=rate("RMSprop", 0.01), metrics=("accuracy",), validation=6),
    net("convolution over steps", [
        {"Conv1D": {"filters": 3, "kernel_size": 2, "padding": "causal", "activation": "relu"}},
        {"AveragePooling1D": {"pool_size": 2}}, "GlobalMaxPooling1D", dense(1, "sigmoid"),
    ], normal(N, 6, 2), BIT, "binary_crossentropy", optimizer=rate("Adam", 0.01)),
    net("penalised convolution", [
        {"Conv2D": {"filters": 2, "kernel_size": 2, "kernel_regularizer": PENALTY,
                    "activity_regularizer": {"L2": {"l2": 0.01}},
                    "kernel_constraint": {"MaxNorm": {"max_value": 0.5, "axis": [0, 1, 2]}}}},
        "GlobalAveragePooling2D", dense(2),
    ], IMAGES, REAL, "mse"),
    net("separable and transposed", [
        {"SeparableConv2D": {"filters": 2, "kernel_size": 3, "activation": "relu"}},
        {"Conv2DTranspose": {"filters": 1, "kernel_size": 3}},
    ], IMAGES, IMAGES, "mse", optimizer=rate("Adam", 0.01)),
]
NORMALISED = [
    net("batch normalization", [dense(5, use_bias=False), "BatchNormalization", {"ReLU": {}}, dense(3, "softmax")],
        ROWS, CLASS, SPARSE, metrics=("accuracy",), validation=6),
    net("batch normalization of images", [
        {"Conv2D": {"filters": 3, "kernel_size": 3}}, {"BatchNormalization": {"momentum": 0.8}}, "Flatten", dense(2),
    ], IMAGES, REAL, "mse", optimizer=rate("Adam", 0.01), validation=6),
    net("batch normalization, frozen", [dense(5), {"BatchNormalization": {"trainable": False}}, dense(2)],
        ROWS, REAL, "mse", validation=6),
    net("batch normalization, penalised", [
        dense(5), {"BatchNormalization": {"gamma_regularizer": PENALTY, "beta_constraint": {"NonNeg": {}}}}, dense(2),
    ], ROWS, REAL, "mse"),
    net("batch normalization under a mask", [
        {"Masking": {}}, {"BatchNormalization": {"momentum": 0.5}}, {"LSTM": {"units": 3}}, dense(2),
    ], SERIES, REAL, "mse", validation=6),
    net("layer normalization", [dense(5), "LayerNormalization", {"PReLU": {}}, dense(2)], ROWS, REAL, "mse"),
]
EMBED = {"Embedding": {"input_dim": 6, "output_dim": 3, "mask_zero": True}}
RECURRENT = [
    net("embedding", [{"Embedding": {"input_dim": 8, "output_dim": 3}}, "Flatten", dense(1, "sigmoid")], SENTENCES, BIT,
        "binary_crossentropy", optimizer=rate("RMSprop", 0.01, momentum=0.9), metrics=("accuracy",)),
    net("embedding, penalised", [
        {"Embedding": {"input_dim": 6, "output_dim": 3, "embeddings_regularizer": {"L2": {"l2": 0.01}},
                       "embeddings_constraint": {"UnitNorm": {"axis": 1}}}},
        "GlobalAveragePooling1D", dense(1, "sigmoid"),
    ], SENTENCES, BIT, "binary_crossentropy", optimizer=rate("Adam", 0.01)),
    net("masked mean of words", [EMBED, "GlobalAveragePooling1D", dense(1, "sigmoid")], ints(N, 5, low=0, high=6), BIT,
        "binary_crossentropy", optimizer=rate("SGD", momentum=0.9, nesterov=True)),
    *(net(f"words into {cell}", [EMBED, {cell: {"units": 3}}, dense(1, "sigmoid")], SENTENCES, BIT,
          "binary_crossentropy", optimizer=rate("Adam", 0.01), metrics=("accuracy",), validation=6)
      for cell in ("SimpleRNN", "LSTM", "GRU")),
    net("deep recurrent", [
        EMBED, {"GRU": {"units": 3, "return_sequences": True}},
        {"Bidirectional": {"layer": {"LSTM": {"units": 2, "return_sequences": True}}}}, {"SimpleRNN": {"units": 2}},
        dense(3, "softmax"),
    ], SENTENCES, CLASS, SPARSE, optimizer=rate("Adam", 0.01)),
    net("masked steps", [{"Masking": {}}, {"SimpleRNN": {"units": 3, "return_sequences": True}},
                         {"TimeDistributed": {"layer": {"Dense": {"units": 2}}}}], SERIES, SERIES_TARGETS, "mse",
        metrics=("mae",), validation=6),
    net("masked classes of steps", [
        {"Masking": {}}, {"LSTM": {"units": 3, "return_sequences": True}}, dense(3, "softmax"),
    ], SERIES, STEP_CLASS, SPARSE, metrics=("accuracy",), validation=6),
    net("masked steps with weights", [{"Masking": {}}, {"GRU": {"units": 3, "return_sequences": True}}, dense(2)],
        SERIES, SERIES_TARGETS, "mse", metrics=("mae",), weighted_metrics=("mae",),
        sample_weight=uniform(N, 5, high=2.0)),
    net("penalised recurrent", [
        {"LSTM": {"units": 3, "kernel_regularizer": PENALTY, "recurrent_regularizer": {"L2": {"l2": 0.02}},
                  "bias_regularizer": {"L1": {"l1": 0.01}}, "recurrent_constraint": {"MaxNorm": {"max_value": 0.7}},
                  "activity_regularizer": {"L2": {"l2": 0.05}}}}, dense(2),
    ], normal(N, 4, 2), REAL, "mse"),
    net("stateful", [{"LSTM": {"units": 3, "stateful": True, "return_sequences": True}},
                     {"TimeDistributed": {"layer": {"Dense": {"units": 1}}}}],
        normal(10, 4, 2), normal(10, 4, 1), "mse", optimizer=rate("Adam", 0.01), batch=5),
    # Keras 3 does not hand `trainable` on to what a wrapper wraps.
    net("frozen wrapper", [{"Bidirectional": {"layer": {"LSTM": {"units": 2}}, "trainable": False}}, dense(2)],
        normal(N, 4, 2), REAL, "mse"),
    net("frozen inside a wrapper", [{"Bidirectional": {"layer": {"LSTM": {"units": 2, "trainable": False}}}}, dense(2)],
        normal(N, 4, 2), REAL, "mse"),
]

COLUMNS = [
    net("columns of a regression", REGRESSION, ROWS, REAL, "mse", epochs=2, metrics=(
        "mse", "MSE", "mean_squared_error", "mape", "msle", "cosine_similarity", "log_cosh_error",
        "r2_score", "root_mean_squared_error",
        {"MeanSquaredError": {}}, {"RootMeanSquaredError": {}}, {"R2Score": {}}, {"LogCoshError": {}},
        {"CosineSimilarity": {}}, {"MeanAbsoluteError": {"name": "own"}},
    )),
    net("columns of yes and no", BINARY, ROWS, BIT, "binary_crossentropy", epochs=2, metrics=(
        "AUC", "Precision", {"Recall": {}}, {"AUC": {"curve": "PR"}},
        {"F1Score": {"threshold": 0.5, "average": "micro"}},
        {"BinaryCrossentropy": {}}, "binary_crossentropy", "hinge", {"SensitivityAtSpecificity": {"specificity": 0.5}},
        {"TruePositives": {}}, {"FalseNegatives": {}},
    ), validation=6),
    net("columns of classes", CLASSIFIER, ROWS, HOT, "categorical_crossentropy", epochs=2, metrics=(
        "acc", "accuracy", "categorical_accuracy",
        {"CategoricalCrossentropy": {}}, "categorical_crossentropy", "kl_divergence", "poisson", "categorical_hinge",
        {"F1Score": {"average": "macro"}}, {"Precision": {"class_id": 1}},
    )),
    *(net(f"loss {loss}", REGRESSION, ROWS, REAL, loss, epochs=2) for loss in (
        "mse", "mae", "mape", "huber", "log_cosh", "cosine_similarity", "hinge", "squared_hinge", "categorical_hinge")),
    *(net(f"loss {loss}", [dense(5, "tanh"), dense(3, "softmax")], ROWS, HOT, loss, epochs=2) for loss in (
        "kl_divergence", "poisson", "msle", "categorical_focal_crossentropy", "binary_focal_crossentropy", "dice",
        "tversky")),
]

AVERAGED = rate("SGD", use_ema=True, ema_momentum=0.8)
SWAPS = [
    net("averages swapped for validation", REGRESSION, ROWS, REAL, "mse", validation=6, optimizer=AVERAGED,
        callbacks=({"SwapEMAWeights": {"swap_on_epoch": True}},)),
    net("averages swapped at the end", REGRESSION, ROWS, REAL, "mse", validation=6, optimizer=AVERAGED,
        callbacks=({"SwapEMAWeights": {}},)),
]

CASES = [*BASICS, *FITTING, *REGULARIZED, *CALLBACKS, *CONVOLUTIONS, *NORMALISED, *RECURRENT, *COLUMNS, *SWAPS]

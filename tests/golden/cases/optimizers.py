"""Every optimizer for ten steps of given gradients, with each option, each clipping, decay, averaging and schedule."""

from __future__ import annotations

from typing import Any

from . import OptimizerCase


def using(name: str, **config: Any) -> OptimizerCase:
    return OptimizerCase(name=name, config=config)


PLAIN = (
    "SGD",
    "RMSprop",
    "Adagrad",
    "Adadelta",
    "Adam",
    "AdamW",
    "Adamax",
    "Nadam",
    "Lion",
    "Ftrl",
    "Lamb",
    "Adafactor",
    "Muon",
    "ScheduleFreeAdamW",
)
SHARED: tuple[dict[str, Any], ...] = (
    {"clipnorm": 1.0},
    {"clipvalue": 0.3},
    {"global_clipnorm": 1.0},
    {"weight_decay": 0.1},
    {"use_ema": True, "ema_momentum": 0.9},
    {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 4},
    {"gradient_accumulation_steps": 3},
)
SCHEDULES: tuple[dict[str, Any], ...] = (
    {"ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5}},
    {"PiecewiseConstantDecay": {"boundaries": [2, 5], "values": [0.1, 0.05, 0.01]}},
    {"CosineDecay": {"initial_learning_rate": 0.0, "decay_steps": 6, "warmup_target": 0.1, "warmup_steps": 3}},
)

CASES = [
    *(using(name) for name in PLAIN),
    *(using(name, learning_rate=0.1) for name in PLAIN),
    *(using(name, learning_rate=0.05, **options) for name in PLAIN for options in SHARED),
    *(
        OptimizerCase(name=name, config={"learning_rate": 0.05}, sparse=True, note="with zero gradients")
        for name in PLAIN
    ),
    *(
        OptimizerCase(name=name, config={"learning_rate": 0.05}, scale=1e-4, note="with tiny gradients")
        for name in PLAIN
    ),
    *(using(name, learning_rate=schedule) for name in ("SGD", "Adam", "RMSprop", "Nadam") for schedule in SCHEDULES),
    using("SGD", learning_rate=0.1, momentum=0.9),
    using("SGD", learning_rate=0.1, momentum=0.9, nesterov=True),
    using("SGD", learning_rate=0.1, momentum=0.9, nesterov=True, clipnorm=0.5, weight_decay=0.01),
    using("SGD", learning_rate=0.1, momentum=0.9, gradient_accumulation_steps=4, global_clipnorm=0.5),
    using("SGD", learning_rate=0.1, momentum=0.9, gradient_accumulation_steps=2, weight_decay=0.01),
    using("Adam", learning_rate=0.1, gradient_accumulation_steps=2, use_ema=True, ema_momentum=0.5, clipnorm=0.5),
    using("RMSprop", learning_rate=0.01, rho=0.8),
    using("RMSprop", learning_rate=0.01, momentum=0.9),
    using("RMSprop", learning_rate=0.01, centered=True),
    using("RMSprop", learning_rate=0.01, rho=0.8, momentum=0.9, centered=True, epsilon=0.01),
    using("Adagrad", learning_rate=0.1, initial_accumulator_value=0.5, epsilon=0.01),
    using("Adadelta", learning_rate=1.0, rho=0.9, epsilon=1e-6),
    using("Adam", learning_rate=0.1, beta_1=0.8, beta_2=0.9, epsilon=0.01),
    using("Adam", learning_rate=0.1, amsgrad=True, beta_2=0.6),
    using("AdamW", learning_rate=0.1, weight_decay=0.02, amsgrad=True),
    using("AdamW", learning_rate=0.1, beta_1=0.8, beta_2=0.9, epsilon=0.01),
    using("Adamax", learning_rate=0.1, beta_1=0.8, beta_2=0.9, epsilon=0.01),
    using("Nadam", learning_rate=0.1, beta_1=0.8, beta_2=0.9, epsilon=0.01),
    using("Lion", learning_rate=0.1, beta_1=0.8, beta_2=0.9),
    using("Ftrl", learning_rate=0.1, learning_rate_power=-0.7, initial_accumulator_value=0.2),
    using("Ftrl", learning_rate=0.1, l1_regularization_strength=0.05, l2_regularization_strength=0.02),
    using("Ftrl", learning_rate=0.1, l2_shrinkage_regularization_strength=0.03, beta=0.1),
    using("Lamb", learning_rate=0.1, beta_1=0.8, beta_2=0.9, epsilon=0.01),
    using("Adafactor", learning_rate=0.1, relative_step=False),
    using("Adafactor", learning_rate=0.1, beta_2_decay=-0.5, clip_threshold=0.5, epsilon_1=1e-10, epsilon_2=0.01),
    OptimizerCase(name="Adafactor", config={"learning_rate": 0.1}, shapes=((2, 3, 4), (4,)), note="of rank three"),
    using("Muon", learning_rate=0.1, momentum=0.8, nesterov=False, ns_steps=2, rms_rate=None),
    using("Muon", learning_rate=0.1, muon_a=3.0, muon_b=-4.0, muon_c=1.5, weight_decay=None),
    using("Muon", learning_rate=0.1, adam_lr_ratio=0.1, adam_beta_1=0.8, adam_beta_2=0.9, epsilon=0.01),
    using("Muon", learning_rate=0.1, weight_decay=0.1, adam_weight_decay=None, clipnorm=0.5),
    OptimizerCase(name="Muon", config={"learning_rate": 0.1}, shapes=((2, 5), (2, 2, 2), ()), note="of all ranks"),
    using("ScheduleFreeAdamW", learning_rate=0.1, beta_1=0.6, beta_2=0.9, epsilon=0.01),
    using("ScheduleFreeAdamW", learning_rate=0.1, warmup_steps=4, weight_decay=0.01),
]

"""Small models, one a family of layers, for generate_models.py; `k` is Keras 3 or tf_keras (Keras 2)."""

from __future__ import annotations

from typing import Any


def one_dimension(k: Any, is_keras3: bool) -> list[Any]:
    layers = k.layers
    return [
        layers.Input((12, 3)),
        layers.Conv1D(4, 3, padding="same", activation="relu", dilation_rate=2),
        layers.SeparableConv1D(4, 3, depth_multiplier=2),
        layers.ZeroPadding1D((1, 2)),
        layers.MaxPooling1D(2, padding="same"),
        layers.DepthwiseConv1D(2, depth_multiplier=2, activation="tanh"),
        layers.Conv1DTranspose(3, 3, strides=2, use_bias=False),
        layers.SpatialDropout1D(0.2),
        layers.Cropping1D(1),
        layers.UpSampling1D(2),
        layers.AveragePooling1D(2),
        *([] if is_keras3 else [layers.LocallyConnected1D(3, 2)]),
        layers.GlobalMaxPooling1D(),
        layers.Dense(2),
    ]


def two_dimensions(k: Any, is_keras3: bool) -> list[Any]:
    layers = k.layers
    return [
        layers.Input((8, 9, 2)),
        layers.Rescaling(0.5, offset=0.1),
        layers.ZeroPadding2D(((1, 0), (0, 2))),
        layers.Conv2D(4, (3, 2), strides=(2, 1), padding="same", groups=2, kernel_regularizer="l2"),
        layers.BatchNormalization(scale=False),
        layers.LeakyReLU(0.1),
        layers.DepthwiseConv2D(2, padding="same"),
        layers.SeparableConv2D(3, 2, activation="elu"),
        layers.Conv2DTranspose(2, 2, strides=2, padding="valid"),
        layers.SpatialDropout2D(0.2),
        layers.Cropping2D(((0, 1), (1, 0))),
        layers.MaxPooling2D((2, 1)),
        layers.UpSampling2D(2, interpolation="bilinear"),
        layers.AveragePooling2D(3, padding="same"),
        *([layers.AdaptiveAveragePooling2D((2, 2))] if is_keras3 else [layers.LocallyConnected2D(2, (2, 2))]),
        layers.GlobalAveragePooling2D(),
        layers.Dense(2, trainable=False),
    ]


def three_dimensions(k: Any, is_keras3: bool) -> list[Any]:
    layers = k.layers
    return [
        layers.Input((4, 5, 4, 1)),
        layers.ZeroPadding3D(1),
        layers.Conv3D(2, 2, activation="softplus"),
        layers.MaxPooling3D((1, 2, 1)),
        layers.Conv3DTranspose(2, 2),
        layers.SpatialDropout3D(0.1),
        layers.Cropping3D(((1, 0), (0, 0), (0, 1))),
        layers.UpSampling3D((1, 2, 1)),
        layers.AveragePooling3D(2),
        layers.GlobalMaxPooling3D(),
        layers.Dense(2),
    ]


def recurrent(k: Any, is_keras3: bool) -> list[Any]:
    layers = k.layers
    return [
        layers.Input((6,)),
        layers.Embedding(9, 4, mask_zero=True),
        layers.Bidirectional(layers.LSTM(3, return_sequences=True, dropout=0.1), merge_mode="sum"),
        layers.SimpleRNN(3, return_sequences=True, activation="relu"),
        layers.GRU(3, return_sequences=True, recurrent_dropout=0.1),
        layers.TimeDistributed(layers.Dense(4, activation="tanh")),
        layers.TimeDistributed(layers.BatchNormalization()),
        layers.GRU(3, return_sequences=True, reset_after=False, recurrent_activation="hard_sigmoid"),
        layers.LSTM(2, return_sequences=True, unit_forget_bias=False, go_backwards=True),
        layers.Bidirectional(layers.GRU(2)),
        layers.Dense(2, activation="hard_sigmoid", name="out" if is_keras3 else "head/out"),
    ]


def convolutional_lstms(k: Any, is_keras3: bool) -> list[Any]:
    layers = k.layers
    return [
        layers.Input((3, 4, 6, 2)),
        layers.ConvLSTM2D(2, (2, 3), padding="same", return_sequences=True, dropout=0.1),
        layers.Bidirectional(layers.ConvLSTM2D(2, 2, strides=(1, 2), return_sequences=True, recurrent_dropout=0.1)),
        layers.Reshape((3, 3, 3, 4, 1)),
        layers.ConvLSTM3D(2, (1, 2, 2), return_sequences=True, unit_forget_bias=False),
        layers.Reshape((3, 18, 2)),
        layers.ConvLSTM1D(3, 2, dilation_rate=2, go_backwards=True, recurrent_activation="hard_sigmoid"),
        layers.Flatten(),
        layers.Dense(2),
    ]


def shapes_and_noise(k: Any, is_keras3: bool) -> list[Any]:
    layers = k.layers
    return [
        layers.Input((4, 3)),
        layers.Masking(-7.0),
        layers.Permute((2, 1)),
        layers.LayerNormalization(epsilon=1e-4),
        layers.PReLU(shared_axes=[1]),
        layers.GaussianNoise(0.1),
        layers.GroupNormalization(2),
        layers.ReLU(max_value=3.0, negative_slope=0.1, threshold=0.2),
        layers.GaussianDropout(0.1),
        layers.UnitNormalization(),
        layers.Flatten(),
        layers.RepeatVector(2),
        layers.ActivityRegularization(l2=0.01),
        layers.ELU(0.7),
        layers.AlphaDropout(0.1),
        *([layers.RMSNormalization()] if is_keras3 else [layers.ThresholdedReLU(0.01)]),
        layers.Reshape((-1,)),
        layers.Dense(3, activation="gelu", kernel_constraint="unit_norm"),
        layers.Softmax(),
        layers.Dense(2, activation="swish"),
    ]


FAMILIES = (one_dimension, two_dimensions, three_dimensions, recurrent, convolutional_lstms, shapes_and_noise)

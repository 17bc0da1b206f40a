"""The few hot loops of the engine.

`reference` holds them in plain NumPy. They work on arrays alone and know nothing of layers; each
writes into memory that the caller gives, so that a compiled version can take its place.
"""

from nnctl.kernels.reference import (
    col2im,
    depthwise,
    depthwise_gradient,
    elements,
    im2col,
    max_pool,
    max_pool_gradient,
    windows,
)

__all__ = [
    "col2im",
    "depthwise",
    "depthwise_gradient",
    "elements",
    "im2col",
    "max_pool",
    "max_pool_gradient",
    "windows",
]

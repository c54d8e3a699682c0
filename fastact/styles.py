"""Where other libraries disagree with fastact about a name, or about the default of a parameter.

Most names mean one function everywhere, but for capitals and underscores: those are names and aliases of the declarations.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

__all__ = ["STYLES", "find", "plain"]

Meaning = tuple[str, Mapping[str, float]]
"""The name of an activation, and the defaults that differ from its own."""

_STEEP: Meaning = ("hard_sigmoid", {"slope": 0.2})
_KERAS_LAYERS: dict[str, Meaning] = {
    "LeakyReLU": ("leaky_relu", {"negative_slope": 0.3}),
    "ReLU": ("clipped_relu", {}),
}

STYLES: Mapping[str, Mapping[str, Meaning]] = {
    "torch": {},
    "jax": {"gelu": ("gelu_tanh", {})},
    "keras": {
        "leaky_relu": ("leaky_relu", {"negative_slope": 0.2}),
        "relu": ("relu", {}),
        **_KERAS_LAYERS,
    },
    "keras2": {
        "hard_sigmoid": _STEEP,
        "relu": ("relu", {}),
        "ThresholdedReLU": ("threshold", {"threshold": 1.0, "value": 0.0}),
        **_KERAS_LAYERS,
    },
    "onnx": {
        "Clip": ("hard_tanh", {"low": -inf, "high": inf}),
        "HardSigmoid": _STEEP,
        "Shrink": ("hard_shrink", {}),
        "ThresholdedRelu": ("threshold", {"threshold": 1.0, "value": 0.0}),
    },
    "tensorflow": {"leaky_relu": ("leaky_relu", {"negative_slope": 0.2})},
    "transformers": {},
    "timm": {},
    "mlx": {"gelu_approx": ("gelu_tanh", {})},
    "ggml": {"gelu": ("gelu_tanh", {})},
    "thinc": {
        "clipped_linear": ("hard_sigmoid", {"slope": 1.0, "offset": 0.0}),
        "gelu_approx": ("gelu_tanh", {}),
        "hard_sigmoid": _STEEP,
        "hard_swish": ("hard_swish", {"bend": 2.5}),
        "relu_k": ("clipped_relu", {"max_value": 6.0}),
    },
    "sklearn": {},
}
"""By library and name.  Where capitals tell a layer from a function, a name is taken as it is written first."""


def plain(name: str) -> str:
    """Return a name without what libraries write differently: capitals, underscores and hyphens."""
    return name.lower().replace("_", "").replace("-", "")


def find(name: str, style: str) -> Meaning | None:
    """Return what a library means by a name, if that is not what fastact means."""
    meanings = STYLES[style]
    alike = (meaning for foreign, meaning in meanings.items() if plain(foreign) == plain(name))
    return meanings.get(name) or next(alike, None)

"""Activation functions, their derivatives and normalisations for NumPy arrays, accelerated on the CPU.

>>> import numpy as np
>>> import fastact as fa
>>> x = np.array([-1.0, 0.0, 2.0], dtype=np.float32)
>>> fa.relu_(x)
array([0., 0., 2.], dtype=float32)
"""

from __future__ import annotations

import importlib.util
from typing import Any

from ._settings import one_sentence_from_command as _one_sentence_from_command
from .version import __version__ as __version__

with _one_sentence_from_command():
    from ._active import backend as backend
    from .threads import get_num_threads as get_num_threads
    from .threads import num_threads as num_threads
    from .threads import set_num_threads as set_num_threads

_HOMES = {
    "cells": ["gru_cell", "lstm_cell"],
    "channel_norms": ["batch_norm", "batch_norm_", "group_norm", "group_norm_", "instance_norm", "instance_norm_"],
    "channels": ["crelu", "maxout"],
    "clipping": ["clip_by_norm_", "clip_by_value_"],
    "configuration": ["show_config"],
    "forms": ["Activation", "Form"],
    "fusions": ["affine_activation", "affine_activation_", "bias_activation", "bias_activation_"],
    "gates": ["bilinear", "gated", "geglu", "glu", "reglu", "swiglu", "swiglu_oai"],
    "layer_norms": ["add_layer_norm", "add_rms_norm", "layer_norm", "layer_norm_", "rms_norm", "rms_norm_"],
    "losses": ["Loss", "binary_cross_entropy_with_logits", "cross_entropy", "mse_loss", "nll_loss"],
    "moments": ["Statistics"],
    "operation": ["Operation"],
    "registry": ["get", "list_activations"],
    "scalings": ["minmax", "minmax_", "normalize", "normalize_", "weight_norm", "weight_norm_", "zscore", "zscore_"],
    "softmaxes": [
        "hardmax",
        "hardmax_",
        "log_softmax",
        "log_softmax_",
        "logsumexp",
        "softmax",
        "softmax_",
        "softmax_jacobian",
        "softmin",
        "softmin_",
        "sparsemax",
        "sparsemax_",
    ],
}
"""The modules that have the public names which are not here yet: each is imported when such a name is first asked for, so that
to import the package costs little more than to import NumPy.  ``__init__.pyi``, made from this when the package is built, names
them, and the activations with their in-place twins, for editors and type checkers."""


def _public_names() -> list[str]:
    from .registry import list_activations

    eager = ["__version__", "backend", "get_num_threads", "num_threads", "set_num_threads"]
    declared = list_activations()
    return sorted([*eager, *sum(_HOMES.values(), []), *declared, *(f"{name}_" for name in declared)])


def _find(name: str) -> Any:
    if name == "__all__":
        return _public_names()
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f".{home}", __name__), name)
    # The import system asks for a submodule here before it looks for the file.
    if not name.startswith("_") and importlib.util.find_spec(f"{__name__}.{name}") is None:
        from .forms import activation
        from .registry import list_activations

        declared = name.removesuffix("_")
        if declared in list_activations():
            return activation(declared).in_place if name.endswith("_") else activation(declared)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __getattr__(name: str) -> Any:
    value = globals()[name] = _find(name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_public_names()})

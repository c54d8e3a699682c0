"""Activation functions, their derivatives and normalisations for NumPy arrays, accelerated on the CPU.

>>> import numpy as np
>>> import fastact as fa
>>> x = np.array([-1.0, 0.0, 2.0], dtype=np.float32)
>>> fa.relu_(x)
array([0., 0., 2.], dtype=float32)
"""

from __future__ import annotations

from ._settings import one_sentence_from_command as _one_sentence_from_command
from .version import __version__

with _one_sentence_from_command():
    from ._active import backend
    from .cells import gru_cell, lstm_cell
    from .channel_norms import batch_norm, batch_norm_, group_norm, group_norm_, instance_norm, instance_norm_
    from .channels import crelu, maxout
    from .clipping import clip_by_norm_, clip_by_value_
    from .configuration import show_config
    from .forms import Activation, Form
    from .forms import activation as _activation
    from .fusions import affine_activation, affine_activation_, bias_activation, bias_activation_
    from .gates import bilinear, gated, geglu, glu, reglu, swiglu, swiglu_oai
    from .layer_norms import add_layer_norm, add_rms_norm, layer_norm, layer_norm_, rms_norm, rms_norm_
    from .losses import Loss, binary_cross_entropy_with_logits, cross_entropy, mse_loss, nll_loss
    from .moments import Statistics
    from .operation import Operation
    from .registry import get, list_activations
    from .scalings import minmax, minmax_, normalize, normalize_, weight_norm, weight_norm_, zscore, zscore_
    from .softmaxes import (
        hardmax,
        hardmax_,
        log_softmax,
        log_softmax_,
        logsumexp,
        softmax,
        softmax_,
        softmax_jacobian,
        softmin,
        softmin_,
        sparsemax,
        sparsemax_,
    )
    from .threads import get_num_threads, num_threads, set_num_threads

__all__ = [
    "Activation",
    "Form",
    "Loss",
    "Operation",
    "Statistics",
    "__version__",
    "add_layer_norm",
    "add_rms_norm",
    "affine_activation",
    "affine_activation_",
    "backend",
    "batch_norm",
    "batch_norm_",
    "bias_activation",
    "bias_activation_",
    "bilinear",
    "binary_cross_entropy_with_logits",
    "clip_by_norm_",
    "clip_by_value_",
    "crelu",
    "cross_entropy",
    "gated",
    "geglu",
    "get",
    "get_num_threads",
    "glu",
    "group_norm",
    "group_norm_",
    "gru_cell",
    "hardmax",
    "hardmax_",
    "instance_norm",
    "instance_norm_",
    "layer_norm",
    "layer_norm_",
    "list_activations",
    "log_softmax",
    "log_softmax_",
    "logsumexp",
    "lstm_cell",
    "maxout",
    "minmax",
    "minmax_",
    "mse_loss",
    "nll_loss",
    "normalize",
    "normalize_",
    "num_threads",
    "reglu",
    "rms_norm",
    "rms_norm_",
    "set_num_threads",
    "show_config",
    "softmax",
    "softmax_",
    "softmax_jacobian",
    "softmin",
    "softmin_",
    "sparsemax",
    "sparsemax_",
    "swiglu",
    "swiglu_oai",
    "weight_norm",
    "weight_norm_",
    "zscore",
    "zscore_",
]

# Each declaration gives the package an activation and its in-place twin; __init__.pyi, made when the package is built, names
# them for editors and type checkers.
for _name in list_activations():
    globals()[_name] = _activation(_name)
    globals()[f"{_name}_"] = _activation(_name).in_place
    __all__ += [_name, f"{_name}_"]

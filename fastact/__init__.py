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
    from .configuration import show_config
    from .forms import Activation, Form
    from .forms import activation as _activation
    from .registry import get, list_activations
    from .row_operations import log_softmax, log_softmax_, softmax, softmax_, zscore, zscore_
    from .threads import get_num_threads, num_threads, set_num_threads

__all__ = [
    "Activation",
    "Form",
    "__version__",
    "backend",
    "get",
    "get_num_threads",
    "list_activations",
    "log_softmax",
    "log_softmax_",
    "num_threads",
    "set_num_threads",
    "show_config",
    "softmax",
    "softmax_",
    "zscore",
    "zscore_",
]

# Each declaration gives the package an activation and its in-place twin; __init__.pyi, made when the package is built, names
# them for editors and type checkers.
for _name in list_activations():
    globals()[_name] = _activation(_name)
    globals()[f"{_name}_"] = _activation(_name).in_place
    __all__ += [_name, f"{_name}_"]

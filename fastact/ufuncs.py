"""The ``numpy.ufunc`` behind each form of each activation, for use without the layer that checks arguments.

The operands are the inputs and then the parameters, by position; the names are those of the activations, with ``_derivative``,
``_value_and_derivative``, ``_derivative_from_output``, ``_backward`` or ``_backward_parameters`` behind them for the other
forms.

Examples
--------
>>> import fastact.ufuncs
>>> fastact.ufuncs.leaky_relu(-1.0, 0.5)
np.float64(-0.5)
"""

from __future__ import annotations

import numpy as np

from .activations import DECLARATIONS
from .forms import FORMS, form_ufunc


def _names() -> dict[str, tuple[str, str]]:
    return {
        name if form == "value" else f"{name}_{form}": (name, form)
        for name, declaration in DECLARATIONS.items()
        for form in FORMS
        if (form != "backward_parameters" or declaration.trainable)
        and (form != "derivative_from_output" or declaration.from_output)
    }


def __getattr__(name: str) -> np.ufunc:
    if name in (names := _names()):
        return form_ufunc(*names[name])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(_names())

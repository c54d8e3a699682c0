"""The activations as the tests see them: everything is derived from the declarations."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import numpy as np

import fastact as fa
from fastact.activations import DECLARATIONS
from fastact.declaration import Declaration

REQUIRED = 0.25
"""What the tests pass for a parameter that has no default."""

SLOW = fa.backend == "numpy"
"""The last resort takes its time: fewer samples of the same kind."""


@dataclass(frozen=True)
class Case:
    """One activation under test."""

    name: str

    @property
    def declaration(self) -> Declaration:
        return DECLARATIONS[self.name]

    @property
    def function(self) -> Any:
        return getattr(fa, self.name)

    @property
    def in_place(self) -> Any:
        return getattr(fa, self.name + "_")

    @property
    def defaults(self) -> tuple[float, ...]:
        """All parameters: the defaults, and ours where there is none."""
        return tuple(
            REQUIRED if default is inspect.Parameter.empty else float(default) for default in self.declaration.parameters.values()
        )

    @property
    def required(self) -> tuple[float, ...]:
        """The parameters that a call cannot do without."""
        return tuple(REQUIRED for default in self.declaration.parameters.values() if default is inspect.Parameter.empty)

    @property
    def kinks(self) -> tuple[float, ...]:
        """Where the derivative jumps, with our parameters, to the nearest float64."""
        return tuple(map(float, self.declaration.kinks_with(*self.defaults)))

    def others(self, factor: float) -> tuple[float, ...]:
        """Parameters away from the defaults, within the domain."""
        found = []
        for parameter, default in zip(self.declaration.parameters, self.defaults, strict=True):
            low, high = self.declaration.domain.get(parameter, (-np.inf, np.inf))
            other = factor - 1 if default == 0 else default * factor if np.isfinite(default) else 4 * factor
            found.append(float(np.clip(other, low, high)))
        return tuple(found)

    def results(self, x: np.ndarray, grad: np.ndarray, parameters: tuple[Any, ...] | None = None) -> dict[str, np.ndarray]:
        """Return what every form that makes new arrays returns; parameter gradients come unreduced."""
        arguments = self.required if parameters is None else parameters
        found = {
            "value": self.function(x, *arguments),
            "derivative": self.function.derivative(x, *arguments),
        }
        found["value of both"], found["derivative of both"] = self.function.value_and_derivative(x, *arguments)
        if self.declaration.from_output:
            found["derivative from output"] = self.function.derivative_from_output(x, *arguments)
        if self.declaration.trainable:
            # Parameters of float16 arrays are taken in float32.
            precision = np.result_type(np.asarray(x).dtype, np.float32)
            full = [np.broadcast_to(p, np.shape(x)).astype(precision) for p in parameters or self.defaults]
            found["backward"], *gradients = self.function.backward(grad, x, *full)
            found |= dict(zip(self.declaration.trainable, gradients, strict=True))
        else:
            found["backward"] = self.function.backward(grad, x, *arguments)
        return found


CASES = [Case(name) for name in DECLARATIONS]

MAY_STEP_DOWN = {"laplace"}
"""The activations that never decrease, but for rounding: in places that takes more from their values than a step of x adds."""

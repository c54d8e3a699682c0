"""Every activation in every form."""

from collections.abc import Callable

import numpy as np
from asv_runner.benchmarks.mark import SkipNotImplemented

from fastact.activations import DECLARATIONS
from fastact.benchmarking import arguments, float32_reference, largest_error, sample
from fastact.plain_numpy import PLAIN

from .backends import BACKENDS, load

FORMS = ["value", "in_place", "derivative", "value_and_derivative", "backward"]


def fastact_call(name: str, form: str, backend: str, x: np.ndarray) -> Callable[[], object]:
    activation = load(backend).get(name)
    parameters = arguments(name)
    out, derivative = np.empty_like(x), np.empty_like(x)
    return {
        "value": lambda: activation(x, out=out, **parameters),
        "in_place": lambda: activation.in_place(x, **parameters),
        "derivative": lambda: activation.derivative(x, out=out, **parameters),
        "value_and_derivative": lambda: activation.value_and_derivative(x, out=(out, derivative), **parameters),
        # The weight of prelu is trainable, so that its backward gives two results.
        "backward": lambda: activation.backward(out, x, **parameters),
    }[form]


def plain_call(name: str, form: str, x: np.ndarray) -> Callable[[], object]:
    if name not in PLAIN:
        raise SkipNotImplemented(f"plain NumPy has no {name}")
    plain = PLAIN[name]
    out, derivative, a, b = (np.empty_like(x) for _ in range(4))

    def value_and_derivative() -> None:
        plain.value(x, out, a, b)
        plain.derivative(x, derivative, a, b)

    def backward() -> np.ndarray:
        plain.derivative(x, derivative, a, b)
        return np.multiply(derivative, out)

    return {
        "value": lambda: plain.value(x, out, a, b),
        "in_place": lambda: plain.value(x, x, a, b),
        "derivative": lambda: plain.derivative(x, derivative, a, b),
        "value_and_derivative": value_and_derivative,
        "backward": backward,
    }[form]


class Activation:
    """Time on arrays that exist already; in cache, out of it, and so small that the call itself counts."""

    params = [list(DECLARATIONS), FORMS, BACKENDS, ["float32", "float64"], [64, 4096, 262_144, 16_777_216]]
    param_names = ["activation", "form", "backend", "dtype", "size"]

    def setup(self, name: str, form: str, backend: str, dtype: str, size: int) -> None:
        x = sample(size, dtype)
        self.call = plain_call(name, form, x) if backend == "numpy" else fastact_call(name, form, backend, x)
        # Plain NumPy overflows to infinity on its way to right results.
        np.seterr(all="ignore")
        self.call()

    def time_call(self, *_: object) -> None:
        self.call()


class Accuracy:
    """The largest error of float32 results, against the same computation in float64."""

    params = [list(DECLARATIONS), ["cython", "numba"]]
    param_names = ["activation", "backend"]
    unit = "ulp"

    def track_largest_error(self, name: str, backend: str) -> float:
        activation = load(backend).get(name)
        x = sample(262_144, "float32")
        return largest_error(activation(x, **arguments(name)), float32_reference(name, x))


class PeakMemory:
    """The peak of the whole process with an array of 64 MiB, changed in place or into a new one."""

    params = [list(DECLARATIONS), ["in_place", "value"], BACKENDS]
    param_names = ["activation", "form", "backend"]

    def setup(self, name: str, form: str, backend: str) -> None:
        self.x = np.ones(1 << 24, np.float32)
        if backend == "numpy":
            self.plain = PLAIN.get(name)
            if self.plain is None:
                raise SkipNotImplemented(f"plain NumPy has no {name}")
        else:
            activation = load(backend).get(name)
            self.call = activation.in_place if form == "in_place" else activation

    def peakmem_call(self, name: str, form: str, backend: str) -> None:
        if backend != "numpy":
            self.call(self.x, **arguments(name))
            return
        a, b = np.empty_like(self.x), np.empty_like(self.x)
        self.plain.value(self.x, self.x if form == "in_place" else np.empty_like(self.x), a, b)

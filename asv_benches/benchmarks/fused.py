"""Fused operations: an activation after a bias, gated units, and the cross entropy with its gradient."""

import numpy as np

from fastact import plain_numpy
from fastact.benchmarking import sample

from .backends import BACKENDS, load

SHAPES = ["32 x 256", "128 x 768", "1024 x 3072"]
DTYPES = ["float32", "float64"]


class WithinAnActivation:
    """With scratch for plain NumPy."""

    params = [["relu", "silu", "gelu_tanh"], BACKENDS, DTYPES, SHAPES]
    param_names = ["activation", "backend", "dtype", "shape"]

    def setup(self, activation: str, backend: str, dtype: str, shape: str) -> None:
        rows, columns = map(int, shape.split(" x "))
        self.x, self.second = sample(2 * rows * columns, dtype).reshape(2, rows, columns)
        self.bias = self.second[0].copy()
        self.scratch = [np.empty_like(self.x) for _ in range(3)]
        if backend == "numpy":
            self.with_bias = lambda: plain_numpy.bias_activation(activation, self.x, self.bias, *self.scratch)
            self.as_gate = lambda: plain_numpy.gated(activation, self.x, self.second, *self.scratch)
        else:
            fastact, out = load(backend), self.scratch[0]
            self.with_bias = lambda: fastact.bias_activation(self.x, self.bias, activation, out=out)
            self.as_gate = lambda: fastact.gated(activation, self.x, self.second, out=out)
        self.with_bias()
        self.as_gate()

    def time_bias_activation(self, *_: object) -> None:
        self.with_bias()

    def time_gated(self, *_: object) -> None:
        self.as_gate()


class CrossEntropy:
    params = [BACKENDS, DTYPES, ["1024 x 10", "1024 x 1024", "64 x 50257"]]
    param_names = ["backend", "dtype", "shape"]

    def setup(self, backend: str, dtype: str, shape: str) -> None:
        rows, classes = map(int, shape.split(" x "))
        x = sample(rows * classes, dtype).reshape(rows, classes)
        target, gradient = np.arange(rows) % classes, np.empty_like(x)
        if backend == "numpy":
            self.call = lambda: plain_numpy.cross_entropy(x, target, gradient)
        else:
            loss = load(backend).cross_entropy
            self.call = lambda: loss.value_and_gradient(x, target, out=gradient)
        self.call()

    def time_value_and_gradient(self, *_: object) -> None:
        self.call()

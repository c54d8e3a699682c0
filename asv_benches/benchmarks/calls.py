"""Calls with small arrays that are not dense ones of float32 or float64, where the call itself counts."""

import numpy as np

from fastact.benchmarking import sample
from fastact.plain_numpy import PLAIN

from .backends import BACKENDS, load

LAYOUTS = {
    "every other column": lambda x: x[:, ::2],
    "transposed": lambda x: x.T,
    "float16": lambda x: x.astype(np.float16),
    "list": lambda x: x.tolist(),
}


class Call:
    params = [["relu", "silu", "gelu_tanh"], list(LAYOUTS), BACKENDS]
    param_names = ["activation", "layout", "backend"]

    def setup(self, name: str, layout: str, backend: str) -> None:
        x = LAYOUTS[layout](sample(256, "float32").reshape(8, 32))
        if backend == "numpy":
            scratch = [np.empty_like(np.asarray(x)) for _ in range(3)]
            self.call = lambda: PLAIN[name].value(np.asarray(x), *scratch)
        else:
            activation = load(backend).get(name)
            self.call = lambda: activation(x)
        # Plain NumPy overflows to infinity on its way to right results.
        np.seterr(all="ignore")
        self.call()

    def time_call(self, *_: object) -> None:
        self.call()

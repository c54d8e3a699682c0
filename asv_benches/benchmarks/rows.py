"""Row operations along the last axis: many short rows, few long ones, and so few that the call itself counts."""

import numpy as np

from fastact.benchmarking import sample
from fastact.plain_numpy import PLAIN_ROWS

from .backends import BACKENDS, load


class RowOperation:
    params = [
        list(PLAIN_ROWS),
        BACKENDS,
        ["float32", "float64"],
        ["8 x 16", "26000 x 10", "2048 x 128", "256 x 1024", "4 x 65536"],
    ]
    param_names = ["operation", "backend", "dtype", "shape"]

    def setup(self, name: str, backend: str, dtype: str, shape: str) -> None:
        rows, columns = map(int, shape.split(" x "))
        self.x = sample(rows * columns, dtype).reshape(rows, columns)
        self.out = np.empty_like(self.x)
        if backend == "numpy":
            self.call = lambda: PLAIN_ROWS[name](self.x, self.out)
        else:
            operation = getattr(load(backend), name)
            self.call = lambda: operation(self.x, out=self.out)
        self.call()

    def time_call(self, *_: object) -> None:
        self.call()

"""Save what every function gives on the backend of this process: ``python same_bits_worker.py OUTPUT.npz``."""

import sys

import numpy as np
from catalogue import CASES
from inputs import FLOATS, samples, specials, walk

import fastact as fa


def everything() -> dict[str, np.ndarray]:
    """Return results by activation, dtype and form, and those of the row operations."""
    found = {}
    for dtype in FLOATS:
        x = np.concatenate([samples(dtype), specials(dtype), walk(dtype, 20_000, 2.0**-9, 2.0**10)])
        grad = np.resize(walk(dtype, 777, 2.0**-3, 8.0), x.size)
        for case in CASES:
            for number, parameters in enumerate((case.defaults, case.others(1.7))):
                for form, result in case.results(x, grad, parameters).items():
                    found[f"{case.name} {dtype} {form} {number}"] = result
                found[f"{case.name} {dtype} in place {number}"] = case.in_place(x.copy(), *parameters)
                found[f"{case.name} {dtype} strided {number}"] = case.function(np.repeat(x, 2)[::2], *parameters)
        rng = np.random.default_rng(3)
        for shape in [(100, 7), (40, 129), (3, 2000), (5, 33, 17)]:
            rows = (rng.normal(scale=5, size=shape) + 2).astype(dtype)
            for operation in ("softmax", "log_softmax", "zscore"):
                for axis in range(len(shape)):
                    y = getattr(fa, operation)(rows, axis=axis)
                    found[f"{operation} {dtype} {shape} {axis}"] = y
                    if operation != "zscore":
                        found[f"{operation} backward {dtype} {shape} {axis}"] = getattr(fa, operation).backward(
                            rows, y, axis=axis
                        )
    return found


if __name__ == "__main__":
    np.savez(sys.argv[1], **everything())

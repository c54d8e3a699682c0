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
        x = np.concatenate([samples(dtype), specials(dtype), walk(dtype, 4000, 2.0**-9, 2.0**10)])
        grad = np.resize(walk(dtype, 777, 2.0**-3, 8.0), x.size)
        for case in CASES:
            for number, parameters in enumerate((case.defaults, case.others(1.7))):
                for form, result in case.results(x, grad, parameters).items():
                    found[f"{case.name} {dtype} {form} {number}"] = result
                found[f"{case.name} {dtype} in place {number}"] = case.in_place(x.copy(), *parameters)
        rng = np.random.default_rng(3)
        for shape in [(100, 7), (40, 129), (3, 2000), (5, 33, 17)]:
            rows = (rng.normal(scale=5, size=shape) + 2).astype(dtype)
            for axis in range(len(shape)):
                for operation in (fa.softmax, fa.log_softmax, fa.softmin, fa.sparsemax, fa.zscore, fa.layer_norm, fa.rms_norm):
                    found[f"rows {operation.__name__} {dtype} {shape} {axis}"] = y = operation(rows, axis=axis)
                    found[f"rows {operation.__name__} backward {dtype} {shape} {axis}"] = operation.backward(rows, y, axis=axis)
                for operation in (fa.minmax, fa.normalize, fa.logsumexp):
                    found[f"rows {operation.__name__} {dtype} {shape} {axis}"] = operation(rows, axis=axis)
    return found


if __name__ == "__main__":
    np.savez(sys.argv[1], **everything())

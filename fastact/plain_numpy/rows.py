"""Row operations, along the last axis of matrices.

NumPy's reductions of short rows are slow; sums are products with a vector of ones instead, and maxima of few columns are
taken column by column.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..arrays import Array

__all__ = ["PLAIN_ROWS", "row_maxima", "row_sums"]

FEW_COLUMNS = 64


def row_maxima(x: Array) -> Array:
    if x.shape[1] > FEW_COLUMNS:
        return np.asarray(np.max(x, axis=1, keepdims=True))
    maxima = x[:, :1].copy()
    for column in x.T[1:]:
        np.maximum(maxima, column[:, None], out=maxima)
    return maxima


def row_sums(x: Array) -> Array:
    return np.asarray(np.matmul(x, np.ones((x.shape[1], 1), x.dtype)))


def _softmax(x: Array, out: Array) -> None:
    np.subtract(x, row_maxima(x), out=out)
    np.exp(out, out=out)
    np.divide(out, row_sums(out), out=out)


def _log_softmax(x: Array, out: Array) -> None:
    np.subtract(x, row_maxima(x), out=out)
    np.subtract(out, np.log(row_sums(np.exp(out))), out=out)


def _hardmax(x: Array, out: Array) -> None:
    out.fill(0)
    out[np.arange(len(x)), x.argmax(axis=1)] = 1


def _sparsemax(x: Array, out: Array) -> None:
    descending = -np.sort(-x, axis=1)
    number = np.arange(1, x.shape[1] + 1)
    sums = np.cumsum(descending, axis=1)
    support = np.count_nonzero(1 + number * descending > sums, axis=1)
    threshold = (sums[np.arange(len(x)), support - 1] - 1) / support
    np.maximum(np.subtract(x, threshold[:, None], out=out), 0, out=out)


def _zscore(x: Array, out: Array) -> None:
    np.subtract(x, row_sums(x) / x.shape[1], out=out)
    deviations = np.sqrt(np.einsum("ij,ij->i", out, out) / x.shape[1])
    np.divide(out, deviations[:, None], out=out)


def _layer_norm(x: Array, out: Array) -> None:
    np.subtract(x, row_sums(x) / x.shape[1], out=out)
    variances = np.einsum("ij,ij->i", out, out) / x.shape[1]
    np.multiply(out, (1 / np.sqrt(variances + 1e-5).astype(x.dtype))[:, None], out=out)


def _rms_norm(x: Array, out: Array) -> None:
    squares = np.einsum("ij,ij->i", x, x) / x.shape[1]
    np.multiply(x, (1 / np.sqrt(squares + np.finfo(x.dtype).eps))[:, None], out=out)


def _minmax(x: Array, out: Array) -> None:
    smallest = -row_maxima(-x)
    np.subtract(x, smallest, out=out)
    np.divide(out, row_maxima(x) - smallest, out=out)


def _normalize(x: Array, out: Array) -> None:
    np.divide(x, np.sqrt(np.einsum("ij,ij->i", x, x))[:, None], out=out)


PLAIN_ROWS: dict[str, Callable[[Array, Array], object]] = {
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "hardmax": _hardmax,
    "sparsemax": _sparsemax,
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "minmax": _minmax,
    "normalize": _normalize,
    "zscore": _zscore,
}
"""Row operations by name."""

"""The row words of :mod:`fastact.rowwise` as NumPy functions, and the loop that runs its programs with them.

An array is seen as ``(outer, n, inner)``; a row word reduces the axis in the middle and keeps it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import Array

__all__ = [
    "row_count",
    "row_distance_dot",
    "row_dot",
    "row_early_maximum",
    "row_first",
    "row_fmax",
    "row_length",
    "row_maximum",
    "row_moments",
    "row_mostly_zero",
    "row_norm",
    "row_sum",
    "row_sum_error",
    "row_sum_if",
    "row_sum_parts",
]


_WIDER: dict[np.dtype[Any], type[np.floating[Any]]] = {
    np.dtype(np.float32): np.float64,
    np.dtype(np.float64): np.longdouble,
}


def _sum(x: Array) -> Array:
    # NumPy adds pairwise along contiguous memory and one by one across it, and where it casts in parts of its buffer's length:
    # the order of additions would follow the layout.
    wide = x.astype(_WIDER.get(x.dtype, x.dtype), order="C", copy=False)
    return np.add.reduce(wide, axis=1, keepdims=True)


def _product(x: Array, y: Array) -> Array:
    return np.multiply(x, y, dtype=_WIDER[x.dtype])


def _parts(x: Array, dtype: np.dtype[Any]) -> tuple[Array, Array]:
    high = x.astype(dtype)
    return high, (x - high).astype(dtype)


def row_maximum(x: Array) -> Array:
    return np.maximum.reduce(x, axis=1, keepdims=True, initial=x.dtype.type(-np.inf))


def row_fmax(x: Array) -> Array:
    return np.fmax.reduce(x, axis=1, keepdims=True, initial=x.dtype.type(-np.inf))


def row_sum(x: Array) -> Array:
    return _sum(x).astype(x.dtype)


row_count = row_sum


def row_sum_if(needed: Array, x: Array) -> Array:
    if not needed.any():
        return np.zeros_like(needed)
    return np.where(needed, _sum(x), 0.0).astype(x.dtype)


def row_sum_parts(x: Array) -> tuple[Array, Array]:
    return _parts(_sum(x), x.dtype)


def row_dot(x: Array, y: Array) -> Array:
    return _sum(_product(x, y)).astype(x.dtype)


def row_distance_dot(x: Array, y: Array, origin: Array) -> tuple[Array, Array]:
    distance = np.subtract(y, origin, dtype=_WIDER[x.dtype])
    return _parts(_sum(np.multiply(distance, x, out=distance)), x.dtype)


def row_norm(x: Array) -> Array:
    return np.sqrt(_sum(_product(x, x))).astype(x.dtype)


def row_moments(x: Array, origin: Array) -> tuple[Array, Array, Array]:
    distance = np.subtract(x, origin, dtype=_WIDER[x.dtype])
    mean = _sum(distance) / x.shape[1]
    return *_parts(mean, x.dtype), np.sqrt(_sum((distance - mean) ** 2)).astype(x.dtype)


def row_mostly_zero(value: Any, known: Any) -> Any:
    return value


def row_first(x: Array) -> Array:
    return x[:, :1]


def row_early_maximum(x: Array) -> Array:
    return row_fmax(x[:, : 16 if x.shape[1] > 32 else 1])


def row_length(x: Array) -> Any:
    return x.dtype.type(x.shape[1])


def row_sum_error(x: Array) -> Any:
    # NumPy adds up to 16 terms to each of eight sums, and those pairwise.
    return x.dtype.type(32 * np.finfo(_WIDER[x.dtype]).eps)

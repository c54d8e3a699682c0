"""The row words of :mod:`fastact.rowwise` as NumPy functions, and the loop that runs its programs with them.

An array is seen as ``(outer, n, inner)``; a row word reduces the axis in the middle and keeps it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = [
    "row_dot",
    "row_first",
    "row_fmax",
    "row_length",
    "row_maximum",
    "row_moments",
    "row_norm",
    "row_sum",
    "row_sum_parts",
]

_Array = np.ndarray[Any, np.dtype[Any]]

_WIDER = {np.dtype(np.float32): np.float64, np.dtype(np.float64): np.longdouble}


def _sum(x: _Array) -> _Array:
    return np.add.reduce(x, axis=1, keepdims=True, dtype=_WIDER.get(x.dtype))


def _product(x: _Array, y: _Array) -> _Array:
    return np.multiply(x, y, dtype=_WIDER[x.dtype])


def _parts(x: _Array, dtype: np.dtype[Any]) -> tuple[_Array, _Array]:
    high = x.astype(dtype)
    return high, (x - high).astype(dtype)


def row_maximum(x: _Array) -> _Array:
    return np.maximum.reduce(x, axis=1, keepdims=True, initial=x.dtype.type(-np.inf))


def row_fmax(x: _Array) -> _Array:
    return np.fmax.reduce(x, axis=1, keepdims=True, initial=x.dtype.type(-np.inf))


def row_sum(x: _Array) -> _Array:
    return _sum(x).astype(x.dtype)


def row_sum_parts(x: _Array) -> tuple[_Array, _Array]:
    return _parts(_sum(x), x.dtype)


def row_dot(x: _Array, y: _Array) -> _Array:
    return _sum(_product(x, y)).astype(x.dtype)


def row_norm(x: _Array) -> _Array:
    return np.sqrt(_sum(_product(x, x))).astype(x.dtype)


def row_moments(x: _Array, origin: _Array) -> tuple[_Array, _Array, _Array]:
    distance = np.subtract(x, origin, dtype=_WIDER[x.dtype])
    mean = _sum(distance) / x.shape[1]
    return *_parts(mean, x.dtype), np.sqrt(_sum((distance - mean) ** 2)).astype(x.dtype)


def row_first(x: _Array) -> _Array:
    return x[:, :1]


def row_length(x: _Array) -> Any:
    return x.dtype.type(x.shape[1])

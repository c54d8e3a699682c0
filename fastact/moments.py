"""Means and variances in twice the precision of the data, and what is made of them."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from .arrays import Array
from .row_calls import Rows, wider

__all__ = ["Statistics", "check_statistics", "factor_of", "in_one", "measure", "two_parts", "wide_moments", "wide_sums"]


class Statistics(NamedTuple):
    """What a normalisation has measured, with the length 1 along the axes of a row.

    Attributes
    ----------
    mean : ndarray
        In twice the precision of the data, so that a large offset costs no digits.
    factor : ndarray
        What the distances from the mean were multiplied by, one over the deviation.
    """

    mean: Array
    factor: Array


def _longest_run(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    """Return the neighbours among some axes that have the most elements together."""
    runs: list[tuple[int, ...]] = []
    for axis in axes:
        if runs and runs[-1][-1] == axis - 1:
            runs[-1] = (*runs[-1], axis)
        else:
            runs.append((axis,))
    return max(runs, key=lambda run: math.prod(shape[a] for a in run), default=())


def check_statistics(function: str, statistics: Any, shape: tuple[int, ...]) -> Statistics:
    """Return statistics that a caller handed in, which must be floats of this shape."""
    if not isinstance(statistics, Statistics):
        raise TypeError(f"{function}: statistics is a {type(statistics).__name__}; it must be what the forward pass returned")
    given = Statistics(*map(np.asarray, statistics))
    if any(s.dtype.kind != "f" for s in given):
        raise TypeError(f"{function}: statistics have dtypes {given.mean.dtype} and {given.factor.dtype}; they must be floats")
    if any(s.shape != shape for s in given):
        raise ValueError(
            f"{function}: statistics have shapes {given.mean.shape} and {given.factor.shape}; they must have {shape}"
        )
    return given


def wide_moments(function: str, x: Array, axes: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[Array, Array, Array]:
    """Return the mean in two parts and the population's variance over some axes, which keep the length 1.

    Axes that are not neighbours are never brought together: the moments of the longest run of neighbours are measured, and
    those of the parts are combined.  The choice looks at the shape only, so that memory layout cannot change a bit.

    Parameters
    ----------
    function : str
        For errors.
    x : ndarray
    axes : tuple of ints
        Ascending.
    dtype : numpy.dtype
        Of the results that the moments are for.

    Returns
    -------
    high, low : ndarray
        In the type that `dtype` is computed in.
    variance : ndarray
        In a wider type than `dtype`.
    """
    run = _longest_run(x.shape, axes)
    high, low, norm = Rows(function, dtype, x.shape, run).run("moments", [x], values=3)
    wide = wider(dtype)
    length = math.prod(x.shape[a] for a in run)
    others = tuple(a for a in axes if a not in run)
    count = math.prod(x.shape[a] for a in others)
    if not length * count:
        return (np.full([1 if a in axes else n for a, n in enumerate(x.shape)], np.nan, wide),) * 3
    # The means of the parts are taken from one of them, so that an offset costs no digits.
    origin = high[tuple(slice(1) if a in others else slice(None) for a in range(x.ndim))].astype(wide)
    distances = (high - origin) + low
    distance = distances.mean(axis=others, keepdims=True)
    between = ((distances - distance) ** 2).mean(axis=others, keepdims=True)
    variance = (norm.astype(wide) ** 2).sum(axis=others, keepdims=True) / (length * count) + between
    mean = (origin + distance).astype(high.dtype)
    return mean, ((origin - mean) + distance).astype(high.dtype), variance


def measure(function: str, x: Array, axes: tuple[int, ...], dtype: np.dtype[Any], eps: float) -> tuple[Array, Array, Array]:
    """Return the mean over some axes in two parts, and one over the deviation, in the type that a dtype is computed in."""
    if _longest_run(x.shape, axes) == axes:
        high, low, factor = Rows(function, dtype, x.shape, axes).run("statistics", [x], settings=(eps,), values=3)
        return high, low, factor
    high, low, variance = wide_moments(function, x, axes, dtype)
    return high, low, factor_of(variance, eps).astype(high.dtype)


def wide_sums(function: str, program: str, inputs: list[Array], axes: tuple[int, ...], dtype: np.dtype[Any]) -> list[Array]:
    """Return the sums that a row program returns in two parts each, over some axes, which keep the length 1; in a wider type.

    As for `wide_moments` the parts along the longest run of neighbours are summed first.
    """
    shape = inputs[0].shape
    run = _longest_run(shape, axes)
    parts = Rows(function, dtype, shape, run).run(program, inputs, values={"sums": 2, "standardize_sums": 4}[program])
    others = tuple(a for a in axes if a not in run)
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return [in_one(high, low, wider(dtype)).sum(axis=others, keepdims=True) for high, low in pairs]


def two_parts(wide: Array, dtype: np.dtype[Any]) -> tuple[Array, Array]:
    """Return numbers of a wide type as the sums of two numbers of a narrower one."""
    high = wide.astype(dtype)
    return high, (wide - high).astype(dtype)


def in_one(high: Array, low: Array, wide: type[np.floating[Any]]) -> Array:
    """Return the sums of two parts in a wide type; where the first is infinite, the second is NaN and does not count."""
    total = high.astype(wide)
    return np.add(total, low, out=total, where=low == low)


def factor_of(variance: Array, eps: float) -> Array:
    """Return one over the deviation, and 0 where nothing deviates."""
    factor: Array = 1 / np.sqrt(variance + eps)
    return factor if eps > 0 else np.where(factor == np.inf, 0, factor)

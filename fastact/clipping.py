"""Gradient clipping in place: element by element, and by the norm of one array or of several together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .arrays import Array, overlaps_itself
from .blocks import block_indices, copied_blocks, part_of
from .forms import activation
from .moments import in_one
from .row_calls import Rows, number_of, result_dtype

__all__ = ["clip_by_norm_", "clip_by_value_"]


SAFE = 1e-25
"""A sum of powers above which those that underflow do not count, nor sums of squares that underflow in float32."""

SUMMED = 1 << 18
"""Elements whose squares are added at a time; for each row among them a few numbers are kept."""

NEIGHBOURS = 4096
"""Elements whose squares are added one after the other: more would cost digits."""


def _check(function: str, argument: str, x: Any) -> None:
    """Raise unless `x` can be clipped in place."""
    if not isinstance(x, np.ndarray) or isinstance(x, np.ma.MaskedArray):
        raise TypeError(f"{function}: {argument} is a {type(x).__name__}; in place needs a NumPy array")
    if x.dtype.kind != "f" or x.dtype.itemsize > 8:
        raise TypeError(f"{function}: {argument} has dtype {x.dtype}; it must be float16, float32 or float64")
    if not x.flags.writeable:
        raise ValueError(f"{function}: {argument} is read-only; pass a writeable array")
    if overlaps_itself(x):
        raise ValueError(f"{function}: elements of {argument} share memory; pass an array that has each element once")


def _number(function: str, argument: str, value: Any) -> float:
    """Return a real number, which may be infinite but not NaN."""
    number = number_of(function, argument, value)
    if math.isnan(number):
        raise ValueError(f"{function}: {argument} is {value!r}; it must be a number")
    return number


def clip_by_value_(x: Array, low: float, high: float) -> Array:
    """Replace the elements below `low` by `low` and those above `high` by `high`, and return the array.

    NaN stays NaN.  It is ``hard_tanh_(x, low, high)`` under its other name.

    Parameters
    ----------
    x : ndarray
        Any writeable float16, float32 or float64 array whose elements do not share memory.
    low, high : float
        The smallest and the largest value, which may be infinite; they are rounded to the precision of `x`.

    Returns
    -------
    ndarray
        `x`.

    Raises
    ------
    TypeError
        If `x` is no floating-point array, or a bound no real number.
    ValueError
        If `x` is read-only or has elements that share memory, a bound is NaN, or `low` is greater than `high`.

    Examples
    --------
    >>> import fastact as fa
    >>> import numpy as np
    >>> fa.clip_by_value_(np.array([-3.0, 0.5, 2.0]), -1, 1)
    array([-1. ,  0.5,  1. ])
    """
    name = "clip_by_value_"
    _check(name, "x", x)
    bounds = [_number(name, argument, value) for argument, value in (("low", low), ("high", high))]
    if bounds[0] > bounds[1]:
        raise ValueError(f"{name}: low is {low!r} and high is {high!r}; low must not be greater than high")
    with np.errstate(all="ignore"):
        return activation("hard_tanh").in_place(x, *bounds)  # type: ignore[no-any-return]


def _square_sum(x: Array) -> float:
    """Return the sum of the squares, or infinity if that of some neighbours overflows."""
    x = np.atleast_1d(x)
    whole = x.shape[-1] // NEIGHBOURS * NEIGHBOURS
    parts = [x] if whole == 0 else [x[..., :whole].reshape(*x.shape[:-1], -1, NEIGHBOURS), x[..., whole:]]
    sums = []
    for part in parts:
        for index in block_indices(part.shape[:-1], max(1, SUMMED // max(part.shape[-1], 1))):
            some = part_of(part, index)
            rows = Rows("clip_by_norm_", result_dtype(x), some.shape, (some.ndim - 1,))
            total, rest = rows.run("square_sum", [some], values=2, value_if_empty=0.0)
            if np.isinf(total).any():
                return math.inf
            sums.append(float(in_one(total, rest, np.float64).sum()))
    return math.fsum(sums)


def _power_sum(arrays: Sequence[Array], p: float, unit: float) -> float:
    """Return the sum of abs(x / unit)**p, or infinity if it overflows."""
    sums = []
    for x in arrays:
        if p == 2 and unit == 1:
            sums.append(_square_sum(x))
            continue
        for block in copied_blocks(x, np.dtype(np.float64)):
            if p != 2:
                np.abs(block, out=block)
            if unit != 1:
                block /= unit
            # The operator knows squares and square roots.
            block **= p
            sums.append(float(np.add.reduce(block)))
    try:
        return math.fsum(sums)
    except OverflowError:
        return math.inf


def _largest(arrays: Sequence[Array]) -> float:
    """Return the largest absolute value, NaN if there is one."""
    found = [np.max(np.abs(block, out=block), initial=0) for x in arrays for block in copied_blocks(x, np.dtype(np.float64))]
    return float(np.max(found, initial=0))


def _norm(arrays: Sequence[Array], p: float) -> float:
    if p == math.inf:
        return _largest(arrays)
    total = _power_sum(arrays, p, 1.0)
    if math.isnan(total) or SAFE < total < math.inf:
        return float(np.float64(total) ** (1 / p))
    largest = _largest(arrays)
    if largest in (0, math.inf):
        return largest
    return float(largest * np.float64(_power_sum(arrays, p, largest)) ** (1 / p))


def clip_by_norm_(x: Array | Sequence[Array], max_norm: float, p: float = 2) -> float:
    r"""Scale an array down to a norm, or several arrays to the norm that they have together.

    .. math:: x \leftarrow x \, \min\left(1, \frac{\text{max_norm}}{\lVert x \rVert_p}\right),
        \quad \lVert x \rVert_p = \Bigl(\sum_i \lvert x_i \rvert^p\Bigr)^{1/p}

    The sum is carried in float64, and neither overflows nor underflows before the norm does.  As PyTorch's clip_grad_norm_
    does, an infinite norm makes finite elements zero and infinite ones NaN, and a norm that is NaN makes all elements NaN:
    look at the norm that is returned before you use them.

    Parameters
    ----------
    x : ndarray or sequence of ndarray
        Writeable float16, float32 or float64 arrays whose elements do not share memory, such as the gradients of a network.
    max_norm : float
        The largest norm that is left as it is.
    p : float, optional
        The order of the norm, positive; infinity for the largest absolute value.

    Returns
    -------
    float
        The norm before the scaling; 0 if there are no elements.

    Raises
    ------
    TypeError
        If there is anything but floating-point arrays, or an argument is no real number.
    ValueError
        If an array is read-only, has elements that share memory or stands in the sequence twice, `max_norm` is negative or NaN,
        or `p` is not positive.

    Examples
    --------
    >>> import fastact as fa
    >>> import numpy as np
    >>> weight, bias = np.array([[3.0, 0.0]]), np.array([4.0])
    >>> fa.clip_by_norm_([weight, bias], 1.0)
    5.0
    >>> weight, bias
    (array([[0.6, 0. ]]), array([0.8]))
    """
    name = "clip_by_norm_"
    if isinstance(x, np.ndarray):
        arrays: Sequence[Array] = [x]
        _check(name, "x", x)
    elif isinstance(x, list | tuple):
        arrays = x
        for k, array in enumerate(arrays):
            _check(name, f"x[{k}]", array)
        if len(set(map(id, arrays))) < len(arrays):
            raise ValueError(f"{name}: an array stands in x twice; it would be scaled twice")
    else:
        raise TypeError(f"{name}: x is a {type(x).__name__}; it must be an array, or a list or tuple of arrays")
    largest, order = _number(name, "max_norm", max_norm), _number(name, "p", p)
    if largest < 0:
        raise ValueError(f"{name}: max_norm is {max_norm!r}; it must not be negative")
    if order <= 0:
        raise ValueError(f"{name}: p is {p!r}; it must be positive")
    with np.errstate(all="ignore"):
        norm = _norm(arrays, order)
        if norm <= largest:
            return norm
        factor = largest / norm
        for array in arrays:
            # A factor that float32 cannot hold to its last place is not to spoil the products, which it may hold.
            dtype = np.result_type(array, np.float32 if factor > np.finfo(np.float32).tiny else np.float64)
            np.multiply(array, factor, out=array, dtype=dtype, casting="same_kind")
    return norm


for _function in (clip_by_value_, clip_by_norm_):
    # Where users find it, and where pickle looks it up.
    _function.__module__ = "fastact"

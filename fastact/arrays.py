"""Checks of arrays that several public functions share."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

__all__ = [
    "Array",
    "cast",
    "check_dtype",
    "check_out",
    "check_writeable_in_place",
    "computing_dtype",
    "is_direct",
    "one_axis",
    "overlaps_itself",
    "same_elements",
    "share_memory",
    "sum_to_shape",
]

Array = np.ndarray[Any, np.dtype[Any]]

OVERLAP_EFFORT = 1000
"""What NumPy may try before it takes two arrays for overlapping; views with few axes need about ten."""


def one_axis(function: str, axis: Any, ndim: int) -> int:
    """Return a single axis counted from the first; raise NumPy's AxisError if there is no such axis."""
    try:
        index = operator.index(axis)
    except TypeError:
        raise TypeError(f"{function}: axis is {axis!r}; it must be an integer") from None
    return normalize_axis_index(index, ndim, function)


def computing_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype that results of a dtype are computed in."""
    return np.dtype(np.float32) if dtype == np.float16 else dtype


def cast(x: Array, dtype: np.dtype[Any]) -> Array:
    """Return a copy in another dtype, without a warning where it holds less."""
    with np.errstate(all="ignore"):
        return x.astype(dtype)


def share_memory(x: Array, y: Array) -> bool:
    """Tell whether two arrays have an element in common, or whether it is too hard to say."""
    # Without a limit NumPy only looks where they begin and end, in a fraction of the time.
    return np.may_share_memory(x, y) and np.may_share_memory(x, y, max_work=OVERLAP_EFFORT)  # type: ignore[arg-type]


def same_elements(x: Array, y: Array) -> bool:
    """Tell whether two arrays have their elements in the same places of memory."""
    return (x.shape, x.strides, x.itemsize, x.ctypes.data) == (y.shape, y.strides, y.itemsize, y.ctypes.data)


def is_direct(x: Array, dtype: np.dtype[Any]) -> bool:
    """Tell whether a kernel for a dtype can read an array as it is."""
    return x.dtype == dtype and x.flags.aligned


def check_dtype(function: str, argument: str, x: Any) -> None:
    """Raise a TypeError if `x` has one of NumPy's dtypes that no kernel computes in."""
    dtype = getattr(x, "dtype", None)
    if not isinstance(dtype, np.dtype) or dtype.kind == "V":
        return
    if dtype.kind not in "buif" or (dtype.kind == "f" and dtype.itemsize > 8):
        raise TypeError(
            f"{function}: {argument} has dtype {dtype}; it must be float16, float32, float64, or integers or booleans to promote"
        )


def overlaps_itself(x: Array) -> bool:
    """Tell whether two elements of an array share memory."""
    if x.flags.forc or x.size < 2:
        return False
    extents = sorted((abs(step), n) for step, n in zip(x.strides, x.shape, strict=True) if n > 1)
    covered = x.itemsize
    for step, n in extents:
        if step < covered:
            break
        covered += step * (n - 1)
    else:
        return False
    # Rare: strides that interleave.  Compare all the addresses.
    offsets = np.zeros((), np.intp)
    for step, n in extents:
        offsets = np.add.outer(offsets, np.arange(n) * step).ravel()
    return bool(np.any(np.diff(np.sort(offsets)) < x.itemsize))


def check_out(function: str, out: Any, shape: tuple[int, ...], dtype: np.dtype[Any] | None) -> None:
    """Raise unless a result of this shape and, if it is known, dtype can be written to `out`."""
    if not isinstance(out, np.ndarray):
        raise TypeError(f"{function}: out is a {type(out).__name__}; it must be a NumPy array")
    if out.shape != shape:
        raise ValueError(f"{function}: out has shape {out.shape}; it must have the shape of the result, {shape}")
    if dtype is not None and dtype != out.dtype and not np.can_cast(dtype, out.dtype, "same_kind"):
        raise TypeError(f"{function}: out has dtype {out.dtype}, which cannot hold the result; it must be a float array")
    if not out.flags.writeable:
        raise ValueError(f"{function}: out is read-only; pass a writeable array")
    if overlaps_itself(out):
        raise ValueError(f"{function}: elements of out share memory; pass an array that has each element once")


def check_writeable_in_place(function: str, x: Any) -> None:
    """Raise unless an in-place function may write its results over `x`."""
    twin = f"{function}_"
    if not isinstance(x, np.ndarray):
        raise TypeError(f"{twin}: x is a {type(x).__name__}; in place needs a NumPy array, {function}(x) returns a new one")
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(f"{twin}: x is a masked array, whose hidden values would change; use {function}(x), which keeps the mask")
    if x.dtype.kind != "f" or x.dtype.itemsize > 8:
        raise TypeError(
            f"{twin}: x has dtype {x.dtype}, which cannot hold the result; use {function}(x), or convert x to float32 or float64"
        )
    if not x.flags.writeable:
        raise ValueError(f"{twin}: x is read-only; use {function}(x) or {twin}(x.copy())")
    if overlaps_itself(x):
        raise ValueError(f"{twin}: elements of x share memory; use {function}(x) or {twin}(x.copy())")


def sum_to_shape(gradient: Array, shape: tuple[int, ...]) -> Array:
    """Sum a gradient over the axes along which something of the given shape was broadcast; float64 holds the sums."""
    added = gradient.ndim - len(shape)
    repeated = tuple(added + i for i, n in enumerate(shape) if n == 1 and gradient.shape[added + i] != 1)
    axes = (*range(added), *repeated)
    if not axes:
        return gradient
    total = np.sum(gradient, axis=axes, keepdims=True, dtype=np.float64)
    return np.reshape(total, shape).astype(gradient.dtype)

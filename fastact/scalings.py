"""Scores, ranges and norms: rows moved and stretched by what they measure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .arrays import Array
from .operation import RowRun, differentiable, in_place
from .row_calls import (
    Axis,
    Rows,
    as_array,
    not_negative,
    number_of,
    prepare,
    prepare_backward,
    real,
    wider,
)

__all__ = ["minmax", "minmax_", "normalize", "normalize_", "weight_norm", "weight_norm_", "zscore", "zscore_"]

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def _zscore_settings(function: str, ddof: float, eps: float) -> tuple[float, float]:
    return real(function, "ddof", ddof), not_negative(function, "eps", eps)


def _zscore_backward(
    grad: ArrayLike, x: ArrayLike, axis: Axis = -1, ddof: float = 0, eps: float = 0.0, out: Array | None = None
) -> Array:
    """Gradient by the input of zscore.

    Parameters
    ----------
    grad : array_like
        The gradient by the output, of the shape of `x`.
    x : array_like
        What ``zscore`` was given, as are the arguments that follow.
    axis : int, tuple of ints or None, optional
    ddof : float, optional
    eps : float, optional
    out : ndarray, optional
        Where to write the gradient by `x`; may be `grad` or `x`.

    Returns
    -------
    ndarray
        The gradient by `x`; zero for a constant row.

    Raises
    ------
    TypeError
        If an operand is no array of real numbers of at most 64 bits.
    ValueError
        If shapes do not agree, a setting is out of its domain, or `out` cannot be written.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.zscore.backward([1.0, 0.0, 0.0], [1.0, 2.0, 3.0]).round(4)
    array([ 0.2041, -0.4082,  0.2041])
    """
    name = "zscore.backward"
    settings = _zscore_settings(name, ddof, eps)
    grad, x, rows = prepare_backward(name, grad, x, axis, out)
    return rows.run("zscore_backward", [grad, x], [out], settings)[0]


@differentiable(_zscore_backward, RowRun("zscore", (0.0, 0.0)))
def zscore(x: ArrayLike, axis: Axis = -1, ddof: float = 0, eps: float = 0.0, out: Array | None = None) -> Array:
    """Distance from the mean in standard deviations.

    .. math:: y_i = \\frac{x_i - \\bar x}{\\sqrt{v + \\mathrm{eps}}},
        \\quad v = \\frac{1}{n - \\mathrm{ddof}} \\sum_j (x_j - \\bar x)^2

    The mean is carried in twice the precision, so that a large offset of `x` costs no digits.  A constant row gives
    zeros, a row with a NaN or an infinity gives NaN, and so does a row of no more than `ddof` elements.

    Parameters
    ----------
    x : array_like
        Real numbers.  Integers are promoted as by `numpy.exp`; float16 is computed in float32.  The result is a plain
        array, also for a DataFrame; masked arrays and dask collections are refused.
    axis : int, tuple of ints or None, optional
        Where the statistics are taken; ``None`` for the whole array.
    ddof : float, optional
        What the number of elements is lowered by in the variance: 0 for the population's, 1 for a sample's.
    eps : float, optional
        What is added to the variance.
    out : ndarray, optional
        Where to write the result; may overlap `x`.

    Returns
    -------
    ndarray
        `out`, or a new array of the shape of `x`.

    Raises
    ------
    TypeError
        If `x` is no array of real numbers of at most 64 bits, or `out` cannot hold the result.
    ValueError
        If `out` has another shape or cannot be written, or `eps` is negative.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.zscore([1.0, 2.0, 3.0, 4.0, 5.0])
    array([-1.41421356, -0.70710678,  0.        ,  0.70710678,  1.41421356])
    """
    settings = _zscore_settings("zscore", ddof, eps)
    x, rows = prepare("zscore", x, axis, out)
    return rows.run("zscore", [x], [out], settings)[0]


def _minmax_settings(function: str, feature_range: Any) -> tuple[float, float]:
    try:
        low, high = feature_range
    except (TypeError, ValueError):
        raise TypeError(f"{function}: feature_range is {feature_range!r}; it must be a pair of numbers") from None
    low, high = real(function, "feature_range[0]", low), real(function, "feature_range[1]", high)
    if low >= high:
        raise ValueError(f"{function}: feature_range is {feature_range!r}; its first number must be below the second")
    return low, high


def _minmax_backward(
    grad: ArrayLike,
    x: ArrayLike,
    axis: Axis = -1,
    feature_range: tuple[float, float] = (0.0, 1.0),
    out: Array | None = None,
) -> Array:
    """Gradient by the input of minmax; equal extremes share theirs evenly.

    Parameters
    ----------
    grad : array_like
        The gradient by the output, of the shape of `x`.
    x : array_like
        What ``minmax`` was given, as are the arguments that follow.
    axis : int, tuple of ints or None, optional
    feature_range : pair of floats, optional
    out : ndarray, optional
        Where to write the gradient by `x`; may be `grad` or `x`.

    Returns
    -------
    ndarray
        The gradient by `x`; zero for a constant row.

    Raises
    ------
    TypeError
        If an operand is no array of real numbers of at most 64 bits.
    ValueError
        If shapes do not agree, a setting is out of its domain, or `out` cannot be written.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.minmax.backward([0.0, 1.0, 0.0], [0.0, 1.0, 4.0])
    array([-0.1875,  0.25  , -0.0625])
    """
    name = "minmax.backward"
    settings = _minmax_settings(name, feature_range)
    grad, x, rows = prepare_backward(name, grad, x, axis, out)
    return rows.run("minmax_backward", [grad, x], [out], settings)[0]


@differentiable(_minmax_backward, RowRun("minmax", (0.0, 1.0)))
def minmax(
    x: ArrayLike,
    axis: Axis = -1,
    feature_range: tuple[float, float] = (0.0, 1.0),
    out: Array | None = None,
    return_statistics: bool = False,
) -> Any:
    """Rows moved and stretched to a range.

    .. math:: y_i = \\mathrm{low} + \\frac{x_i - \\min x}{\\max x - \\min x} (\\mathrm{high} - \\mathrm{low})

    A constant row gives the low end of the range, a row with a NaN gives NaN.

    Parameters
    ----------
    x : array_like
        Real numbers.  Integers are promoted as by `numpy.exp`; float16 is computed in float32.
    axis : int, tuple of ints or None, optional
        Where the statistics are taken; ``None`` for the whole array.
    feature_range : pair of floats, optional
        Where the smallest and the largest element go.
    out : ndarray, optional
        Where to write the result; may overlap `x`.
    return_statistics : bool, optional
        Return the smallest and the largest elements, too, with the length 1 along the axes.

    Returns
    -------
    ndarray
        `out`, or a new array of the shape of `x`.
    smallest, largest : ndarray
        If asked for.

    Raises
    ------
    TypeError
        If `x` is no array of real numbers of at most 64 bits, or `out` cannot hold the result.
    ValueError
        If `out` has another shape or cannot be written, or `feature_range` is no range.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.minmax([10, 20, 30, 40, 50])
    array([0.  , 0.25, 0.5 , 0.75, 1.  ])
    """
    settings = _minmax_settings("minmax", feature_range)
    x, rows = prepare("minmax", x, axis, out)
    y, *measured = rows.run("minmax", [x], [out], settings, 2 if return_statistics else 0)
    return (y, *map(rows.cast, measured)) if return_statistics else y


def _norm_settings(function: str, p: Any, eps: Any) -> tuple[float, float]:
    order = number_of(function, "p", p)
    if not order >= 1:
        raise ValueError(f"{function}: p is {p!r}; it must be at least 1")
    return order, not_negative(function, "eps", eps)


def _norm_program(order: float) -> str:
    return {1.0: "normalize_1", 2.0: "normalize_2", math.inf: "normalize_max"}.get(order, "normalize_p")


def _run_norm(
    rows: Rows, order: float, eps: float, inputs: list[Array], out: Array | None, values: int = 0, backward: bool = False
) -> list[Array]:
    """Run the program of an order; the gain of that of the second is one."""
    program = _norm_program(order)
    more = [np.ones((1,) * len(rows.shape), rows.computed)] if order == 2.0 else []
    settings = (order, eps) if program == "normalize_p" else (eps,)
    return rows.run(program + "_backward" * backward, [*inputs, *more], [out], settings, values)


def _normalize_backward(
    grad: ArrayLike, x: ArrayLike, p: float = 2.0, axis: Axis = -1, eps: float = 1e-12, out: Array | None = None
) -> Array:
    """Gradient by the input of normalize; at equal magnitudes the norm of infinite order shares its own evenly.

    Parameters
    ----------
    grad : array_like
        The gradient by the output, of the shape of `x`.
    x : array_like
        What ``normalize`` was given, as are the arguments that follow.
    p : float, optional
    axis : int, tuple of ints or None, optional
    eps : float, optional
    out : ndarray, optional
        Where to write the gradient by `x`; may be `grad` or `x`.

    Returns
    -------
    ndarray
        The gradient by `x`.

    Raises
    ------
    TypeError
        If an operand is no array of real numbers of at most 64 bits.
    ValueError
        If shapes do not agree, a setting is out of its domain, or `out` cannot be written.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.normalize.backward([1.0, 0.0], [3.0, 4.0])
    array([ 0.128, -0.096])
    """
    name = "normalize.backward"
    order, eps = _norm_settings(name, p, eps)
    grad, x, rows = prepare_backward(name, grad, x, axis, out)
    return _run_norm(rows, order, eps, [grad, x], out, backward=True)[0]


@differentiable(_normalize_backward)
def normalize(
    x: ArrayLike,
    p: float = 2.0,
    axis: Axis = -1,
    eps: float = 1e-12,
    out: Array | None = None,
    return_statistics: bool = False,
) -> Any:
    """Rows divided by their norm.

    .. math:: y_i = \\frac{x_i}{\\max(\\lVert x \\rVert_p, \\mathrm{eps})}

    A row of zeros stays, a row with a NaN gives NaN.

    Parameters
    ----------
    x : array_like
        Real numbers.  Integers are promoted as by `numpy.exp`; float16 is computed in float32.
    p : float, optional
        Order of the norm, at least 1: 1 for the sum of the magnitudes, 2 for the Euclidean norm, infinity for the largest
        magnitude.
    axis : int, tuple of ints or None, optional
        Where the statistics are taken; ``None`` for the whole array.
    eps : float, optional
        The least that is divided by.
    out : ndarray, optional
        Where to write the result; may overlap `x`.
    return_statistics : bool, optional
        Return the norms, too, with the length 1 along the axes.

    Returns
    -------
    ndarray
        `out`, or a new array of the shape of `x`.
    norms : ndarray
        If asked for.

    Raises
    ------
    TypeError
        If `x` is no array of real numbers of at most 64 bits, or `out` cannot hold the result.
    ValueError
        If `out` has another shape or cannot be written, `p` is below 1, or `eps` is negative.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.normalize([3.0, -4.0])
    array([ 0.6, -0.8])
    >>> fa.normalize([3.0, -4.0], p=float("inf"))
    array([ 0.75, -1.  ])
    """
    order, eps = _norm_settings("normalize", p, eps)
    x, rows = prepare("normalize", x, axis, out)
    y, *norms = _run_norm(rows, order, eps, [x], out, int(return_statistics))
    return (y, *map(rows.cast, norms)) if return_statistics else y


def _gain(function: str, gain: Any, rows: Rows) -> Array:
    array = as_array(function, "gain", gain)
    wanted = tuple(n for a, n in enumerate(rows.shape) if a not in rows.axes)
    if array.shape not in (wanted, rows.shape_of_values, ()):
        raise ValueError(f"{function}: gain has shape {array.shape}; it must have one number a row of x, shape {wanted}")
    return array.reshape(rows.shape_of_values if array.ndim else (1,) * len(rows.shape))


def _weight_norm_backward(
    grad: ArrayLike, x: ArrayLike, gain: ArrayLike, axis: Axis = -1, out: Array | None = None
) -> tuple[Array, Array]:
    """Gradients by the input and the gain of weight_norm.

    Parameters
    ----------
    grad : array_like
        The gradient by the output, of the shape of `x`.
    x : array_like
        What ``weight_norm`` was given, as are the arguments that follow.
    gain : array_like
    axis : int, tuple of ints or None, optional
    out : ndarray, optional
        Where to write the gradient by `x`; may be `grad` or `x`.

    Returns
    -------
    by_x, by_gain : ndarray
        Of the shapes of `x` and `gain`.

    Raises
    ------
    TypeError
        If an operand is no array of real numbers of at most 64 bits.
    ValueError
        If shapes do not agree, a setting is out of its domain, or `out` cannot be written.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.weight_norm.backward([[1.0, 0.0]], [[3.0, 4.0]], [5.0])
    (array([[ 0.64, -0.48]]), array([0.6]))
    """
    name = "weight_norm.backward"
    grad, x, rows = prepare_backward(name, grad, x, axis, out)
    factor = _gain(name, gain, rows)
    by_x, by_gain = rows.run("normalize_2_backward", [grad, x, factor], [out], (0.0,), 1)
    given = np.asarray(gain)
    dtype = given.dtype.newbyteorder("=") if given.dtype.kind == "f" else rows.dtype
    total = by_gain.sum(dtype=wider(rows.dtype)) if given.ndim == 0 else by_gain.reshape(given.shape)
    return by_x, np.asarray(total).astype(dtype)


@differentiable(_weight_norm_backward)
def weight_norm(x: ArrayLike, gain: ArrayLike, axis: Axis = -1, out: Array | None = None) -> Array:
    """Rows of a given Euclidean length.

    .. math:: y_i = g \\frac{x_i}{\\lVert x \\rVert_2}

    Source: T. Salimans and D. Kingma, "Weight Normalization", 2016.  A row of zeros stays.

    Parameters
    ----------
    x : array_like
        Real numbers.  Integers are promoted as by `numpy.exp`; float16 is computed in float32.
    gain : array_like
        The lengths, one number a row: of the shape of `x` without the axes, or with the length 1 there, or one for all.
    axis : int, tuple of ints or None, optional
        What makes up a row: the inputs of a unit, the last axis of PyTorch's weights.
    out : ndarray, optional
        Where to write the result; may overlap `x`.

    Returns
    -------
    ndarray
        `out`, or a new array of the shape of `x`.

    Raises
    ------
    TypeError
        If `x` is no array of real numbers of at most 64 bits, or `out` cannot hold the result.
    ValueError
        If `out` has another shape or cannot be written, or `gain` has not one number a row.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.weight_norm([[3.0, 4.0]], [10.0])
    array([[6., 8.]])
    """
    x, rows = prepare("weight_norm", x, axis, out)
    return rows.run("normalize_2", [x, _gain("weight_norm", gain, rows)], [out], (0.0,))[0]


zscore_ = in_place(zscore)
minmax_ = in_place(minmax)
normalize_ = in_place(normalize)
weight_norm_ = in_place(weight_norm, "x, 3.0")

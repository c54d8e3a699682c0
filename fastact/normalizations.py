"""Normalisations: what subtracts a mean, divides by a deviation, a norm or an extent."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .moments import two_parts, wide_moments
from .operation import differentiable, in_place
from .row_calls import (
    Array,
    Axis,
    Rows,
    as_array,
    axes_of,
    check_same_shape,
    elements_of_row,
    not_negative,
    real,
    result_dtype,
    wider,
)

__all__ = [
    "Statistics",
    "add_layer_norm",
    "add_rms_norm",
    "layer_norm",
    "layer_norm_",
    "minmax",
    "minmax_",
    "normalize",
    "normalize_",
    "rms_norm",
    "rms_norm_",
    "weight_norm",
    "weight_norm_",
    "zscore",
    "zscore_",
]

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


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


def _prepare(function: str, x: Any, axis: Axis, out: Any) -> tuple[Array, Rows]:
    """Check what all normalisations take."""
    x = as_array(function, "x", x)
    rows = Rows(function, result_dtype(x), x.shape, axes_of(function, axis, x.ndim))
    rows.check_out(out)
    return x, rows


def _prepare_backward(function: str, grad: Any, x: Any, axis: Axis, out: Any) -> tuple[Array, Array, Rows]:
    """Check what all backward passes take."""
    grad, x = as_array(function, "grad", grad), as_array(function, "x", x)
    check_same_shape(function, "grad", grad, "x", x.shape)
    rows = Rows(function, result_dtype(grad, x), x.shape, axes_of(function, axis, x.ndim))
    rows.check_out(out)
    return grad, x, rows


def _gradients_by_row(rows: Rows, program: str, inputs: list[Array], like: Array) -> list[Array]:
    """Sum over all rows what has the shape of a row, and give it the type of the parameter it belongs to."""
    others = tuple(a for a in range(len(rows.shape)) if a not in rows.axes)
    across = Rows(rows.function, rows.dtype, rows.shape, others)
    sums = across.run(program, inputs, values=2, value_if_empty=0.0)
    row = tuple(rows.shape[a] for a in rows.axes)
    dtype = like.dtype if like.dtype.kind == "f" else rows.dtype
    return [s.reshape(row).astype(dtype) for s in sums]


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
    grad, x, rows = _prepare_backward(name, grad, x, axis, out)
    return rows.run("zscore_backward", [grad, x], [out], settings)[0]


@differentiable(_zscore_backward)
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
    x, rows = _prepare("zscore", x, axis, out)
    return rows.run("zscore", [x], [out], settings)[0]


def _layer_norm_backward(
    grad: ArrayLike,
    x: ArrayLike,
    weight: ArrayLike | None = None,
    axis: Axis = -1,
    eps: float = 1e-5,
    statistics: Statistics | None = None,
    out: Array | None = None,
) -> Array | tuple[Array, Array, Array]:
    """Gradients by the input and the parameters of layer_norm.

    Parameters
    ----------
    grad : array_like
        The gradient by the output, of the shape of `x`.
    x : array_like
        What ``layer_norm`` was given, as are the arguments that follow.
    weight : array_like, optional
    axis : int, tuple of ints or None, optional
    eps : float, optional
    statistics : Statistics, optional
        What ``layer_norm`` returned, or else it is measured again.
    out : ndarray, optional
        Where to write the gradient by `x`; may be `grad` or `x`.

    Returns
    -------
    ndarray
        The gradient by `x`; if `weight` is given, a tuple of those by `x`, by `weight` and by `bias`.

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
    >>> fa.layer_norm.backward([1.0, 0.0, 0.0], [1.0, 2.0, 3.0], eps=0.0).round(4)
    array([ 0.2041, -0.4082,  0.2041])
    """
    name = "layer_norm.backward"
    eps = not_negative(name, "eps", eps)
    grad, x, rows = _prepare_backward(name, grad, x, axis, out)
    scale = elements_of_row(name, "weight", weight, 1.0, x.shape, rows.axes)
    if statistics is None:
        mean, variance = wide_moments(name, x, rows.axes, rows.dtype)
        statistics = Statistics(mean, _factor(variance, eps))
    high, low = two_parts(statistics.mean, rows.computed)
    factor = statistics.factor.astype(rows.computed)
    by_parameters: list[Array] = []
    if weight is not None:
        by_parameters = _gradients_by_row(rows, "affine_gradients", [grad, x, high, low, factor], np.asarray(weight))
    gradient = rows.run("layer_norm_backward", [grad, x, scale, high, low, factor], [out])[0]
    return gradient if weight is None else (gradient, by_parameters[0], by_parameters[1])


def _factor(variance: Array, eps: float) -> Array:
    """Return one over the deviation, and 0 where nothing deviates."""
    with np.errstate(all="ignore"):
        widened = np.sqrt(variance + eps)
        return np.where(widened == 0, 0, 1 / widened)


@differentiable(_layer_norm_backward)
def layer_norm(
    x: ArrayLike,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    axis: Axis = -1,
    eps: float = 1e-5,
    out: Array | None = None,
    return_statistics: bool = False,
) -> Any:
    """Rows with the mean 0 and the variance 1, times a weight, plus a bias.

    .. math:: y_i = \\frac{x_i - \\bar x}{\\sqrt{v + \\mathrm{eps}}} w_i + b_i

    with the population's variance v.  Source: J. Ba, J. Kiros and G. Hinton, "Layer Normalization", 2016.  The mean is
    carried in twice the precision, so that a large offset of `x` costs no digits.  A constant row gives the bias, a row with
    a NaN or an infinity gives NaN.

    Parameters
    ----------
    x : array_like
        Real numbers.  Integers are promoted as by `numpy.exp`; float16 is computed in float32.
    weight, bias : array_like, optional
        What the normalised elements are multiplied by, and what is added to them: arrays of the shape of a row.
    axis : int, tuple of ints or None, optional
        Where the statistics are taken; ``None`` for the whole array.
    eps : float, optional
        What is added to the variance: 1e-5 as in PyTorch and ONNX; Flax takes 1e-6, Keras 1e-3.
    out : ndarray, optional
        Where to write the result; may overlap `x`.
    return_statistics : bool, optional
        Return what was measured, for ``layer_norm.backward``, behind the result.

    Returns
    -------
    ndarray
        `out`, or a new array of the shape of `x`.
    Statistics
        If asked for.

    Raises
    ------
    TypeError
        If `x` is no array of real numbers of at most 64 bits, or `out` cannot hold the result.
    ValueError
        If `out` has another shape or cannot be written, `weight` or `bias` has not the shape of a row,
        or `eps` is negative.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.layer_norm([1.0, 2.0, 3.0], weight=[1.0, 1.0, 2.0], eps=0.0)
    array([-1.22474487,  0.        ,  2.44948974])
    """
    eps = not_negative("layer_norm", "eps", eps)
    x, rows = _prepare("layer_norm", x, axis, out)
    scale = elements_of_row("layer_norm", "weight", weight, 1.0, x.shape, rows.axes)
    shift = elements_of_row("layer_norm", "bias", bias, -0.0, x.shape, rows.axes)
    y, high, low, factor = rows.run("layer_norm", [x, scale, shift], [out], (eps,), 3)
    if not return_statistics:
        return y
    wide = wider(rows.dtype)
    return y, Statistics(high.astype(wide) + low, factor)


def _rms_norm_backward(
    grad: ArrayLike,
    x: ArrayLike,
    weight: ArrayLike | None = None,
    axis: Axis = -1,
    eps: float | None = None,
    statistics: Statistics | None = None,
    out: Array | None = None,
) -> Array | tuple[Array, Array]:
    """Gradients by the input and the weight of rms_norm.

    Parameters
    ----------
    grad : array_like
        The gradient by the output, of the shape of `x`.
    x : array_like
        What ``rms_norm`` was given, as are the arguments that follow.
    weight : array_like, optional
    axis : int, tuple of ints or None, optional
    eps : float, optional
    statistics : Statistics, optional
        What ``rms_norm`` returned, or else it is measured again.
    out : ndarray, optional
        Where to write the gradient by `x`; may be `grad` or `x`.

    Returns
    -------
    ndarray
        The gradient by `x`; if `weight` is given, a tuple of those by `x` and by `weight`.

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
    >>> fa.rms_norm.backward([1.0, 0.0], [3.0, 4.0], eps=0.0).round(4)
    array([ 0.181 , -0.1358])
    """
    name = "rms_norm.backward"
    grad, x, rows = _prepare_backward(name, grad, x, axis, out)
    settings = _eps_of_rms_norm(name, eps, rows)
    scale = elements_of_row(name, "weight", weight, 1.0, x.shape, rows.axes)
    if statistics is None:
        (_, factor) = rows.run("rms_norm", [x, scale], [None], settings, 1)
    else:
        factor = statistics.factor
    by_weight = None
    if weight is not None:
        zero = np.zeros((1,) * x.ndim, rows.computed)
        (by_weight, _) = _gradients_by_row(rows, "affine_gradients", [grad, x, zero, zero, factor], np.asarray(weight))
    gradient = rows.run("rms_norm_backward", [grad, x, scale, factor], [out])[0]
    return gradient if by_weight is None else (gradient, by_weight)


def _eps_of_rms_norm(function: str, eps: float | None, rows: Rows) -> tuple[float]:
    return (float(np.finfo(rows.computed).eps) if eps is None else not_negative(function, "eps", eps),)


@differentiable(_rms_norm_backward)
def rms_norm(
    x: ArrayLike,
    weight: ArrayLike | None = None,
    axis: Axis = -1,
    eps: float | None = None,
    out: Array | None = None,
    return_statistics: bool = False,
) -> Any:
    """Rows divided by the root of the mean of their squares, times a weight.

    .. math:: y_i = \\frac{x_i}{\\sqrt{\\frac{1}{n} \\sum_j x_j^2 + \\mathrm{eps}}} w_i

    Source: B. Zhang and R. Sennrich, "Root Mean Square Layer Normalization", 2019.  A row of zeros gives zeros.

    Parameters
    ----------
    x : array_like
        Real numbers.  Integers are promoted as by `numpy.exp`; float16 is computed in float32.
    weight : array_like, optional
        What the elements are multiplied by: an array of the shape of a row.
    axis : int, tuple of ints or None, optional
        Where the statistics are taken; ``None`` for the whole array.
    eps : float, optional
        What is added to the mean square: as in PyTorch, the distance from 1 to the next number of the type of the computation
        unless given; ONNX takes 1e-5, Keras and Flax 1e-6.
    out : ndarray, optional
        Where to write the result; may overlap `x`.
    return_statistics : bool, optional
        Return what was measured, for ``rms_norm.backward``, behind the result.

    Returns
    -------
    ndarray
        `out`, or a new array of the shape of `x`.
    Statistics
        If asked for.

    Raises
    ------
    TypeError
        If `x` is no array of real numbers of at most 64 bits, or `out` cannot hold the result.
    ValueError
        If `out` has another shape or cannot be written, `weight` has not the shape of a row, or `eps`
        is negative.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.rms_norm([3.0, 4.0, 0.0, 0.0], eps=0.0)
    array([1.2, 1.6, 0. , 0. ])
    """
    x, rows = _prepare("rms_norm", x, axis, out)
    settings = _eps_of_rms_norm("rms_norm", eps, rows)
    scale = elements_of_row("rms_norm", "weight", weight, 1.0, x.shape, rows.axes)
    y, factor = rows.run("rms_norm", [x, scale], [out], settings, 1)
    return (y, Statistics(np.zeros_like(factor), factor)) if return_statistics else y


# Elements of a block of rows whose sum is normalised before it leaves the second-level cache.
_BLOCK = 65536


def _add(function: str, x: Any, residual: Any, axis: Axis, normalize_rows: Any) -> tuple[Array, Array]:
    """Add, and normalise the sum block by block, where blocks hold whole rows."""
    x, residual = as_array(function, "x", x), as_array(function, "residual", residual)
    check_same_shape(function, "residual", residual, "x", x.shape)
    axes = axes_of(function, axis, x.ndim)
    total = np.empty(x.shape, result_dtype(x, residual))
    y = np.empty_like(total)
    step = x.shape[0] if not x.size or 0 in axes else max(1, _BLOCK * x.shape[0] // x.size)
    for start in range(0, x.shape[0], max(step, 1)):
        block = slice(start, start + step)
        with np.errstate(all="ignore"):
            np.add(x[block], residual[block], out=total[block])
        normalize_rows(total[block], axes, y[block])
    return y, total


def add_layer_norm(
    x: ArrayLike,
    residual: ArrayLike,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    axis: Axis = -1,
    eps: float = 1e-5,
) -> tuple[Array, Array]:
    """Layer norm of a sum, and the sum, in one pass over the memory.

    Parameters
    ----------
    x, residual : array_like
        What is added, of one shape.
    weight, bias : array_like, optional
        As ``layer_norm`` takes them.
    axis : int, tuple of ints or None, optional
        As ``layer_norm`` takes it.
    eps : float, optional
        As ``layer_norm`` takes it.

    Returns
    -------
    y : ndarray
        ``layer_norm(x + residual, ...)``.
    total : ndarray
        ``x + residual``, which the next residual connection takes.

    Raises
    ------
    TypeError
        If an operand is no array of real numbers of at most 64 bits.
    ValueError
        If shapes do not agree, or `eps` is negative.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.add_layer_norm([1.0, 2.0, 3.0], [0.0, 0.0, 0.0], eps=0.0)
    (array([-1.22474487,  0.        ,  1.22474487]), array([1., 2., 3.]))
    """
    eps = not_negative("add_layer_norm", "eps", eps)
    return _add("add_layer_norm", x, residual, axis, lambda total, axes, y: layer_norm(total, weight, bias, axes, eps, y))


def add_rms_norm(
    x: ArrayLike, residual: ArrayLike, weight: ArrayLike | None = None, axis: Axis = -1, eps: float | None = None
) -> tuple[Array, Array]:
    """RMS norm of a sum, and the sum, in one pass over the memory.

    Parameters
    ----------
    x, residual : array_like
        What is added, of one shape.
    weight : array_like, optional
        As ``rms_norm`` takes it.
    axis : int, tuple of ints or None, optional
        As ``rms_norm`` takes it.
    eps : float, optional
        As ``rms_norm`` takes it.

    Returns
    -------
    y : ndarray
        ``rms_norm(x + residual, ...)``.
    total : ndarray
        ``x + residual``, which the next residual connection takes.

    Raises
    ------
    TypeError
        If an operand is no array of real numbers of at most 64 bits.
    ValueError
        If shapes do not agree, or `eps` is negative.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.add_rms_norm([3.0, 4.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], eps=0.0)
    (array([1.2, 1.6, 0. , 0. ]), array([3., 4., 0., 0.]))
    """
    if eps is not None:
        eps = not_negative("add_rms_norm", "eps", eps)
    return _add("add_rms_norm", x, residual, axis, lambda total, axes, y: rms_norm(total, weight, axes, eps, y))


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
    grad, x, rows = _prepare_backward(name, grad, x, axis, out)
    return rows.run("minmax_backward", [grad, x], [out], settings)[0]


@differentiable(_minmax_backward)
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
    x, rows = _prepare("minmax", x, axis, out)
    y, smallest, largest = rows.run("minmax", [x], [out], settings, 2)
    return (y, rows.cast(smallest), rows.cast(largest)) if return_statistics else y


def _norm_settings(function: str, p: Any, eps: Any) -> tuple[float, float]:
    try:
        order = float(p)
    except (TypeError, ValueError):
        raise TypeError(f"{function}: p is {p!r}; it must be a number") from None
    if not order >= 1:
        raise ValueError(f"{function}: p is {p!r}; it must be at least 1")
    return order, not_negative(function, "eps", eps)


def _norm_program(order: float) -> str:
    return {1.0: "normalize_1", 2.0: "normalize_2", math.inf: "normalize_max"}.get(order, "normalize_p")


def _run_norm(
    rows: Rows, order: float, eps: float, inputs: list[Array], out: Array | None, values: int, backward: bool = False
) -> list[Array]:
    """Run the program of an order; the gain of that of the second is one."""
    program = _norm_program(order)
    more = [np.ones((1,) * len(rows.shape), rows.computed)] if order == 2.0 else []
    settings = (order, eps) if program == "normalize_p" else (eps,)
    values += backward and order == 2.0
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
    grad, x, rows = _prepare_backward(name, grad, x, axis, out)
    return _run_norm(rows, order, eps, [grad, x], out, 0, backward=True)[0]


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
    x, rows = _prepare("normalize", x, axis, out)
    y, norm = _run_norm(rows, order, eps, [x], out, 1)
    return (y, rows.cast(norm)) if return_statistics else y


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
    grad, x, rows = _prepare_backward(name, grad, x, axis, out)
    factor = _gain(name, gain, rows)
    by_x, by_gain = rows.run("normalize_2_backward", [grad, x, factor], [out], (0.0,), 1)
    given = np.asarray(gain)
    dtype = given.dtype if given.dtype.kind == "f" else rows.dtype
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
    x, rows = _prepare("weight_norm", x, axis, out)
    return rows.run("normalize_2", [x, _gain("weight_norm", gain, rows)], [out], (0.0,), 1)[0]


zscore_ = in_place(zscore)
layer_norm_ = in_place(layer_norm)
rms_norm_ = in_place(rms_norm)
minmax_ = in_place(minmax)
normalize_ = in_place(normalize)
weight_norm_ = in_place(weight_norm)

for _function in (add_layer_norm, add_rms_norm):
    # Where users find it, and where pickle looks it up.
    _function.__module__ = "fastact"

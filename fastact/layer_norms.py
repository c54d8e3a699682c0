"""Layer norm and RMS norm: rows of known mean and deviation, with a weight and a bias."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .arrays import Array
from .moments import Statistics, check_statistics, measure, two_parts
from .operation import RowRun, differentiable, in_place
from .row_calls import (
    Axis,
    Rows,
    as_array,
    axes_of,
    check_same_shape,
    elements_of_row,
    not_negative,
    prepare,
    prepare_backward,
    result_dtype,
    wider,
)

__all__ = ["add_layer_norm", "add_rms_norm", "layer_norm", "layer_norm_", "rms_norm", "rms_norm_"]

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike


def _gradients_by_row(rows: Rows, program: str, inputs: list[Array], like: Array) -> list[Array]:
    """Sum over all rows what has the shape of a row, and give it the type of the parameter it belongs to."""
    others = tuple(a for a in range(len(rows.shape)) if a not in rows.axes)
    across = Rows(rows.function, rows.dtype, rows.shape, others)
    sums = across.run(program, inputs, values=2, value_if_empty=0.0)
    row = tuple(rows.shape[a] for a in rows.axes)
    dtype = like.dtype.newbyteorder("=") if like.dtype.kind == "f" else rows.dtype
    return [s.reshape(row).astype(dtype) for s in sums]


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
    grad, x, rows = prepare_backward(name, grad, x, axis, out)
    scale = elements_of_row(name, "weight", weight, 1.0, x.shape, rows.axes)
    if statistics is None:
        high, low, factor = measure(name, x, rows.axes, rows.dtype, eps)
    else:
        mean, factor = check_statistics(name, statistics, rows.shape_of_values)
        high, low = two_parts(mean, rows.computed)
        factor = factor.astype(rows.computed)
    by_parameters: list[Array] = []
    if weight is not None:
        by_parameters = _gradients_by_row(rows, "affine_gradients", [grad, x, high, low, factor], np.asarray(weight))
    gradient = rows.run("layer_norm_backward", [grad, x, scale, high, low, factor], [out])[0]
    return gradient if weight is None else (gradient, by_parameters[0], by_parameters[1])


@differentiable(_layer_norm_backward, RowRun("layer_norm", (1e-5,), vectors=(("weight", 1.0), ("bias", -0.0)), numbers=("eps",)))
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
    x, rows = prepare("layer_norm", x, axis, out)
    scale = elements_of_row("layer_norm", "weight", weight, 1.0, x.shape, rows.axes)
    shift = elements_of_row("layer_norm", "bias", bias, -0.0, x.shape, rows.axes)
    if not return_statistics:
        return rows.run("layer_norm", [x, scale, shift], [out], (eps,))[0]
    y, high, low, factor = rows.run("layer_norm", [x, scale, shift], [out], (eps,), 3)
    return y, Statistics(high.astype(wider(rows.dtype)) + low, factor)


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
    grad, x, rows = prepare_backward(name, grad, x, axis, out)
    settings = _eps_of_rms_norm(name, eps, rows)
    scale = elements_of_row(name, "weight", weight, 1.0, x.shape, rows.axes)
    if statistics is None:
        (factor,) = rows.run("rms_factor", [x], settings=settings, values=1)
    else:
        factor = check_statistics(name, statistics, rows.shape_of_values).factor
    by_weight = None
    if weight is not None:
        zero = np.zeros((1,) * x.ndim, rows.computed)
        (by_weight, _) = _gradients_by_row(rows, "affine_gradients", [grad, x, zero, zero, factor], np.asarray(weight))
    gradient = rows.run("rms_norm_backward", [grad, x, scale, factor], [out])[0]
    return gradient if by_weight is None else (gradient, by_weight)


def _eps_of_rms_norm(function: str, eps: float | None, rows: Rows) -> tuple[float]:
    return (_default_eps(rows.computed) if eps is None else not_negative(function, "eps", eps),)


def _default_eps(dtype: DTypeLike) -> float:
    return float(np.finfo(dtype).eps)


@differentiable(
    _rms_norm_backward,
    RowRun("rms_norm", (_default_eps(np.float32),), (_default_eps(np.float64),), vectors=(("weight", 1.0),), numbers=("eps",)),
)
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
    x, rows = prepare("rms_norm", x, axis, out)
    settings = _eps_of_rms_norm("rms_norm", eps, rows)
    scale = elements_of_row("rms_norm", "weight", weight, 1.0, x.shape, rows.axes)
    if not return_statistics:
        return rows.run("rms_norm", [x, scale], [out], settings)[0]
    y, factor = rows.run("rms_norm", [x, scale], [out], settings, 1)
    return y, Statistics(np.zeros_like(factor), factor)


def _rows_of_sum(function: str, x: Any, residual: Any, axis: Axis) -> tuple[list[Array], Rows]:
    """Check the summands of a sum that is normalised."""
    x, residual = as_array(function, "x", x), as_array(function, "residual", residual)
    check_same_shape(function, "residual", residual, "x", x.shape)
    return [x, residual], Rows(function, result_dtype(x, residual), x.shape, axes_of(function, axis, x.ndim))


def _add_layer_norm_backward(
    grad: ArrayLike,
    total: ArrayLike,
    weight: ArrayLike | None = None,
    axis: Axis = -1,
    eps: float = 1e-5,
    grad_total: ArrayLike | None = None,
) -> Array | tuple[Array, Array, Array]:
    """Gradients by the summands and the parameters of add_layer_norm, from the sum.

    Parameters
    ----------
    grad : array_like
        The gradient by the normalised sum.
    total : array_like
        The sum that ``add_layer_norm`` returned.
    weight : array_like, optional
    axis : int, tuple of ints or None, optional
    eps : float, optional
    grad_total : array_like, optional
        The gradient by the sum that came back along the next residual connection; it is added.

    Returns
    -------
    ndarray
        The gradient by `x`, which is that by `residual`, too; if `weight` is given, a tuple of it and those by `weight` and by
        `bias`.

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
    >>> fa.add_layer_norm.backward([1.0, 0.0, 0.0], [1.0, 2.0, 3.0], eps=0.0, grad_total=[1.0, 1.0, 1.0]).round(4)
    array([1.2041, 0.5918, 1.2041])
    """
    more = _more("add_layer_norm.backward", grad_total, total)
    gradients = layer_norm.backward(grad, total, weight, axis, eps)
    return _with_more(gradients, more)  # type: ignore[no-any-return]


def _more(function: str, grad_total: Any, total: Any) -> Array | None:
    """Check the gradient by the sum."""
    if grad_total is None:
        return None
    more = as_array(function, "grad_total", grad_total)
    check_same_shape(function, "grad_total", more, "total", np.shape(total))
    return more


def _with_more(gradients: Any, more: Array | None) -> Any:
    """Add the gradient by the sum to that by the summands."""
    if more is not None:
        by_sum = gradients[0] if isinstance(gradients, tuple) else gradients
        np.add(by_sum, more, out=by_sum, casting="same_kind")
    return gradients


@differentiable(_add_layer_norm_backward)
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
        ``layer_norm(x + residual, ...)``; of float16, of the sum before it is rounded.
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
    name = "add_layer_norm"
    eps = not_negative(name, "eps", eps)
    summands, rows = _rows_of_sum(name, x, residual, axis)
    scale = elements_of_row(name, "weight", weight, 1.0, rows.shape, rows.axes)
    shift = elements_of_row(name, "bias", bias, -0.0, rows.shape, rows.axes)
    y, total = rows.run(name, [*summands, scale, shift], [None, None], (eps,))
    return y, total


def _add_rms_norm_backward(
    grad: ArrayLike,
    total: ArrayLike,
    weight: ArrayLike | None = None,
    axis: Axis = -1,
    eps: float | None = None,
    grad_total: ArrayLike | None = None,
) -> Array | tuple[Array, Array]:
    """Gradients by the summands and the weight of add_rms_norm, from the sum.

    Parameters
    ----------
    grad : array_like
        The gradient by the normalised sum.
    total : array_like
        The sum that ``add_rms_norm`` returned.
    weight : array_like, optional
    axis : int, tuple of ints or None, optional
    eps : float, optional
    grad_total : array_like, optional
        The gradient by the sum that came back along the next residual connection; it is added.

    Returns
    -------
    ndarray
        The gradient by `x`, which is that by `residual`, too; if `weight` is given, a tuple of it and that by `weight`.

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
    >>> fa.add_rms_norm.backward([1.0, 0.0], [3.0, 4.0], eps=0.0).round(4)
    array([ 0.181 , -0.1358])
    """
    more = _more("add_rms_norm.backward", grad_total, total)
    return _with_more(rms_norm.backward(grad, total, weight, axis, eps), more)  # type: ignore[no-any-return]


@differentiable(_add_rms_norm_backward)
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
        ``rms_norm(x + residual, ...)``; of float16, of the sum before it is rounded.
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
    name = "add_rms_norm"
    summands, rows = _rows_of_sum(name, x, residual, axis)
    settings = _eps_of_rms_norm(name, eps, rows)
    scale = elements_of_row(name, "weight", weight, 1.0, rows.shape, rows.axes)
    y, total = rows.run(name, [*summands, scale], [None, None], settings)
    return y, total


layer_norm_ = in_place(layer_norm)
rms_norm_ = in_place(rms_norm)

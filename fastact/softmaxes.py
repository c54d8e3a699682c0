"""Softmax and its relatives: what turns scores into shares."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .arrays import Array, share_memory
from .blocks import part_of
from .logits import PREPARED, Logits
from .operation import MaskedRun, RowRun, differentiable, in_place
from .row_calls import Axis, Rows, as_array, axes_of, check_same_shape, real, result_dtype

__all__ = [
    "hardmax",
    "hardmax_",
    "log_softmax",
    "log_softmax_",
    "logsumexp",
    "softmax",
    "softmax_",
    "softmax_jacobian",
    "softmin",
    "softmin_",
    "sparsemax",
    "sparsemax_",
]

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

CORRECTED = 1 << 14
"""Elements of rows of which the first largest one is sought at a time."""


def _from_output(function: str, program: str, grad: Any, y: Any, axis: Axis, out: Any, settings: tuple[float, ...] = ()) -> Array:
    """Run the backward pass of an operation that needs its output only."""
    name = f"{function}.backward"
    grad, y = as_array(name, "grad", grad), as_array(name, "y", y)
    check_same_shape(name, "grad", grad, "y", y.shape)
    rows = Rows(name, result_dtype(grad, y), y.shape, axes_of(name, axis, y.ndim))
    rows.check_out(out)
    return rows.run(program, [grad, y], [out], settings)[0]


def _softmax_backward(grad: ArrayLike, y: ArrayLike, axis: Axis = -1, out: Array | None = None, *, scale: float = 1.0) -> Array:
    """Gradient by the input of softmax, from its output.

    .. math:: g_i = \\mathrm{scale} \\, y_i \\left(\\mathrm{grad}_i - \\sum_j \\mathrm{grad}_j \\, y_j\\right)

    Parameters
    ----------
    grad : array_like
        The gradient by the output, of the shape of `y`.
    y : array_like
        What ``softmax`` returned; masked elements are zeros and get none of the gradient.
    axis : int, tuple of ints or None, optional
        The axis that ``softmax`` was given.
    out : ndarray, optional
        Where to write the result; may be `grad` or `y`.
    scale : float, optional
        The scale that ``softmax`` was given.

    Returns
    -------
    ndarray
        The gradient by the input.

    Raises
    ------
    TypeError
        If an operand is no array of real numbers of at most 64 bits.
    ValueError
        If the shapes differ, or `out` cannot be written.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.softmax.backward([1.0, 0.0], [0.5, 0.5])
    array([ 0.25, -0.25])
    """
    return _from_output("softmax", "softmax_backward", grad, y, axis, out, (real("softmax.backward", "scale", scale),))


def _softmin_backward(grad: ArrayLike, y: ArrayLike, axis: Axis = -1, out: Array | None = None, *, scale: float = 1.0) -> Array:
    """Gradient by the input of softmin, from its output.

    .. math:: g_i = -\\mathrm{scale} \\, y_i \\left(\\mathrm{grad}_i - \\sum_j \\mathrm{grad}_j \\, y_j\\right)

    Parameters
    ----------
    grad : array_like
        The gradient by the output, of the shape of `y`.
    y : array_like
        What ``softmin`` returned.
    axis : int, tuple of ints or None, optional
        The axis that ``softmin`` was given.
    out : ndarray, optional
        Where to write the result; may be `grad` or `y`.
    scale : float, optional
        The scale that ``softmin`` was given.

    Returns
    -------
    ndarray
        The gradient by the input.

    Raises
    ------
    TypeError
        If an operand is no array of real numbers of at most 64 bits.
    ValueError
        If the shapes differ, or `out` cannot be written.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.softmin.backward([1.0, 0.0], [0.5, 0.5])
    array([-0.25,  0.25])
    """
    return _from_output("softmin", "softmax_backward", grad, y, axis, out, (-real("softmin.backward", "scale", scale),))


def _log_softmax_backward(
    grad: ArrayLike, y: ArrayLike, axis: Axis = -1, out: Array | None = None, *, scale: float = 1.0
) -> Array:
    """Gradient by the input of log_softmax, from its output.

    .. math:: g_i = \\mathrm{scale} \\left(\\mathrm{grad}_i - e^{y_i} \\sum_j \\mathrm{grad}_j\\right)

    Parameters
    ----------
    grad : array_like
        The gradient by the output, of the shape of `y`.
    y : array_like
        What ``log_softmax`` returned.
    axis : int, tuple of ints or None, optional
        The axis that ``log_softmax`` was given.
    out : ndarray, optional
        Where to write the result; may be `grad` or `y`.
    scale : float, optional
        The scale that ``log_softmax`` was given.

    Returns
    -------
    ndarray
        The gradient by the input.

    Raises
    ------
    TypeError
        If an operand is no array of real numbers of at most 64 bits.
    ValueError
        If the shapes differ, or `out` cannot be written.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.log_softmax.backward([1.0, 0.0], [0.0, float("-inf")])
    array([0., 0.])
    """
    scale = real("log_softmax.backward", "scale", scale)
    return _from_output("log_softmax", "log_softmax_backward", grad, y, axis, out, (scale,))


def _logsumexp_backward(
    grad: ArrayLike,
    x: ArrayLike,
    axis: Axis = -1,
    out: Array | None = None,
    *,
    scale: float = 1.0,
    softcap: float | None = None,
    mask: ArrayLike | None = None,
) -> Array:
    """Gradient by the input of logsumexp: the gradient by its result, shared out as softmax does.

    Parameters
    ----------
    grad : array_like
        The gradient by the result, which has the shape of `x` without `axis`, or the length 1 there.
    x : array_like
        What ``logsumexp`` was given, as are the arguments that follow.
    axis : int, tuple of ints or None, optional
    out : ndarray, optional
        Where to write the result; may overlap `x`.
    scale : float, optional
    softcap : float, optional
    mask : array_like, optional

    Returns
    -------
    ndarray
        The gradient by the input.

    Raises
    ------
    TypeError
        If an operand is no array of real numbers of at most 64 bits.
    ValueError
        If the shapes differ, or `out` cannot be written.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.logsumexp.backward(2.0, [0.0, 0.0])
    array([1., 1.])
    """
    name = "logsumexp.backward"
    logits = Logits(name, x, axis, out, scale, softcap, mask)
    rows, result = logits.rows, logits.result()
    upstream = as_array(name, "grad", grad)
    wanted = tuple(n for a, n in enumerate(rows.shape) if a not in rows.axes)
    if upstream.shape not in (wanted, rows.shape_of_values):
        raise ValueError(f"{name}: grad has shape {upstream.shape}; it must have that of the result, {wanted}")
    # The shares are written before it is read.
    upstream = upstream.copy() if share_memory(upstream, result) else upstream
    upstream = upstream.reshape(rows.shape_of_values)
    for part in logits.parts(result):
        part.rows.run("masked_softmax", [part.x, part.added], [part.out], (logits.remaining_scale, logits.empty))
        with np.errstate(all="ignore"):
            np.multiply(part.out, rows.cast(part_of(upstream, part.place)), out=part.out)
            if logits.cap is not None:
                # The derivative of the cap, from what it gives.
                ratio = part.x / rows.computed.type(logits.cap)
                factor = (1 - ratio) * (1 + ratio) * rows.computed.type(logits.scale)
                np.multiply(part.out, factor, out=part.out, casting="same_kind", where=part.added != -np.inf)
            elif logits.scale != 1.0:
                np.multiply(part.out, rows.dtype.type(logits.scale), out=part.out)
    return result


def _sparsemax_backward(grad: ArrayLike, y: ArrayLike, axis: Axis = -1, out: Array | None = None) -> Array:
    """Gradient by the input of sparsemax, from its output: that of the support, less its mean there.

    Parameters
    ----------
    grad : array_like
        The gradient by the output, of the shape of `y`.
    y : array_like
        What ``sparsemax`` returned.
    axis : int, tuple of ints or None, optional
        The axis that ``sparsemax`` was given.
    out : ndarray, optional
        Where to write the result; may be `grad` or `y`.

    Returns
    -------
    ndarray
        The gradient by the input.

    Raises
    ------
    TypeError
        If an operand is no array of real numbers of at most 64 bits.
    ValueError
        If the shapes differ, or `out` cannot be written.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.sparsemax.backward([1.0, 0.0, 5.0], [0.5, 0.5, 0.0])
    array([ 0.5, -0.5,  0. ])
    """
    return _from_output("sparsemax", "sparsemax_backward", grad, y, axis, out)


@differentiable(_softmax_backward, RowRun("softmax", masked=MaskedRun("masked_softmax", 0.0, PREPARED)))
def softmax(
    x: ArrayLike,
    axis: Axis = -1,
    out: Array | None = None,
    *,
    scale: float = 1.0,
    softcap: float | None = None,
    mask: ArrayLike | None = None,
    masked_row: str = "zero",
) -> Array:
    """Exponentials divided by their sum: positive numbers that add up to one.

    .. math:: y_i = \\frac{e^{x_i}}{\\sum_j e^{x_j}}

    Nothing overflows, and the offset of `x` costs no digits.  Elements of +inf share the whole sum evenly; a row
    that is -inf throughout, or that has a NaN, gives NaN.

    Parameters
    ----------
    x : array_like
        Real numbers.  Integers are promoted as by `numpy.exp`; float16 is computed in float32.  The result is a plain
        array, also for a DataFrame; masked arrays and dask collections are refused.
    axis : int, tuple of ints or None, optional
        Where the sum runs; ``None`` for the whole array.
    out : ndarray, optional
        Where to write the result; may overlap `x`.
    scale : float, optional
        What `x` is multiplied by first: one over a temperature, or over the root of a head's size.
    softcap : float, optional
        Bound c of the products, which become ``c * tanh(x * scale / c)``.
    mask : array_like, optional
        Broadcasts to `x`.  Of booleans: True for the elements that take part.  Of floats: what is added to the product; -inf
        hides an element, whatever it is.
    masked_row : {"zero", "nan", "uniform"}, optional
        What a row gives in which everything is masked: zeros, NaNs, or equal shares.

    Returns
    -------
    ndarray
        `out`, or a new array of the shape of `x`.

    Raises
    ------
    TypeError
        If `x` is no array of real numbers of at most 64 bits, or `out` cannot hold the result.
    ValueError
        If `out` has another shape or cannot be written, `mask` does not broadcast to `x`,
        or a setting is out of its domain.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.softmax([0.0, 0.0, float("-inf"), 0.0, 0.0])
    array([0.25, 0.25, 0.  , 0.25, 0.25])
    >>> fa.softmax([1.0, 5.0, 1.0], mask=[True, False, True])
    array([0.5, 0. , 0.5])
    """
    return Logits("softmax", x, axis, out, scale, softcap, mask, masked_row).shares()


@differentiable(_log_softmax_backward, RowRun("log_softmax", masked=MaskedRun("masked_log_softmax", -math.inf, PREPARED)))
def log_softmax(
    x: ArrayLike,
    axis: Axis = -1,
    out: Array | None = None,
    *,
    scale: float = 1.0,
    softcap: float | None = None,
    mask: ArrayLike | None = None,
    masked_row: str = "zero",
) -> Array:
    """Logarithm of softmax.

    .. math:: y_i = x_i - \\log \\sum_j e^{x_j}

    A dominant element keeps all the digits of its small result.  Elements of +inf share the whole sum evenly; a row
    that is -inf throughout, or that has a NaN, gives NaN.

    Parameters
    ----------
    x : array_like
        Real numbers.  Integers are promoted as by `numpy.exp`; float16 is computed in float32.  The result is a plain
        array, also for a DataFrame; masked arrays and dask collections are refused.
    axis : int, tuple of ints or None, optional
        Where the sum runs; ``None`` for the whole array.
    out : ndarray, optional
        Where to write the result; may overlap `x`.
    scale : float, optional
        What `x` is multiplied by first: one over a temperature, or over the root of a head's size.
    softcap : float, optional
        Bound c of the products, which become ``c * tanh(x * scale / c)``.
    mask : array_like, optional
        Broadcasts to `x`.  Of booleans: True for the elements that take part.  Of floats: what is added to the product; -inf
        hides an element, whatever it is.
    masked_row : {"zero", "nan", "uniform"}, optional
        What a row gives in which everything is masked: the logarithms of zeros, NaNs, or of equal shares.

    Returns
    -------
    ndarray
        `out`, or a new array of the shape of `x`.

    Raises
    ------
    TypeError
        If `x` is no array of real numbers of at most 64 bits, or `out` cannot hold the result.
    ValueError
        If `out` has another shape or cannot be written, `mask` does not broadcast to `x`,
        or a setting is out of its domain.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.log_softmax([0.0, float("-inf"), 0.0])
    array([-0.69314718,        -inf, -0.69314718])
    """
    return Logits("log_softmax", x, axis, out, scale, softcap, mask, masked_row).logarithms()


@differentiable(_softmin_backward)
def softmin(
    x: ArrayLike,
    axis: Axis = -1,
    out: Array | None = None,
    *,
    scale: float = 1.0,
    softcap: float | None = None,
    mask: ArrayLike | None = None,
    masked_row: str = "zero",
) -> Array:
    """Softmax of ``-x``: the smallest element has the largest share.

    .. math:: y_i = \\frac{e^{-x_i}}{\\sum_j e^{-x_j}}

    Parameters
    ----------
    x : array_like
        Real numbers.  Integers are promoted as by `numpy.exp`; float16 is computed in float32.  The result is a plain
        array, also for a DataFrame; masked arrays and dask collections are refused.
    axis : int, tuple of ints or None, optional
        Where the sum runs; ``None`` for the whole array.
    out : ndarray, optional
        Where to write the result; may overlap `x`.
    scale : float, optional
        What `x` is multiplied by first: one over a temperature, or over the root of a head's size.
    softcap : float, optional
        Bound c of the products, which become ``c * tanh(x * scale / c)``.
    mask : array_like, optional
        Broadcasts to `x`.  Of booleans: True for the elements that take part.  Of floats: what is added to the product; -inf
        hides an element, whatever it is.
    masked_row : {"zero", "nan", "uniform"}, optional
        What a row gives in which everything is masked: zeros, NaNs, or equal shares.

    Returns
    -------
    ndarray
        `out`, or a new array of the shape of `x`.

    Raises
    ------
    TypeError
        If `x` is no array of real numbers of at most 64 bits, or `out` cannot hold the result.
    ValueError
        If `out` has another shape or cannot be written, `mask` does not broadcast to `x`,
        or a setting is out of its domain.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.softmin([0.0, 0.0, float("inf"), 0.0, 0.0])
    array([0.25, 0.25, 0.  , 0.25, 0.25])
    """
    return Logits("softmin", x, axis, out, -real("softmin", "scale", scale), softcap, mask, masked_row).shares()


@differentiable(_logsumexp_backward, RowRun("logsumexp", reduces=True))
def logsumexp(
    x: ArrayLike,
    axis: Axis = -1,
    *,
    keepdims: bool = False,
    scale: float = 1.0,
    softcap: float | None = None,
    mask: ArrayLike | None = None,
) -> Array:
    """Logarithm of the sum of the exponentials, a smooth maximum.

    .. math:: y = \\log \\sum_i e^{x_i}

    Nothing overflows.  A +inf gives +inf; a row that is -inf throughout, or empty, gives -inf.

    Parameters
    ----------
    x : array_like
        Real numbers.  Integers are promoted as by `numpy.exp`; float16 is computed in float32.  The result is a plain
        array, also for a DataFrame; masked arrays and dask collections are refused.
    axis : int, tuple of ints or None, optional
        Where the sum runs; ``None`` for the whole array.
    keepdims : bool, optional
        Leave the axes in the result, with the length 1.
    scale : float, optional
        What `x` is multiplied by first: one over a temperature, or over the root of a head's size.
    softcap : float, optional
        Bound c of the products, which become ``c * tanh(x * scale / c)``.
    mask : array_like, optional
        Broadcasts to `x`.  Of booleans: True for the elements that take part.  Of floats: what is added to the product; -inf
        hides an element, whatever it is.

    Returns
    -------
    ndarray
        Of the shape of `x` without the axes.

    Raises
    ------
    TypeError
        If `x` is no array of real numbers of at most 64 bits.
    ValueError
        If `mask` does not broadcast to `x`, or a setting is out of its domain.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.logsumexp([[0.0, 0.0], [-1000.0, 1000.0]])
    array([6.93147181e-01, 1.00000000e+03])
    """
    logits = Logits("logsumexp", x, axis, None, scale, softcap, mask)
    rows = logits.rows
    if logits.plain:
        (total,) = rows.run("logsumexp", [logits.x], values=1, value_if_empty=-math.inf)
        return rows.squeeze(rows.cast(total), keepdims)
    result = np.full(rows.shape_of_values, -np.inf, rows.dtype)
    # Nothing is written to it: the results have no elements.
    for part in logits.parts(logits.x):
        (total,) = part.rows.run("masked_logsumexp", [part.x, part.added], (), (logits.remaining_scale,), 1)
        part_of(result, part.place)[...] = rows.cast(total)
    return rows.squeeze(result, keepdims)


def _largest_and_threshold(rows: Rows, scores: Array) -> tuple[Array, Array]:
    """Return the largest score of each row, and how far below it sparsemax is zero."""
    largest, last, threshold = rows.run("sparsemax_first_thresholds", [scores], values=3)
    rising = np.flatnonzero(threshold > last)
    while 2 * rising.size > threshold.size:
        last, (threshold,) = threshold, rows.run("sparsemax_next_threshold", [scores, largest, threshold], values=1)
        rising = np.flatnonzero(threshold > last)
    if rising.size:
        _raise(rows, scores, largest, threshold, rising)
    return largest, threshold


def _raise(rows: Rows, scores: Array, largest: Array, threshold: Array, rising: Array) -> None:
    """Raise the thresholds of a few rows as far as they go; `rising` are their numbers."""
    of_rows = scores.transpose([*rows.kept, *rows.axes]).reshape(largest.size, -1)
    largest, threshold = largest.reshape(-1, 1), threshold.reshape(-1, 1)
    while rising.size:
        some, last = of_rows[rising].astype(rows.computed, copy=False), threshold[rising]
        few = Rows(rows.function, rows.computed, some.shape, (1,))
        (threshold[rising],) = few.run("sparsemax_next_threshold", [some, largest[rising], last], values=1)
        rising = rising[(threshold[rising] > last)[:, 0]]


@differentiable(_sparsemax_backward)
def sparsemax(
    x: ArrayLike,
    axis: Axis = -1,
    out: Array | None = None,
    *,
    scale: float = 1.0,
    softcap: float | None = None,
    mask: ArrayLike | None = None,
    masked_row: str = "zero",
) -> Array:
    """The point of the simplex that is nearest to `x`: shares, most of them zero.

    .. math:: y_i = \\max(x_i - \\tau, 0), \\quad \\textstyle\\sum_i y_i = 1

    The threshold is found in a few passes over the row, each leaving fewer elements above it.  Source: A. Martins and
    R. Astudillo, "From Softmax to Sparsemax", 2016.  Elements of +inf share the whole evenly; a row that is -inf
    throughout, or that has a NaN, gives NaN.

    Parameters
    ----------
    x : array_like
        Real numbers.  Integers are promoted as by `numpy.exp`; float16 is computed in float32.  The result is a plain
        array, also for a DataFrame; masked arrays and dask collections are refused.
    axis : int, tuple of ints or None, optional
        Where the projection runs; ``None`` for the whole array.
    out : ndarray, optional
        Where to write the result; may overlap `x`.
    scale : float, optional
        What `x` is multiplied by first: one over a temperature, or over the root of a head's size.
    softcap : float, optional
        Bound c of the products, which become ``c * tanh(x * scale / c)``.
    mask : array_like, optional
        Broadcasts to `x`.  Of booleans: True for the elements that take part.  Of floats: what is added to the product; -inf
        hides an element, whatever it is.
    masked_row : {"zero", "nan", "uniform"}, optional
        What a row gives in which everything is masked: zeros, NaNs, or equal shares.

    Returns
    -------
    ndarray
        `out`, or a new array of the shape of `x`.

    Raises
    ------
    TypeError
        If `x` is no array of real numbers of at most 64 bits, or `out` cannot hold the result.
    ValueError
        If `out` has another shape or cannot be written, `mask` does not broadcast to `x`,
        or a setting is out of its domain.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.sparsemax([1.0, 0.5, -1.0])
    array([0.75, 0.25, 0.  ])
    """
    logits = Logits("sparsemax", x, axis, out, scale, softcap, mask, masked_row)
    result = logits.result()
    for part in logits.parts(result, PREPARED):
        scores = part.x if logits.plain else logits.added(part)
        largest, threshold = _largest_and_threshold(part.rows, scores)
        part.rows.run("sparsemax", [scores, largest, threshold], [part.out])
        if logits.mask is not None:
            np.copyto(part.out, logits.empty, where=largest == -np.inf)
    return result


def hardmax(
    x: ArrayLike,
    axis: Axis = -1,
    out: Array | None = None,
    *,
    scale: float = 1.0,
    softcap: float | None = None,
    mask: ArrayLike | None = None,
    masked_row: str = "zero",
) -> Array:
    """One for the first of the largest elements of a row, zero for all others.

    A row that has a NaN gives NaN.

    Parameters
    ----------
    x : array_like
        Real numbers.  Integers are promoted as by `numpy.exp`; float16 is computed in float32.  The result is a plain
        array, also for a DataFrame; masked arrays and dask collections are refused.
    axis : int, tuple of ints or None, optional
        Where the search runs; ``None`` for the whole array.
    out : ndarray, optional
        Where to write the result; may overlap `x`.
    scale : float, optional
        What `x` is multiplied by first: one over a temperature, or over the root of a head's size.
    softcap : float, optional
        Bound c of the products, which become ``c * tanh(x * scale / c)``.
    mask : array_like, optional
        Broadcasts to `x`.  Of booleans: True for the elements that take part.  Of floats: what is added to the product; -inf
        hides an element, whatever it is.
    masked_row : {"zero", "nan", "uniform"}, optional
        What a row gives in which everything is masked: zeros, NaNs, or equal shares.

    Returns
    -------
    ndarray
        `out`, or a new array of the shape of `x`.

    Raises
    ------
    TypeError
        If `x` is no array of real numbers of at most 64 bits, or `out` cannot hold the result.
    ValueError
        If `out` has another shape or cannot be written, `mask` does not broadcast to `x`,
        or a setting is out of its domain.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.hardmax([1.0, 3.0, 3.0])
    array([0., 1., 0.])
    """
    logits = Logits("hardmax", x, axis, out, scale, softcap, mask, masked_row)
    result = logits.result()
    for part in logits.parts(result, PREPARED):
        scores = part.x if logits.plain else logits.added(part)
        _, number, largest = part.rows.run("hardmax", [scores], [part.out], values=2)
        tied = number > 1
        if ties := np.count_nonzero(tied):
            few = ties * part.out.size <= CORRECTED * tied.size
            for place in part.rows.blocks(part.out.size if few else CORRECTED):
                _keep_the_first(part.rows, part_of(part.out, place), part_of(tied, place))
        if logits.mask is not None:
            np.copyto(part.out, logits.empty, where=largest == -np.inf)
    return result


def _keep_the_first(rows: Rows, out: Array, tied: Array) -> None:
    """Leave one of the ones in each of the tied rows."""
    of_rows = out.transpose([*rows.kept, *rows.axes])[np.newaxis]
    place = np.nonzero(tied.reshape(of_rows.shape[: 1 + len(rows.kept)]))
    chosen = of_rows[place].reshape(len(place[0]), -1)
    first = chosen.argmax(axis=1)
    chosen[...] = 0
    chosen[np.arange(len(chosen)), first] = 1
    of_rows[place] = chosen.reshape(-1, *of_rows.shape[1 + len(rows.kept) :])


def softmax_jacobian(y: ArrayLike) -> Array:
    """All derivatives of the outputs of softmax by its inputs, from its output along the last axis.

    .. math:: J_{ij} = y_i (\\delta_{ij} - y_j)

    The matrix is quadratic in the length of a row; ``softmax.backward`` multiplies by it without making it.

    Parameters
    ----------
    y : array_like
        What ``softmax`` returned, of shape ``(..., n)``.

    Returns
    -------
    ndarray
        Of shape ``(..., n, n)``.

    Raises
    ------
    TypeError
        If `y` is no array of real numbers of at most 64 bits.
    numpy.exceptions.AxisError
        If `y` has no axis.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.softmax_jacobian([0.25, 0.75])
    array([[ 0.1875, -0.1875],
           [-0.1875,  0.1875]])
    """
    y = as_array("softmax_jacobian", "y", y)
    axes_of("softmax_jacobian", -1, y.ndim)
    rows = y.astype(result_dtype(y))
    with np.errstate(all="ignore"):
        jacobian: Array = -rows[..., :, np.newaxis] * rows[..., np.newaxis, :]
        diagonal = np.arange(rows.shape[-1])
        jacobian[..., diagonal, diagonal] = rows * (1 - rows)
    return jacobian


softmax_ = in_place(softmax)
log_softmax_ = in_place(log_softmax)
softmin_ = in_place(softmin)
sparsemax_ = in_place(sparsemax)
hardmax_ = in_place(hardmax)

for _function in (hardmax, softmax_jacobian):
    # Where users find it, and where pickle looks it up.
    _function.__module__ = "fastact"

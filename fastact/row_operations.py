"""The public row operations: softmax, log_softmax and zscore, their in-place twins, and the backward passes."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ._active import backend_module
from .arrays import check_dtype, check_writeable_in_place, overlaps_itself
from .row_loop import run_rows as run_rows_in_numpy

__all__ = ["RowOperation", "log_softmax", "log_softmax_", "softmax", "softmax_", "zscore", "zscore_"]

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_Array = np.ndarray[Any, np.dtype[Any]]
_Axis = int | Sequence[int] | None

_FLOATS = {np.dtype(t).num: np.dtype(t) for t in (np.float16, np.float32, np.float64)}
_FLOAT16 = np.dtype(np.float16)
_FLOAT32 = np.dtype(np.float32)

# A backend that has no kernels for rows runs their programs in NumPy.
_run_rows: Callable[..., None] = getattr(backend_module, "run_rows", run_rows_in_numpy)


class RowOperation:
    """A function over the rows of an array, with the backward pass of its gradient."""

    __name__: str

    def __init__(self, function: Callable[..., _Array], backward: Callable[..., _Array]) -> None:
        functools.update_wrapper(self, function)
        self.__module__ = "fastact"
        self._function = function
        self.backward = backward

    def __call__(self, *args: Any, **kwargs: Any) -> _Array:
        return self._function(*args, **kwargs)

    def __reduce__(self) -> str:
        return self.__name__

    def __repr__(self) -> str:
        return f"<fastact.{self.__name__}>"


def _differentiable(backward: Callable[..., _Array]) -> Callable[[Callable[..., _Array]], RowOperation]:
    return lambda function: RowOperation(function, backward)


def _as_array(function: str, argument: str, x: Any) -> _Array:
    """Return an array of real numbers for anything array-like that holds all of its elements in memory."""
    if type(x) is not np.ndarray:
        if isinstance(x, np.ma.MaskedArray):
            raise TypeError(
                f"{function}: {argument} is a masked array, whose mask would be lost; pass {argument}.filled(value)"
            )
        if getattr(x, "__dask_graph__", lambda: None)() is not None:
            raise TypeError(
                f"{function}: {argument} is a lazy dask collection; use its map_blocks(fastact.{function}), "
                "with one chunk along the axis"
            )
        x = np.asarray(x)
    check_dtype(function, argument, x)
    if x.dtype.kind == "V":
        raise TypeError(f"{function}: {argument} has dtype {x.dtype}; it must be float16, float32 or float64")
    return x  # type: ignore[no-any-return]


def _result_dtype(*arrays: _Array) -> np.dtype[Any]:
    """Return the type of the result as NumPy's exponential would."""
    kept = _FLOATS.get(arrays[0].dtype.num)
    if kept is not None and all(a.dtype.num == kept.num for a in arrays):
        return kept
    common = np.result_type(*[a.dtype for a in arrays])
    return np.exp.resolve_dtypes((common, None))[-1].newbyteorder("=")


def _axes(function: str, axis: _Axis, ndim: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(ndim))
    if type(axis) is int and -ndim <= axis < ndim:
        return (axis % ndim,)
    try:
        named = (operator.index(axis),) if not isinstance(axis, Sequence) else tuple(map(operator.index, axis))
    except TypeError:
        raise TypeError(f"{function}: axis is {axis!r}; it must be an integer, a tuple of integers or None") from None
    axes = [normalize_axis_index(a, ndim, function) for a in named]
    if len(set(axes)) < len(axes):
        raise ValueError(f"{function}: axis is {axis!r}; it names an axis twice")
    return tuple(sorted(axes))


def _is_direct(x: _Array, dtype: np.dtype[Any]) -> bool:
    return x.dtype == dtype and x.flags.aligned


def _cast(x: _Array, dtype: np.dtype[Any]) -> _Array:
    with np.errstate(all="ignore"):
        return x.astype(dtype)


def _apart(x: _Array, out: _Array) -> _Array:
    """Return `x`, or a copy if writing `out` row by row would change elements of `x` before they are read."""
    if x is out or not np.may_share_memory(x, out):
        return x
    same = x.strides == out.strides and x.ctypes.data == out.ctypes.data
    return x if same else x.copy()


def _run(
    program: str,
    inputs: Sequence[_Array],
    dtype: np.dtype[Any],
    axes: tuple[int, ...],
    out: _Array | None,
    settings: tuple[float, ...] = (),
) -> _Array:
    """Run a program over checked operands."""
    computed = _FLOAT32 if dtype == _FLOAT16 else dtype
    operands = [x if _is_direct(x, computed) else _cast(x, computed) for x in inputs]
    if out is not None and _is_direct(out, computed):
        operands = [_apart(x, out) for x in operands]
        if out.size:
            _run_rows(program, operands, [out], axes, settings)
        return out
    result = np.empty(operands[-1].shape, computed)
    if result.size:
        _run_rows(program, operands, [result], axes, settings)
    if out is None:
        return result if computed == dtype else _cast(result, dtype)
    with np.errstate(all="ignore"):
        np.copyto(out, result, casting="same_kind")
    return out


def _forward(function: str, x: Any, axis: _Axis, out: Any, settings: tuple[float, ...] = ()) -> _Array:
    x = _as_array(function, "x", x)
    dtype = _result_dtype(x)
    axes = _axes(function, axis, x.ndim)
    if out is not None:
        _check_out(function, out, x.shape, dtype)
    return _run(function, [x], dtype, axes, out, settings)


def _in_place(function: str, x: Any, axis: _Axis, settings: tuple[float, ...] = ()) -> _Array:
    check_writeable_in_place(function, x)
    return _run(function, [x], _FLOATS[x.dtype.num], _axes(f"{function}_", axis, x.ndim), x, settings)


def _backward(function: str, grad: Any, y: Any, axis: _Axis, out: Any) -> _Array:
    name = f"{function}.backward"
    grad, y = _as_array(name, "grad", grad), _as_array(name, "y", y)
    if grad.shape != y.shape:
        raise ValueError(f"{name}: grad has shape {grad.shape}; it must have the shape of y, {y.shape}")
    dtype = _result_dtype(grad, y)
    axes = _axes(name, axis, y.ndim)
    if out is not None:
        _check_out(name, out, y.shape, dtype)
    return _run(f"{function}_backward", [grad, y], dtype, axes, out)


def _check_out(function: str, out: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    if not isinstance(out, np.ndarray) or isinstance(out, np.ma.MaskedArray):
        raise TypeError(f"{function}: out is a {type(out).__name__}; it must be a NumPy array")
    if out.shape != shape:
        raise ValueError(f"{function}: out has shape {out.shape}; it must have the shape of the result, {shape}")
    if not np.can_cast(dtype, out.dtype, "same_kind"):
        raise TypeError(f"{function}: out has dtype {out.dtype}, which cannot hold the result; use a float array")
    if not out.flags.writeable:
        raise ValueError(f"{function}: out is read-only; pass a writeable array")
    if overlaps_itself(out):
        raise ValueError(f"{function}: elements of out share memory; pass an array that has each element once")


def _real(function: str, argument: str, value: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{function}: {argument} is {value!r}; it must be a real number") from None
    if not math.isfinite(number):
        raise ValueError(f"{function}: {argument} is {value!r}; it must be finite")
    return number


def _zscore_settings(function: str, ddof: float, eps: float) -> tuple[float, float]:
    if _real(function, "eps", eps) < 0:
        raise ValueError(f"{function}: eps is {eps!r}; it must not be negative")
    return _real(function, "ddof", ddof), float(eps)


def _softmax_backward(grad: ArrayLike, y: ArrayLike, axis: _Axis = -1, out: _Array | None = None) -> _Array:
    """Gradient by the input of softmax, from its output.

    .. math:: g_i = y_i \\left(\\mathrm{grad}_i - \\sum_j \\mathrm{grad}_j \\, y_j\\right)

    Parameters
    ----------
    grad : array_like
        The gradient by the output, of the shape of `y`.
    y : array_like
        What ``softmax`` returned.
    axis : int, tuple of ints or None, optional
        The axis that ``softmax`` was given.
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
    >>> fa.softmax.backward([1.0, 0.0], [0.5, 0.5])
    array([ 0.25, -0.25])
    """
    return _backward("softmax", grad, y, axis, out)


def _log_softmax_backward(grad: ArrayLike, y: ArrayLike, axis: _Axis = -1, out: _Array | None = None) -> _Array:
    """Gradient by the input of log_softmax, from its output.

    .. math:: g_i = \\mathrm{grad}_i - e^{y_i} \\sum_j \\mathrm{grad}_j

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
    return _backward("log_softmax", grad, y, axis, out)


@_differentiable(_softmax_backward)
def softmax(x: ArrayLike, axis: _Axis = -1, out: _Array | None = None) -> _Array:
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

    Returns
    -------
    ndarray
        `out`, or a new array of the shape of `x`.

    Raises
    ------
    TypeError
        If `x` is no array of real numbers of at most 64 bits, or `out` cannot hold the result.
    ValueError
        If `out` has another shape, or cannot be written.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.softmax([0.0, 0.0, float("-inf"), 0.0, 0.0])
    array([0.25, 0.25, 0.  , 0.25, 0.25])
    """
    return _forward("softmax", x, axis, out)


def softmax_(x: _Array, axis: _Axis = -1) -> _Array:
    """Replace an array by its softmax, and return it.

    Parameters
    ----------
    x : ndarray
        Any writeable float16, float32 or float64 array whose elements do not share memory.
    axis : int, tuple of ints or None, optional
        Where the sum runs; ``None`` for the whole array.

    Returns
    -------
    ndarray
        `x`.

    Raises
    ------
    TypeError
        If `x` is no floating-point array.
    ValueError
        If `x` is read-only, or has elements that share memory.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    See Also
    --------
    softmax : the formula, and special values.

    Examples
    --------
    >>> import fastact as fa
    >>> import numpy as np
    >>> x = np.zeros((2, 2))
    >>> fa.softmax_(x) is x
    True
    >>> x
    array([[0.5, 0.5],
           [0.5, 0.5]])
    """
    return _in_place("softmax", x, axis)


@_differentiable(_log_softmax_backward)
def log_softmax(x: ArrayLike, axis: _Axis = -1, out: _Array | None = None) -> _Array:
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

    Returns
    -------
    ndarray
        `out`, or a new array of the shape of `x`.

    Raises
    ------
    TypeError
        If `x` is no array of real numbers of at most 64 bits, or `out` cannot hold the result.
    ValueError
        If `out` has another shape, or cannot be written.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.log_softmax([0.0, float("-inf"), 0.0])
    array([-0.69314718,        -inf, -0.69314718])
    """
    return _forward("log_softmax", x, axis, out)


def log_softmax_(x: _Array, axis: _Axis = -1) -> _Array:
    """Replace an array by its log_softmax, and return it.

    Parameters
    ----------
    x : ndarray
        Any writeable float16, float32 or float64 array whose elements do not share memory.
    axis : int, tuple of ints or None, optional
        Where the sum runs; ``None`` for the whole array.

    Returns
    -------
    ndarray
        `x`.

    Raises
    ------
    TypeError
        If `x` is no floating-point array.
    ValueError
        If `x` is read-only, or has elements that share memory.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    See Also
    --------
    log_softmax : the formula, and special values.

    Examples
    --------
    >>> import fastact as fa
    >>> import numpy as np
    >>> fa.log_softmax_(np.zeros(2))
    array([-0.69314718, -0.69314718])
    """
    return _in_place("log_softmax", x, axis)


def zscore(x: ArrayLike, axis: _Axis = -1, ddof: float = 0, eps: float = 0.0, out: _Array | None = None) -> _Array:
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
    return _forward("zscore", x, axis, out, _zscore_settings("zscore", ddof, eps))


def zscore_(x: _Array, axis: _Axis = -1, ddof: float = 0, eps: float = 0.0) -> _Array:
    """Replace an array by its z-scores, and return it.

    Parameters
    ----------
    x : ndarray
        Any writeable float16, float32 or float64 array whose elements do not share memory.
    axis : int, tuple of ints or None, optional
        Where the statistics are taken; ``None`` for the whole array.
    ddof : float, optional
        What the number of elements is lowered by in the variance.
    eps : float, optional
        What is added to the variance.

    Returns
    -------
    ndarray
        `x`.

    Raises
    ------
    TypeError
        If `x` is no floating-point array.
    ValueError
        If `x` is read-only or has elements that share memory, or `eps` is negative.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    See Also
    --------
    zscore : the formula, and special values.

    Examples
    --------
    >>> import fastact as fa
    >>> import numpy as np
    >>> fa.zscore_(np.array([1.0, 3.0]))
    array([-1.,  1.])
    """
    return _in_place("zscore", x, axis, _zscore_settings("zscore_", ddof, eps))


for _function in (softmax_, log_softmax_, zscore, zscore_):
    # Where users find it, and where pickle looks it up.
    _function.__module__ = "fastact"

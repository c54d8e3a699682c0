"""Activations that change the number of channels: crelu doubles it, maxout divides it."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from .arrays import Array, one_axis
from .forms import activation
from .operation import differentiable
from .row_calls import as_array, check_same_shape

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["crelu", "maxout"]

FEW = 24
"""Pieces of a unit up to which NumPy takes longer to reduce them than to compare whole arrays."""


def _crelu_backward(grad: ArrayLike, x: ArrayLike, axis: int = -1) -> Array:
    """Gradient by the input of crelu.

    Parameters
    ----------
    grad : array_like
        The gradient by the output, of the shape of the output.
    x : array_like
        The input.
    axis : int, optional
        The axis that ``crelu`` was given.

    Returns
    -------
    ndarray
        The gradient by the input; where that is zero, the left derivative of both halves is 0.

    Raises
    ------
    TypeError
        If an operand is no array of real numbers of at most 64 bits, or `axis` is no integer.
    ValueError
        If `grad` has not the shape of the output.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.crelu.backward([1.0, 2.0, 3.0, 4.0], [0.5, -1.5])
    array([ 1., -4.])
    """
    name = "crelu.backward"
    grad, x = as_array(name, "grad", grad), as_array(name, "x", x)
    axis = one_axis(name, axis, x.ndim)
    shape = (*x.shape[:axis], 2 * x.shape[axis], *x.shape[axis + 1 :])
    check_same_shape(name, "grad", grad, "the result", shape)
    above, below = np.split(grad, 2, axis)
    relu = activation("relu")
    dtype = np.result_type(grad, x, np.float16)
    gradient: Array = relu.backward(above, x) - relu.backward(below, np.subtract(0, x, dtype=dtype))
    return gradient


@differentiable(_crelu_backward)
def crelu(x: ArrayLike, axis: int = -1) -> Array:
    """Concatenated rectified linear unit: what is above zero, then the size of what is below (Shang et al., 2016).

    .. math:: f(x) = (\\max(x, 0), \\max(-x, 0))

    Parameters
    ----------
    x : array_like
        Real numbers.  Integers are promoted as by NumPy's ufuncs of floats; masked arrays are refused.
    axis : int, optional
        The axis of the channels, which is doubled.

    Returns
    -------
    ndarray
        A new array, twice as long along the axis.

    Raises
    ------
    TypeError
        If `x` is no array of real numbers of at most 64 bits, or `axis` is no integer.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.crelu([0.5, -1.5])
    array([0.5, 0. , 0. , 1.5])
    """
    x = as_array("crelu", "x", x)
    axis = one_axis("crelu", axis, x.ndim)
    relu = activation("relu")
    above: Array = relu(x)
    return np.concatenate([above, relu(np.subtract(0, x, dtype=above.dtype))], axis)


def _pieces(function: str, x: Array, pieces: int, axis: int) -> tuple[Array, int]:
    """Return `x` with the pieces of each unit along an axis of their own, and that axis."""
    axis = one_axis(function, axis, x.ndim)
    try:
        count = operator.index(pieces)
    except TypeError:
        raise TypeError(f"{function}: pieces is {pieces!r}; it must be an integer") from None
    if count < 1 or x.shape[axis] % count:
        raise ValueError(f"{function}: pieces is {count}; it must divide the length of the axis, {x.shape[axis]}")
    return x.reshape(*x.shape[:axis], x.shape[axis] // count, count, *x.shape[axis + 1 :]), axis + 1


def _maxout_backward(grad: ArrayLike, x: ArrayLike, pieces: int, axis: int = -1) -> Array:
    """Gradient by the input of maxout: that of each unit goes to its largest piece, the first of equals.

    Parameters
    ----------
    grad : array_like
        The gradient by the output, of the shape of the output.
    x : array_like
        The input.
    pieces, axis : int
        What ``maxout`` was given.

    Returns
    -------
    ndarray
        The gradient by the input.

    Raises
    ------
    TypeError
        If an operand is no array of real numbers of at most 64 bits, or `pieces` or `axis` is no integer.
    ValueError
        If `grad` has not the shape of the output, or `pieces` does not divide the length of the axis.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.maxout.backward([10.0, 20.0], [1.0, 3.0, 2.0, -4.0], 2)
    array([ 0., 10., 20.,  0.])
    """
    name = "maxout.backward"
    grad, x = as_array(name, "grad", grad), as_array(name, "x", x)
    apart, axis = _pieces(name, x, pieces, axis)
    check_same_shape(name, "grad", grad, "the result", (*apart.shape[:axis], *apart.shape[axis + 1 :]))
    gradient = np.zeros(apart.shape, np.result_type(grad, x))
    if gradient.size:
        largest = np.argmax(apart, axis, keepdims=True)
        np.put_along_axis(gradient, largest, np.expand_dims(grad, axis).astype(gradient.dtype), axis)
    return gradient.reshape(x.shape)


@differentiable(_maxout_backward)
def maxout(x: ArrayLike, pieces: int, axis: int = -1) -> Array:
    """Largest of each unit's pieces (Goodfellow et al., 2013).

    .. math:: f(x)_i = \\max_{j < k} x_{i k + j}

    Parameters
    ----------
    x : array_like
        Real numbers; masked arrays are refused.
    pieces : int
        How many neighbouring channels make a unit.
    axis : int, optional
        The axis of the channels.

    Returns
    -------
    ndarray
        A new array of the dtype of `x`, shorter along the axis by the factor `pieces`.  A unit with a NaN is NaN.

    Raises
    ------
    TypeError
        If `x` is no array of real numbers of at most 64 bits, or `pieces` or `axis` is no integer.
    ValueError
        If `pieces` does not divide the length of the axis.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.maxout([1.0, 3.0, 2.0, -4.0], 2)
    array([3., 2.])
    """
    apart, axis = _pieces("maxout", as_array("maxout", "x", x), pieces, axis)
    if apart.shape[axis] > FEW:
        return np.asarray(np.max(apart, axis))
    before: tuple[Any, ...] = (slice(None),) * axis
    largest: Array = apart[(*before, 0)].astype(apart.dtype.newbyteorder("="))
    for piece in range(1, apart.shape[axis]):
        np.maximum(largest, apart[(*before, piece)], out=largest)
    return largest

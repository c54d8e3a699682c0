"""Losses, each with its gradient in one pass over the scores."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, ParamSpec

import numpy as np

from .arrays import Array, one_axis
from .row_calls import Rows, aligned, as_array, check_same_shape, one_of, real, result_dtype, wider

__all__ = ["Loss", "binary_cross_entropy_with_logits", "cross_entropy", "mse_loss", "nll_loss"]

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_REDUCTIONS = ("mean", "sum", "none")
_Parameters = ParamSpec("_Parameters")


_UNWANTED: Any = object()
"""In the place of `out` it tells that no gradient is wanted; what is returned for one has no elements then."""


class Loss(Generic[_Parameters]):
    """A loss: call it for its value.

    The value of class indices, and any mean or sum, takes no memory for a gradient.

    Attributes
    ----------
    value_and_gradient : callable
        The value, and the gradient by the first argument, from the arguments of the loss and ``out``, where the gradient goes.
    """

    __name__: str

    def __init__(self, compute: Callable[_Parameters, tuple[Array, Array]]) -> None:
        self.__name__ = self.__qualname__ = compute.__name__
        self.__doc__ = compute.__doc__
        self.__wrapped__ = compute
        self.__module__ = "fastact"
        self.value_and_gradient = np.errstate(all="ignore")(compute)
        # Where pickle looks it up.
        self.value_and_gradient.__qualname__ = f"{self.__name__}.value_and_gradient"
        self.value_and_gradient.__module__ = "fastact"

    def __call__(self, *args: _Parameters.args, **kwargs: _Parameters.kwargs) -> Array:
        if kwargs.get("out") is None:
            kwargs["out"] = _UNWANTED
        return self.value_and_gradient(*args, **kwargs)[0]

    def __reduce__(self) -> str:
        return self.__name__

    def __repr__(self) -> str:
        return f"<fastact.{self.__name__}>"


def _wants_gradient(rows: Rows, out: Any) -> bool:
    """Tell whether a gradient is wanted; raise if it cannot be written to `out`."""
    if out is _UNWANTED:
        return False
    rows.check_out(out)
    return True


def _reduce(values: Array, reduction: str, weight: float | np.floating[Any], dtype: np.dtype[Any]) -> Array:
    """Reduce losses of a wide type; `weight` is what a mean divides by."""
    if reduction == "none":
        return values.astype(dtype)
    total = values.sum()
    return np.array(total / weight if reduction == "mean" else total, dtype)


def _weights_of_classes(function: str, weight: Any, count: int) -> Array:
    array = as_array(function, "weight", weight).astype(np.float64)
    if array.shape != (count,):
        raise ValueError(f"{function}: weight has shape {array.shape}; it must have one number a class, ({count},)")
    return array


def _indices(function: str, target: Array, x: Array, axis: int, ignore_index: int) -> tuple[Array, Array]:
    """Return the index of each row, zero where it is ignored, and which are not."""
    wanted = x.shape[:axis] + x.shape[axis + 1 :]
    if target.shape != wanted:
        raise ValueError(
            f"{function}: target has shape {target.shape}; class indices must have that of x without its axis, {wanted}"
        )
    count = x.shape[axis]
    target = target.reshape(-1)
    # Without their sign, negative numbers are too large.
    used = target.astype(np.uint64) < count
    if 0 <= ignore_index < count:
        used &= target != ignore_index
    if np.count_nonzero(used) < used.size:
        wrong = target[~used & (target != ignore_index)] if count else target
        if wrong.size:
            raise ValueError(f"{function}: target has {wrong[0]}; a class index must be from 0 to {count - 1}")
        target = target * used
    return target.astype(np.intp), used


class _Classes:
    """What the losses of class indices share: which class counts how much in each row, and how the rows are reduced.

    Rows follow each other as in an array in C order.
    """

    def __init__(self, function: str, x: Array, target: Array, axis: int, weight: Any, ignore_index: int, reduction: str) -> None:
        if isinstance(ignore_index, bool) or not isinstance(ignore_index, int | np.integer):
            raise TypeError(f"{function}: ignore_index is {ignore_index!r}; it must be an integer")
        self.axis = axis
        self.reduction = one_of(function, "reduction", reduction, _REDUCTIONS)
        self.of_class = None if weight is None else _weights_of_classes(function, weight, x.shape[axis])
        index, self.used = _indices(function, target, x, axis, ignore_index)
        self.shape = target.shape
        self.weight = self.used.astype(np.float64)
        if self.of_class is not None:
            self.weight[self.used] = self.of_class[index[self.used]]
        self.total = self.weight.sum()
        self.share = 1.0 if reduction != "mean" else 1 / self.total if self.total else 0.0
        row, inner = np.arange(index.size), math.prod(x.shape[axis + 1 :])
        self.place = row * x.shape[axis] + index if inner == 1 else (row // inner * x.shape[axis] + index) * inner + row % inner

    def finish(self, losses: Array, gradient: Array, at_class: Array, dtype: np.dtype[Any]) -> tuple[Array, Array]:
        """Reduce the losses, write what the gradient is at the class of each row, and leave out the rows that are ignored."""
        gradient.flat[self.place] = at_class
        if np.count_nonzero(self.used) < self.used.size:
            ignored = ~self.used.reshape(self.shape)
            np.moveaxis(gradient, self.axis, -1)[ignored] = 0
        return self.reduce(losses, dtype), gradient

    def reduce(self, losses: Array, dtype: np.dtype[Any]) -> Array:
        """Reduce the losses of the rows that are not ignored."""
        if np.count_nonzero(self.used) < self.used.size:
            losses = np.where(self.used, losses, 0)
        return _reduce(losses.reshape(self.shape), self.reduction, self.total, dtype)


def _cross_entropy_of_indices(
    rows: Rows, x: Array, classes: _Classes, smoothing: float, out: Array | None, wanted: bool
) -> tuple[Array, Array]:
    wide = wider(rows.dtype)

    def of_rows(values: Array) -> Array:
        return values.astype(rows.computed).reshape(rows.shape_of_values)

    chosen = of_rows(x.flat[classes.place])
    if not smoothing and not wanted:
        loss, rest = rows.run("cross_entropy_loss", [x, chosen], values=2)
        losses = classes.weight * np.add(loss, rest, dtype=wide).reshape(-1)
        return classes.reduce(losses, rows.dtype), np.empty(0, rows.dtype)
    if not smoothing:
        factor = of_rows(classes.weight * classes.share)
        gradient, *values = rows.run("cross_entropy", [x, chosen, factor], [out], values=3)
        at_class, loss, rest = (v.reshape(-1) for v in values)
        return classes.finish(classes.weight * np.add(loss, rest, dtype=wide), gradient, at_class, rows.dtype)
    weight = (1 - smoothing) * classes.weight
    factor = weight * classes.share
    count = x.shape[classes.axis]
    of_class = np.ones(count) if classes.of_class is None else classes.of_class
    target = aligned(smoothing / max(count, 1) * of_class, x.ndim, (classes.axis,))
    inputs = [x, target, chosen, *map(of_rows, (weight, classes.used * classes.share, factor))]
    gradient, losses = rows.run("cross_entropy_of_probabilities", inputs, [out], values=1)
    return classes.finish(losses.reshape(-1).astype(wide), gradient, gradient.flat[classes.place] - factor, rows.dtype)


def _cross_entropy_of_probabilities(
    rows: Rows, x: Array, target: Array, axis: int, weight: Any, smoothing: float, reduction: str, out: Array | None
) -> tuple[Array, Array]:
    function = rows.function
    check_same_shape(function, "target", target, "x", x.shape)
    one_of(function, "reduction", reduction, _REDUCTIONS)
    count = max(x.shape[axis], 1)
    if smoothing:
        target = (1 - smoothing) * target.astype(rows.computed) + smoothing / count
    if weight is not None:
        target = target * aligned(_weights_of_classes(function, weight, x.shape[axis]), x.ndim, (axis,))
    number = x.size // count
    factor, none = rows.number(1 / number if reduction == "mean" and number else 1.0), rows.number(0.0)
    gradient, losses = rows.run(
        "cross_entropy_of_probabilities", [x, target, none, none, factor, none], [out], values=1, value_if_empty=0.0
    )
    wide = np.squeeze(losses, axis).astype(wider(rows.dtype))
    return _reduce(wide, reduction, number or math.nan, rows.dtype), gradient


@Loss
def cross_entropy(
    x: ArrayLike,
    target: ArrayLike,
    axis: int = -1,
    *,
    weight: ArrayLike | None = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
    out: Array | None = None,
) -> tuple[Array, Array]:
    """Cross entropy of scores: what ``log_softmax`` gives the right class, with the sign turned.

    .. math:: \\ell = w_t \\left(\\log \\sum_j e^{x_j} - x_t\\right), \\quad
        \\ell = \\sum_j p_j w_j \\left(\\log \\sum_k e^{x_k} - x_j\\right)

    for a class index t, or for probabilities p.  Calling it gives the value; ``cross_entropy.value_and_gradient`` takes the
    same arguments and gives the gradient by `x`, too, in the same pass.  A confident and right row keeps the digits of its small
    loss and of its small gradient.

    Parameters
    ----------
    x : array_like
        Scores of the classes, real numbers; float16 is computed in float32.
    target : array_like
        Integers: the index of the class of each row, of the shape of `x` without `axis`.  Floats: the probability of each class,
        of the shape of `x`.
    axis : int, optional
        Where the classes lie; PyTorch has them along the axis 1.
    weight : array_like, optional
        One number a class, which multiplies its part of the loss.
    ignore_index : int, optional
        Rows of this index add nothing to the loss and to the mean, and get no gradient.  It has no effect on probabilities.
    label_smoothing : float, optional
        The share, from 0 to 1, of the target that goes to all classes alike.
    reduction : {"mean", "sum", "none"}, optional
        The mean over the rows, weighted by `weight` for class indices as in PyTorch; their sum; or a loss for each.
    out : ndarray, optional
        Where to write the gradient; may be `x`.

    Returns
    -------
    ndarray
        The loss: of no dimensions, or of the shape of `x` without `axis`.
    gradient : ndarray
        From ``value_and_gradient`` only: of the shape of `x`.

    Raises
    ------
    TypeError
        If an operand is no array of real numbers of at most 64 bits.
    ValueError
        If shapes do not agree, a class index or a setting is out of its domain, or `out` cannot be written.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> float(fa.cross_entropy([[0.0, 0.0], [0.0, 0.0]], [0, 1]))
    0.6931471805599453
    >>> fa.cross_entropy.value_and_gradient([[0.0, 0.0]], [1])
    (array(0.69314718), array([[ 0.5, -0.5]]))
    """
    name = "cross_entropy"
    x, target = as_array(name, "x", x), as_array(name, "target", target)
    axis = one_axis(name, axis, x.ndim)
    rows = Rows(name, result_dtype(x), x.shape, (axis,))
    wanted = _wants_gradient(rows, out)
    smoothing = real(name, "label_smoothing", label_smoothing)
    if not 0 <= smoothing <= 1:
        raise ValueError(f"{name}: label_smoothing is {label_smoothing!r}; it must be from 0 to 1")
    if target.dtype.kind not in "iuf":
        raise TypeError(f"{name}: target has dtype {target.dtype}; it must have indices of classes or their probabilities")
    if target.dtype.kind == "f":
        return _cross_entropy_of_probabilities(rows, x, target, axis, weight, smoothing, reduction, out if wanted else None)
    classes = _Classes(name, x, target, axis, weight, ignore_index, reduction)
    return _cross_entropy_of_indices(rows, x, classes, smoothing, out if wanted else None, wanted)


@Loss
def nll_loss(
    x: ArrayLike,
    target: ArrayLike,
    axis: int = -1,
    *,
    weight: ArrayLike | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    out: Array | None = None,
) -> tuple[Array, Array]:
    """Negative log likelihood: what ``log_softmax`` gave the right class, with the sign turned.

    .. math:: \\ell = -w_t x_t

    Calling it gives the value; ``nll_loss.value_and_gradient`` takes the same arguments and gives the gradient by `x`, too.

    Parameters
    ----------
    x : array_like
        Logarithms of the probabilities of the classes.
    target : array_like
        The index of the class of each row: integers of the shape of `x` without `axis`.
    axis : int, optional
        Where the classes lie; PyTorch has them along the axis 1.
    weight : array_like, optional
        One number a class, which multiplies its part of the loss.
    ignore_index : int, optional
        Rows of this index add nothing to the loss and to the mean, and get no gradient.
    reduction : {"mean", "sum", "none"}, optional
        The mean over the rows, weighted by `weight` as in PyTorch; their sum; or a loss for each.
    out : ndarray, optional
        Where to write the gradient; may be `x`.

    Returns
    -------
    ndarray
        The loss: of no dimensions, or of the shape of `x` without `axis`.
    gradient : ndarray
        From ``value_and_gradient`` only: of the shape of `x`.

    Raises
    ------
    TypeError
        If an operand is no array of real numbers of at most 64 bits, or `target` has no integers.
    ValueError
        If shapes do not agree, a class index is out of its domain, or `out` cannot be written.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> float(fa.nll_loss([[-0.5, -2.0], [-1.0, -0.25]], [0, 1]))
    0.375
    """
    name = "nll_loss"
    x, target = as_array(name, "x", x), as_array(name, "target", target)
    if target.dtype.kind not in "iu":
        raise TypeError(f"{name}: target has dtype {target.dtype}; it must have integers, the indices of classes")
    axis = one_axis(name, axis, x.ndim)
    rows = Rows(name, result_dtype(x), x.shape, (axis,))
    wanted = _wants_gradient(rows, out)
    classes = _Classes(name, x, target, axis, weight, ignore_index, reduction)
    losses = x.flat[classes.place].astype(wider(rows.dtype)) * -classes.weight
    if not wanted:
        return classes.reduce(losses, rows.dtype), np.empty(0, rows.dtype)
    gradient = np.empty(x.shape, rows.dtype) if out is None else out
    gradient.fill(0)
    return classes.finish(losses, gradient, -classes.weight * classes.share, rows.dtype)


def _elementwise(name: str, x: Any, target: Any, reduction: str, out: Any) -> tuple[Array, Array, Rows, float, bool]:
    """Check the operands of a loss of elements; return what a mean multiplies by, too, and whether a gradient is wanted."""
    x, target = as_array(name, "x", x), as_array(name, "target", target)
    check_same_shape(name, "target", target, "x", x.shape)
    one_of(name, "reduction", reduction, _REDUCTIONS)
    rows = Rows(name, result_dtype(x), x.shape, (x.ndim - 1,) if x.ndim else ())
    return x, target, rows, 1 / x.size if reduction == "mean" and x.size else 1.0, _wants_gradient(rows, out)


def _weights_of_elements(function: str, weight: Any, x: Array, dtype: np.dtype[Any]) -> Array:
    """Return what multiplies the losses of ones, with as many dimensions as the scores."""
    array = np.ones((), dtype) if weight is None else as_array(function, "pos_weight", weight)
    try:
        fits = array.ndim == 0 or np.broadcast_shapes(array.shape, x.shape) == x.shape
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"{function}: pos_weight has shape {array.shape}, which does not broadcast to x's shape {x.shape}")
    if array.size == 1:
        # Kernels read the elements of a row one after the other.
        array = np.full(x.shape[-1:], array.item(), dtype)
    return array.reshape((1,) * (x.ndim - array.ndim) + array.shape)


@Loss
def binary_cross_entropy_with_logits(
    x: ArrayLike,
    target: ArrayLike,
    *,
    pos_weight: ArrayLike | None = None,
    reduction: str = "mean",
    out: Array | None = None,
) -> tuple[Array, Array]:
    """Cross entropy of the probabilities that ``sigmoid`` makes of scores.

    .. math:: \\ell = w t \\log(1 + e^{-x}) + (1 - t) \\log(1 + e^x)

    Calling it gives the value; ``binary_cross_entropy_with_logits.value_and_gradient`` takes the same arguments and gives the
    gradient by `x`, too, in the same pass.  No term cancels for targets from 0 to 1.

    Parameters
    ----------
    x : array_like
        Scores, real numbers; float16 is computed in float32.
    target : array_like
        Probabilities, of the shape of `x`.
    pos_weight : array_like, optional
        What multiplies the first term; broadcasts to `x`.
    reduction : {"mean", "sum", "none"}, optional
        The mean over all elements, their sum, or a loss for each.
    out : ndarray, optional
        Where to write the gradient; may be `x`.

    Returns
    -------
    ndarray
        The loss: of no dimensions, or of the shape of `x`.
    gradient : ndarray
        From ``value_and_gradient`` only: of the shape of `x`.

    Raises
    ------
    TypeError
        If an operand is no array of real numbers of at most 64 bits.
    ValueError
        If shapes do not agree, `reduction` is unknown, or `out` cannot be written.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.binary_cross_entropy_with_logits.value_and_gradient([0.0, 0.0], [1.0, 0.0], reduction="none")
    (array([0.69314718, 0.69314718]), array([-0.5,  0.5]))
    """
    name = "binary_cross_entropy_with_logits"
    x, target, rows, share, wanted = _elementwise(name, x, target, reduction, out)
    weight = _weights_of_elements(name, pos_weight, x, rows.computed)
    factor = rows.number(share)
    if reduction == "none":
        gradient, losses = rows.run("binary_cross_entropy", [x, target, weight, factor], [out if wanted else None, None])
        return losses, gradient
    if wanted:
        inputs = [x, target, weight, factor]
        gradient, totals = rows.run("binary_cross_entropy_sum", inputs, [out], values=1, value_if_empty=0.0)
    else:
        gradient = np.empty(0, rows.dtype)
        (totals,) = rows.run("binary_cross_entropy_loss", [x, target, weight], values=1, value_if_empty=0.0)
    return _reduce(totals.astype(wider(rows.dtype)), reduction, x.size or math.nan, rows.dtype), gradient


@Loss
def mse_loss(x: ArrayLike, target: ArrayLike, *, reduction: str = "mean", out: Array | None = None) -> tuple[Array, Array]:
    """Squared error.

    .. math:: \\ell = (x - t)^2

    Calling it gives the value; ``mse_loss.value_and_gradient`` takes the same arguments and gives the gradient by `x`, too.

    Parameters
    ----------
    x : array_like
        Real numbers; float16 is computed in float32.
    target : array_like
        Of the shape of `x`.
    reduction : {"mean", "sum", "none"}, optional
        The mean over all elements, their sum, or a loss for each.
    out : ndarray, optional
        Where to write the gradient; may be `x`.

    Returns
    -------
    ndarray
        The loss: of no dimensions, or of the shape of `x`.
    gradient : ndarray
        From ``value_and_gradient`` only: of the shape of `x`.

    Raises
    ------
    TypeError
        If an operand is no array of real numbers of at most 64 bits.
    ValueError
        If shapes do not agree, `reduction` is unknown, or `out` cannot be written.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.mse_loss.value_and_gradient([1.0, 3.0], [1.0, 1.0])
    (array(2.), array([0., 2.]))
    """
    name = "mse_loss"
    x, target, rows, share, wanted = _elementwise(name, x, target, reduction, out)
    if reduction == "none":
        distance = np.subtract(x, target, dtype=rows.computed)
        losses = distance * distance
        if not wanted:
            return losses.astype(rows.dtype), np.empty(0, rows.dtype)
        gradient = np.multiply(distance, 2, out=out, casting="same_kind")
        return losses.astype(rows.dtype), gradient.astype(rows.dtype) if out is None else out
    if wanted:
        inputs = [x, target, rows.number(2 * share)]
        gradient, norms = rows.run("squared_error_sum", inputs, [out], values=1, value_if_empty=0.0)
    else:
        gradient = np.empty(0, rows.dtype)
        (norms,) = rows.run("squared_error_loss", [x, target], values=1, value_if_empty=0.0)
    wide = norms.astype(wider(rows.dtype))
    return _reduce(wide * wide, reduction, x.size or math.nan, rows.dtype), gradient

"""Normalisations of channels: over a batch, over groups of channels, over each image."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .arrays import Array, one_axis
from .blocks import part_of
from .moments import Statistics, check_statistics, factor_of, in_one, measure, two_parts, wide_moments
from .operation import differentiable, in_place
from .row_calls import Rows, apart, as_array, check_same_shape, not_negative, real, result_dtype, wider

__all__ = ["batch_norm", "batch_norm_", "group_norm", "group_norm_", "instance_norm", "instance_norm_"]

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


MEASURED = 1 << 14
"""Groups whose statistics are kept at a time where nobody asks for them."""


class _Channels:
    """An array whose channels lie along one axis, for a normalisation with one weight and bias a channel."""

    def __init__(self, function: str, x: Any, axis: int, out: Any, *others: Array, images: bool) -> None:
        self.function = function
        self.x = as_array(function, "x", x)
        self.axis = one_axis(function, axis, self.x.ndim)
        self.count = self.x.shape[self.axis]
        self.each = (1,) * self.axis + (self.count,) + (1,) * (self.x.ndim - self.axis - 1)
        every = tuple(range(self.x.ndim))
        self.batch = every[: self.axis] + every[self.axis + 1 :]
        self.spatial = self.batch[1:]
        axes = self.spatial if images or self.spatial else self.batch
        self.rows = Rows(function, result_dtype(self.x, *others), self.x.shape, axes)
        self.rows.check_out(out)

    def numbers(self, argument: str, value: Any, default: float) -> Array:
        """Return one number a channel, with the dimensions of the array."""
        if value is None:
            return np.full(self.each, default, self.rows.computed)
        array = as_array(self.function, argument, value)
        if array.shape != (self.count,):
            raise ValueError(
                f"{self.function}: {argument} has shape {array.shape}; it must have one number a channel, ({self.count},)"
            )
        return array.reshape(self.each)

    def standardize(self, high: Array, low: Array, factor: Array, scale: Array, shift: Array, out: Array | None) -> Array:
        """Subtract the mean, which has two parts, multiply by the factor and a scale, and add a shift."""
        factor = factor.astype(self.rows.computed, copy=False)
        (y,) = self.rows.run("standardize", [self.x, high, low, factor, scale, shift], [out])
        return y

    def backward(
        self,
        grad: Array,
        mean: Array,
        factor: Array,
        weight: Any,
        normalized: tuple[int, ...] | None,
        groups: int,
        out: Array | None,
    ) -> Any:
        """Return the gradient by `x` through statistics over some axes, and by the weight and the bias if there is one."""
        wide = wider(self.rows.dtype)
        high, low = two_parts(mean, self.rows.computed)
        scale = self.numbers("weight", weight, 1.0)
        product, rest_of_product, total, rest_of_total = self.rows.run(
            "standardize_sums", [grad, self.x, high], values=4, value_if_empty=0.0
        )
        totals = in_one(total, rest_of_total, wide)
        products = (in_one(product, rest_of_product, wide) - (mean - high) * totals) * factor
        slope, constant = np.zeros_like(mean, wide), np.zeros_like(mean, wide)
        if normalized is not None:
            apart = math.prod(n for a, n in enumerate(self.x.shape) if a not in normalized and a != self.axis) * groups
            length = max(self.x.size // max(apart, 1), 1)
            slope, constant = (_over_groups(s * scale, normalized, self.axis, groups) / length for s in (products, totals))
        slope, constant = (np.broadcast_to(s, mean.shape).astype(self.rows.computed) for s in (slope, constant))
        gradient = self.rows.run("standardize_backward", [grad, self.x, high, low, factor, scale, slope, constant], [out])[0]
        if weight is None:
            return gradient
        given = np.asarray(weight)
        dtype = given.dtype.newbyteorder("=") if given.dtype.kind == "f" else self.rows.dtype
        by_weight, by_bias = (s.sum(axis=self.batch).astype(dtype) for s in (products, totals))
        return gradient, by_weight, by_bias


def _over_groups(values: Array, axes: tuple[int, ...], channel: int, groups: int) -> Array:
    """Sum over axes and over the channels of each group, and give each channel what its group has."""
    total = values.sum(axis=axes, keepdims=True)
    count = total.shape[channel]
    if groups == count:
        return np.asarray(total)
    split = total.reshape(*total.shape[:channel], groups, count // groups, *total.shape[channel + 1 :])
    summed = split.sum(axis=channel + 1, keepdims=True)
    shared: Array = np.broadcast_to(summed, split.shape).reshape(total.shape)
    return shared


def _batch_norm_backward(
    grad: ArrayLike,
    x: ArrayLike,
    mean: ArrayLike | None = None,
    variance: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    axis: int = 1,
    eps: float = 1e-5,
    training: bool = False,
    statistics: Statistics | None = None,
    out: Array | None = None,
) -> Any:
    """Gradients by the input and the parameters of batch_norm.

    Parameters
    ----------
    grad : array_like
        The gradient by the output, of the shape of `x`.
    x : array_like
        What ``batch_norm`` was given, as are the arguments that follow.
    mean, variance : array_like
        The running statistics; not needed for training.
    weight : array_like, optional
    axis : int, optional
    eps : float, optional
    training : bool, optional
        Whether the statistics were those of the batch, through which the gradient goes then.
    statistics : Statistics, optional
        What ``batch_norm`` returned in training, or else it is measured again.
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
    >>> fa.batch_norm.backward([[1.0], [0.0], [0.0]], [[1.0], [2.0], [3.0]], training=True, eps=0.0).round(4)
    array([[ 0.2041],
           [-0.4082],
           [ 0.2041]])
    """
    name = "batch_norm.backward"
    eps = not_negative(name, "eps", eps)
    grad = as_array(name, "grad", grad)
    channels = _Channels(name, x, axis, out, grad, images=False)
    check_same_shape(name, "grad", grad, "x", channels.x.shape)
    if not training:
        center, factor = _running(channels, mean, variance, eps)
        return channels.backward(grad, center, factor, weight, None, channels.count, out)
    if statistics is None:
        high, low, factor = measure(name, channels.x, channels.batch, channels.rows.dtype, eps)
        statistics = Statistics(in_one(high, low, wider(channels.rows.dtype)), factor)
    statistics = check_statistics(name, statistics, channels.each)
    return channels.backward(grad, *statistics, weight, channels.batch, channels.count, out)


def _running(channels: _Channels, mean: Any, variance: Any, eps: float) -> tuple[Array, Array]:
    """Return the running statistics as a mean and a factor."""
    if mean is None or variance is None:
        missing = "mean" if mean is None else "variance"
        raise TypeError(f"{channels.function}: {missing} is missing; only training does without")
    wide = wider(channels.rows.dtype)
    spread = channels.numbers("variance", variance, 1.0).astype(wide)
    if np.fmin.reduce(spread, axis=None, initial=0.0) < 0:
        raise ValueError(f"{channels.function}: variance has {spread[spread < 0][0]}; it must not be negative")
    return channels.numbers("mean", mean, 0.0).astype(wide), factor_of(spread, eps)


@differentiable(_batch_norm_backward)
def batch_norm(
    x: ArrayLike,
    mean: Array | None,
    variance: Array | None,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    axis: int = 1,
    eps: float = 1e-5,
    training: bool = False,
    momentum: float = 0.1,
    out: Array | None = None,
    return_statistics: bool = False,
) -> Any:
    """Channels with the mean 0 and the variance 1, by running statistics or by those of the batch.

    .. math:: y = \\frac{x - \\mathrm{mean}}{\\sqrt{\\mathrm{variance} + \\mathrm{eps}}} w + b

    In training the statistics are those of the batch, with the population's variance, and the running ones move towards
    them, that of the variance towards the sample's, as in PyTorch.  Source: S. Ioffe and C. Szegedy, "Batch Normalization",
    2015.

    Parameters
    ----------
    x : array_like
        Real numbers.  Integers are promoted as by `numpy.exp`; float16 is computed in float32.
    mean, variance : ndarray
        The running statistics, one number a channel.  Training writes them, and does without if they are None.
    weight, bias : array_like, optional
        What the normalised elements of a channel are multiplied by, and what is added to them: one number a channel.
    axis : int, optional
        The axis of the channels: 1 as in PyTorch, -1 for channels that come last.
    eps : float, optional
        What is added to the variance.
    training : bool, optional
        Take the statistics of the batch.
    momentum : float, optional
        How far training moves the running statistics, from 0 to 1: the weight of the new ones, as in PyTorch.  Keras and ONNX
        name the weight of the old ones so.
    out : ndarray, optional
        Where to write the result; may overlap `x`.
    return_statistics : bool, optional
        Return what was measured, for ``batch_norm.backward``, behind the result.

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
        If `out` has another shape or cannot be written, a parameter has not one number a channel, a setting is out of its
        domain, or training is to move the variance by channels of fewer than two elements.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.batch_norm([[1.0], [2.0], [3.0]], [2.0], [4.0], eps=0.0)
    array([[-0.5],
           [ 0. ],
           [ 0.5]])
    """
    name = "batch_norm"
    eps = not_negative(name, "eps", eps)
    channels = _Channels(name, x, axis, out, images=False)
    scale, shift = channels.numbers("weight", weight, 1.0), channels.numbers("bias", bias, -0.0)
    if not training:
        center, factor = _running(channels, mean, variance, eps)
        high, low = two_parts(center, channels.rows.computed)
    else:
        momentum = real(name, "momentum", momentum)
        if not 0 <= momentum <= 1:
            raise ValueError(f"{name}: momentum is {momentum!r}; it must be from 0 to 1")
        for argument, running in (("mean", mean), ("variance", variance)):
            _check_running(channels, argument, running)
        length = channels.x.size // max(channels.count, 1)
        if variance is not None and length < 2:
            raise ValueError(f"{name}: x has {length} elements a channel; training needs two of them to move variance")
        high, low, spread = wide_moments(name, channels.x, channels.batch, channels.rows.dtype)
        center, factor = in_one(high, low, wider(channels.rows.dtype)), factor_of(spread, eps)
    y = channels.standardize(high, low, factor, scale, shift, out)
    if training:
        sample = length / max(length - 1, 1)
        for running, measured in ((mean, center), (variance, spread * sample)):
            if running is not None:
                running[...] = (1 - momentum) * running + momentum * measured.reshape(-1)
    return (y, Statistics(center, factor)) if return_statistics else y


def _check_running(channels: _Channels, argument: str, running: Any) -> None:
    """Raise unless training can write running statistics."""
    if running is not None:
        if not isinstance(running, np.ndarray) or running.dtype.kind != "f":
            raise TypeError(f"{channels.function}: {argument} must be an array of floats, for training changes it")
        if not running.flags.writeable:
            raise ValueError(f"{channels.function}: {argument} is read-only, and training changes it; pass a writeable array")
    channels.numbers(argument, running, 0.0)


def _groups(name: str, channels: _Channels, groups: Any) -> int:
    if not isinstance(groups, int | np.integer) or groups < 1 or channels.count % groups:
        raise ValueError(
            f"{name}: groups is {groups!r}; it must be a positive integer that divides the {channels.count} channels"
        )
    return int(groups)


def _axes_of_groups(channels: _Channels) -> tuple[int, ...]:
    """Return the axes that make up a group where it has its channels along an axis of their own."""
    return tuple(sorted((channels.axis + 1, *_behind(channels.spatial, channels.axis))))


def _behind(axes: tuple[int, ...], axis: int) -> tuple[int, ...]:
    """Return the numbers of some axes once another one has been split."""
    return tuple(a + (a > axis) for a in axes)


def _statistics_of_groups(channels: _Channels, groups: int, eps: float) -> Statistics:
    """Measure each group of each image; every channel gets what its group has."""
    split = _split(channels.x, channels.axis, groups)
    return _of_channels(channels, groups, *measure(channels.function, split, _axes_of_groups(channels), channels.rows.dtype, eps))


def _of_channels(channels: _Channels, groups: int, high: Array, low: Array, factor: Array) -> Statistics:
    """Give each channel what its group has."""
    axis, shape = channels.axis, channels.rows.shape_of_values
    split = (*shape[:axis], groups, channels.count // groups, *shape[axis + 1 :])
    mean = in_one(high, low, wider(channels.rows.dtype))
    return Statistics(*(np.broadcast_to(s, split).reshape(shape) for s in (mean, factor)))


def _split(x: Array, axis: int, groups: int) -> Array:
    """Return a view with an axis of groups, and after it one of the channels of a group."""
    return x.reshape(*x.shape[:axis], groups, x.shape[axis] // groups, *x.shape[axis + 1 :])


def _group_norm_backward(
    grad: ArrayLike,
    x: ArrayLike,
    groups: int,
    weight: ArrayLike | None = None,
    axis: int = 1,
    eps: float = 1e-5,
    statistics: Statistics | None = None,
    out: Array | None = None,
) -> Any:
    """Gradients by the input and the parameters of group_norm.

    Parameters
    ----------
    grad : array_like
        The gradient by the output, of the shape of `x`.
    x : array_like
        What ``group_norm`` was given, as are the arguments that follow.
    groups : int
    weight : array_like, optional
    axis : int, optional
    eps : float, optional
    statistics : Statistics, optional
        What ``group_norm`` returned, or else it is measured again.
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
    >>> fa.group_norm.backward([[1.0, 0.0, 0.0]], [[1.0, 2.0, 3.0]], 1, eps=0.0).round(4)
    array([[ 0.2041, -0.4082,  0.2041]])
    """
    return _backward_of_groups("group_norm.backward", grad, x, groups, weight, axis, eps, statistics, out)


def _backward_of_groups(
    name: str, grad: Any, x: Any, groups: int | None, weight: Any, axis: int, eps: float, statistics: Statistics | None, out: Any
) -> Any:
    eps = not_negative(name, "eps", eps)
    grad = as_array(name, "grad", grad)
    channels = _Channels(name, x, axis, out, grad, images=True)
    check_same_shape(name, "grad", grad, "x", channels.x.shape)
    count = max(channels.count, 1) if groups is None else _groups(name, channels, groups)
    if statistics is None:
        statistics = _statistics_of_groups(channels, count, eps)
    each = tuple(1 if a in channels.spatial else n for a, n in enumerate(channels.x.shape))
    statistics = check_statistics(name, statistics, each)
    return channels.backward(grad, *statistics, weight, channels.spatial, count, out)


@differentiable(_group_norm_backward)
def group_norm(
    x: ArrayLike,
    groups: int,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    axis: int = 1,
    eps: float = 1e-5,
    out: Array | None = None,
    return_statistics: bool = False,
) -> Any:
    """Groups of channels of each image with the mean 0 and the variance 1, times a weight, plus a bias.

    .. math:: y = \\frac{x - \\bar x}{\\sqrt{v + \\mathrm{eps}}} w + b

    with the mean and the population's variance of the group.  Source: Y. Wu and K. He, "Group Normalization", 2018.

    Parameters
    ----------
    x : array_like
        Real numbers.  Integers are promoted as by `numpy.exp`; float16 is computed in float32.  The first axis, or the second if
        the channels lie along the first, is that of the images.
    groups : int
        How many groups of neighbouring channels there are.
    weight, bias : array_like, optional
        What the normalised elements of a channel are multiplied by, and what is added to them: one number a channel.
    axis : int, optional
        The axis of the channels: 1 as in PyTorch, -1 for channels that come last.
    eps : float, optional
        What is added to the variance.
    out : ndarray, optional
        Where to write the result; may overlap `x`.
    return_statistics : bool, optional
        Return what was measured, for ``group_norm.backward``, behind the result.

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
        If `out` has another shape or cannot be written, a parameter has not one number a channel,
        `groups` does not divide the channels, or `eps` is negative.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.group_norm([[1.0, 3.0, 10.0, 20.0]], 2, eps=0.0)
    array([[-1.,  1., -1.,  1.]])
    """
    return _normalize_groups("group_norm", x, groups, weight, bias, axis, eps, out, return_statistics)


def _normalize_groups(
    name: str, x: Any, groups: int | None, weight: Any, bias: Any, axis: int, eps: float, out: Any, return_statistics: bool
) -> Any:
    eps = not_negative(name, "eps", eps)
    channels = _Channels(name, x, axis, out, images=True)
    count = max(channels.count, 1) if groups is None else _groups(name, channels, groups)
    scale, shift = channels.numbers("weight", weight, 1.0), channels.numbers("bias", bias, -0.0)
    y = np.empty(channels.x.shape, channels.rows.dtype) if out is None else out
    whole, scale, shift, target = (_split(a, channels.axis, count) for a in (channels.x, scale, shift, y))
    dtype, axes, spatial = channels.rows.dtype, _axes_of_groups(channels), _behind(channels.spatial, channels.axis)
    groups_of_all = Rows(name, dtype, whole.shape, axes)
    if not spatial:
        # A group is a row then, of elements that have a weight each.
        _, *measured = groups_of_all.run("layer_norm", [whole, scale, shift], [target], (eps,), 3 if return_statistics else 0)
        return (y, _of_channels(channels, count, *measured)) if return_statistics else y
    if out is not None:
        whole, scale, shift = (apart(a, target) for a in (whole, scale, shift))
    for index in groups_of_all.blocks(whole.size if return_statistics else MEASURED * math.prod(whole.shape[a] for a in axes)):
        part = part_of(whole, index)
        high, low, factor = measure(name, part, axes, dtype, eps)
        inputs = [part, high, low, factor, part_of(scale, index), part_of(shift, index)]
        Rows(name, dtype, part.shape, spatial).run("standardize", inputs, [part_of(target, index)])
    return (y, _of_channels(channels, count, high, low, factor)) if return_statistics else y


def _instance_norm_backward(
    grad: ArrayLike,
    x: ArrayLike,
    weight: ArrayLike | None = None,
    axis: int = 1,
    eps: float = 1e-5,
    statistics: Statistics | None = None,
    out: Array | None = None,
) -> Any:
    """Gradients by the input and the parameters of instance_norm.

    Parameters
    ----------
    grad : array_like
        The gradient by the output, of the shape of `x`.
    x : array_like
        What ``instance_norm`` was given, as are the arguments that follow.
    weight : array_like, optional
    axis : int, optional
    eps : float, optional
    statistics : Statistics, optional
        What ``instance_norm`` returned, or else it is measured again.
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
    >>> fa.instance_norm.backward([[[1.0, 0.0, 0.0]]], [[[1.0, 2.0, 3.0]]], eps=0.0).round(4)
    array([[[ 0.2041, -0.4082,  0.2041]]])
    """
    return _backward_of_groups("instance_norm.backward", grad, x, None, weight, axis, eps, statistics, out)


@differentiable(_instance_norm_backward)
def instance_norm(
    x: ArrayLike,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    axis: int = 1,
    eps: float = 1e-5,
    out: Array | None = None,
    return_statistics: bool = False,
) -> Any:
    """Each channel of each image with the mean 0 and the variance 1, times a weight, plus a bias.

    .. math:: y = \\frac{x - \\bar x}{\\sqrt{v + \\mathrm{eps}}} w + b

    Source: D. Ulyanov, A. Vedaldi and V. Lempitsky, "Instance Normalization", 2016.

    Parameters
    ----------
    x : array_like
        Real numbers.  Integers are promoted as by `numpy.exp`; float16 is computed in float32.
    weight, bias : array_like, optional
        What the normalised elements of a channel are multiplied by, and what is added to them: one number a channel.
    axis : int, optional
        The axis of the channels: 1 as in PyTorch, -1 for channels that come last.
    eps : float, optional
        What is added to the variance.
    out : ndarray, optional
        Where to write the result; may overlap `x`.
    return_statistics : bool, optional
        Return what was measured, for ``instance_norm.backward``, behind the result.

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
        If `out` has another shape or cannot be written, a parameter has not one number a channel,
        or `eps` is negative.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.instance_norm([[[1.0, 3.0], [10.0, 20.0]]], eps=0.0)
    array([[[-1.,  1.],
            [-1.,  1.]]])
    """
    return _normalize_groups("instance_norm", x, None, weight, bias, axis, eps, out, return_statistics)


batch_norm_ = in_place(batch_norm, "x, None, None, training=True")
group_norm_ = in_place(group_norm, "x, 2")
instance_norm_ = in_place(instance_norm)

"""An activation after a bias, or after a scale and a shift, one number a channel; in one walk through memory, both ways."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ._active import backend_module
from .arrays import Array, check_writeable_in_place, computing_dtype, is_direct, one_axis
from .blocks import add_over_channels, compiled_steps, part_of, run_blocks, shared_blocks
from .forms import Activation
from .inner_activations import inner_activation, with_parameters
from .moments import wide_sums
from .operation import differentiable
from .results import one_result
from .row_calls import aligned, apart, as_array, as_array_like, result_dtype, wider

__all__ = ["affine_activation", "affine_activation_", "bias_activation", "bias_activation_"]

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def _per_channel(function: str, argument: str, value: Any, x: Array, axis: int) -> Array:
    """Return numbers that are one a channel as an array that broadcasts against `x`."""
    numbers = as_array(function, argument, value)
    if numbers.shape != (x.shape[axis],):
        raise ValueError(
            f"{function}: {argument} has shape {numbers.shape}; it must have one number for each of the {x.shape[axis]} channels "
            f"along axis {axis} of x"
        )
    return aligned(numbers, x.ndim, (axis,))


def _shift(x: Array, numbers: Sequence[Array], out: Array) -> None:
    """x + bias, or x * scale + shift."""
    product = np.multiply(x, numbers[0], out=out) if len(numbers) == 2 else x
    np.add(product, numbers[-1], out=out)


# Row programs sum faster than NumPy only where they are compiled.
_KERNELS = hasattr(backend_module, "run_rows")


@cache
def _steps(f: Activation, channels: int, added: bool) -> Callable[..., None]:
    """f(x + bias) or f(x * scale + shift), and what is added to it."""

    def body(x: Array, *rest: Array) -> None:
        *others, out, shifted, activated = rest
        numbers, parameters = others[added : added + channels], others[added + channels :]
        _shift(x, numbers, shifted)
        f.ufunc(shifted, *parameters, activated if added else out)
        if added:
            np.add(activated, others[0], out=out)

    return body


@cache
def _ordinary(function: str, f: Activation, channels: int, added: bool, dtype: np.dtype[Any]) -> tuple[Any, list[Array]]:
    """Return the steps of a call that gives no parameters of the activation, as the backend runs them, and their defaults."""
    f, values = with_parameters(function, f, {}, dtype, ())
    return compiled_steps(_steps(f, channels, added), 1 + added + channels + len(values), 1, 2), values


def _value(
    function: str,
    x: Any,
    numbers: dict[str, Any],
    activation: Activation | str,
    axis: int,
    residual: Any,
    out: Array | None,
    parameters: dict[str, Any],
) -> Array:
    x = as_array(function, "x", x)
    dtype = result_dtype(x)
    f = inner_activation(function, activation)
    added = [] if residual is None else [residual]
    if not parameters:
        steps, values = _ordinary(function, f, len(numbers), bool(added), dtype)
        operands = [x, *added, *numbers.values(), *values]
        if steps is not None and (served := steps.served(operands, 1 + len(added), len(numbers), axis, x, out)) is not None:
            return served  # type: ignore[no-any-return]
    axis = one_axis(function, axis, x.ndim)
    channels = [_per_channel(function, name, value, x, axis) for name, value in numbers.items()]
    added = [as_array_like(function, "residual", value, "x", x.shape) for value in added]
    f, values = with_parameters(function, f, parameters, dtype, x.shape)
    result = one_result(function, out, x, dtype)

    body = _steps(f, len(channels), bool(added))
    run_blocks(body, [x, *added, *channels, *values], [result], dtype, scratch=2)
    return result


@cache
def _steps_back(f: Activation, channels: int) -> Callable[..., None]:
    """The gradient by x + bias or by x * scale + shift."""

    def body(grad: Array, x: Array, *rest: Array) -> None:
        *others, by_sum, shifted = rest
        numbers, others = others[:channels], others[channels:]
        _shift(x, numbers, shifted)
        f.backward.ufunc(grad, shifted, *others, by_sum)

    return body


def _product(x: Array, y: Array, out: Array) -> None:
    """x * y."""
    np.multiply(x, y, out=out)


def _backward(
    function: str,
    grad: Any,
    x: Any,
    numbers: dict[str, Any],
    activation: Activation | str,
    axis: int,
    out: Array | None,
    parameters: dict[str, Any],
) -> tuple[Array, ...]:
    x = as_array(function, "x", x)
    axis = one_axis(function, axis, x.ndim)
    grad = as_array_like(function, "grad", grad, "x", x.shape)
    dtype = result_dtype(grad, x)
    channels = [_per_channel(function, name, value, x, axis) for name, value in numbers.items()]
    f, values = with_parameters(function, inner_activation(function, activation), parameters, dtype, x.shape)
    result = one_result(function, out, x, dtype)
    beside = tuple(a for a in range(x.ndim) if a != axis)
    totals = [np.zeros([n if a == axis else 1 for a, n in enumerate(x.shape)], wider(dtype)) for _ in channels]
    values = [v.reshape((1,) * (x.ndim - v.ndim) + v.shape) for v in values]
    inputs = [apart(a, result) for a in (grad, x, *channels, *values)]
    computed, scaled = computing_dtype(dtype), len(channels) == 2
    direct = not scaled and is_direct(result, computed)
    zero = np.zeros((1,) * x.ndim, computed)
    # Parts of the shape alone, so that strides and threads cannot change the order of summation.
    for index, room in shared_blocks(x.shape, computed):
        parts, by_x = [part_of(a, index) for a in inputs], part_of(result, index)
        by_sum = by_x if direct else room[: by_x.size].reshape(by_x.shape)
        run_blocks(_steps_back(f, len(channels)), parts, [by_sum], computed, scratch=1)
        with np.errstate(all="ignore"):
            of_part = [part_of(total, index) for total in totals]
            if _KERNELS:
                operands = [by_sum, parts[1], zero] if scaled else [by_sum]
                sums = wide_sums(function, "standardize_sums" if scaled else "sums", operands, beside, computed)
                for total, more in zip(of_part, sums, strict=True):
                    total += more
            else:
                for total, factor in zip(of_part, [parts[1], None] if scaled else [None], strict=True):
                    add_over_channels(total, by_sum, axis, factor)
            if scaled:
                run_blocks(_product, [by_sum, parts[2]], [by_x], computed)
            elif not direct:
                np.copyto(by_x, by_sum, casting="same_kind")
    dtypes = [v.dtype if isinstance(v, np.ndarray) and v.dtype.kind == "f" else dtype for v in numbers.values()]
    with np.errstate(all="ignore"):
        return result, *[total.reshape(-1).astype(d.newbyteorder("=")) for total, d in zip(totals, dtypes, strict=True)]


def _bias_activation_backward(
    grad: ArrayLike,
    x: ArrayLike,
    bias: ArrayLike,
    activation: Activation | str,
    axis: int = -1,
    out: Array | None = None,
    **parameters: Any,
) -> Any:
    """Gradients by x and by the bias of bias_activation, from its input.

    The sums over a channel are carried in float64 or more.  The gradient by a residual is `grad` itself; gradients by the
    parameters of the activation are not computed.

    Parameters
    ----------
    grad : array_like
        The gradient by the result, of the shape of `x`.
    x : array_like
        Real numbers.  Integers are promoted as by `numpy.exp`; float16 is computed in float32.
    bias : array_like
        What is added to the elements of each channel.  One number a channel, taken in the precision of the result.
    activation : Activation or str
        The activation f, such as ``fastact.gelu``, or one of its names.
    axis : int, optional
        The axis of the channels.
    out : ndarray, optional
        Where to write the gradient by `x`; may be `grad` or `x`.
    **parameters
        Parameters of the activation: numbers, or arrays that broadcast to the shape of `x`.

    Returns
    -------
    gradient, by_bias : ndarray
        Of the shapes of `x` and `bias`; with the dtype of `bias` if that is an array of floats.

    Raises
    ------
    TypeError
        If an operand is no array of real numbers of at most 64 bits, `out` cannot hold the result, or the activation has no
        such parameter.
    ValueError
        If there is no such activation, a shape does not fit, or `out` cannot be written.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> gradient, by_bias = fa.bias_activation.backward([[1.0, 1.0], [1.0, 1.0]], [[1.0, 2.0], [3.0, 4.0]], [-2.0, 0.5], "relu")
    >>> gradient
    array([[0., 1.],
           [1., 1.]])
    >>> by_bias
    array([1., 2.])
    """
    return _backward("bias_activation.backward", grad, x, {"bias": bias}, activation, axis, out, parameters)


@differentiable(_bias_activation_backward)
def bias_activation(
    x: ArrayLike,
    bias: ArrayLike,
    activation: Activation | str,
    axis: int = -1,
    residual: ArrayLike | None = None,
    out: Array | None = None,
    **parameters: Any,
) -> Array:
    r"""Activation of the sum with one bias a channel.

    .. math:: y = f(x + b_c) + r

    The sum is rounded to the type it is computed in, as ``x + bias`` would be; it is never stored.

    Parameters
    ----------
    x : array_like
        Real numbers.  Integers are promoted as by `numpy.exp`; float16 is computed in float32.
    bias : array_like
        What is added to the elements of each channel.  One number a channel, taken in the precision of the result.
    activation : Activation or str
        The activation f, such as ``fastact.gelu``, or one of its names.
    axis : int, optional
        The axis of the channels.
    residual : array_like, optional
        What is added to the result, of the shape of `x`; in its precision.
    out : ndarray, optional
        Where to write the result; may overlap the operands.
    **parameters
        Parameters of the activation: numbers, or arrays that broadcast to the shape of `x`.

    Returns
    -------
    ndarray
        `out`, or a new array of the shape of `x`.

    Raises
    ------
    TypeError
        If an operand is no array of real numbers of at most 64 bits, `out` cannot hold the result, or the activation has no
        such parameter.
    ValueError
        If there is no such activation, a shape does not fit, or `out` cannot be written.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.bias_activation([[1.0, 2.0], [3.0, 4.0]], [-2.0, 0.5], "relu")
    array([[0. , 2.5],
           [1. , 4.5]])
    """
    return _value("bias_activation", x, {"bias": bias}, activation, axis, residual, out, parameters)


def bias_activation_(
    x: Array,
    bias: ArrayLike,
    activation: Activation | str,
    axis: int = -1,
    residual: ArrayLike | None = None,
    **parameters: Any,
) -> Array:
    """Replace an array by its bias_activation, and return it.

    Parameters
    ----------
    x : ndarray
        Any writeable float16, float32 or float64 array whose elements do not share memory.
    bias : array_like
        What is added to the elements of each channel.  One number a channel, taken in the precision of the result.
    activation : Activation or str
        The activation f, such as ``fastact.gelu``, or one of its names.
    axis : int, optional
        The axis of the channels.
    residual : array_like, optional
        What is added to the result, of the shape of `x`; in its precision.
    **parameters
        Parameters of the activation: numbers, or arrays that broadcast to the shape of `x`.

    Returns
    -------
    ndarray
        `x`.

    Raises
    ------
    TypeError
        If `x` is no floating-point array, another operand no array of real numbers, or the activation has no such parameter.
    ValueError
        If there is no such activation, a shape does not fit, or `x` is read-only or has elements that share memory.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    See Also
    --------
    bias_activation : the formula.

    Examples
    --------
    >>> import fastact as fa
    >>> import numpy as np
    >>> x = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> fa.bias_activation_(x, [-2.0, 0.5], "relu") is x
    True
    >>> x
    array([[0. , 2.5],
           [1. , 4.5]])
    """
    check_writeable_in_place("bias_activation", x)
    return _value("bias_activation_", x, {"bias": bias}, activation, axis, residual, x, parameters)


def _affine_activation_backward(
    grad: ArrayLike,
    x: ArrayLike,
    scale: ArrayLike,
    shift: ArrayLike,
    activation: Activation | str,
    axis: int = -1,
    out: Array | None = None,
    **parameters: Any,
) -> Any:
    """Gradients by x and by the scale and the shift of affine_activation, from its input.

    The sums over a channel are carried in float64 or more.  The gradient by a residual is `grad` itself; gradients by the
    parameters of the activation are not computed.

    Parameters
    ----------
    grad : array_like
        The gradient by the result, of the shape of `x`.
    x : array_like
        Real numbers.  Integers are promoted as by `numpy.exp`; float16 is computed in float32.
    scale : array_like
        What the elements of each channel are multiplied by.  One number a channel, taken in the precision of the result.
    shift : array_like
        What is then added to them.  One number a channel, taken in the precision of the result.
    activation : Activation or str
        The activation f, such as ``fastact.gelu``, or one of its names.
    axis : int, optional
        The axis of the channels.
    out : ndarray, optional
        Where to write the gradient by `x`; may be `grad` or `x`.
    **parameters
        Parameters of the activation: numbers, or arrays that broadcast to the shape of `x`.

    Returns
    -------
    gradient, by_scale, by_shift : ndarray
        Of the shapes of `x`, `scale` and `shift`; with the dtypes of these two if they are arrays of floats.

    Raises
    ------
    TypeError
        If an operand is no array of real numbers of at most 64 bits, `out` cannot hold the result, or the activation has no
        such parameter.
    ValueError
        If there is no such activation, a shape does not fit, or `out` cannot be written.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> x, grad = [[1.0, 2.0], [3.0, 4.0]], [[1.0, 1.0], [1.0, 1.0]]
    >>> gradient, by_scale, by_shift = fa.affine_activation.backward(grad, x, [2.0, 1.0], [-3.0, 0.5], "relu")
    >>> gradient
    array([[0., 1.],
           [2., 1.]])
    >>> by_scale
    array([3., 6.])
    >>> by_shift
    array([1., 2.])
    """
    return _backward("affine_activation.backward", grad, x, {"scale": scale, "shift": shift}, activation, axis, out, parameters)


@differentiable(_affine_activation_backward)
def affine_activation(
    x: ArrayLike,
    scale: ArrayLike,
    shift: ArrayLike,
    activation: Activation | str,
    axis: int = -1,
    residual: ArrayLike | None = None,
    out: Array | None = None,
    **parameters: Any,
) -> Array:
    r"""Activation of x times a scale plus a shift, one of each a channel.

    .. math:: y = f(x \, s_c + t_c) + r

    A batch normalisation in inference is such a scale and shift: ``scale = weight / sqrt(variance + eps)`` and
    ``shift = bias - mean * scale``.

    Product and sum are rounded to the type they are computed in, as those of NumPy would be; neither is stored.

    Parameters
    ----------
    x : array_like
        Real numbers.  Integers are promoted as by `numpy.exp`; float16 is computed in float32.
    scale : array_like
        What the elements of each channel are multiplied by.  One number a channel, taken in the precision of the result.
    shift : array_like
        What is then added to them.  One number a channel, taken in the precision of the result.
    activation : Activation or str
        The activation f, such as ``fastact.gelu``, or one of its names.
    axis : int, optional
        The axis of the channels.
    residual : array_like, optional
        What is added to the result, of the shape of `x`; in its precision.
    out : ndarray, optional
        Where to write the result; may overlap the operands.
    **parameters
        Parameters of the activation: numbers, or arrays that broadcast to the shape of `x`.

    Returns
    -------
    ndarray
        `out`, or a new array of the shape of `x`.

    Raises
    ------
    TypeError
        If an operand is no array of real numbers of at most 64 bits, `out` cannot hold the result, or the activation has no
        such parameter.
    ValueError
        If there is no such activation, a shape does not fit, or `out` cannot be written.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.affine_activation([[1.0, 2.0], [3.0, 4.0]], [2.0, 1.0], [-3.0, 0.5], "relu")
    array([[0. , 2.5],
           [3. , 4.5]])
    """
    return _value("affine_activation", x, {"scale": scale, "shift": shift}, activation, axis, residual, out, parameters)


def affine_activation_(
    x: Array,
    scale: ArrayLike,
    shift: ArrayLike,
    activation: Activation | str,
    axis: int = -1,
    residual: ArrayLike | None = None,
    **parameters: Any,
) -> Array:
    """Replace an array by its affine_activation, and return it.

    Parameters
    ----------
    x : ndarray
        Any writeable float16, float32 or float64 array whose elements do not share memory.
    scale : array_like
        What the elements of each channel are multiplied by.  One number a channel, taken in the precision of the result.
    shift : array_like
        What is then added to them.  One number a channel, taken in the precision of the result.
    activation : Activation or str
        The activation f, such as ``fastact.gelu``, or one of its names.
    axis : int, optional
        The axis of the channels.
    residual : array_like, optional
        What is added to the result, of the shape of `x`; in its precision.
    **parameters
        Parameters of the activation: numbers, or arrays that broadcast to the shape of `x`.

    Returns
    -------
    ndarray
        `x`.

    Raises
    ------
    TypeError
        If `x` is no floating-point array, another operand no array of real numbers, or the activation has no such parameter.
    ValueError
        If there is no such activation, a shape does not fit, or `x` is read-only or has elements that share memory.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    See Also
    --------
    affine_activation : the formula.

    Examples
    --------
    >>> import fastact as fa
    >>> import numpy as np
    >>> x = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> fa.affine_activation_(x, [2.0, 1.0], [-3.0, 0.5], "relu") is x
    True
    >>> x
    array([[0. , 2.5],
           [3. , 4.5]])
    """
    check_writeable_in_place("affine_activation", x)
    return _value("affine_activation_", x, {"scale": scale, "shift": shift}, activation, axis, residual, x, parameters)


for _function in (bias_activation_, affine_activation_):
    # Where users find it, and where pickle looks it up.
    _function.__module__ = "fastact"

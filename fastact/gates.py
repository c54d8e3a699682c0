"""Gated units: one half of an array, after an activation, times the other half; with the backward passes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from .arrays import Array, computing_dtype, one_axis
from .blocks import Index, compiled_steps, run_blocks
from .forms import Activation, activation
from .inner_activations import inner_activation, with_parameters
from .operation import Operation, differentiable
from .results import one_result, several_results
from .row_calls import as_array, not_negative, real, result_dtype

__all__ = ["bilinear", "gated", "geglu", "glu", "reglu", "swiglu", "swiglu_oai"]

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_Shape = tuple[int, ...]


class _Formula(NamedTuple):
    """What a gated unit makes of blocks of the gate p and of the other half q."""

    value: Callable[..., None]
    """Takes p, q, parameters; the result; two blocks of scratch."""
    backward: Callable[..., None]
    """Takes grad, p, q, parameters; the gradients by p and by q; one block of scratch."""
    parameters: list[Array]


_Maker: TypeAlias = Callable[..., _Formula]
"""Takes the dtype of the result, the shape of a half, and options by name."""


def _activated(function: str, inner: Activation, options: dict[str, Any], dtype: np.dtype[Any], shape: _Shape) -> _Formula:
    """f(p) * q."""
    inner, parameters = with_parameters(function, inner, options, dtype, shape)
    return _Formula(*_activated_steps(inner), parameters)


@cache
def _activated_by(function: str, inner: Activation) -> _Maker:
    def formula(dtype: np.dtype[Any], shape: _Shape, /, **options: Any) -> _Formula:
        return _activated(function, inner, options, dtype, shape)

    return formula


@cache
def _ordinary(formula: _Maker, dtype: np.dtype[Any], /, **options: str) -> tuple[Any, list[Array]]:
    """Return the steps of a gated unit, as the backend runs them, and the defaults of its parameters."""
    value, _, parameters = formula(dtype, (), **options)
    return compiled_steps(value, 2 + len(parameters), 1, 2), parameters


@cache
def _activated_steps(inner: Activation) -> tuple[Callable[..., None], Callable[..., None]]:
    f, f_and_slope = inner.ufunc, inner.value_and_derivative.ufunc

    def value(p: Array, q: Array, *rest: Array) -> None:
        *parameters, out, _, gate = rest
        f(p, *parameters, gate)
        np.multiply(gate, q, out=out)

    def backward(grad: Array, p: Array, q: Array, *rest: Array) -> None:
        *parameters, by_p, by_q, _ = rest
        f_and_slope(p, *parameters, by_q, by_p)
        np.multiply(by_p, q, out=by_p)
        np.multiply(by_p, grad, out=by_p)
        np.multiply(by_q, grad, out=by_q)

    return value, backward


def _product(p: Array, q: Array, out: Array, *_: Array) -> None:
    """p * q."""
    np.multiply(p, q, out=out)


def _product_backward(grad: Array, p: Array, q: Array, by_p: Array, by_q: Array, _: Array) -> None:
    np.multiply(grad, q, out=by_p)
    np.multiply(grad, p, out=by_q)


def _clipped(p: Array, q: Array, alpha: Array, low: Array, high: Array, out: Array, other: Array, gate: Array) -> None:
    """silu(min(p, high), alpha) * (clip(q, low, high) + 1)."""
    np.minimum(p, high, out=other)
    activation("silu").ufunc(other, alpha, gate)
    activation("hard_tanh").ufunc(q, low, high, other)
    np.add(other, 1, out=other)
    np.multiply(gate, other, out=out)


def _clipped_backward(
    grad: Array, p: Array, q: Array, alpha: Array, low: Array, high: Array, by_p: Array, by_q: Array, other: Array
) -> None:
    clip = activation("hard_tanh")
    np.minimum(p, high, out=other)
    activation("silu").value_and_derivative.ufunc(other, alpha, by_q, by_p)
    clip.ufunc(q, low, high, other)
    np.add(other, 1, out=other)
    np.multiply(by_p, other, out=by_p)
    clip.derivative.ufunc(p, -np.inf, high, other)
    np.multiply(by_p, other, out=by_p)
    np.multiply(by_p, grad, out=by_p)
    clip.derivative.ufunc(q, low, high, other)
    np.multiply(by_q, other, out=by_q)
    np.multiply(by_q, grad, out=by_q)


def _arrays(function: str, x: Any, second: Any, interleaved: bool) -> tuple[Array, ...]:
    """Return the one array or the two arrays of a call."""
    x = as_array(function, "x", x)
    if second is None:
        return (x,)
    second = as_array(function, "second", second)
    if second.shape != x.shape:
        raise ValueError(f"{function}: second has shape {second.shape}; it must have the shape of x, {x.shape}")
    if interleaved:
        raise ValueError(f"{function}: interleaved is for one array that holds both halves, but second was given")
    return x, second


def _halves(function: str, arrays: tuple[Array, ...], axis: int, interleaved: bool) -> tuple[Array, ...]:
    """Return two arrays as they are, and the halves of one array as views."""
    if len(arrays) == 2:
        return arrays
    (x,) = arrays
    axis = one_axis(function, axis, x.ndim)
    n = x.shape[axis]
    if n % 2:
        raise ValueError(f"{function}: x has {n} elements along axis {axis}; an even number can be halved")
    first, second = _places_of_halves(axis, n, interleaved)
    return x[first], x[second]


@lru_cache
def _places_of_halves(axis: int, n: int, interleaved: bool) -> tuple[Index, Index]:
    """Return the indices of the halves of n elements along an axis."""
    first, second = (slice(0, None, 2), slice(1, None, 2)) if interleaved else (slice(n // 2), slice(n // 2, None))
    before = (slice(None),) * axis
    return (*before, first), (*before, second)


def _order(function: str, gate: str) -> slice:
    """Return what puts the gate before the other half, and back."""
    if gate not in ("first", "second"):
        raise ValueError(f"{function}: gate is {gate!r}; it must be 'first' or 'second'")
    return slice(None) if gate == "first" else slice(None, None, -1)


def _value(
    function: str,
    formula: _Maker,
    options: dict[str, Any],
    x: Any,
    second: Any,
    axis: int,
    interleaved: bool,
    gate: str,
    out: Array | None,
) -> Array:
    order = _order(function, gate)
    arrays = _arrays(function, x, second, interleaved)
    halves = _halves(function, arrays, axis, interleaved)
    dtype = result_dtype(*arrays)
    # Options that are words choose among a few formulas.
    if not options or all(type(value) is str for value in options.values()):
        steps, parameters = _ordinary(formula, dtype, **options)
        served = None if steps is None else steps.served([*halves[order], *parameters], 2, 0, -1, halves[0], out)
        if served is not None:
            return served  # type: ignore[no-any-return]
    value, _, parameters = formula(dtype, halves[0].shape, **options)
    result = one_result(function, out, halves[0], dtype)
    run_blocks(value, [*halves[order], *parameters], [result], dtype, scratch=2)
    return result


def _backward(
    function: str,
    formula: _Maker,
    options: dict[str, Any],
    grad: Any,
    x: Any,
    second: Any,
    axis: int,
    interleaved: bool,
    gate: str,
    out: Any,
) -> Any:
    order = _order(function, gate)
    grad = as_array(function, "grad", grad)
    arrays = _arrays(function, x, second, interleaved)
    halves = _halves(function, arrays, axis, interleaved)
    if grad.shape != halves[0].shape:
        raise ValueError(f"{function}: grad has shape {grad.shape}; it must have the shape of a half, {halves[0].shape}")
    dtype = result_dtype(grad, *halves)
    _, backward, parameters = formula(dtype, grad.shape, **options)
    if second is None:
        results: tuple[Array, ...] = (one_result(function, out, arrays[0], dtype),)
    else:
        results = several_results(function, out, arrays, dtype)
    gradients = _halves(function, results, axis, interleaved)
    run_blocks(backward, [grad, *halves[order], *parameters], gradients[order], dtype, scratch=1)
    return results[0] if second is None else results


_OPERANDS = """x : array_like
    Both halves along `axis`, or the first of them if `second` is given.  Real numbers; integers are promoted as by
    `numpy.exp`, float16 is computed in float32.
second : array_like, optional
    The second half, of the shape of `x`.
axis : int, optional
    Where `x` holds its halves; of no account if `second` is given.
interleaved : bool, optional
    Whether the halves of `x` alternate along the axis, as ``x[..., 0::2]`` and ``x[..., 1::2]``.
gate : {{"first", "second"}}, optional
    The half that goes through the activation, by default the {gate}."""

_ERRORS = """TypeError
    If an operand is no array of real numbers of at most 64 bits, or `out` cannot hold the result.
ValueError
    If the axis has an odd length, shapes or options are wrong, or `out` cannot be written.
numpy.exceptions.AxisError
    If `axis` is out of bounds."""

_VALUE = """{summary}

Parameters
----------
{operands}
out : ndarray, optional
    Where to write the result; may overlap the input, and be its first half.
{options}
Returns
-------
ndarray
    `out`, or a new array of the shape of a half.

Raises
------
{errors}

Examples
--------
{examples}"""

_BACKWARD = """Gradients by the halves of {name}, from its input.

Parameters
----------
grad : array_like
    The gradient by the result, of the shape of a half.
{operands}
out : ndarray or tuple of ndarray, optional
    Where to write the gradients: an array of the shape of `x`, or two if `second` is given; may be the input.
{options}
Returns
-------
ndarray or tuple of ndarray
    The gradients, laid out as the input: one array for one, two for two.

Raises
------
{errors}

See Also
--------
fastact.{name} : the formula."""


def _gate(default: str) -> Callable[[Callable[..., _Formula]], Operation[..., Array, ..., Any]]:
    """Make a gated unit of the function that returns its formula; the function's docstring has nothing but what is its own."""

    def declare(formula: Callable[..., _Formula]) -> Operation[..., Array, ..., Any]:
        name = formula.__name__

        def value(
            x: ArrayLike,
            second: ArrayLike | None = None,
            axis: int = -1,
            interleaved: bool = False,
            gate: str = default,
            out: Array | None = None,
            **options: Any,
        ) -> Array:
            return _value(name, formula, options, x, second, axis, interleaved, gate, out)

        def backward(
            grad: ArrayLike,
            x: ArrayLike,
            second: ArrayLike | None = None,
            axis: int = -1,
            interleaved: bool = False,
            gate: str = default,
            out: Any = None,
            **options: Any,
        ) -> Any:
            return _backward(f"{name}.backward", formula, options, grad, x, second, axis, interleaved, gate, out)

        summary, _, examples = (inspect.getdoc(formula) or "").partition("Examples\n--------\n")
        summary, _, options = summary.partition("Parameters\n----------\n")
        texts = {"name": name, "summary": summary.rstrip(), "options": options.rstrip() + "\n", "examples": examples}
        texts |= {"operands": _OPERANDS.format(gate=default), "errors": _ERRORS}
        own = [p for p in inspect.signature(formula).parameters.values() if p.kind is p.KEYWORD_ONLY]
        functions: list[tuple[Any, str, str]] = [(value, name, _VALUE), (backward, f"{name}.backward", _BACKWARD)]
        for function, qualified, document in functions:
            function.__name__ = function.__qualname__ = qualified
            function.__module__ = "fastact"
            function.__doc__ = document.format(**texts)
            signature = inspect.signature(function)
            common = list(signature.parameters.values())[:-1]
            function.__signature__ = signature.replace(parameters=[*common, *own])
        return Operation(value, backward)

    return declare


@_gate("second")
def glu(dtype: np.dtype[Any], shape: _Shape, /) -> _Formula:
    r"""Gated linear unit (Dauphin et al., 2017).

    .. math:: f(a, b) = \frac{a}{1 + e^{-b}}

    Examples
    --------
    >>> import fastact as fa
    >>> fa.glu([1.0, 2.0, 0.0, 0.0])
    array([0.5, 1. ])
    """
    return _activated("glu", activation("sigmoid"), {}, dtype, shape)


@_gate("first")
def bilinear(dtype: np.dtype[Any], shape: _Shape, /) -> _Formula:
    r"""Gated linear unit without an activation (Dauphin et al., 2017).

    .. math:: f(a, b) = a b

    Examples
    --------
    >>> import fastact as fa
    >>> fa.bilinear([1.0, 2.0, 3.0, 4.0])
    array([3., 8.])
    """
    return _Formula(_product, _product_backward, [])


@_gate("first")
def reglu(dtype: np.dtype[Any], shape: _Shape, /) -> _Formula:
    r"""Gated linear unit with relu (Shazeer, 2020).

    .. math:: f(a, b) = \max(a, 0) \, b

    Examples
    --------
    >>> import fastact as fa
    >>> fa.reglu([-1.0, 2.0, 3.0, 4.0])
    array([0., 8.])
    """
    return _activated("reglu", activation("relu"), {}, dtype, shape)


@_gate("first")
def geglu(dtype: np.dtype[Any], shape: _Shape, /, *, approximate: str = "none") -> _Formula:
    r"""Gated linear unit with gelu (Shazeer, 2020).

    .. math:: f(a, b) = \text{gelu}(a) \, b

    Parameters
    ----------
    approximate : {"none", "tanh", "quick"}, optional
        Which gelu: ``gelu``, ``gelu_tanh`` or ``quick_gelu``.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.geglu([-2.0, 2.0, 1.0, 3.0]).round(4)
    array([-0.0455,  5.8635])
    """
    kinds = {"none": "gelu", "tanh": "gelu_tanh", "quick": "quick_gelu"}
    if approximate not in kinds:
        raise ValueError(f"geglu: approximate is {approximate!r}; it must be one of {', '.join(map(repr, kinds))}")
    return _activated("geglu", activation(kinds[approximate]), {}, dtype, shape)


@_gate("first")
def swiglu(dtype: np.dtype[Any], shape: _Shape, /) -> _Formula:
    r"""Gated linear unit with silu (Shazeer, 2020).

    .. math:: f(a, b) = \frac{a b}{1 + e^{-a}}

    Examples
    --------
    >>> import fastact as fa
    >>> fa.swiglu([-2.0, 2.0, 1.0, 3.0]).round(4)
    array([-0.2384,  5.2848])
    """
    return _activated("swiglu", activation("silu"), {}, dtype, shape)


@_gate("first")
def swiglu_oai(dtype: np.dtype[Any], shape: _Shape, /, *, alpha: float = 1.702, limit: float = 7.0) -> _Formula:
    r"""Clipped gated linear unit with silu, of the gpt-oss models (OpenAI, 2025).

    .. math:: f(a, b) = \frac{a'}{1 + e^{-\alpha a'}} (b' + 1),
        \quad a' = \min(a, \mathrm{limit}),
        \quad b' = \min(\max(b, -\mathrm{limit}), \mathrm{limit})

    The gradients at the limits are those from the left.

    Parameters
    ----------
    alpha : float, optional
        The sharpness of the bend at zero.
    limit : float, optional
        Where the halves are clipped; not negative.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.swiglu_oai([-2.0, 9.0, 1.0, 9.0]).round(4)
    array([-0.1287, 55.9996])
    """
    bound = not_negative("swiglu_oai", "limit", limit)
    parameters = [np.asarray(number, computing_dtype(dtype)) for number in (real("swiglu_oai", "alpha", alpha), -bound, bound)]
    return _Formula(_clipped, _clipped_backward, parameters)


def _gated_backward(
    grad: ArrayLike,
    activation: Activation | str,
    x: ArrayLike,
    second: ArrayLike | None = None,
    axis: int = -1,
    interleaved: bool = False,
    gate: str = "first",
    out: Any = None,
    **parameters: Any,
) -> Any:
    """Gradients by the halves of gated, from its input.

    Those by the parameters of the activation are not computed.

    Parameters
    ----------
    grad : array_like
        The gradient by the result, of the shape of a half.
    activation : Activation or str
        The activation that ``gated`` was given.
    x : array_like
        Both halves along `axis`, or the first of them if `second` is given.  Real numbers; integers are promoted as by
        `numpy.exp`, float16 is computed in float32.
    second : array_like, optional
        The second half, of the shape of `x`.
    axis : int, optional
        Where `x` holds its halves; of no account if `second` is given.
    interleaved : bool, optional
        Whether the halves of `x` alternate along the axis, as ``x[..., 0::2]`` and ``x[..., 1::2]``.
    gate : {"first", "second"}, optional
        The half that goes through the activation.
    out : ndarray or tuple of ndarray, optional
        Where to write the gradients: an array of the shape of `x`, or two if `second` is given; may be the input.
    **parameters
        Parameters of the activation.

    Returns
    -------
    ndarray or tuple of ndarray
        The gradients, laid out as the input: one array for one, two for two.

    Raises
    ------
    TypeError
        If an operand is no array of real numbers of at most 64 bits, there is no such parameter, or `out` cannot hold the
        result.
    ValueError
        If there is no such activation, the axis has an odd length, shapes or options are wrong, or `out` cannot be written.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.gated.backward([1.0], "relu", [2.0, 3.0])
    array([3., 2.])
    """
    name = "gated.backward"
    formula = _activated_by(name, inner_activation(name, activation))
    return _backward(name, formula, parameters, grad, x, second, axis, interleaved, gate, out)


@differentiable(_gated_backward)
def gated(
    activation: Activation | str,
    x: ArrayLike,
    second: ArrayLike | None = None,
    axis: int = -1,
    interleaved: bool = False,
    gate: str = "first",
    out: Array | None = None,
    **parameters: Any,
) -> Array:
    r"""Gated linear unit with any activation.

    .. math:: y = f(a) \, b

    Parameters
    ----------
    activation : Activation or str
        The activation f, such as ``fastact.mish``, or one of its names.
    x : array_like
        Both halves along `axis`, or the first of them if `second` is given.  Real numbers; integers are promoted as by
        `numpy.exp`, float16 is computed in float32.
    second : array_like, optional
        The second half, of the shape of `x`.
    axis : int, optional
        Where `x` holds its halves; of no account if `second` is given.
    interleaved : bool, optional
        Whether the halves of `x` alternate along the axis, as ``x[..., 0::2]`` and ``x[..., 1::2]``.
    gate : {"first", "second"}, optional
        The half that goes through the activation.
    out : ndarray, optional
        Where to write the result; may overlap the input, and be its first half.
    **parameters
        Parameters of the activation: numbers, or arrays that broadcast to the shape of a half.

    Returns
    -------
    ndarray
        `out`, or a new array of the shape of a half.

    Raises
    ------
    TypeError
        If an operand is no array of real numbers of at most 64 bits, there is no such parameter, or `out` cannot hold the
        result.
    ValueError
        If there is no such activation, the axis has an odd length, shapes or options are wrong, or `out` cannot be written.
    numpy.exceptions.AxisError
        If `axis` is out of bounds.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.gated("leaky_relu", [-2.0, 2.0, 1.0, 3.0], negative_slope=0.5)
    array([-1.,  6.])
    """
    formula = _activated_by("gated", inner_activation("gated", activation))
    return _value("gated", formula, parameters, x, second, axis, interleaved, gate, out)

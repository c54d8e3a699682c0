"""The activations as a NumPy user would write them at his best: what fastact is measured against.

The usual formulas, with the default parameters (prelu: a weight of 0.25), in the precision of ``x``, without temporary
arrays and without overflow to NaN.  Every function is called as ``f(x, out, a, b)``: ``a`` and ``b`` are scratch arrays
like ``x``.  A value may be computed in place (``out`` is ``x``), a derivative may not.  Where several ways give the
same digits, the fastest stands here: ``numpy.clip(x, 0, inf)``, say, takes half the time of ``numpy.maximum(x, 0)``.

NumPy has no error function: ``gelu`` and ``smu`` take SciPy's, and are left out where SciPy is missing.

Fused operations are called as ``f(name, x, other, out, a, b)`` with the activation within them, the loss as
``f(x, target, gradient)``, the row operations as ``f(x, out)``; these work along the last axis of matrices.  NumPy's
reductions of short rows are slow; sums are products with a vector of ones instead, and maxima of few columns are taken
column by column.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

__all__ = ["PLAIN", "PLAIN_ROWS", "Expression", "Plain", "bias_activation", "cross_entropy", "gated"]

Array = np.ndarray[Any, np.dtype[Any]]
Expression = Callable[[Array, Array, Array, Array], object]


class Plain(NamedTuple):
    """An activation in plain NumPy."""

    value: Expression
    derivative: Expression


def _identity(x: Array, out: Array, a: Array, b: Array) -> None:
    np.copyto(out, x)


def _identity_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    out.fill(1)


def _step(x: Array, out: Array, a: Array, b: Array) -> None:
    np.greater(x, 0, out=out)


def _step_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    out.fill(0)


def _relu(x: Array, out: Array, a: Array, b: Array) -> None:
    np.clip(x, 0, np.inf, out=out)


def _leaky_relu(slope: float) -> Plain:
    def value(x: Array, out: Array, a: Array, b: Array) -> None:
        np.multiply(x, slope, out=a)
        np.maximum(x, a, out=out)

    def derivative(x: Array, out: Array, a: Array, b: Array) -> None:
        np.greater(x, 0, out=out)
        np.multiply(out, 1 - slope, out=out)
        np.add(out, slope, out=out)

    return Plain(value, derivative)


def _elu(x: Array, out: Array, a: Array, b: Array) -> None:
    np.minimum(x, 0, out=a)
    np.expm1(a, out=a)
    np.maximum(x, a, out=out)


def _elu_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    np.minimum(x, 0, out=out)
    np.exp(out, out=out)


def _sigmoid(x: Array, out: Array, a: Array, b: Array) -> None:
    np.negative(x, out=a)
    np.exp(a, out=a)
    np.add(a, 1, out=a)
    np.divide(1, a, out=out)


def _sigmoid_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    np.absolute(x, out=a)
    np.negative(a, out=a)
    np.exp(a, out=a)
    np.add(a, 1, out=out)
    np.square(out, out=out)
    np.divide(a, out, out=out)


def _log_sigmoid(x: Array, out: Array, a: Array, b: Array) -> None:
    np.absolute(x, out=a)
    np.negative(a, out=a)
    np.exp(a, out=a)
    np.log1p(a, out=a)
    np.minimum(x, 0, out=out)
    np.subtract(out, a, out=out)


def _log_sigmoid_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    np.exp(x, out=a)
    np.add(a, 1, out=a)
    np.divide(1, a, out=out)


def _tanh(x: Array, out: Array, a: Array, b: Array) -> None:
    np.tanh(x, out=out)


def _tanh_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    np.cosh(x, out=a)
    np.square(a, out=a)
    np.divide(1, a, out=out)


def _softplus(x: Array, out: Array, a: Array, b: Array) -> None:
    np.absolute(x, out=a)
    np.negative(a, out=a)
    np.exp(a, out=a)
    np.log1p(a, out=a)
    np.clip(x, 0, np.inf, out=out)
    np.add(out, a, out=out)


def _silu(x: Array, out: Array, a: Array, b: Array) -> None:
    np.negative(x, out=a)
    np.exp(a, out=a)
    np.add(a, 1, out=a)
    np.divide(x, a, out=out)


def _silu_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    _sigmoid(x, a, a, b)
    np.subtract(1, a, out=out)
    np.multiply(out, x, out=out)
    np.add(out, 1, out=out)
    np.multiply(out, a, out=out)


_CUBIC = 0.044715
_SCALE = math.sqrt(2 / math.pi)


def _tanh_of_cubic(x: Array, square: Array, out: Array) -> None:
    np.multiply(x, x, out=square)
    np.multiply(square, _SCALE * _CUBIC, out=out)
    np.add(out, _SCALE, out=out)
    np.multiply(out, x, out=out)
    np.tanh(out, out=out)


def _gelu_tanh(x: Array, out: Array, a: Array, b: Array) -> None:
    _tanh_of_cubic(x, a, b)
    np.add(b, 1, out=b)
    np.multiply(b, 0.5, out=b)
    np.multiply(b, x, out=out)


def _gelu_tanh_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    _tanh_of_cubic(x, a, b)
    np.multiply(a, 1.5 * _SCALE * _CUBIC, out=a)
    np.add(a, 0.5 * _SCALE, out=a)
    np.multiply(a, x, out=a)
    np.square(b, out=out)
    np.subtract(1, out, out=out)
    np.multiply(out, a, out=out)
    np.multiply(b, 0.5, out=b)
    np.add(b, 0.5, out=b)
    np.add(out, b, out=out)


# With w = exp(x) and n = w * (w + 2), mish is x * n / (n + 2).  From x = 20 on it is x.


def _mish(x: Array, out: Array, a: Array, b: Array) -> None:
    np.minimum(x, 20, out=a)
    np.exp(a, out=a)
    np.add(a, 2, out=b)
    np.multiply(a, b, out=a)
    np.add(a, 2, out=b)
    np.divide(a, b, out=a)
    np.multiply(a, x, out=out)


def _mish_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    np.minimum(x, 20, out=a)
    np.exp(a, out=a)
    np.add(a, 2, out=out)
    np.multiply(out, a, out=out)
    np.add(out, 2, out=b)
    np.subtract(out, a, out=a)
    np.multiply(a, 4, out=a)
    np.multiply(a, x, out=a)
    np.divide(a, b, out=a)
    np.add(out, a, out=out)
    np.divide(out, b, out=out)


def _hard_swish(x: Array, out: Array, a: Array, b: Array) -> None:
    np.add(x, 3, out=a)
    np.clip(a, 0, 6, out=a)
    np.multiply(a, 1 / 6, out=a)
    np.multiply(a, x, out=out)


def _hard_swish_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    np.multiply(x, 1 / 3, out=out)
    np.add(out, 0.5, out=out)
    np.copyto(out, 0, where=x <= -3)
    np.copyto(out, 1, where=x > 3)


def _squareplus(x: Array, out: Array, a: Array, b: Array) -> None:
    np.multiply(x, x, out=a)
    np.add(a, 4, out=a)
    np.sqrt(a, out=a)
    np.add(a, x, out=a)
    np.multiply(a, 0.5, out=out)


def _squareplus_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    np.multiply(x, x, out=a)
    np.add(a, 4, out=a)
    np.sqrt(a, out=a)
    np.divide(x, a, out=out)
    np.multiply(out, 0.5, out=out)
    np.add(out, 0.5, out=out)


_SMU_ALPHA = 0.25
_SMU_SHARPNESS = 1e6
_SMU1_SMOOTHING = 4.352665993287951e-9


def _smu1(x: Array, out: Array, a: Array, b: Array) -> None:
    np.multiply(x, 1 - _SMU_ALPHA, out=a)
    np.square(a, out=a)
    np.add(a, _SMU1_SMOOTHING**2, out=a)
    np.sqrt(a, out=a)
    np.multiply(x, 1 + _SMU_ALPHA, out=b)
    np.add(a, b, out=a)
    np.multiply(a, 0.5, out=out)


def _smu1_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    np.multiply(x, 1 - _SMU_ALPHA, out=b)
    np.square(b, out=a)
    np.add(a, _SMU1_SMOOTHING**2, out=a)
    np.sqrt(a, out=a)
    np.divide(b, a, out=out)
    np.multiply(out, (1 - _SMU_ALPHA) / 2, out=out)
    np.add(out, (1 + _SMU_ALPHA) / 2, out=out)


PLAIN: dict[str, Plain] = {
    "identity": Plain(_identity, _identity_derivative),
    "step": Plain(_step, _step_derivative),
    "relu": Plain(_relu, _step),
    "leaky_relu": _leaky_relu(0.01),
    "prelu": _leaky_relu(0.25),
    "elu": Plain(_elu, _elu_derivative),
    "sigmoid": Plain(_sigmoid, _sigmoid_derivative),
    "log_sigmoid": Plain(_log_sigmoid, _log_sigmoid_derivative),
    "tanh": Plain(_tanh, _tanh_derivative),
    "softplus": Plain(_softplus, _sigmoid),
    "silu": Plain(_silu, _silu_derivative),
    "gelu_tanh": Plain(_gelu_tanh, _gelu_tanh_derivative),
    "mish": Plain(_mish, _mish_derivative),
    "hard_swish": Plain(_hard_swish, _hard_swish_derivative),
    "squareplus": Plain(_squareplus, _squareplus_derivative),
    "smu1": Plain(_smu1, _smu1_derivative),
}
"""Value and derivative by the activation's name.  One that is missing here is timed without a comparison."""


def _add_those_with_error_function() -> None:
    try:
        from scipy.special import erf, ndtr
    except ImportError:
        return

    def gelu(x: Array, out: Array, a: Array, b: Array) -> None:
        ndtr(x, out=a)
        np.multiply(x, a, out=out)

    def gelu_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
        ndtr(x, out=a)
        np.square(x, out=out)
        np.multiply(out, -0.5, out=out)
        np.exp(out, out=out)
        np.multiply(out, 1 / math.sqrt(2 * math.pi), out=out)
        np.multiply(out, x, out=out)
        np.add(out, a, out=out)

    def smu(x: Array, out: Array, a: Array, b: Array) -> None:
        np.multiply(x, _SMU_SHARPNESS * (1 - _SMU_ALPHA), out=a)
        erf(a, out=a)
        np.multiply(a, (1 - _SMU_ALPHA) / 2, out=a)
        np.add(a, (1 + _SMU_ALPHA) / 2, out=a)
        np.multiply(a, x, out=out)

    def smu_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
        np.multiply(x, _SMU_SHARPNESS * (1 - _SMU_ALPHA), out=a)
        np.clip(a, -10, 10, out=a)
        np.square(a, out=b)
        np.negative(b, out=b)
        np.exp(b, out=b)
        np.multiply(b, 2 / math.sqrt(math.pi), out=b)
        np.multiply(b, a, out=b)
        erf(a, out=out)
        np.add(out, b, out=out)
        np.multiply(out, (1 - _SMU_ALPHA) / 2, out=out)
        np.add(out, (1 + _SMU_ALPHA) / 2, out=out)

    PLAIN["gelu"] = Plain(gelu, gelu_derivative)
    PLAIN["smu"] = Plain(smu, smu_derivative)


_add_those_with_error_function()


_FEW_COLUMNS = 64


def _row_maxima(x: Array) -> Array:
    if x.shape[1] > _FEW_COLUMNS:
        return np.asarray(np.max(x, axis=1, keepdims=True))
    maxima = x[:, :1].copy()
    for column in x.T[1:]:
        np.maximum(maxima, column[:, None], out=maxima)
    return maxima


def _row_sums(x: Array) -> Array:
    return np.asarray(np.matmul(x, np.ones((x.shape[1], 1), x.dtype)))


def _softmax(x: Array, out: Array) -> None:
    np.subtract(x, _row_maxima(x), out=out)
    np.exp(out, out=out)
    np.divide(out, _row_sums(out), out=out)


def _log_softmax(x: Array, out: Array) -> None:
    np.subtract(x, _row_maxima(x), out=out)
    np.subtract(out, np.log(_row_sums(np.exp(out))), out=out)


def _zscore(x: Array, out: Array) -> None:
    np.subtract(x, _row_sums(x) / x.shape[1], out=out)
    deviations = np.sqrt(np.einsum("ij,ij->i", out, out) / x.shape[1])
    np.divide(out, deviations[:, None], out=out)


def _layer_norm(x: Array, out: Array) -> None:
    np.subtract(x, _row_sums(x) / x.shape[1], out=out)
    variances = np.einsum("ij,ij->i", out, out) / x.shape[1]
    np.multiply(out, (1 / np.sqrt(variances + 1e-5).astype(x.dtype))[:, None], out=out)


def _rms_norm(x: Array, out: Array) -> None:
    squares = np.einsum("ij,ij->i", x, x) / x.shape[1]
    np.multiply(x, (1 / np.sqrt(squares + np.finfo(x.dtype).eps))[:, None], out=out)


def _minmax(x: Array, out: Array) -> None:
    smallest = -_row_maxima(-x)
    np.subtract(x, smallest, out=out)
    np.divide(out, _row_maxima(x) - smallest, out=out)


def _normalize(x: Array, out: Array) -> None:
    np.divide(x, np.sqrt(np.einsum("ij,ij->i", x, x))[:, None], out=out)


PLAIN_ROWS: dict[str, Callable[[Array, Array], object]] = {
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "minmax": _minmax,
    "normalize": _normalize,
    "zscore": _zscore,
}
"""Row operations by name."""


def bias_activation(name: str, x: Array, bias: Array, out: Array, a: Array, b: Array) -> None:
    """An activation after a bias along the last axis."""
    np.add(x, bias, out=out)
    PLAIN[name].value(out, out, a, b)


def gated(name: str, x: Array, second: Array, out: Array, a: Array, b: Array) -> None:
    """A gated unit of two arrays."""
    PLAIN[name].value(x, out, a, b)
    np.multiply(out, second, out=out)


def cross_entropy(x: Array, target: Array, gradient: Array) -> float:
    """The mean loss of class indices; the gradient goes to the last argument."""
    maxima = _row_maxima(x)
    np.subtract(x, maxima, out=gradient)
    np.exp(gradient, out=gradient)
    sums = _row_sums(gradient)
    chosen = np.take_along_axis(x, target[:, None], 1)
    np.multiply(gradient, 1 / (len(x) * sums), out=gradient)
    gradient[np.arange(len(x)), target] -= 1 / len(x)
    return float(np.mean(np.log(sums) + maxima - chosen))

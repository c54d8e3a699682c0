"""Activations of the exponential: of logistic functions, hyperbolic tangents and softplus."""

from __future__ import annotations

import math

import numpy as np

from ..arrays import Array
from .plain import Plain

__all__ = ["ACTIVATIONS", "gaussian", "sigmoid", "softplus"]


def exponential(x: Array, out: Array, a: Array, b: Array) -> None:
    np.exp(x, out=out)


def elu(x: Array, out: Array, a: Array, b: Array) -> None:
    np.minimum(x, 0, out=a)
    np.expm1(a, out=a)
    np.maximum(x, a, out=out)


def elu_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    np.minimum(x, 0, out=out)
    np.exp(out, out=out)


SELU_SCALE = 1.0507009873554805
SELU_ALPHA = 1.6732632423543772


def selu(x: Array, out: Array, a: Array, b: Array) -> None:
    np.minimum(x, 0, out=a)
    np.expm1(a, out=a)
    np.multiply(a, SELU_SCALE * SELU_ALPHA, out=a)
    np.clip(x, 0, np.inf, out=out)
    np.multiply(out, SELU_SCALE, out=out)
    np.add(out, a, out=out)


def selu_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    np.minimum(x, 0, out=out)
    np.exp(out, out=out)
    np.multiply(out, SELU_SCALE * SELU_ALPHA, out=out)
    np.greater(x, 0, out=a)
    np.multiply(a, SELU_SCALE * (1 - SELU_ALPHA), out=a)
    np.add(out, a, out=out)


XIELU_BEND = 0.8
XIELU_SLOPE = 0.5
XIELU_EPS = -1e-6


def xielu(x: Array, out: Array, a: Array, b: Array) -> None:
    # Above zero what the exponential leaves is taken back, so that the parabola is alone there.
    np.minimum(x, XIELU_EPS, out=a)
    np.expm1(a, out=a)
    np.minimum(x, 0, out=b)
    np.subtract(a, b, out=a)
    np.clip(x, 0, np.inf, out=b)
    np.square(b, out=b)
    np.add(a, b, out=a)
    np.greater(x, 0, out=b)
    np.multiply(b, -math.expm1(XIELU_EPS), out=b)
    np.add(a, b, out=a)
    np.multiply(a, XIELU_BEND, out=a)
    np.multiply(x, XIELU_SLOPE, out=out)
    np.add(out, a, out=out)


def xielu_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    np.minimum(x, 0, out=out)
    np.expm1(out, out=out)
    np.clip(x, 0, np.inf, out=a)
    np.add(a, a, out=a)
    np.add(out, a, out=out)
    # Between the exponential's end and zero the slope is that of the line.
    np.greater(x, XIELU_EPS, out=a)
    np.less_equal(x, 0, out=b)
    np.multiply(a, b, out=a)
    np.subtract(out, a, out=out)
    np.multiply(out, XIELU_BEND, out=out)
    np.add(out, XIELU_SLOPE, out=out)


def sigmoid(x: Array, out: Array, a: Array, b: Array) -> None:
    np.negative(x, out=a)
    np.exp(a, out=a)
    np.add(a, 1, out=a)
    np.divide(1, a, out=out)


def sigmoid_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    np.absolute(x, out=a)
    np.negative(a, out=a)
    np.exp(a, out=a)
    np.add(a, 1, out=out)
    np.square(out, out=out)
    np.divide(a, out, out=out)


def log_sigmoid(x: Array, out: Array, a: Array, b: Array) -> None:
    log_of_decay(x, a)
    np.minimum(x, 0, out=out)
    np.subtract(out, a, out=out)


def log_sigmoid_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    np.exp(x, out=a)
    np.add(a, 1, out=a)
    np.divide(1, a, out=out)


def log_of_decay(x: Array, out: Array) -> None:
    np.absolute(x, out=out)
    np.negative(out, out=out)
    np.exp(out, out=out)
    np.log1p(out, out=out)


def softplus(x: Array, out: Array, a: Array, b: Array) -> None:
    log_of_decay(x, a)
    np.clip(x, 0, np.inf, out=out)
    np.add(out, a, out=out)


def sqrt_softplus(x: Array, out: Array, a: Array, b: Array) -> None:
    softplus(x, out, a, b)
    np.sqrt(out, out=out)


def sqrt_softplus_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    sqrt_softplus(x, out, a, b)
    np.maximum(out, np.finfo(x.dtype).tiny, out=out)
    sigmoid(x, a, a, b)
    np.divide(a, out, out=out)
    np.multiply(out, 0.5, out=out)


def tanh(x: Array, out: Array, a: Array, b: Array) -> None:
    np.tanh(x, out=out)


def tanh_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    np.cosh(x, out=a)
    np.square(a, out=a)
    np.divide(1, a, out=out)


def tanh_shrink(x: Array, out: Array, a: Array, b: Array) -> None:
    np.tanh(x, out=a)
    np.subtract(x, a, out=out)


def tanh_shrink_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    np.tanh(x, out=out)
    np.square(out, out=out)


def scaled_tanh(height: float, rate: float) -> Plain:
    def value(x: Array, out: Array, a: Array, b: Array) -> None:
        np.multiply(x, rate, out=out)
        np.tanh(out, out=out)
        np.multiply(out, height, out=out)

    def derivative(x: Array, out: Array, a: Array, b: Array) -> None:
        np.multiply(x, rate, out=a)
        np.cosh(a, out=a)
        np.square(a, out=a)
        np.divide(height * rate, a, out=out)

    return Plain(value, derivative)


def lisht(x: Array, out: Array, a: Array, b: Array) -> None:
    np.tanh(x, out=a)
    np.multiply(x, a, out=out)


def lisht_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    np.tanh(x, out=a)
    np.square(a, out=out)
    np.subtract(1, out, out=out)
    np.multiply(out, x, out=out)
    np.add(out, a, out=out)


def tanhexp(x: Array, out: Array, a: Array, b: Array) -> None:
    np.exp(x, out=a)
    np.tanh(a, out=a)
    np.multiply(x, a, out=out)


def tanhexp_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    np.minimum(x, 20, out=a)
    np.exp(a, out=a)
    np.tanh(a, out=b)
    np.square(b, out=out)
    np.subtract(1, out, out=out)
    np.multiply(out, a, out=out)
    np.multiply(out, x, out=out)
    np.add(out, b, out=out)


# With w = exp(x) and n = w * (w + 2), mish is x * n / (n + 2).  From x = 20 on it is x.


def mish(x: Array, out: Array, a: Array, b: Array) -> None:
    np.minimum(x, 20, out=a)
    np.exp(a, out=a)
    np.add(a, 2, out=b)
    np.multiply(a, b, out=a)
    np.add(a, 2, out=b)
    np.divide(a, b, out=a)
    np.multiply(a, x, out=out)


def mish_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
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


def silu(rate: float) -> Plain:
    def value(x: Array, out: Array, a: Array, b: Array) -> None:
        np.multiply(x, -rate, out=a)
        np.exp(a, out=a)
        np.add(a, 1, out=a)
        np.divide(x, a, out=out)

    def derivative(x: Array, out: Array, a: Array, b: Array) -> None:
        np.multiply(x, -rate, out=b)
        np.exp(b, out=a)
        derivative_of_gate(b, out, a)

    return Plain(value, derivative)


def silu_of_cubic(rate: float, cubic: float) -> Plain:
    def factor(x: Array, out: Array, weight: float) -> None:
        np.square(x, out=out)
        np.multiply(out, -weight * rate * cubic, out=out)
        np.subtract(out, rate, out=out)
        np.multiply(out, x, out=out)

    def value(x: Array, out: Array, a: Array, b: Array) -> None:
        factor(x, a, 1)
        np.exp(a, out=a)
        np.add(a, 1, out=a)
        np.divide(x, a, out=out)

    def derivative(x: Array, out: Array, a: Array, b: Array) -> None:
        factor(x, a, 1)
        np.exp(a, out=a)
        factor(x, b, 3)
        derivative_of_gate(b, out, a)

    return Plain(value, derivative)


def derivative_of_gate(steepness: Array, out: Array, decay: Array) -> None:
    # With the gate s = 1 / (1 + exp(z)) it is s * (1 - (1 - s) * x * z').
    np.add(decay, 1, out=decay)
    np.divide(1, decay, out=decay)
    np.subtract(1, decay, out=out)
    np.multiply(out, steepness, out=out)
    np.subtract(1, out, out=out)
    np.multiply(out, decay, out=out)


def gaussian(x: Array, out: Array, a: Array, b: Array) -> None:
    np.square(x, out=out)
    np.negative(out, out=out)
    np.exp(out, out=out)


def gaussian_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    gaussian(x, out, a, b)
    np.multiply(out, x, out=out)
    np.multiply(out, -2, out=out)


ELU = Plain(elu, elu_derivative)

ACTIVATIONS = {
    "exponential": Plain(exponential, exponential),
    "elu": ELU,
    "selu": Plain(selu, selu_derivative),
    "celu": ELU,
    "xielu": Plain(xielu, xielu_derivative),
    "sigmoid": Plain(sigmoid, sigmoid_derivative),
    "log_sigmoid": Plain(log_sigmoid, log_sigmoid_derivative),
    "tanh": Plain(tanh, tanh_derivative),
    "tanh_shrink": Plain(tanh_shrink, tanh_shrink_derivative),
    "lecun_tanh": scaled_tanh(1.7159, 2 / 3),
    "softcap": scaled_tanh(30, 1 / 30),
    "lisht": Plain(lisht, lisht_derivative),
    "tanhexp": Plain(tanhexp, tanhexp_derivative),
    "softplus": Plain(softplus, sigmoid),
    "sqrt_softplus": Plain(sqrt_softplus, sqrt_softplus_derivative),
    "mish": Plain(mish, mish_derivative),
    "silu": silu(1),
    "quick_gelu": silu(1.702),
    "gelu_tanh": silu_of_cubic(math.sqrt(8 / math.pi), 0.044715),
    "gelu_sigmoid_cubic": silu_of_cubic(1.60033, 0.0433603),
    "gaussian": Plain(gaussian, gaussian_derivative),
}

"""Activations in straight pieces and parabolas."""

from __future__ import annotations

import numpy as np

from ..arrays import Array
from .plain import Expression, Plain

__all__ = ["ACTIVATIONS"]


def identity(x: Array, out: Array, a: Array, b: Array) -> None:
    np.copyto(out, x)


def one(x: Array, out: Array, a: Array, b: Array) -> None:
    out.fill(1)


def step(x: Array, out: Array, a: Array, b: Array) -> None:
    np.greater(x, 0, out=out)


def zero(x: Array, out: Array, a: Array, b: Array) -> None:
    out.fill(0)


def clipped(low: float, high: float) -> Expression:
    def value(x: Array, out: Array, a: Array, b: Array) -> None:
        np.clip(x, low, high, out=out)

    return value


def one_between(low: float, high: float) -> Expression:
    def derivative(x: Array, out: Array, a: Array, b: Array) -> None:
        np.greater(x, low, out=out)
        np.less_equal(x, high, out=a)
        np.multiply(out, a, out=out)

    return derivative


def leaky_relu(slope: float) -> Plain:
    def value(x: Array, out: Array, a: Array, b: Array) -> None:
        np.multiply(x, slope, out=a)
        np.maximum(x, a, out=out)

    def derivative(x: Array, out: Array, a: Array, b: Array) -> None:
        np.greater(x, 0, out=out)
        np.multiply(out, 1 - slope, out=out)
        np.add(out, slope, out=out)

    return Plain(value, derivative)


def line_to_one(slope: float, offset: float) -> Plain:
    inside = one_between(-offset / slope, (1 - offset) / slope)

    def value(x: Array, out: Array, a: Array, b: Array) -> None:
        np.multiply(x, slope, out=out)
        np.add(out, offset, out=out)
        np.clip(out, 0, 1, out=out)

    def derivative(x: Array, out: Array, a: Array, b: Array) -> None:
        inside(x, out, a, b)
        np.multiply(out, slope, out=out)

    return Plain(value, derivative)


def gated_by_line(offset: float, height: float) -> Expression:
    def value(x: Array, out: Array, a: Array, b: Array) -> None:
        np.add(x, offset, out=a)
        np.clip(a, 0, height, out=a)
        np.multiply(a, 1 / height, out=a)
        np.multiply(a, x, out=out)

    return value


def hard_swish_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    np.multiply(x, 1 / 3, out=out)
    np.add(out, 0.5, out=out)
    np.greater(x, -3, out=a)
    np.multiply(out, a, out=out)
    np.less_equal(x, 3, out=a)
    np.multiply(out, a, out=out)
    np.subtract(1, a, out=a)
    np.add(out, a, out=out)


def hard_mish_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    np.minimum(x, 0, out=out)
    np.add(out, 1, out=out)
    np.greater(x, -2, out=a)
    np.multiply(out, a, out=out)


def relu2(x: Array, out: Array, a: Array, b: Array) -> None:
    np.clip(x, 0, np.inf, out=out)
    np.square(out, out=out)


def relu2_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    np.clip(x, 0, np.inf, out=out)
    np.add(out, out, out=out)


def threshold(level: float, constant: float) -> Plain:
    def value(x: Array, out: Array, a: Array, b: Array) -> None:
        np.greater(x, level, out=a)
        np.multiply(x, a, out=out)
        np.subtract(1, a, out=a)
        np.multiply(a, constant, out=a)
        np.add(out, a, out=out)

    def derivative(x: Array, out: Array, a: Array, b: Array) -> None:
        np.greater(x, level, out=out)

    return Plain(value, derivative)


SHRINK = 0.5


def hard_shrink(x: Array, out: Array, a: Array, b: Array) -> None:
    shrink_derivative(x, a, a, b)
    np.multiply(x, a, out=out)


def soft_shrink(x: Array, out: Array, a: Array, b: Array) -> None:
    np.clip(x, -SHRINK, SHRINK, out=a)
    np.subtract(x, a, out=out)


def shrink_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    np.absolute(x, out=out)
    np.greater(out, SHRINK, out=out)


def sparse_plus(x: Array, out: Array, a: Array, b: Array) -> None:
    # The parabola is above the line on both sides of 1.
    SPARSE_SIGMOID.value(x, a, a, b)
    np.square(a, out=a)
    np.maximum(x, a, out=out)


RELU = Plain(clipped(0, np.inf), step)
SPARSE_SIGMOID = line_to_one(1 / 2, 1 / 2)

ACTIVATIONS = {
    "identity": Plain(identity, one),
    "step": Plain(step, zero),
    "relu": RELU,
    "leaky_relu": leaky_relu(0.01),
    "prelu": leaky_relu(0.25),
    "rrelu": leaky_relu(11 / 48),
    "relu6": Plain(clipped(0, 6), one_between(0, 6)),
    "clipped_relu": RELU,
    "relu2": Plain(relu2, relu2_derivative),
    "threshold": threshold(0.25, 0.25),
    "hard_sigmoid": line_to_one(1 / 6, 1 / 2),
    "hard_tanh": Plain(clipped(-1, 1), one_between(-1, 1)),
    "hard_swish": Plain(gated_by_line(3, 6), hard_swish_derivative),
    "hard_mish": Plain(gated_by_line(2, 2), hard_mish_derivative),
    "hard_shrink": Plain(hard_shrink, shrink_derivative),
    "soft_shrink": Plain(soft_shrink, shrink_derivative),
    "sparse_plus": Plain(sparse_plus, SPARSE_SIGMOID.value),
    "sparse_sigmoid": SPARSE_SIGMOID,
}

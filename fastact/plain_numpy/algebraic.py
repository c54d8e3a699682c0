"""Activations of roots and quotients, a logarithm and an arctangent."""

from __future__ import annotations

import numpy as np

from ..arrays import Array
from .plain import Expression, Plain

__all__ = ["ACTIVATIONS"]


def softsign(x: Array, out: Array, a: Array, b: Array) -> None:
    np.absolute(x, out=a)
    np.add(a, 1, out=a)
    np.divide(x, a, out=out)


def softsign_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    np.absolute(x, out=a)
    np.add(a, 1, out=a)
    np.square(a, out=a)
    np.divide(1, a, out=out)


def hypotenuse(x: Array, square: float, out: Array) -> None:
    np.square(x, out=out)
    np.add(out, square, out=out)
    np.sqrt(out, out=out)


def half_cosine(square: float, shift: float) -> Expression:
    def derivative(x: Array, out: Array, a: Array, b: Array) -> None:
        hypotenuse(x, square, a)
        np.divide(x, a, out=out)
        np.multiply(out, 0.5, out=out)
        np.add(out, shift, out=out)

    return derivative


def squareplus(x: Array, out: Array, a: Array, b: Array) -> None:
    hypotenuse(x, 4, a)
    np.add(a, x, out=a)
    np.multiply(a, 0.5, out=out)


def bent_identity(x: Array, out: Array, a: Array, b: Array) -> None:
    hypotenuse(x, 1, a)
    np.subtract(a, 1, out=a)
    np.multiply(a, 0.5, out=a)
    np.add(a, x, out=out)


def dish(x: Array, out: Array, a: Array, b: Array) -> None:
    hypotenuse(x, 1, a)
    np.divide(x, a, out=a)
    np.add(a, 1, out=a)
    np.multiply(a, 0.5, out=a)
    np.multiply(a, x, out=out)


def dish_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    hypotenuse(x, 1, a)
    np.divide(x, a, out=a)
    np.square(a, out=out)
    np.subtract(2, out, out=out)
    np.multiply(out, a, out=out)
    np.add(out, 1, out=out)
    np.multiply(out, 0.5, out=out)


SMU_ALPHA = 0.25
SMU1_SMOOTHING = 4.352665993287951e-9


def smu1(x: Array, out: Array, a: Array, b: Array) -> None:
    np.multiply(x, 1 - SMU_ALPHA, out=a)
    hypotenuse(a, SMU1_SMOOTHING**2, a)
    np.multiply(x, 1 + SMU_ALPHA, out=b)
    np.add(a, b, out=a)
    np.multiply(a, 0.5, out=out)


def smu1_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    np.multiply(x, 1 - SMU_ALPHA, out=b)
    hypotenuse(b, SMU1_SMOOTHING**2, a)
    np.divide(b, a, out=out)
    np.multiply(out, (1 - SMU_ALPHA) / 2, out=out)
    np.add(out, (1 + SMU_ALPHA) / 2, out=out)


def symmetric_log(x: Array, out: Array, a: Array, b: Array) -> None:
    np.absolute(x, out=a)
    np.log1p(a, out=a)
    np.copysign(a, x, out=out)


def symmetric_log_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    np.absolute(x, out=a)
    np.add(a, 1, out=a)
    np.divide(1, a, out=out)


def arctan(x: Array, out: Array, a: Array, b: Array) -> None:
    np.arctan(x, out=out)


def arctan_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    np.square(x, out=a)
    np.add(a, 1, out=a)
    np.divide(1, a, out=out)


ACTIVATIONS = {
    "softsign": Plain(softsign, softsign_derivative),
    "squareplus": Plain(squareplus, half_cosine(4, 0.5)),
    "smu1": Plain(smu1, smu1_derivative),
    "dish": Plain(dish, dish_derivative),
    "bent_identity": Plain(bent_identity, half_cosine(1, 1)),
    "symmetric_log": Plain(symmetric_log, symmetric_log_derivative),
    "arctan": Plain(arctan, arctan_derivative),
}

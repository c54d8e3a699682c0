"""Operations with an activation within them, and the loss with its gradient."""

from __future__ import annotations

import numpy as np

from ..arrays import Array
from .activations import PLAIN
from .rows import row_maxima, row_sums

__all__ = ["bias_activation", "cross_entropy", "gated"]


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
    maxima = row_maxima(x)
    np.subtract(x, maxima, out=gradient)
    np.exp(gradient, out=gradient)
    sums = row_sums(gradient)
    chosen = np.take_along_axis(x, target[:, None], 1)
    np.multiply(gradient, 1 / (len(x) * sums), out=gradient)
    gradient[np.arange(len(x)), target] -= 1 / len(x)
    return float(np.mean(np.log(sums) + maxima - chosen))

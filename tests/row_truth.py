"""The independent truth of the operations along an axis: the textbook's formula in long double."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np

Array = np.ndarray


def softmax(x: Array, axis: int) -> Array:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def log_softmax(x: Array, axis: int) -> Array:
    return x - logsumexp(x, axis)


def logsumexp(x: Array, axis: int) -> Array:
    largest = x.max(axis=axis, keepdims=True)
    return largest + np.log(np.exp(x - largest).sum(axis=axis, keepdims=True))


def sparsemax(x: Array, axis: int) -> Array:
    """By sorting, as the paper has it."""
    z = np.moveaxis(x, axis, -1)
    descending = -np.sort(-z, axis=-1)
    sums = np.cumsum(descending, axis=-1)
    number = np.arange(1, z.shape[-1] + 1)
    support = np.sum(1 + number * descending > sums, axis=-1, keepdims=True)
    threshold = (np.take_along_axis(sums, support - 1, -1) - 1) / support
    return np.moveaxis(np.maximum(z - threshold, 0), -1, axis)


def zscore(x: Array, axis: int, ddof: float = 0, eps: float = 0.0) -> Array:
    mean = x.mean(axis=axis, keepdims=True)
    deviation = np.sqrt(((x - mean) ** 2).sum(axis=axis, keepdims=True) / (x.shape[axis] - ddof) + eps)
    return (x - mean) / np.where(deviation == 0, 1, deviation)


def layer_norm(x: Array, axis: int, eps: float = 1e-5) -> Array:
    return zscore(x, axis, eps=np.longdouble(eps))


def rms_norm(x: Array, axis: int, eps: float = 1e-5) -> Array:
    return x / np.sqrt((x * x).mean(axis=axis, keepdims=True) + np.longdouble(eps))


def minmax(x: Array, axis: int) -> Array:
    smallest, largest = x.min(axis=axis, keepdims=True), x.max(axis=axis, keepdims=True)
    return (x - smallest) / np.where(largest == smallest, 1, largest - smallest)


def normalize(x: Array, axis: int, p: float = 2) -> Array:
    return x / norm(x, axis, p)


def norm(x: Array, axis: int | tuple[int, ...] | None, p: float) -> Array:
    if p == np.inf:
        return np.abs(x).max(axis=axis, keepdims=True)
    return (np.abs(x) ** np.longdouble(p)).sum(axis=axis, keepdims=True) ** (1 / np.longdouble(p))


@np.vectorize(otypes=[np.longdouble])
def rounded(exact: Fraction) -> np.longdouble:
    """The nearest long double."""
    high = float(exact)
    return np.longdouble(high) + float(exact - Fraction(high))


def moments(x: Array, axis: int | tuple[int, ...]) -> tuple[Array, Array]:
    """The mean and the population's variance, each rounded once."""
    exact = np.vectorize(Fraction, otypes=[object])(x.astype(float))
    mean = exact.mean(axis=axis, keepdims=True)
    return rounded(mean), rounded(((exact - mean) ** 2).mean(axis=axis, keepdims=True))


def gradient(loss: Callable[[Array], Array], x: Array) -> Array:
    """Return the gradient of a number by an array: central differences in long double, right to about 1e-12."""
    x = x.astype(np.longdouble)
    result = np.empty_like(x)
    for place in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[place] = np.longdouble(1e-6)
        result[place] = (loss(x + step) - loss(x - step)) / (2 * step[place])
    return result

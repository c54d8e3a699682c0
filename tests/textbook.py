"""Formulas as textbooks have them, of complex long doubles: the imaginary part of a complex step is the derivative.

f(x + ih) = f(x) + ih f'(x) + O(h**2), without a difference that would cancel.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from mpmath import mp, mpc

PI = np.longdouble("3.14159265358979323846264338")
STEP = np.longdouble(2) ** -300


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def relu(x):
    return np.where(x.real > 0, x, 0)


def at_most(x, bound):
    """The smaller one; at the bound itself x, so that the slope is the one from the left."""
    return np.where((x.real <= bound) | np.isnan(x), x, bound)


def at_least(x, bound):
    return np.where((x.real > bound) | np.isnan(x), x, bound)


def silu(x, beta=1.0):
    return x * sigmoid(beta * x)


def gelu_tanh(x):
    # (1 + tanh(u)) / 2 is the logistic function of 2u.
    return x * sigmoid(np.sqrt(8 / PI) * (x + np.longdouble("0.044715") * x**3))


def mish(x):
    # tanh(log(1 + e)) without NumPy's complex log1p, which cancels.
    w = np.exp(x) * (np.exp(x) + 2)
    return x * w / (w + 2)


def gelu(x):
    """mpmath's normal distribution function, as NumPy has none of complex numbers."""

    def one(z):
        with mp.workprec(800):
            step = mpc(float(z.real), mp.mpf(2) ** -300 if z.imag else 0)
            value = step * mp.erfc(-step / mp.sqrt(2)) / 2
            slope = mp.ldexp(value.imag, 300) if z.imag else mp.mpf(0)
            parts = [np.longdouble(float(part)) + np.longdouble(float(part - float(part))) for part in (value.real, slope)]
        return parts[0] + 1j * parts[1] * z.imag

    return np.array([one(z) for z in np.ravel(x)], np.clongdouble).reshape(np.shape(x))


def value(formula: Callable[..., np.ndarray], *arguments: np.ndarray) -> np.ndarray:
    """Return the value of a formula in long double."""
    with np.errstate(all="ignore"):
        return np.real(formula(*[np.asarray(a).astype(np.clongdouble) for a in arguments]))


def slopes(formula: Callable[..., np.ndarray], *arguments: np.ndarray) -> list[np.ndarray]:
    """Return the partial derivatives of an elementwise formula by each argument, in long double."""
    wide = [np.asarray(a).astype(np.clongdouble) for a in np.broadcast_arrays(*arguments)]
    with np.errstate(all="ignore"):
        return [np.imag(formula(*[a + 1j * STEP if i == k else a for i, a in enumerate(wide)])) / STEP for k in range(len(wide))]

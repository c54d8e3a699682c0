"""The independent truth: the paper's formula of every activation in mpmath, value only, one line each.

The derivatives are difference quotients of these lines at a high precision: from the left, because that is the
convention at kinks.  Where a value comes so close to its limit that only thousands of bits can tell the difference, the
derivative has a line of its own.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from math import inf
from pathlib import Path

import errors
import mpmath
import numpy as np
from mpmath import mp, mpf


def exp(x: mpf) -> mpf:
    """Return exp(x), no further than the range of any float needs: mpmath takes its time over exp(1e300)."""
    return mp.exp(max(min(x, 100_000), -100_000))


def erf(x: mpf) -> mpf:
    return mp.erf(max(min(x, 200), -200))


def normal_cdf(x: mpf) -> mpf:
    return mp.erfc(max(min(-x / mp.sqrt(2), 200), -200)) / 2


def normal_pdf(x: mpf) -> mpf:
    return exp(-(x**2) / 2) / mp.sqrt(2 * mp.pi)


def softplus(x: mpf) -> mpf:
    return max(x, 0) + mp.log1p(exp(-abs(x)))


# In the digits to which the authors of selu derive them.
SELU_SCALE = "1.0507009873554804934193349852946"
SELU_ALPHA = "1.6732632423543772848170429916717"

TRUTH: dict[str, Callable[..., mpf]] = {
    "identity": lambda x: x,
    "step": lambda x, threshold=0.0, at=0.0: mpf(1) if x > threshold else at if x == threshold else mpf(0),
    "relu": lambda x: max(x, 0),
    "leaky_relu": lambda x, negative_slope=0.01: x if x > 0 else negative_slope * x,
    "prelu": lambda x, weight: x if x > 0 else weight * x,
    "elu": lambda x, alpha=1.0: x if x > 0 else alpha * mp.expm1(max(x, -100_000)),
    "sigmoid": lambda x: 1 / (1 + exp(-x)),
    "log_sigmoid": lambda x: -softplus(-x),
    "tanh": lambda x: mp.tanh(x),
    "softplus": lambda x, beta=1.0: softplus(beta * x) / beta,
    "silu": lambda x, beta=1.0: x / (1 + exp(-beta * x)),
    "gelu": lambda x: x * normal_cdf(x),
    "gelu_tanh": lambda x: x / (1 + exp(-2 * mp.sqrt(2 / mp.pi) * (x + mpf("0.044715") * x**3))),
    "mish": lambda x: x * mp.tanh(softplus(x)),
    "hard_swish": lambda x, bend=3.0: x * max(min(x + bend, 2 * bend), 0) / (2 * bend),
    "squareplus": lambda x, b=4.0: (x + mp.sqrt(x**2 + b)) / 2 if x > 0 else b / (mp.sqrt(x**2 + b) - x) / 2,
    "smu": lambda x, alpha=0.25, mu=1e6: alpha * x + (1 - alpha) * x * normal_cdf(mp.sqrt(2) * mu * (1 - alpha) * x),
    "smu1": lambda x, alpha=0.25, mu=4.352665993287951e-9: ((1 + alpha) * x + mp.sqrt(((1 - alpha) * x) ** 2 + mu**2)) / 2,
    "hard_tanh": lambda x, low=-1.0, high=1.0: min(max(x, low), high),
    "relu6": lambda x: min(max(x, 0), 6),
    "relu2": lambda x: max(x, 0) ** 2,
    "threshold": lambda x, threshold, value: x if x > threshold else value,
    "hard_shrink": lambda x, lambd=0.5: x if abs(x) > lambd else mpf(0),
    "soft_shrink": lambda x, lambd=0.5: mp.sign(x) * max(abs(x) - lambd, 0),
    "sparse_plus": lambda x: x if x >= 1 else (max(x, -1) + 1) ** 2 / 4,
    "sparse_sigmoid": lambda x: max(min((x + 1) / 2, 1), 0),
    "hard_mish": lambda x: x / 2 * max(min(x + 2, 2), 0),
    "softsign": lambda x: x / (1 + abs(x)),
    "selu": lambda x: mpf(SELU_SCALE) * (x if x > 0 else mpf(SELU_ALPHA) * mp.expm1(max(x, -100_000))),
    "celu": lambda x, alpha=1.0: max(x, 0) + alpha * mp.expm1(max(min(x, 0) / alpha, -100_000)),
    "quick_gelu": lambda x: x / (1 + exp(-mpf("1.702") * x)),
    "tanh_shrink": lambda x: x - mp.tanh(x) if abs(x) > 1e-16 else x**3 / 3 - 2 * x**5 / 15,
    "lisht": lambda x: x * mp.tanh(x),
    "lecun_tanh": lambda x: mpf("1.7159") * mp.tanh(2 * x / 3),
    "softcap": lambda x, cap=30.0: cap * mp.tanh(x / cap),
    "gaussian": lambda x: exp(-(x**2)),
    "bent_identity": lambda x: (mp.sqrt(x**2 + 1) - 1) / 2 + x,
    "symmetric_log": lambda x: mp.sign(x) * mp.log1p(abs(x)),
    "arctan": lambda x: mp.atan(x),
    "dish": lambda x: x / 2 * (x / r + 1) if (r := mp.sqrt(1 + x**2)) and x > 0 else x / (2 * r * (r - x)),
    "laplace": lambda x, mu=0.707107, sigma=0.282095: normal_cdf((x - mu) / sigma),
    "gelu_10": lambda x: min(x * normal_cdf(x), 10),
    "sqrt_softplus": lambda x: mp.sqrt(softplus(x)),
    "tanhexp": lambda x: x * mp.tanh(min(exp(x), 10_000)),
    "hard_sigmoid": lambda x, slope=1 / 6, offset=0.5: max(min(slope * x + offset, 1), 0),
    "clipped_relu": lambda x, max_value=inf, negative_slope=0.0, threshold=0.0: (
        min(x, max_value) if x > threshold else negative_slope * (x - threshold)
    ),
    "rrelu": lambda x, low=1 / 8, high=1 / 3: x if x > 0 else (low + high) / 2 * x,
    "exponential": lambda x: exp(x),
    "erf": lambda x: erf(x),
    "gelu_sigmoid_cubic": lambda x: x / (1 + exp(-mpf("1.60033") * x * (1 + mpf("0.0433603") * x**2))),
    "serf": lambda x: x * erf(softplus(x)),
    "phish": lambda x: x * mp.tanh(x * normal_cdf(x)),
    "xielu": lambda x, alpha_p=0.8, alpha_n=0.8, beta=0.5, eps=-1e-6: (
        alpha_p * x**2 + beta * x if x > 0 else alpha_n * (mp.expm1(max(min(x, eps), -100_000)) - x) + beta * x
    ),
}

DERIVATIVE: dict[str, Callable[..., mpf]] = {
    "erf": lambda x: 2 / mp.sqrt(mp.pi) * exp(-(x**2)),
    "exponential": lambda x: exp(x),
    "laplace": lambda x, mu=0.707107, sigma=0.282095: normal_pdf((x - mu) / sigma) / sigma,
}


def reference(
    name: str,
    x: np.ndarray,
    settings: tuple[float, ...] = (),
    by: int | None = None,
    cache: Path | None = None,
) -> errors.Truth:
    """Return the truth of an activation at finite x as seen from the dtype of x.

    Parameters
    ----------
    settings : tuple of float
        The parameters after `x`, rounded to the dtype of `x` as fastact rounds them.
    by : int, optional
        The number of the argument to differentiate by, counted from 0 for `x`; the value itself by default.
    cache : Path, optional
        A directory where results are kept from one run to the next.
    """
    key = hashlib.sha256(repr((name, x.dtype.str, settings, by)).encode())
    lines = [table[name] for table in (TRUTH, DERIVATIVE) if name in table]
    key.update(np.ascontiguousarray(x).tobytes() + "".join(map(inspect.getsource, lines)).encode() + _SOURCE)
    file = cache and cache / f"{key.hexdigest()[:32]}.npz"
    if file and file.exists():
        with np.load(file) as kept:
            return errors.Truth(kept["nearest"], kept["offset"])
    parameters = [mpf(float(x.dtype.type(setting))) for setting in settings]
    with mp.workprec(240):
        arguments = [(mpf(float(number)), *parameters) for number in x]
        numbers = [TRUTH[name](*a) if by is None else derivative(name, by, *a) for a in arguments]
        truth = errors.from_real(map(mpf, numbers), x.dtype)
    if file:
        partial = file.with_suffix(f".{id(truth)}.npz")
        np.savez(partial, nearest=truth.nearest, offset=truth.offset)
        partial.replace(file)
    return truth


def derivative(name: str, by: int, *arguments: mpf) -> mpf:
    """Return the left derivative of an activation by one of its arguments."""
    if by == 0 and name in DERIVATIVE:
        return DERIVATIVE[name](*arguments)
    return slope(TRUTH[name], by, *arguments)


def slope(function: Callable[..., mpf], by: int, *arguments: float | mpf) -> mpf:
    """Return the left difference quotient by one argument, at a precision that leaves 80 bits of the difference."""
    precision = 300
    while True:
        with mp.workprec(precision):
            here = [mpf(argument) for argument in arguments]
            # At zero itself so small that it rounds to zero where it is the whole slope of an even function.
            step = mpmath.ldexp(min(abs(here[by]), 1) or mpmath.ldexp(1, -1000), -130)
            there = [*here[:by], here[by] - step, *here[by + 1 :]]
            value = function(*here)
            before = function(*there)
            difference = value - before
            if by == 0 and abs(difference) > abs(step) * 2**60 * max(abs(before / there[by]), 1):
                # The value itself jumps here: the slope on the left is that before the jump.
                return slope(function, by, *there)
            enough = abs(difference) >= mpmath.ldexp(abs(value), 80 - precision)
            # Beyond 1600 bits the slope lies below every float's range.
            if enough or precision > 1600:
                return difference / step
        precision *= 2


_PARTS = (exp, erf, normal_cdf, normal_pdf, softplus, slope, errors.from_real)
_SOURCE = b"".join(inspect.getsource(part).encode() for part in _PARTS)

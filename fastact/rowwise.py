"""The row operations, each written once in the restricted language and its row words.

A *row* is what an operation normalises: the elements along its axis.  The row words reduce it to one value::

    row_maximum(x)                the largest element; NaN if there is one
    row_fmax(x)                   the largest element, NaNs left aside; -inf if there is none
    row_sum(x)                    the sum
    high, low = row_sum_parts(x)  the sum, and what rounding it to ``high`` has lost
    row_dot(x, y)                 the sum of the products
    row_norm(x)                   the square root of the sum of the squares
    high, low = row_mean(x)       the mean, and what rounding it to ``high`` has lost
    row_length(x)                 the number of elements

Sums are carried in twice the working precision.  A row word is the whole right-hand side of an assignment.  A program
may read its inputs again after every reduction.  A value that an element keeps beyond a reduction lives in the memory of
an output, which may be an input's: inputs cannot be read after the stage that makes it.

The arguments are inputs that have elements, then inputs that have one value a row, annotated ``Row``, then settings, which have
a default.  The first input has the shape of the elements, the others broadcast to it.  What is returned is values of elements,
then values of the row.  Programs are listed in :data:`PROGRAMS`; the other functions are their parts.
"""

from __future__ import annotations

from typing import Any

from .coefficients import EXP, LOG2_E
from .elementary import exp, log1p, reduce_by_ln2
from .language import Constant
from .row_words import row_dot, row_fmax, row_length, row_mean, row_norm, row_sum, row_sum_parts
from .words import fma, ldexp, maximum, polynomial, round, sqrt, where

__all__ = ["PROGRAMS"]

LARGEST = Constant(float32=3.4028234663852886e38, float64=1.7976931348623157e308)
# exp(-EXP_RANGE) rounds to zero.
EXP_RANGE = Constant(float32=110.0, float64=760.0)
# Exponentials are multiplied by 2**LIFT, so that those that give a subnormal result are not yet subnormal themselves.
LIFT = Constant(float32=60.0, float64=500.0)
# Outside of these bounds `x - largest` is exact for every x whose exponential does not vanish beside that of `largest`:
# the two are then within a factor of two.
EXACT_BELOW = Constant(float32=-105.0, float64=-746.0)
EXACT_ABOVE = Constant(float32=210.0, float64=1492.0)


def scaled_exp(x: Any, n: Any) -> Any:
    """exp(x) * 2**n, the scaling exact; x not far from the range of exp."""
    r, k = reduce_by_ln2(x)
    return ldexp(polynomial(r, EXP), k + n)


def relative_exp(x: Any, largest: Any, subtracted: Any, top: Any, bottom: Any, scale: Any) -> Any:
    """exp(x) scaled so that the largest is near 2**LIFT."""
    return scaled_exp(maximum(where(x == largest, top, x - subtracted), bottom), scale)


def origin(largest: Any) -> Any:
    """What to subtract from a row before scaled_exp: nothing, or else the maximum, which is then exact."""
    inside = (largest > EXACT_BELOW) & (largest < EXACT_ABOVE)
    return where(inside, 0.0, largest)


def offset_of_largest(largest: Any, subtracted: Any) -> Any:
    """The maximum after the subtraction: NaN where all is -inf, 0 where +inf stands out."""
    return where(largest > LARGEST, 0.0, largest - subtracted)


def reciprocal(x: Any, rest: Any) -> tuple[Any, Any]:
    """1 / (x + rest) in two parts, so that multiplying by it is as exact as dividing."""
    high = 1.0 / x
    return high, (fma(-x, high, 1.0) - rest * high) * high


def times(x: Any, high: Any, low: Any) -> Any:
    """x * (high + low)."""
    return fma(x, high, x * low)


def less_share(grad: Any, y: Any, total: Any) -> Any:
    """grad - exp(y) * total."""
    return fma(-exp(y), total, grad)


def softmax(x: Any) -> Any:
    # Subtracting the maximum from x would round; its power of two is taken out of the exponentials instead.
    largest = row_fmax(x)
    subtracted = origin(largest)
    top = offset_of_largest(largest, subtracted)
    bottom = top - EXP_RANGE
    scale = LIFT - round(top * LOG2_E)
    e = relative_exp(x, largest, subtracted, top, bottom, scale)
    total, rest = row_sum_parts(e)
    high, low = reciprocal(total, rest)
    return times(e, high, low)


def log_softmax(x: Any) -> Any:
    # The maximum's own share of the sum is left out and given to log1p, so that a dominant class keeps its digits.
    largest = row_fmax(x)
    subtracted = origin(largest)
    top = offset_of_largest(largest, subtracted)
    bottom = top - EXP_RANGE
    scale = LIFT - round(top * LOG2_E)
    e = relative_exp(x, largest, subtracted, top, bottom, scale)
    others = row_sum(where(x == largest, 0.0, e))
    equals = row_sum(where(x == largest, 1.0, 0.0))
    spread = log1p(others / scaled_exp(top, scale) + (equals - 1.0))
    return where(x == largest, 0.0, x - largest) - spread


def softmax_backward(grad: Any, y: Any) -> Any:
    mean = row_dot(grad, y)
    return y * (grad - mean)


def log_softmax_backward(grad: Any, y: Any) -> Any:
    total = row_sum(grad)
    return less_share(grad, y, total)


def zscore(x: Any, ddof: Any = 0.0, eps: Any = 0.0) -> Any:
    high, low = row_mean(x)
    norm = row_norm((x - high) - low)
    length = row_length(x)
    deviation = norm / sqrt(length - ddof)
    widened = where(eps > 0.0, sqrt(fma(deviation, deviation, eps)), deviation)
    divisor = where(widened == 0.0, 1.0, widened)
    return ((x - high) - low) / divisor


PROGRAMS = (softmax, log_softmax, softmax_backward, log_softmax_backward, zscore)

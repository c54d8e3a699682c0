"""The row operations, each written once in the restricted language and its row words.

A *row* is what an operation normalises: the elements along its axis.  The row words reduce it to one value::

    row_maximum(x)                the largest element; NaN if there is one
    row_fmax(x)                   the largest element, NaNs left aside; -inf if there is none
    row_sum(x)                    the sum
    high, low = row_sum_parts(x)  the sum, and what rounding it to ``high`` has lost
    row_sum_if(needed, x)         the sum where ``needed``, a value of the row, is not zero, else zero: kernels read no other rows
    row_count(x)                  the sum of zeros and ones
    row_dot(x, y)                 the sum of the products
    high, low = row_distance_dot(x, y, origin)
                                  the sum of the products x * (y - origin), and what rounding it to ``high`` has lost
    row_norm(x)                   the square root of the sum of the squares
    row_length(x)                 the number of elements
    row_sum_error(x)              how much of a sum of so many positive terms, in two parts, rounding takes at most
    row_first(x)                  the first element of an input
    row_early_maximum(x)          the largest of the first 16 of more than 32 elements of an input, else the first; NaNs are left
                                  aside, and it is -inf if there is nothing else
    row_mostly_zero(value, known) a value of the row that is zero for most rows: kernels work on those with all that a zero saves.
                                  It is not zero where ``known`` is not.  If that follows from such elements, the next pass takes
                                  from rows where the value is zero nothing else than these, and kernels may run it on the
                                  presumption that it will be
    high, low, norm = row_moments(x, origin)
                                  the mean of ``x - origin`` in two parts, and the norm of the distances from it, where ``origin``
                                  is an element of the row

Sums are carried in twice the working precision.  A row word is the whole right-hand side of an assignment.  A program
may read its inputs again after every reduction.  A value that an element keeps beyond a reduction lives in the memory of
an output, which may be an input's: inputs cannot be read after the stage that makes it.

The arguments are inputs that have elements, then inputs that have one value a row, annotated ``Row``, then settings, which have
a default.  The first input has the shape of the elements, the others broadcast to it.  What is returned is values of elements,
then values of the row.  Programs are listed in :data:`PROGRAMS`.  What several of them do with row words is a function of
:data:`SUBPROGRAMS`, which is called with names, as the whole right-hand side of an assignment.  The other functions have no row
words.
"""

from __future__ import annotations

from typing import Any

from .coefficients import EXP, EXPM1, LN2_HIGH, LN2_LOW, LOG2_E
from .elementary import exp, log, log1p, product_and_rest, reduce_by_ln2, sum_and_rest
from .language import Constant
from .row_words import (
    row_count,
    row_distance_dot,
    row_dot,
    row_early_maximum,
    row_first,
    row_fmax,
    row_length,
    row_maximum,
    row_moments,
    row_mostly_zero,
    row_norm,
    row_sum,
    row_sum_error,
    row_sum_if,
    row_sum_parts,
)
from .words import absolute, copysign, exponent, fma, ldexp, ldexp_normal, mantissa, maximum, polynomial, round, sqrt, where

__all__ = ["PROGRAMS", "SUBPROGRAMS"]

Row = Any

LARGEST = Constant(float32=3.4028234663852886e38, float64=1.7976931348623157e308)
# exp(-EXP_RANGE) rounds to zero.
EXP_RANGE = Constant(float32=110.0, float64=760.0)
# A row's exponentials are multiplied by the power of two that brings one of them, at most NEAR below the largest, to about
# 2**LIFT: those that give a subnormal result are not yet subnormal then, and neither is one over the sum of 2**31 of the largest.
LIFT = Constant(float32=36.0, float64=250.0)
NEAR = Constant(float32=37.0, float64=370.0)
# Outside of these bounds `x - largest` is exact for every x whose exponential does not vanish beside that of `largest`:
# the two are then within a factor of two.
EXACT_BELOW = Constant(float32=-105.0, float64=-746.0)
EXACT_ABOVE = Constant(float32=210.0, float64=1492.0)
# How much larger than the rounding of a sum the sum of all terms but the largest must be to keep its digits without that one.
DIGITS = Constant(float32=67108864.0, float64=18014398509481984.0)
# Squares of numbers between the first two neither overflow nor lose digits to underflow; the others bring them there.
SMALL = Constant(float32=8.881784197001252e-16, float64=3.4395525670743494e-136)
BIG = Constant(float32=1125899906842624.0, float64=2.9073548971824276e135)
UP = Constant(float32=1.2379400392853803e27, float64=4.149515568880993e180)
DOWN = Constant(float32=8.470329472543003e-22, float64=2.409919865102884e-181)


def scaled_exp(x: Any, n: Any) -> Any:
    """exp(x) * 2**n, which is a normal number."""
    r, k = reduce_by_ln2(x)
    return ldexp_normal(polynomial(r, EXP), k + n)


def scaled_exp_in_parts(x: Any, n: Any) -> tuple[Any, Any]:
    """What scaled_exp gives, and what rounding it has lost."""
    r, k = reduce_by_ln2(x)
    product, rest_of_product = product_and_rest(k, LN2_HIGH)
    # x and the product are within a factor of two, or the product is zero.
    rest_of_r = fma(k, -LN2_LOW, ((x - product) - r) - rest_of_product)
    first = 1.0 + r
    lost = (r - (first - 1.0)) + rest_of_r
    higher = fma(r * r, polynomial(r, EXPM1), lost)
    high = first + higher
    return ldexp(high, k + n), ldexp(higher - (high - first), k + n)


def origin(largest: Any) -> Any:
    """What to subtract from a row before scaled_exp: nothing, or else the maximum, which is then exact."""
    inside = (largest > EXACT_BELOW) & (largest < EXACT_ABOVE)
    return where(inside, 0.0, largest)


def is_far(largest: Any, start: Any) -> Any:
    """0 where the maximum is so near above an element that this one tells how to scale the exponentials, else 1."""
    # Lanes without a row have no largest element, and subnormal numbers among what follows would take long.
    near = (start > EXACT_BELOW) & (largest >= start) & (largest < EXACT_ABOVE) & (largest - start < NEAR)
    return where(near, 0.0, 1.0)


def offset_of_largest(largest: Any, subtracted: Any) -> Any:
    """The maximum after the subtraction: NaN where all is -inf, 0 where +inf stands out."""
    return where(largest > LARGEST, 0.0, largest - subtracted)


def framed(x: Any, largest: Any, far: Any, start: Any) -> tuple[Any, Any]:
    """What to take the exponential of for an element, and the power of two to multiply it by."""
    subtracted = origin(largest)
    top = offset_of_largest(largest, subtracted)
    offset = where(far == 0.0, x, where(x == largest, top, x - subtracted))
    reference = where(far == 0.0, start, top)
    return maximum(offset, reference - EXP_RANGE), LIFT - round(reference * LOG2_E)


def relative_exp(x: Any, largest: Any, far: Any, start: Any) -> Any:
    """exp(x), scaled as all of its row."""
    offset, scale = framed(x, largest, far, start)
    return scaled_exp(offset, scale)


def relative_exp_in_parts(x: Any, largest: Any, far: Any, start: Any) -> tuple[Any, Any]:
    """The same in two parts, with more digits than one has."""
    offset, scale = framed(x, largest, far, start)
    high, low = scaled_exp_in_parts(offset, scale)
    return high, low


def reciprocal_in_parts(x: Any, rest: Any) -> tuple[Any, Any]:
    """1 / (x + rest) in two parts, so that multiplying by it is as exact as dividing."""
    high = 1.0 / x
    return high, (fma(-x, high, 1.0) - rest * high) * high


def times(x: Any, high: Any, low: Any) -> Any:
    """x * (high + low)."""
    return fma(x, high, x * low)


# ---- softmax and its relatives


def masked(x: Any, mask: Any, scale: Any) -> Any:
    """x * scale + mask; a mask of -inf hides whatever x is."""
    return where(mask < -LARGEST, mask, fma(x, scale, mask))


def less_share(grad: Any, y: Any, total: Any) -> Any:
    """grad - exp(y) * total."""
    return fma(-exp(y), total, grad)


def without(total: Any, rest: Any, peak: Any) -> Any:
    """A sum in two parts less its largest term, which is near the first of them."""
    return (total - peak) + rest


def is_dominated(total: Any, rest: Any, peak: Any, error: Any) -> Any:
    """1 where the largest term leaves so little of the sum to the others that its rounding shows in that, else 0."""
    return where(without(total, rest, peak) < peak * error * DIGITS, 1.0, 0.0)


def excess_of(others: Any, one: Any, rest: Any) -> Any:
    """What `others` add to `one` and a rest, in units of it."""
    high, low = reciprocal_in_parts(one, rest)
    return times(others, high, low)


def below_largest(x: Any, largest: Any, far: Any) -> Any:
    """x - largest, which is 0 for the largest, also where it is infinite."""
    return where(far == 0.0, x - largest, where(x == largest, 0.0, x - largest))


def exponentials(x: Any, largest: Any, start: Any) -> tuple[Any, ...]:
    """The exponentials of a row, whether its maximum is far from the element that scales them, and the parts of their sum."""
    far = row_mostly_zero(is_far(largest, start), is_far(start, start))
    e = relative_exp(x, largest, far, start)
    total, rest = row_sum_parts(e)
    return far, e, total, rest


def excess_over_largest(x: Any, largest: Any, start: Any) -> tuple[Any, ...]:
    """What `exponentials` gives, the exponential of the maximum, and what their sum exceeds it by, in units of it.

    The maximum's own share is left out, so that a dominant class keeps its digits.
    """
    far, e, total, rest = exponentials(x, largest, start)
    peak = relative_exp(largest, largest, far, start)
    error = row_sum_error(x)
    dominated = is_dominated(total, rest, peak, error)
    small = row_sum_if(dominated, where(e == peak, 0.0, e))
    one, rest_of_one = relative_exp_in_parts(largest, largest, far, start)
    excess = excess_of(where(dominated == 0.0, without(total, rest, peak), small), one, rest_of_one)
    return far, e, one, excess


def softmax(x: Any) -> Any:
    start = row_early_maximum(x)
    largest = row_fmax(x)
    _far, e, total, rest = exponentials(x, largest, start)
    high, low = reciprocal_in_parts(total, rest)
    return times(e, high, low)


def masked_softmax(x: Any, mask: Any, scale: Any = 1.0, empty: Any = 0.0) -> Any:
    logits = masked(x, mask, scale)
    largest = row_maximum(logits)
    _far, e, total, rest = exponentials(logits, largest, largest)
    high, low = reciprocal_in_parts(total, rest)
    return where(largest < -LARGEST, empty, times(e, high, low))


def log_softmax(x: Any) -> Any:
    start = row_early_maximum(x)
    largest = row_fmax(x)
    far, _e, _one, excess = excess_over_largest(x, largest, start)
    spread = log1p(excess)
    return below_largest(x, largest, far) - spread


def masked_log_softmax(x: Any, mask: Any, scale: Any = 1.0, empty: Any = 0.0) -> Any:
    logits = masked(x, mask, scale)
    largest = row_maximum(logits)
    far, _e, _one, excess = excess_over_largest(logits, largest, largest)
    spread = log1p(excess)
    return where(largest < -LARGEST, empty, below_largest(logits, largest, far) - spread)


def logsumexp(x: Any) -> Any:
    start = row_early_maximum(x)
    largest = row_maximum(x)
    _far, _e, _one, excess = excess_over_largest(x, largest, start)
    result = where(largest < -LARGEST, largest, largest + log1p(excess))
    return result


def masked_logsumexp(x: Any, mask: Any, scale: Any = 1.0) -> Any:
    largest = row_maximum(masked(x, mask, scale))
    logits = masked(x, mask, scale)
    _far, _e, _one, excess = excess_over_largest(logits, largest, largest)
    result = where(largest < -LARGEST, largest, largest + log1p(excess))
    return result


def softmax_backward(grad: Any, y: Any, scale: Any = 1.0) -> Any:
    mean = row_dot(grad, y)
    return y * (grad - mean) * scale


def log_softmax_backward(grad: Any, y: Any, scale: Any = 1.0) -> Any:
    total = row_sum(grad)
    return less_share(grad, y, total) * scale


def below(x: Any, largest: Any) -> Any:
    """x - largest, which is 0 for the largest, also where it is +inf, and NaN where all is -inf."""
    return where(x == largest, offset_of_largest(largest, largest), x - largest)


def hardmax(x: Any) -> Any:
    # Of several largest elements the caller chooses the first.
    largest = row_maximum(x)
    chosen = where(x == largest, 1.0, where(largest == largest, 0.0, largest))
    number = row_count(chosen)
    return chosen, number, largest


def if_above(x: Any, largest: Any, threshold: Any) -> Any:
    """The distance of x below the largest where that is above the threshold, else 0."""
    offset = below(x, largest)
    return where(offset > threshold, offset, 0.0)


def is_above(x: Any, largest: Any, threshold: Any) -> Any:
    """1 where the distance of x below the largest is above the threshold, else 0."""
    return where(below(x, largest) > threshold, 1.0, 0.0)


def raised(threshold: Any, total: Any, count: Any) -> Any:
    """The threshold at which so many with this total would sum to one, a step of Michelot's algorithm (1986)."""
    return maximum((total - 1.0) / count, threshold)


def sparsemax_first_thresholds(x: Any) -> Any:
    largest = row_maximum(x)
    total_1 = row_sum(if_above(x, largest, -1.0))
    count_1 = row_count(is_above(x, largest, -1.0))
    threshold_1 = raised(-1.0, total_1, count_1)
    total_2 = row_sum(if_above(x, largest, threshold_1))
    count_2 = row_count(is_above(x, largest, threshold_1))
    threshold_2 = raised(threshold_1, total_2, count_2)
    total_3 = row_sum(if_above(x, largest, threshold_2))
    count_3 = row_count(is_above(x, largest, threshold_2))
    threshold_3 = raised(threshold_2, total_3, count_3)
    total_4 = row_sum(if_above(x, largest, threshold_3))
    count_4 = row_count(is_above(x, largest, threshold_3))
    threshold_4 = raised(threshold_3, total_4, count_4)
    return largest, threshold_3, threshold_4


def sparsemax_next_threshold(x: Any, largest: Row, threshold: Row) -> Any:
    total = row_sum(if_above(x, largest, threshold))
    count = row_count(is_above(x, largest, threshold))
    next_threshold = raised(threshold, total, count)
    return next_threshold


def sparsemax(x: Any, largest: Row, threshold: Row) -> Any:
    return maximum(below(x, largest) - threshold, 0.0)


def sparsemax_backward(grad: Any, y: Any) -> Any:
    total = row_sum(where(y > 0.0, grad, 0.0))
    count = row_count(where(y > 0.0, 1.0, 0.0))
    mean = total / count
    return where(y > 0.0, grad - mean, y * 0.0)


# ---- statistics and what is normalised by them


def sum_of(x: Any, y: Any, rest: Any) -> tuple[Any, Any]:
    """x + y + rest in two parts, where `rest` is small beside y."""
    total = x + y
    of_y = total - x
    return total, ((x - (total - of_y)) + (y - of_y)) + rest


def standardized(x: Any, mean: Any, rest: Any, factor: Any) -> Any:
    """The distance from a mean in two parts, times a factor."""
    return fma(x - mean, factor, -rest * factor)


def mean_square(norm: Any, length: Any, eps: Any) -> tuple[Any, Any]:
    """norm**2 / length + eps, times the square of a power of two that keeps it within range, and that power."""
    larger = maximum(norm, sqrt(eps))
    unit = where(larger > BIG, DOWN, where(larger < SMALL, UP, 1.0))
    scaled = norm * unit
    return fma(scaled, scaled / length, eps * unit * unit), unit


def root_with(norm: Any, length: Any, eps: Any) -> Any:
    """sqrt(norm**2 / length + eps), without overflow."""
    square, unit = mean_square(norm, length, eps)
    return sqrt(square) / unit


def inverse_root_with(norm: Any, length: Any, eps: Any) -> Any:
    """1 / sqrt(norm**2 / length + eps), without overflow, and 0 for 0: what has no extent stays where it is."""
    square, unit = mean_square(norm, length, eps)
    root = sqrt(square)
    inverse = 1.0 / root
    # What the root and the quotient have lost to rounding is made good.
    rest = fma(0.5 * fma(-root, root, square), inverse * inverse, fma(root, inverse, -1.0))
    return where(square == 0.0, 0.0, fma(-inverse, rest, inverse) * unit)


def inverse(x: Any) -> Any:
    """1 / x, and 0 for 0: what has no extent stays where it is."""
    return where(x == 0.0, 0.0, 1.0 / x)


def zscore(x: Any, ddof: Any = 0.0, eps: Any = 0.0) -> Any:
    start = row_first(x)
    offset, rest, norm = row_moments(x, start)
    high, low = sum_of(start, offset, rest)
    length = row_length(x)
    widened = root_with(norm, length - ddof, eps)
    divisor = where(widened == 0.0, 1.0, widened)
    return ((x - high) - low) / divisor


def zscore_backward(grad: Any, x: Any, ddof: Any = 0.0, eps: Any = 0.0) -> Any:
    start = row_first(x)
    offset, rest, norm = row_moments(x, start)
    high, low = sum_of(start, offset, rest)
    total = row_sum(grad)
    length = row_length(x)
    factor = inverse_root_with(norm, length - ddof, eps)
    product = row_dot(grad, standardized(x, high, low, factor))
    mean = total / length
    slope = product / (length - ddof)
    return (fma(-standardized(x, high, low, factor), slope, grad) - mean) * factor


def mean_and_factor(origin: Any, offset: Any, rest: Any, norm: Any, length: Any, eps: Any) -> tuple[Any, Any, Any]:
    """The mean in two parts, and one over the deviation, from what `row_moments` gives."""
    high, low = sum_of(origin, offset, rest)
    return high, low, inverse_root_with(norm, length, eps)


def layer_norm(x: Any, weight: Any, bias: Any, eps: Any = 0.0) -> Any:
    start = row_first(x)
    offset, rest, norm = row_moments(x, start)
    length = row_length(x)
    high, low, factor = mean_and_factor(start, offset, rest, norm, length, eps)
    return fma(standardized(x, high, low, factor), weight, bias), high, low, factor


def statistics(x: Any, eps: Any = 0.0) -> Any:
    start = row_first(x)
    offset, rest, norm = row_moments(x, start)
    length = row_length(x)
    high, low, factor = mean_and_factor(start, offset, rest, norm, length, eps)
    return high, low, factor


def add_layer_norm(x: Any, residual: Any, weight: Any, bias: Any, eps: Any = 0.0) -> Any:
    first = row_first(x)
    first_residual = row_first(residual)
    offset, rest, norm = row_moments(x + residual, first + first_residual)
    length = row_length(x)
    high, low, factor = mean_and_factor(first + first_residual, offset, rest, norm, length, eps)
    return fma(standardized(x + residual, high, low, factor), weight, bias), x + residual


def layer_norm_backward(grad: Any, x: Any, weight: Any, mean: Row, rest: Row, factor: Row) -> Any:
    total = row_sum(grad * weight)
    product = row_dot(grad * weight, standardized(x, mean, rest, factor))
    length = row_length(x)
    constant = total / length
    slope = product / length
    return (fma(-standardized(x, mean, rest, factor), slope, grad * weight) - constant) * factor


def rms_norm(x: Any, weight: Any, eps: Any = 0.0) -> Any:
    norm = row_norm(x)
    length = row_length(x)
    factor = inverse_root_with(norm, length, eps)
    return x * factor * weight, factor


def rms_factor(x: Any, eps: Any = 0.0) -> Any:
    norm = row_norm(x)
    length = row_length(x)
    factor = inverse_root_with(norm, length, eps)
    return factor


def add_rms_norm(x: Any, residual: Any, weight: Any, eps: Any = 0.0) -> Any:
    norm = row_norm(x + residual)
    length = row_length(x)
    factor = inverse_root_with(norm, length, eps)
    return (x + residual) * factor * weight, x + residual


def rms_norm_backward(grad: Any, x: Any, weight: Any, factor: Row) -> Any:
    product = row_dot(grad * weight, x * factor)
    length = row_length(x)
    slope = product / length
    return fma(-x * factor, slope, grad * weight) * factor


def affine_gradients(grad: Any, x: Any, mean: Any, rest: Any, factor: Any) -> Any:
    product = row_dot(grad, standardized(x, mean, rest, factor))
    total = row_sum(grad)
    return product, total


def moments(x: Any) -> Any:
    start = row_first(x)
    offset, rest, norm = row_moments(x, start)
    high, low = sum_of(start, offset, rest)
    return high, low, norm


def sums(x: Any) -> Any:
    total, rest = row_sum_parts(x)
    return total, rest


def square_sum(x: Any) -> Any:
    total, rest = row_distance_dot(x, x, 0.0)
    return total, rest


def standardize(x: Any, mean: Row, rest: Row, factor: Row, weight: Row, bias: Row) -> Any:
    return fma(standardized(x, mean, rest, factor), weight, bias)


def standardize_sums(grad: Any, x: Any, mean: Row) -> Any:
    product, rest_of_product = row_distance_dot(grad, x, mean)
    total, rest_of_total = row_sum_parts(grad)
    return product, rest_of_product, total, rest_of_total


def standardize_backward(grad: Any, x: Any, mean: Row, rest: Row, factor: Row, weight: Row, slope: Row, constant: Row) -> Any:
    return (fma(-standardized(x, mean, rest, factor), slope, grad * weight) - constant) * factor


def minmax(x: Any, low: Any = 0.0, high: Any = 1.0) -> Any:
    largest = row_maximum(x)
    negated = row_maximum(-x)
    smallest = -negated
    extent = largest - smallest
    divisor = where(extent == 0.0, 1.0, extent)
    return fma((x - smallest) / divisor, high - low, low), smallest, largest


def minmax_backward(grad: Any, x: Any, low: Any = 0.0, high: Any = 1.0) -> Any:
    largest = row_maximum(x)
    negated = row_maximum(-x)
    smallest = -negated
    factor = inverse(largest - smallest)
    upper = row_dot(grad, (x - smallest) * factor)
    lower = row_dot(grad, (largest - x) * factor)
    at_largest = row_count(where(x == largest, 1.0, 0.0))
    at_smallest = row_count(where(x == smallest, 1.0, 0.0))
    from_upper = upper / at_largest
    from_lower = lower / at_smallest
    outer = where(x == largest, from_upper, where(x == smallest, from_lower, 0.0))
    return (grad - outer) * factor * (high - low)


def sign(x: Any) -> Any:
    return where(x == 0.0, x, copysign(1.0, x))


def power(x: Any, p: Any) -> Any:
    """x**p, for x that is not negative."""
    return exp(p * log(x))


def root(x: Any, p: Any) -> Any:
    """x**(1 / p), for x that is not below one."""
    n = exponent(x)
    k = round(n / p)
    # Whole powers of two apart, so that the rest of the logarithm is small and keeps its digits.
    left = fma(-k, p, n)
    rest = fma(left, LN2_HIGH, fma(left, LN2_LOW, log(mantissa(x))))
    return where(x == x, ldexp(exp(rest / p), k), x)


def normalize_1(x: Any, eps: Any = 0.0) -> Any:
    norm = row_sum(absolute(x))
    divisor = maximum(norm, eps)
    return x / where(divisor == 0.0, 1.0, divisor), norm


def normalize_2(x: Any, gain: Row, eps: Any = 0.0) -> Any:
    norm = row_norm(x)
    divisor = maximum(norm, eps)
    return (x * gain) / where(divisor == 0.0, 1.0, divisor), norm


def normalize_max(x: Any, eps: Any = 0.0) -> Any:
    norm = row_maximum(absolute(x))
    divisor = maximum(norm, eps)
    return x / where(divisor == 0.0, 1.0, divisor), norm


def normalize_p(x: Any, p: Any = 3.0, eps: Any = 0.0) -> Any:
    largest = row_maximum(absolute(x))
    unit = where(largest == 0.0, 1.0, largest)
    total = row_sum(power(absolute(x) / unit, p))
    norm = largest * root(total, p)
    divisor = maximum(norm, eps)
    return x / where(divisor == 0.0, 1.0, divisor), norm


def slope_of_norm(product: Any, norm: Any, eps: Any) -> Any:
    """The part of the gradient that changes the norm, which does nothing where eps stands for it."""
    return where((norm > eps) & (norm > 0.0), product / norm, 0.0)


def normalize_1_backward(grad: Any, x: Any, eps: Any = 0.0) -> Any:
    norm = row_sum(absolute(x))
    product = row_dot(grad, x)
    slope = slope_of_norm(product, norm, eps)
    divisor = maximum(norm, eps)
    return fma(-sign(x), slope, grad) / where(divisor == 0.0, 1.0, divisor)


def normalize_2_backward(grad: Any, x: Any, gain: Row, eps: Any = 0.0) -> Any:
    norm = row_norm(x)
    product = row_dot(grad, x)
    slope = slope_of_norm(product, norm, eps)
    divisor = maximum(norm, eps)
    divided = where(divisor == 0.0, 1.0, divisor)
    by_gain = product / divided
    return fma(-x / divided, slope, grad) * gain / divided, by_gain


def normalize_max_backward(grad: Any, x: Any, eps: Any = 0.0) -> Any:
    norm = row_maximum(absolute(x))
    product = row_dot(grad, x)
    count = row_count(where(absolute(x) == norm, 1.0, 0.0))
    slope = slope_of_norm(product, norm, eps) / count
    divisor = maximum(norm, eps)
    return (grad - where(absolute(x) == norm, sign(x) * slope, 0.0)) / where(divisor == 0.0, 1.0, divisor)


def normalize_p_backward(grad: Any, x: Any, p: Any = 3.0, eps: Any = 0.0) -> Any:
    largest = row_maximum(absolute(x))
    unit = where(largest == 0.0, 1.0, largest)
    total = row_sum(power(absolute(x) / unit, p))
    product = row_dot(grad, x)
    norm = largest * root(total, p)
    slope = slope_of_norm(product, norm, eps)
    divisor = maximum(norm, eps)
    divided = where(divisor == 0.0, 1.0, divisor)
    return fma(-sign(x) * power(absolute(x) / divided, p - 1.0), slope, grad) / divided


# ---- losses


def surprise(chosen: Any, largest: Any, spread: Any) -> tuple[Any, Any]:
    """The negative logarithm of the share of a score in two parts, from the largest one and what the sum exceeds it by."""
    distance, rest_of_distance = sum_and_rest(largest, -chosen)
    loss, rest = sum_and_rest(distance, spread)
    # Infinity is at no distance from itself.
    loss = where(chosen == largest, spread, loss)
    return loss, where((chosen == largest) | (loss > LARGEST), 0.0, rest_of_distance + rest)


def cross_entropy(x: Any, chosen: Row, factor: Row) -> Any:
    start = row_early_maximum(x)
    largest = row_maximum(x)
    far, e, one, excess = excess_over_largest(x, largest, start)
    share = factor / (excess + 1.0) / one
    loss, rest_of_loss = surprise(chosen, largest, log1p(excess))
    less = fma(relative_exp(chosen, largest, far, start), share, -factor)
    # Where the class has the largest score, one less its share is what the other scores have.
    at_class = where(chosen == largest, factor * (excess / (-1.0 - excess)), less)
    return e * share, at_class, loss, rest_of_loss


def cross_entropy_loss(x: Any, chosen: Row) -> Any:
    start = row_early_maximum(x)
    largest = row_maximum(x)
    _far, _e, _one, excess = excess_over_largest(x, largest, start)
    loss, rest_of_loss = surprise(chosen, largest, log1p(excess))
    return loss, rest_of_loss


def cross_entropy_of_probabilities(x: Any, target: Any, chosen: Row, weight: Row, factor: Row, more: Row) -> Any:
    # `weight` is the part of the target that the caller gives to a single class, `more` that times the factor.
    largest = row_maximum(x)
    mass = row_sum(target)
    distance = row_dot(target, where((x == largest) | (target == 0.0), 0.0, largest - x))
    far, _e, one, excess = excess_over_largest(x, largest, largest)
    spread = log1p(excess)
    of_class, _ = surprise(chosen, largest, spread)
    loss = fma(mass, spread, distance) + where(weight == 0.0, 0.0, weight * of_class)
    share = fma(mass, factor, more) / (excess + 1.0) / one
    # Once more, as the memory of the result may be that of the target.
    e = relative_exp(x, largest, far, largest)
    return fma(e, share, -target * factor), loss


def no_product(x: Any, y: Any) -> Any:
    """x * y, where 0 times infinity is 0."""
    return where(x == 0.0, 0.0, x * y)


def binary_loss(x: Any, target: Any, weight: Any, e: Any) -> Any:
    """The loss, given ``e = exp(-absolute(x))``: a sum of terms of one sign where the target is a probability."""
    rest = log1p(e)
    for_ones = no_product(weight * target, maximum(-x, 0.0) + rest)
    for_zeros = no_product(1.0 - target, maximum(x, 0.0) + rest)
    return for_ones + for_zeros


def binary_derivative(x: Any, target: Any, weight: Any, e: Any) -> Any:
    """Its derivative, which is such a sum, too."""
    positive = where(x > 0.0, 1.0, e) / (1.0 + e)
    negative = where(x > 0.0, e, 1.0) / (1.0 + e)
    return fma(1.0 - target, positive, -weight * target * negative)


def binary_cross_entropy(x: Any, target: Any, weight: Any, factor: Row) -> Any:
    e = exp(-absolute(x))
    return binary_derivative(x, target, weight, e) * factor, binary_loss(x, target, weight, e)


def binary_cross_entropy_sum(x: Any, target: Any, weight: Any, factor: Row) -> Any:
    e = exp(-absolute(x))
    total = row_sum(binary_loss(x, target, weight, e))
    return binary_derivative(x, target, weight, e) * factor, total


def binary_cross_entropy_loss(x: Any, target: Any, weight: Any) -> Any:
    total = row_sum(binary_loss(x, target, weight, exp(-absolute(x))))
    return total


def squared_error_sum(x: Any, target: Any, factor: Row) -> Any:
    norm = row_norm(x - target)
    return (x - target) * factor, norm


def squared_error_loss(x: Any, target: Any) -> Any:
    norm = row_norm(x - target)
    return norm


SUBPROGRAMS = (exponentials, excess_over_largest)

PROGRAMS = (
    softmax,
    masked_softmax,
    log_softmax,
    masked_log_softmax,
    logsumexp,
    masked_logsumexp,
    softmax_backward,
    log_softmax_backward,
    hardmax,
    sparsemax_first_thresholds,
    sparsemax_next_threshold,
    sparsemax,
    sparsemax_backward,
    zscore,
    zscore_backward,
    layer_norm,
    statistics,
    add_layer_norm,
    layer_norm_backward,
    rms_norm,
    rms_factor,
    add_rms_norm,
    rms_norm_backward,
    affine_gradients,
    moments,
    sums,
    square_sum,
    standardize,
    standardize_sums,
    standardize_backward,
    minmax,
    minmax_backward,
    normalize_1,
    normalize_2,
    normalize_max,
    normalize_p,
    normalize_1_backward,
    normalize_2_backward,
    normalize_max_backward,
    normalize_p_backward,
    cross_entropy,
    cross_entropy_loss,
    cross_entropy_of_probabilities,
    binary_cross_entropy,
    binary_cross_entropy_sum,
    binary_cross_entropy_loss,
    squared_error_sum,
    squared_error_loss,
)

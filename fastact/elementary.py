"""Elementary functions in the restricted language, from its words."""

from __future__ import annotations

from typing import Any

from .coefficients import (
    ERF_AT_CENTRES,
    ERF_CENTRES,
    ERF_FAR,
    ERF_PLACE,
    ERF_RISE,
    ERF_SQUARE,
    EXP,
    EXP_HIGHEST,
    EXP_LOWEST,
    EXPM1,
    FAR_PULL,
    FAR_TAIL,
    LN2_HIGH,
    LN2_LOW,
    LOG,
    LOG2_E,
    LOG_COSH,
    LOG_ERFC,
    NORMAL_END,
    NORMAL_PEAK,
    NORMAL_TAIL,
    NORMALISER,
    NORMALISER_EXPONENT,
    SMALLEST_NORMAL,
    SOFTPLUS_CENTRES,
    SOFTPLUS_FAR,
    SOFTPLUS_PLACE,
    SOFTPLUS_TAIL,
    SQRT_TWO,
    TAIL,
    TAIL_CENTRE,
    TAIL_CENTRES,
    TAIL_FAR,
    TAIL_FIRST,
    TAIL_PLACE,
    TAIL_POLE,
    TAIL_SQUARE,
    TANH,
    TANH_END,
    TANH_SHRINK,
    TANH_SMALL,
    TO_INTEGER,
    TWELFTH,
)
from .words import (
    absolute,
    copysign,
    exponent,
    fma,
    ldexp,
    ldexp_low,
    ldexp_normal,
    lookup,
    mantissa,
    maximum,
    minimum,
    piecewise,
    polynomial,
    rarely,
    round,
    sqrt,
    where,
)


def sum_and_rest(a: Any, b: Any) -> Any:
    """Return the sum, and what rounding took from it."""
    s = a + b
    from_b = s - a
    return s, (a - (s - from_b)) + (b - from_b)


def product_and_rest(a: Any, b: Any) -> Any:
    """Return the product, and what rounding took from it."""
    p = a * b
    return p, fma(a, b, -p)


def inverse_and_rest(a: Any) -> Any:
    """Return one over ``a``, and what rounding took from it; of a parameter's a compiler makes constants of the loop."""
    inverse = 1.0 / a
    return inverse, inverse * fma(-inverse, a, 1.0)


def place_on_parabola(t: Any, square: Any, slope: Any) -> Any:
    """Return the integer nearest to ``square * t**2 + slope * t`` plus ``TO_INTEGER``: where an interval is in a table."""
    return fma(fma(t, square, slope), t, TO_INTEGER)


def reduce_by_ln2(x: Any) -> Any:
    """Return ``r`` and the integer ``n`` with ``x = r + n * log(2)`` and ``abs(r)`` at most about ``log(2) / 2``."""
    n = fma(x, LOG2_E, TO_INTEGER) - TO_INTEGER
    return fma(n, -LN2_LOW, fma(n, -LN2_HIGH, x)), n


def reduce_by_scaled_ln2(x: Any, scale: Any, inverse: Any) -> Any:
    """Return ``line`` and the integer ``n`` with ``x = line + n * scale * log(2)``, given the inverse of the scale.

    The line is as near to it as a number can be, which its quotient by the scale is not.
    """
    step = scale * LN2_HIGH
    step_rest = fma(scale, LN2_LOW, fma(scale, LN2_HIGH, -step))
    n = fma(x, LOG2_E * inverse, TO_INTEGER) - TO_INTEGER
    return fma(n, -step_rest, fma(n, -step, x)), n


def exp(x: Any) -> Any:
    """Exponential."""
    r, n = reduce_by_ln2(minimum(x, EXP_HIGHEST))
    return where(x < EXP_LOWEST, 0.0, ldexp(polynomial(r, EXP), n))


def growth(x: Any) -> Any:
    """Return ``p`` and the integer ``n`` with ``exp(x) = (1 + p) * 2**n``, within the range of exponents."""
    r, n = reduce_by_ln2(x)
    return fma(r * r, polynomial(r, EXPM1), r), n


def exp_near_one(x: Any) -> Any:
    """Return ``e`` from 0.7 to 1.42 and the integer ``n`` with ``exp(x) = e * 2**n``, within the range of exponents.

    What rounding took from its first terms is put back: it is off by 0.71 ulp at most, where ``1 + growth`` is by 1.05.
    """
    r, n = reduce_by_ln2(x)
    # A multiple of the last place of LN2_HIGH that is below 1 / 2: it is exact.
    high = fma(n, -LN2_HIGH, x)
    line = 1.0 + high
    rest = fma(n, -LN2_LOW, high - (line - 1.0))
    return line + fma(r * r, polynomial(r, EXPM1), rest), n


def fall_from_height(height: Any, grown: Any, scale: Any, n: Any) -> Any:
    """Return ``(height + grown) * scale - height`` for ``scale = 2**n`` of at most one, where that is ``height * (exp(x) - 1)``.

    Where little of the exponential is left it is rounded as a whole: no step of x makes the value go down.
    """
    near = fma(scale, grown, fma(height, scale, -height))
    return where(n < -1.0, fma(scale, height + grown, -height), near)


def growth_of_sum(x: Any, rest: Any) -> Any:
    """Return ``p`` and the integer ``n`` with ``exp(x + rest) = (1 + p) * 2**n``, for a rest that rounding took from ``x``."""
    r, n = reduce_by_ln2(x)
    r = r + rest
    return fma(r * r, polynomial(r, EXPM1), r), n


def expm1(x: Any) -> Any:
    """Exponential minus one, accurate at zero."""
    p, n = growth(minimum(maximum(x, EXP_LOWEST), EXP_HIGHEST))
    half = ldexp(0.5, n)
    grown = fma(half, p, half - 0.5)
    return where(x == 0.0, x, grown + grown)


def expm1_and_exp(x: Any) -> Any:
    """Return ``exp(x) - 1`` and ``exp(x)`` for ``x`` not above zero."""
    vanished = x < EXP_LOWEST
    within = where(vanished, 0.0, x)
    p, n = growth(within)
    scale = ldexp_low(1.0, n)
    e, _ = exp_near_one(within)
    return where(vanished, -1.0, fma(scale, p, scale - 1.0)), where(vanished, 0.0, ldexp_low(e, n))


def log_of_parts(m: Any, n: Any, rest: Any) -> Any:
    """Return ``log(m * 2**n) + rest`` for ``m`` from one up to two."""
    large = m > SQRT_TWO
    n = where(large, n + 1.0, n)
    f = where(large, fma(0.5, m, -1.0), m - 1.0)
    line = fma(n, LN2_HIGH, f)
    line_rest = fma(n, LN2_HIGH, -line) + f
    return line + fma(f * f, polynomial(f, LOG), fma(n, LN2_LOW, line_rest + rest))


def limits_of_log(x: Any, y: Any) -> Any:
    """Return ``y`` where ``x`` is above zero and finite, else the logarithm's limit, or NaN."""
    y = where(x == absolute(x) * 2.0, x + x, y)
    y = where(x == 0.0, -1.0 / absolute(x), y)
    return where(x >= 0.0, y, sqrt(x))


def log(x: Any) -> Any:
    """Natural logarithm."""
    subnormal = x < SMALLEST_NORMAL
    normal = where(subnormal, x * NORMALISER, x)
    n = exponent(normal) - where(subnormal, NORMALISER_EXPONENT, 0.0)
    return limits_of_log(x, log_of_parts(mantissa(normal), n, 0.0))


def log1p_within_range(x: Any) -> Any:
    """Return ``log(1 + x)``, accurate at zero, for a finite ``x`` above minus one."""
    u = 1.0 + x
    m = mantissa(u)
    n = exponent(u)
    f = m - 1.0
    # What rounding took from the sum, over the sum: the inverse of m to as many digits as count.
    rest = where(x > 1.0, 1.0 - (u - x), x - (u - 1.0))
    return log_of_parts(m, n, ldexp_low(rest, -n) * fma(f, fma(0.5, f, -1.0), 1.0))


def log1p(x: Any) -> Any:
    """Logarithm of one plus ``x``, accurate at zero."""
    return limits_of_log(1.0 + x, log1p_within_range(x))


def log1p_of_growth(p: Any, n: Any) -> Any:
    """Return ``m`` with ``log(1 + e) = m * 2**n`` for ``e = (1 + p) * 2**n`` up to ``sqrt(2) - 1``."""
    u = 1.0 + p
    # Smaller powers make the same of it, but for ties.
    e = ldexp_normal(u, maximum(n, -100.0))
    return u + fma(u * e, polynomial(e, LOG), p - (u - 1.0))


def softplus_near_zero(x: Any, rest: Any) -> Any:
    """Return ``log(1 + exp(x + rest))`` for ``abs(x)`` up to ``SOFTPLUS_NEAR``.

    It is ``log(2) + x / 2 + log(cosh(x / 2))``, where the even part is so small that no step of ``x`` makes the sum go down.
    """
    square = x * x
    line = fma(0.5, x, fma(0.5, rest, LN2_LOW))
    return LN2_HIGH + fma(square, polynomial(square, LOG_COSH), line)


def far_tail_of_softplus(a: Any, rest: Any, beta: Any, end: Any) -> Any:
    """Return ``log(1 + exp(rest - a)) / beta`` for ``a`` from about one on; from the end on it rounds to zero."""
    vanished = a >= end
    p, n = growth_of_sum(-where(vanished, SOFTPLUS_FAR, a), rest)
    return where(vanished, 0.0, ldexp(log1p_of_growth(p, n) / beta, n))


def tail_of_softplus(a: Any, rest: Any) -> Any:
    """Return ``log(1 + exp(rest - a))`` for ``a`` up to `SOFTPLUS_FAR`."""
    place = fma(a, SOFTPLUS_PLACE, TO_INTEGER)
    return piecewise((a - lookup(place, SOFTPLUS_CENTRES)) - rest, place, SOFTPLUS_TAIL)


def parts_of_sigmoid_tail(p: Any, n: Any) -> Any:
    """Return ``d``, its inverse, the relative error of that, and ``s`` with ``s / d`` the logistic function of ``-t``.

    For ``exp(t) = (1 + p) * 2**n`` with ``t`` from zero to 130, in float64 to 1060.
    """
    scale = ldexp_low(1.0, -n)
    excess = p + scale
    denominator = excess + 1.0
    inverse = 1.0 / denominator
    # What rounding took from the denominator and from its inverse.
    rest = excess - (denominator - 1.0)
    return denominator, inverse, fma(-inverse, rest, fma(-inverse, denominator, 1.0)), scale


def sigmoid_tail_and_slope_of_growth(p: Any, n: Any) -> Any:
    """Return the logistic function of ``-t``, and ``s`` with ``s * 2**-n`` its derivative there.

    For ``exp(t) = (1 + p) * 2**n`` with ``t`` from zero to 130, in float64 to 1060.
    """
    denominator, inverse, error, scale = parts_of_sigmoid_tail(p, n)
    exact = fma(inverse, error, inverse)
    return scale / denominator, fma(-scale * exact, exact, exact)


def sigmoid_tail_and_slope(t: Any) -> Any:
    """Return the logistic function of ``-t``, and ``s`` and ``n`` with ``s * 2**n`` its derivative there.

    For ``t`` from zero to 130, in float64 to 1060.
    """
    p, n = growth(t)
    q, slope = sigmoid_tail_and_slope_of_growth(p, n)
    return q, slope, -n


def sigmoid_tail(t: Any) -> Any:
    """Logistic function of ``-t`` for ``t`` not below zero."""
    vanished = t > -EXP_LOWEST
    q, slope, n = sigmoid_tail_and_slope(where(vanished, 0.0, t))
    return where(vanished, 0.0, q)


def sigmoid(x: Any) -> Any:
    """Logistic function, exact in both tails."""
    q = sigmoid_tail(absolute(x))
    return where(x < 0.0, q, 1.0 - q)


def tanh_near_zero(a: Any) -> Any:
    """Hyperbolic tangent up to ``TANH_SMALL``."""
    square = a * a
    return fma(a * square, polynomial(square, TANH), a)


def gap_of_tanh_of_half(r: Any, n: Any, height: Any) -> Any:
    """Return ``height * (1 - tanh(t / 2))`` for ``t = r + n * log(2)``, where it is at most half of the height.

    For ``n`` up to 127, in float64 to 1023.
    """
    return (height + height) / (ldexp_normal(polynomial(r, EXP), n) + 1.0)


def gap_of_tanh(a: Any) -> Any:
    """Return ``1 - tanh(a)`` for ``a`` from `TANH_SMALL` to three quarters of `TANH_END`."""
    r, n = reduce_by_ln2(a + a)
    return gap_of_tanh_of_half(r, n, 1.0)


def tanh_of_magnitude(a: Any) -> Any:
    """Hyperbolic tangent of ``a`` from zero to three quarters of `TANH_END`."""
    return where(a < TANH_SMALL, tanh_near_zero(a), 1.0 - gap_of_tanh(a))


def tanh(x: Any) -> Any:
    """Hyperbolic tangent."""
    return copysign(tanh_of_magnitude(minimum(absolute(x), 0.75 * TANH_END)), x)


def shortfall_of_tanh(a: Any) -> Any:
    """Return ``a - tanh(a)`` for ``a`` from zero to one."""
    square = a * a
    # The quarter is exact: what rounding takes from the other product, which is a smaller one, hardly counts.
    return fma(0.25 * a, square, (a * square) * fma(square, polynomial(square, TANH_SHRINK), TWELFTH))


def exp_of_half_square(t: Any) -> Any:
    """Return ``p``, its small rest and ``n`` with ``exp(-t * t / 2) = (1 + p + rest) * 2**n``."""
    h = -0.5 * t
    z = h * t
    n = fma(z, LOG2_E, TO_INTEGER) - TO_INTEGER
    start = fma(n, -LN2_HIGH, z)
    # What the product and log(2) lost to rounding.
    rest = fma(n, -LN2_LOW, fma(h, t, -z))
    r = start + rest
    return start, fma(r * r, polynomial(r, EXPM1), rest), n


def exp_of_minus_square(t: Any) -> Any:
    """Return ``p`` and ``n`` with ``exp(-t * t) = (1 + p) * 2**n``."""
    z = -(t * t)
    n = fma(z, LOG2_E, TO_INTEGER) - TO_INTEGER
    start = fma(n, -LN2_HIGH, z)
    # What the square and log(2) lost to rounding.
    rest = fma(n, -LN2_LOW, fma(-t, t, -z))
    r = start + rest
    return start + fma(r * r, polynomial(r, EXPM1), rest), n


def place_of_tail(t: Any) -> Any:
    """Return the inverse of ``t + TAIL_POLE``, its relative error, ``t`` times it and the rest of that, for ``t >= 0``."""
    denominator = t + TAIL_POLE
    inverse = 1.0 / denominator
    # What rounding took from the denominator, from its inverse and from the place is put back.
    denominator_rest = t - (denominator - TAIL_POLE)
    error = fma(-inverse, denominator_rest, fma(-inverse, denominator, 1.0))
    place = t * inverse
    return inverse, error, place, fma(-place, denominator_rest, fma(-place, denominator, t)) * inverse


def factor_of_tail(place: Any, place_rest: Any) -> Any:
    """Return ``normal_cdf(-t) * exp(t * t / 2) * (t + TAIL_POLE)`` at a place, and the rest of it."""
    k = (place - TAIL_CENTRE) + place_rest
    slope = polynomial(k, TAIL)
    w = fma(k, slope, TAIL_FIRST)
    return w, fma(k, slope, TAIL_FIRST - w)


def rest_of_factor_of_tail(place: Any, place_rest: Any, w_rest: Any) -> Any:
    """Return the rest that ``factor_of_tail`` gives, to more digits."""
    distance = place - TAIL_CENTRE
    k = distance + place_rest
    return fma((distance - k) + place_rest, polynomial(k, TAIL), w_rest)


def product_of_tail(q: Any, q_rest: Any, w: Any, w_rest: Any, p: Any, p_rest: Any, n: Any) -> Any:
    """Return ``(q + q_rest) * (w + w_rest) * (1 + p + p_rest) * 2**n``, which rounds once as a whole."""
    grown = fma(w, p, fma(w, p_rest, w_rest))
    return ldexp_low(fma(q, w, fma(q, grown, q_rest * (w + grown))), n)


def ratio_of_tail(inverse: Any, error: Any, w: Any, w_rest: Any) -> Any:
    """Return ``normal_cdf(-t) * exp(t * t / 2)`` from the inverse and the factor at its place, and the rest of it."""
    ratio = w * inverse
    return ratio, fma(ratio, error, fma(w_rest, inverse, fma(w, inverse, -ratio)))


def normal_tail(t: Any) -> Any:
    """Return ``normal_cdf(-t) * exp(t * t / 2)`` for ``t`` not below zero, and the rest of it."""
    inverse, error, place, place_rest = place_of_tail(t)
    w, w_rest = factor_of_tail(place, place_rest)
    ratio, rest = ratio_of_tail(inverse, error, w, w_rest)
    return ratio, rest


def pull_of_tail(t: Any, ratio: Any, rest: Any) -> Any:
    """Return the derivative of ``t * normal_cdf(-t)`` over ``exp(-t * t / 2)``, given ``normal_tail(t)``, and the rest of it."""
    # The difference of two numbers of one size, in double words; up to 0.75, above zero, the rest is not all of it.
    fall = t * NORMAL_PEAK
    pull = ratio - fall
    return pull, (ratio - (pull + fall)) + (rest - fma(t, NORMAL_PEAK, -fall))


def interval_of_tail(t: Any) -> Any:
    """Return ``t`` less the centre of its interval in the tables of the tail, and where that is, for ``t`` up to `TAIL_FAR`."""
    place = place_on_parabola(t, TAIL_SQUARE, TAIL_PLACE)
    return t - lookup(place, TAIL_CENTRES), place


def product_of_far_tail(t: Any) -> Any:
    """Return ``t * normal_cdf(-t)`` for ``t`` from `TAIL_FAR` on."""
    vanished = t >= NORMAL_END
    t = where(vanished, TAIL_FAR, t)
    p, p_rest, n = exp_of_half_square(t)
    product = polynomial(1.0 / (t * t), FAR_TAIL)
    return where(vanished, 0.0, ldexp_low(fma(product, p + p_rest, product), n))


def pull_of_far_tail(t: Any) -> Any:
    """Return the derivative of ``t * normal_cdf(-t)`` for ``t`` from `TAIL_FAR` on."""
    vanished = t >= NORMAL_END
    t = where(vanished, TAIL_FAR, t)
    p, p_rest, n = exp_of_half_square(t)
    factor = polynomial(1.0 / (t * t), FAR_PULL)
    pull = -t * factor
    pull_rest = fma(-t, factor, -pull)
    return where(vanished, -0.0, ldexp_low(pull + fma(pull, p, fma(pull, p_rest, pull_rest)), n))


def normal_cdf(x: Any) -> Any:
    """Distribution function of the standard normal distribution, accurate in the lower tail."""
    a = absolute(x)
    h, place = interval_of_tail(minimum(a, TAIL_FAR))
    tail = rarely(a >= TAIL_FAR, product_of_far_tail(a) / a, piecewise(h, place, NORMAL_TAIL))
    return where(x < 0.0, tail, 1.0 - tail)


def shortfall_of_erf(a: Any) -> Any:
    """Return ``1 - erf(a)`` to the digits that ``erf(a)`` has of it, for ``a`` from `ERF_NEAR` to `ERF_END`."""
    r, n = reduce_by_ln2(fma(a, polynomial(a, LOG_ERFC), -a))
    return ldexp_low(polynomial(r, EXP), n)


def erf_of_size(a: Any) -> Any:
    """Error function of ``a`` not below zero."""
    t = minimum(a, ERF_FAR)
    place = place_on_parabola(t, ERF_SQUARE, ERF_PLACE)
    h = t - lookup(place, ERF_CENTRES)
    # The first intervals have zero for a centre: there it rises from t itself.
    base = lookup(place, ERF_AT_CENTRES)
    return fma(h, piecewise(h, place, ERF_RISE), where(base == 0.0, t, base))


def erf(x: Any) -> Any:
    """Error function."""
    return copysign(erf_of_size(absolute(x)), x)


def gate_and_slope(a: Any, p: Any, scale: Any, steepness: Any, steepness_rest: Any) -> Any:
    """Return ``a / (1 + exp(z))``, and the derivative of that by ``a``, both over the scale.

    Where ``exp(z) = (1 + p) / scale`` with ``z`` not below zero, and the steepness is ``a`` times the derivative of ``z``.
    """
    excess = p + scale
    denominator = excess + 1.0
    inverse = 1.0 / denominator
    # What rounding took from the denominator, from its inverse, from the sum and from the quotient is put back.
    rest = excess - (denominator - 1.0)
    exact = fma(inverse, fma(-inverse, rest, fma(-inverse, denominator, 1.0)), inverse)
    fall = 1.0 - steepness
    regained = fma(steepness * scale, exact, -steepness_rest)
    slope = fall + regained
    slope_rest = (fall - slope) + regained
    low = slope * inverse
    return a / denominator, fma(inverse, fma(-low, rest, fma(-low, denominator, slope)) + slope_rest, low)


def growth_of_cubic(a: Any, cubic: Any, cubic_rest: Any, shift: Any, shift_rest: Any) -> Any:
    """Return ``p`` and ``n`` with ``2**(cubic * a * (a * a + shift)) = (1 + p) * 2**n`` for ``a`` not below zero."""
    # Everything in double words: the exponent must be right to far more than its own digits.
    square = a * a
    sum_ = square + shift
    sum_rest = (square - (sum_ - shift)) + (fma(a, a, -square) + shift_rest)
    slope = cubic * a
    slope_rest = fma(cubic, a, -slope) + cubic_rest * a
    z = slope * sum_
    n = round(z)
    f = (z - n) + fma(slope, sum_rest, fma(slope_rest, sum_, fma(slope, sum_, -z)))
    r = fma(f, LN2_HIGH, f * LN2_LOW)
    return fma(r * r, polynomial(r, EXPM1), r), n


def steepness_of_cubic(a: Any, slope: Any, slope_rest: Any, slope_cubic: Any) -> Any:
    """Return ``slope * a + slope_cubic * a**3``, and what rounding took from it."""
    square = a * a
    cubic = slope_cubic * square
    factor = cubic + slope
    factor_rest = fma(slope_cubic, fma(a, a, -square), fma(slope_cubic, square, -cubic))
    factor_rest = (slope - (factor - cubic)) + (factor_rest + slope_rest)
    steepness = a * factor
    return steepness, fma(a, factor_rest, fma(a, factor, -steepness))

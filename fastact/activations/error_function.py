"""Activations of the error function, which is the distribution function of the normal distribution."""

from __future__ import annotations

from math import inf
from typing import Any

from ..coefficients import (
    ERF_BEND,
    ERF_END,
    ERF_NEAR,
    ERF_SLOPE,
    ERF_SLOPE_HALF,
    ERF_SLOPE_REST,
    EXPM1,
    HUGE,
    LOG,
    LOG1P,
    LOG1P_FIRST,
    MISH_LOWEST,
    NORMAL_END,
    NORMAL_PEAK,
    NORMAL_PEAK_REST,
    NORMAL_TAIL,
    PULL_BEND,
    PULL_BEND_FIRST,
    PULL_BEND_LAST,
    PULL_CURVE,
    PULL_CURVE_REST,
    PULL_LOWEST,
    PULL_LOWEST_REST,
    PULL_TILT,
    PULL_TILT_REST,
    SQRT_TWO,
    SQRT_TWO_REST,
    TAIL_FAR,
    TAIL_POLE,
    TAIL_PULL,
    TANH_SHRINK,
    THIRD,
)
from ..declaration import activation
from ..elementary import (
    erf_of_size,
    exp_of_half_square,
    exp_of_minus_square,
    factor_of_tail,
    growth,
    interval_of_tail,
    inverse_and_rest,
    normal_tail,
    place_of_tail,
    product_and_rest,
    product_of_far_tail,
    product_of_tail,
    pull_of_far_tail,
    pull_of_tail,
    reduce_by_ln2,
    rest_of_factor_of_tail,
    shortfall_of_erf,
    sum_and_rest,
)
from ..words import (
    absolute,
    copysign,
    fma,
    ldexp,
    ldexp_low,
    ldexp_normal,
    maximum,
    minimum,
    piecewise,
    polynomial,
    rarely,
    where,
)


@activation(limits={-inf: (-1.0, 0.0), inf: (1.0, 0.0)}, monotone=True)
def erf(x: Any) -> Any:
    r"""Error function.

    .. math:: f(x) = \frac{2}{\sqrt\pi} \int_0^x e^{-t^2} dt

    Examples
    --------
    >>> import fastact as fa
    >>> fa.erf([-1.0, 0.0, 0.5]).round(4)
    array([-0.8427,  0.    ,  0.5205])
    """
    a = absolute(x)
    vanished = a >= 0.75 * NORMAL_END
    p, n = exp_of_minus_square(where(vanished, 0.0, a))
    slope = fma(ERF_SLOPE, p, fma(ERF_SLOPE_REST, p, ERF_SLOPE_REST) + ERF_SLOPE)
    return copysign(erf_of_size(a), x), where(vanished, 0.0, ldexp_low(slope, n))


@activation(limits={-inf: (0.0, 0.0), inf: (1.0, 0.0)}, monotone=True, domain={"mu": (-1e30, 1e30), "sigma": (1e-30, 1e30)})
def laplace(x: Any, mu: Any = 0.707107, sigma: Any = 0.282095) -> Any:
    r"""Normal distribution function in place of the squared rectifier, for attention (Ma et al., 2022).

    .. math:: f(x) = \tfrac12 \left(1 + \operatorname{erf} \frac{x - \mu}{\sigma \sqrt 2}\right)

    Parameters
    ----------
    mu : float, default 0.707107
        Where the value is one half.
    sigma : float, default 0.282095
        The width of the rise.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.laplace([0.0, 0.707107, 1.0]).round(4)
    array([0.0061, 0.5   , 0.8504])
    """
    distance, distance_rest = sum_and_rest(x, -mu)
    scale, scale_rest = inverse_and_rest(sigma)
    z = distance * scale
    below = z < 0.0
    outside = absolute(z) >= NORMAL_END
    # Many numbers are beyond the tail: nothing is made of them there that could be subnormal, which is slow.
    t = where(outside, 0.0, absolute(z))
    # What rounding took from the difference and from the quotient.
    rest = where(outside, 0.0, fma(distance, scale, -z) + fma(distance, scale_rest, distance_rest * scale))
    rest = where(below, -rest, rest)
    p, p_rest, n = exp_of_half_square(t)
    inverse, error, place, place_rest = place_of_tail(t)
    w, w_rest = factor_of_tail(place, place_rest)
    w_rest = rest_of_factor_of_tail(place, place_rest, w_rest)
    # What rounding took from t moves the tail along its slope.
    decay = 1.0 + (p + p_rest)
    w_rest = fma(-rest * NORMAL_PEAK, t + TAIL_POLE, w_rest) * decay
    # Above, a smaller tail makes the same of one.
    tail = product_of_tail(inverse, inverse * error, w, w_rest, p, p_rest, where(below, n, maximum(n, -60.0)))
    tail = where(outside, 0.0, tail)
    height = NORMAL_PEAK * scale
    height_rest = fma(NORMAL_PEAK, scale, -height) + fma(NORMAL_PEAK, scale_rest, NORMAL_PEAK_REST * scale)
    slope = ldexp(fma(height, decay, decay * fma(height, -(t * rest), height_rest)), n)
    return where(below, tail, 1.0 - tail), where(outside, 0.0, slope)


@activation(
    limits={-inf: (-0.0, -0.0), inf: (inf, 1.0)},
    aliases=("gelu_erf", "gelu_python"),
    variants={"approximate": {"none": "gelu", "tanh": "gelu_tanh"}},
)
def gelu(x: Any) -> Any:
    r"""Gaussian error linear unit (Hendrycks and Gimpel, 2016).

    .. math:: f(x) = x \Phi(x) = \frac{x}{2} \left(1 + \operatorname{erf} \frac{x}{\sqrt 2}\right)

    Examples
    --------
    >>> import fastact as fa
    >>> fa.gelu([-2.0, 0.0, 2.0]).round(4)
    array([-0.0455,  0.    ,  1.9545])
    """
    a = absolute(x)
    t = minimum(a, TAIL_FAR)
    h, place = interval_of_tail(t)
    line = maximum(x, -0.0)
    value = rarely(a >= TAIL_FAR, line - product_of_far_tail(a), fma(-t, piecewise(h, place, NORMAL_TAIL), line))
    low = rarely(a >= TAIL_FAR, pull_of_far_tail(a), piecewise(h, place, TAIL_PULL))
    return value, where(x < 0.0, low, 1.0 - low)


@activation(limits={-inf: (-0.0, -0.0), inf: (10.0, 0.0)}, aliases=("clipped_gelu", "clippedgelu"), kinks=(10.0,))
def gelu_10(x: Any) -> Any:
    r"""Gaussian error linear unit between -10 and 10, for quantised networks (Wu et al., 2020).

    .. math:: f(x) = \min(x \Phi(x), 10)

    The derivative at 10 is the left one, 1.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.gelu_10([-2.0, 0.0, 12.0]).round(4)
    array([-0.0455,  0.    , 10.    ])
    """
    value, slope = gelu(x)
    return minimum(value, 10.0), where(x > 10.0, 0.0, slope)


@activation(limits={-inf: (0.0, 0.0), inf: (inf, 1.0)})
def phish(x: Any) -> Any:
    r"""Hyperbolic tangent of the Gaussian error linear unit, times x (Naveen, 2022).

    .. math:: f(x) = x \tanh(x \Phi(x))

    Examples
    --------
    >>> import fastact as fa
    >>> fa.phish([-2.0, 0.0, 2.0]).round(4)
    array([0.0909, 0.    , 1.9213])
    """
    # A little beyond, as the derivative is a larger multiple of the tail.
    a = minimum(absolute(x), 1.02 * NORMAL_END)
    # With y = a * normal_cdf(-a), gelu is -y below zero and a - y above.
    p, p_rest, n = exp_of_half_square(a)
    ratio, rest = normal_tail(a)
    scaled = a * ratio
    scaled_rest = fma(a, rest, fma(a, ratio, -scaled))
    scaled_rest = fma(scaled, p_rest, fma(scaled_rest, p, scaled_rest))
    whole = scaled + fma(scaled, p, scaled_rest)
    whole_rest = (scaled - whole) + fma(scaled, p, scaled_rest)
    # Smaller powers make the same of a shortfall and of what is near one, and subnormal numbers, which are slow.
    power = maximum(n, -60.0)
    y = ldexp_normal(whole, power)
    # Below zero, tanh(y) = y * (1 - shortfall).  What rounding took from sums and products is put back.
    square = y * y
    shortfall = square * fma(square, polynomial(square, TANH_SHRINK), THIRD)
    low = a * whole
    low = ldexp_low(low + fma(-low, shortfall, fma(a, whole_rest, fma(a, whole, -low))), n)
    # The derivative below zero, over -a * exp(-a * a / 2): ratio * (1 - shortfall) + pull * (1 - tanh(y)**2).
    t = fma(-y, shortfall, y)
    pull, pull_rest = pull_of_tail(a, ratio, rest)
    sum_ = ratio + pull
    sum_rest = (ratio - (sum_ - pull)) + (rest + pull_rest)
    sum_rest = sum_rest - fma(ratio, shortfall, pull * (t * t))
    slope_low = a * sum_
    slope_rest = fma(a, sum_rest, fma(a, sum_, -slope_low))
    slope_low = ldexp_low(slope_low + fma(slope_low, p, fma(slope_low, p_rest, fma(slope_rest, p + p_rest, slope_rest))), n)
    # Above zero tanh(g) = (1 - e) / (1 + e) with e = exp(-2 * g), and what gelu lost to rounding.
    grown = fma(pull, p, fma(pull, p_rest, fma(pull_rest, p + p_rest, pull_rest)))
    sum_ = pull + grown
    pull_rest = ldexp_normal((pull - sum_) + grown, power)
    pull = ldexp_normal(sum_, power)
    gain = 1.0 - pull
    gain_rest = ((1.0 - gain) - pull) - pull_rest
    g = a - y
    g_rest = ((a - g) - y) - ldexp_normal(whole_rest, power)
    r, n = reduce_by_ln2(-2.0 * g)
    bend = polynomial(r, EXPM1)
    p = fma(r * r, bend, r)
    p_rest = fma(r * r, bend, r - p)
    scale = ldexp_normal(1.0, n)
    e = fma(scale, p, scale)
    numerator = fma(-scale, p, 1.0 - scale)
    numerator_rest = fma(-scale, p, (1.0 - scale) - numerator)
    denominator = 1.0 + e
    inverse = 1.0 / denominator
    t = numerator * inverse
    lost = fma(t, (denominator - 1.0) - e, fma(-t, denominator, numerator)) + numerator_rest
    slope = where(t < 0.9, fma(-t, t, 1.0), (4.0 * e) * (inverse * inverse))
    t_rest = fma(slope, g_rest, inverse * fma(-scale * p_rest, 1.0 + t, lost))
    value = fma(x, t, a * t_rest)
    slope_rest = where(t < 0.9, fma(-t, t, 1.0 - slope) - 2.0 * t * t_rest, 0.0)
    steep = a * slope
    steep_rest = fma(a, slope_rest, fma(a, slope, -steep))
    rise, rise_rest = product_and_rest(steep, gain)
    slope, slope_rest = sum_and_rest(t, rise)
    slope = slope + (slope_rest + (rise_rest + fma(steep, gain_rest, fma(steep_rest, gain, t_rest))))
    negative = x < 0.0
    return where(x == 0.0, x, where(negative, low, value)), where(negative, -slope_low, slope)


@activation(limits={-inf: (-0.0, -0.0), inf: (inf, 1.0)})
def serf(x: Any) -> Any:
    r"""Error function of softplus, times x (Nag and Bhattacharyya, 2021).

    .. math:: f(x) = x \operatorname{erf}(\log(1 + e^x))

    Examples
    --------
    >>> import fastact as fa
    >>> fa.serf([-2.0, 0.0, 2.0]).round(4)
    array([-0.2849,  0.    ,  1.9947])
    """
    base = maximum(x, MISH_LOWEST)
    a = minimum(absolute(base), -MISH_LOWEST)
    negative = x < 0.0
    # exp(-a) = e = (1 + p) * 2**n, and log(1 + e) = e * w.  What rounding took from sums and products is put back.
    p, n = growth(-a)
    u = 1.0 + p
    e = ldexp_low(u, n)
    small = e < SQRT_TWO - 1.0
    bend = polynomial(e, LOG)
    place = e - 0.5
    slope = polynomial(place, LOG1P)
    w = where(small, fma(e, bend, 1.0), fma(place, slope, LOG1P_FIRST))
    w_rest = where(small, fma(e, bend, 1.0 - w), fma(place, slope, LOG1P_FIRST - w))
    m = e * w
    m_rest = fma(e, w_rest, fma(ldexp_low(p - (u - 1.0), n), w, fma(e, w, -m)))
    # softplus(x) = s
    # Further out erf(s) is one, and nothing there becomes subnormal, which is slow.
    line = where(negative, 0.0, minimum(a, 0.5 * NORMAL_END))
    s = line + m
    m_of_s = s - line
    s_rest = (line - (s - m_of_s)) + ((m - m_of_s) + m_rest)
    s_rest = where(negative, 0.0, s_rest)
    # Near zero, erf(s) = s * ratio.
    near = minimum(s, ERF_NEAR)
    square = near * near
    bend = polynomial(square, ERF_BEND)
    ratio = fma(square, bend, ERF_SLOPE)
    ratio_rest = fma(square, bend, ERF_SLOPE - ratio) + ERF_SLOPE_REST
    whole = near * ratio
    whole_rest = fma(near, ratio_rest, fma(near, ratio, -whole))
    far = s >= ERF_NEAR
    whole_rest = where(far, -shortfall_of_erf(minimum(s, ERF_END)), whole_rest)
    whole = where(far, 1.0, whole)
    q, k = exp_of_minus_square(s)
    unit = ldexp_normal(1.0, k)
    peak = fma(unit, q, unit)
    peak_rest = fma(unit, q, unit - peak)
    bounded = minimum(maximum(x, 0.0), 0.5 * NORMAL_END)
    whole_rest = fma(ERF_SLOPE * peak, s_rest, whole_rest)
    value = fma(x, whole, bounded * whole_rest)
    # Below zero all of it over e, which may be subnormal.
    over_e = ratio * w
    over_e_rest = fma(ratio, w_rest, fma(ratio_rest, w, fma(ratio, w, -over_e)))
    low = base * over_e
    low_rest = fma(base, over_e_rest, fma(base, over_e, -low))
    low = ldexp_low(low + fma(low, p, fma(low_rest, p, low_rest)), n)
    # The derivative is erf(s) + x * erf'(s) / (1 + exp(-x)).
    top = ERF_SLOPE * a
    top_rest = fma(ERF_SLOPE, a, -top) + ERF_SLOPE_REST * a
    product = top * peak
    product_rest = fma(top, peak, -product) + fma(top, peak_rest, top_rest * peak)
    denominator = 1.0 + e
    denominator_rest = e - (denominator - 1.0)
    inverse = 1.0 / denominator
    pull = product * inverse
    pull_rest = inverse * (fma(-pull, denominator_rest, fma(-pull, denominator, product)) + product_rest)
    slope_low = over_e - pull
    slope_rest = (over_e - (slope_low + pull)) + (over_e_rest - pull_rest)
    slope_low = ldexp_low(slope_low + fma(slope_low, p, fma(slope_rest, p, slope_rest)), n)
    return copysign(where(negative, low, value), x), where(negative, slope_low, whole + (whole_rest + pull))


@activation(
    limits={-inf: (-inf, 0.25), inf: (inf, 1.0)},
    trainable=("alpha", "mu"),
    monotone=True,
    domain={"alpha": (-1e30, 1e30), "mu": (-1e30, 1e30)},
)
def smu(x: Any, alpha: Any = 0.25, mu: Any = 1e6) -> Any:
    r"""Smooth maximum unit: a leaky rectifier smoothed by the error function (Biswas et al., 2022).

    .. math:: f(x) = \tfrac12 \left((1 + \alpha) x + (1 - \alpha) x \operatorname{erf}(\mu (1 - \alpha) x)\right)

    Parameters
    ----------
    alpha : float, default 0.25
        The slope far below zero.
    mu : float, default 1e6
        The sharpness of the bend at zero.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.smu([-2.0, 0.0, 2.0])
    array([-0.5,  0. ,  2. ])
    """
    opening, opening_rest = sum_and_rest(1.0, -alpha)
    # The factor of x and its product with x in double words, as the tail is steep.
    steepness = mu * opening
    factor = SQRT_TWO * steepness
    factor_rest = fma(SQRT_TWO, steepness, -factor) + SQRT_TWO_REST * steepness
    factor_rest = fma(SQRT_TWO, fma(mu, opening_rest, fma(mu, opening, -steepness)), factor_rest)
    base = minimum(maximum(x, -HUGE), HUGE)
    z = base * factor
    positive = z > 0.0
    # Most numbers are beyond the tail: nothing is made of them there that could be subnormal, which is slow.
    outside = absolute(z) >= NORMAL_END
    base = where(outside, 0.0, base)
    z = where(outside, 0.0, z)
    z_rest = fma(base, factor_rest, fma(base, factor, -z))
    t = absolute(z)
    t_rest = where(positive, z_rest, -z_rest)
    p, p_rest, n = exp_of_half_square(t)
    ratio, rest = normal_tail(t)
    # The value is far * x + step * normal_cdf(-t).
    far = where(positive, 1.0, alpha)
    back = where(positive, -opening, opening)
    step, step_rest = product_and_rest(back, base)
    scaled, scaled_rest = product_and_rest(step, ratio)
    scaled_rest = fma(step, fma(-t_rest, NORMAL_PEAK, rest), fma(step_rest, ratio, scaled_rest))
    scaled_rest = fma(scaled, p_rest, fma(scaled_rest, p + p_rest, scaled_rest))
    line, line_rest = product_and_rest(far, base)
    value, value_rest = sum_and_rest(line, ldexp(scaled, n))
    value = value + (value_rest + (line_rest + ldexp(fma(scaled, p, scaled_rest), n)))
    value = where(base == 0.0, far * where(far == 0.0, base, x), value)
    # The derivative is far + back * pull.
    pull, pull_rest = pull_of_tail(t, ratio, rest)
    pull_rest = fma(t_rest * NORMAL_PEAK, fma(t, t, -2.0), pull_rest)
    pull = ldexp_low(pull + fma(pull, p, fma(pull, p_rest, fma(pull_rest, p + p_rest, pull_rest))), n)
    pull = where(outside, 0.0, pull)
    # Where the pull is lowest the two may be alike: there it is a parabola, and more, above its lowest point.
    whole = t - SQRT_TWO
    s = whole + (t_rest - SQRT_TWO_REST)
    s_rest = (whole - s) + (t_rest - SQRT_TWO_REST)
    square, square_rest = product_and_rest(s, s)
    square_rest = fma(2.0 * s, s_rest, square_rest)
    rise, rise_rest = product_and_rest(back, square)
    cubic = polynomial(s, PULL_BEND)
    tilt = fma(square, cubic, PULL_TILT)
    tilt_rest = fma(square, cubic, PULL_TILT - tilt) + PULL_TILT_REST
    bend = fma(s, tilt, PULL_CURVE)
    bend_rest = fma(s, tilt, PULL_CURVE - bend) + fma(s, tilt_rest, PULL_CURVE_REST)
    back_rest = where(positive, -opening_rest, opening_rest)
    fall, fall_rest = product_and_rest(back, PULL_LOWEST)
    lowest, lowest_rest = sum_and_rest(far, fall)
    lowest_rest = lowest_rest + (fall_rest + fma(back, PULL_LOWEST_REST, back_rest * PULL_LOWEST))
    rise_rest = fma(back, square_rest, fma(back_rest, square, rise_rest))
    height, height_rest = product_and_rest(rise, bend)
    parabola, parabola_rest = sum_and_rest(lowest, height)
    parabola = parabola + (parabola_rest + (height_rest + fma(rise, bend_rest, fma(rise_rest, bend, lowest_rest))))
    near = (s > PULL_BEND_FIRST) & (s < PULL_BEND_LAST) & (lowest > 0.0)
    slope = where(near, parabola, fma(back, pull, far))
    by_alpha = where(positive, base * pull, x * (1.0 - pull))
    peak = ERF_SLOPE_HALF * ldexp_low(1.0 + (p + p_rest), n)
    by_mu = (opening * base) * ((opening * base) * fma(-t * t_rest, peak, peak))
    return value, slope, by_alpha, by_mu

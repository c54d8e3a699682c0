"""Activations of the exponential: of logistic functions, hyperbolic tangents and softplus."""

from __future__ import annotations

from math import inf
from typing import Any

from ..coefficients import (
    DECAY_END,
    EXP_HIGHEST,
    EXP_LOWEST,
    EXPM1,
    FOUR_THIRDS,
    GELU_CUBIC_CUBIC,
    GELU_CUBIC_CUBIC_REST,
    GELU_CUBIC_SHIFT,
    GELU_CUBIC_SHIFT_REST,
    GELU_CUBIC_SLOPE,
    GELU_CUBIC_SLOPE_CUBIC,
    GELU_CUBIC_SLOPE_REST,
    GELU_TANH_CUBIC,
    GELU_TANH_CUBIC_REST,
    GELU_TANH_END,
    GELU_TANH_SHIFT,
    GELU_TANH_SHIFT_REST,
    GELU_TANH_SLOPE,
    GELU_TANH_SLOPE_CUBIC,
    GELU_TANH_SLOPE_REST,
    HUGE,
    LDEXP_LOW_END,
    LECUN_SCALE,
    LECUN_SLOPE,
    LECUN_SLOPE_REST,
    LECUN_TANH,
    MISH_HIGHEST,
    MISH_LOWEST,
    NORMAL_END,
    QUICK_GELU,
    QUICK_GELU_REST,
    SELU_SCALE,
    SELU_SLOPE,
    SELU_SLOPE_REST,
    SOFTPLUS_FAR,
    SOFTPLUS_NEAR,
    TANH,
    TANH_END,
    TANH_SHRINK,
    TANH_SMALL,
    THIRD,
)
from ..declaration import activation, from_output
from ..elementary import (
    exp_near_one,
    exp_of_minus_square,
    expm1,
    expm1_and_exp,
    fall_from_height,
    far_tail_of_softplus,
    gap_of_tanh,
    gap_of_tanh_of_half,
    gate_and_slope,
    growth,
    growth_of_cubic,
    growth_of_sum,
    log1p_of_growth,
    parts_of_sigmoid_tail,
    reduce_by_ln2,
    reduce_by_scaled_ln2,
    shortfall_of_tanh,
    sigmoid_tail,
    sigmoid_tail_and_slope,
    sigmoid_tail_and_slope_of_growth,
    softplus_near_zero,
    steepness_of_cubic,
    sum_and_rest,
    tail_of_softplus,
    tanh_near_zero,
    tanh_of_magnitude,
)
from ..words import (
    absolute,
    copysign,
    floor,
    fma,
    ldexp,
    ldexp_low,
    ldexp_normal,
    maximum,
    minimum,
    polynomial,
    rarely,
    sqrt,
    where,
)


@activation(limits={-inf: (0.0, 0.0), inf: (inf, inf)}, aliases=("exp",), monotone=True)
def exponential(x: Any) -> Any:
    r"""Exponential.

    .. math:: f(x) = e^x

    Examples
    --------
    >>> import fastact as fa
    >>> fa.exponential([-1.0, 0.0, 1.0]).round(4)
    array([0.3679, 1.    , 2.7183])
    """
    near_one, n = exp_near_one(minimum(x, EXP_HIGHEST))
    e = where(x < EXP_LOWEST, 0.0, ldexp(near_one, n))
    return e, e


@from_output(exponential)
def exponential_from_output(y: Any) -> Any:
    """Return the derivative of `exponential` from its value y.

    It is exact.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.exponential.derivative_from_output([0.5, 2.0])
    array([0.5, 2. ])
    """
    return y


@activation(
    limits={-inf: (-1.0, 0.0), inf: (inf, 1.0)},
    trainable=("alpha",),
    kinks=lambda alpha: (0.0,) if alpha != 1 else (),
    monotone=True,
    domain={"alpha": (-1e30, 1e30)},
)
def elu(x: Any, alpha: Any = 1.0) -> Any:
    r"""Exponential linear unit (Clevert et al., 2015).

    .. math:: f(x) = x \text{ if } x > 0, \text{ else } \alpha (e^x - 1)

    The derivative at zero is the left one, ``alpha``.

    Parameters
    ----------
    alpha : float, default 1
        The negative of the limit at minus infinity.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.elu([-1.0, 2.0]).round(4)
    array([-0.6321,  2.    ])
    """
    grown, e = expm1_and_exp(minimum(x, 0.0))
    by_alpha = where(x >= 0.0, minimum(x, 0.0), grown)
    return where(x < 0.0, alpha * grown, x), where(x > 0.0, 1.0, alpha * e), by_alpha


@from_output(elu, domain={"alpha": (0.0, 1e30)})
def elu_from_output(y: Any, alpha: Any) -> Any:
    """Return the derivative of `elu` from its value y.

    Near -alpha the rounding of y counts: the derivative is off by up to 6e-8 alpha in float32 and 1.1e-16 alpha in float64, which
    is all of it below x = -17 and x = -37.  Alpha may not be negative: then values above zero come from both sides.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.elu.derivative_from_output([-0.75, 2.0])
    array([0.25, 1.  ])
    """
    return where(y > 0.0, 1.0, where(y <= 0.0, y + alpha, y))


@activation(limits={-inf: (-1.7580993408473766, 0.0), inf: (inf, 1.0507009873554805)}, kinks=(0.0,), monotone=True)
def selu(x: Any) -> Any:
    r"""Scaled exponential linear unit (Klambauer et al., 2017).

    .. math:: f(x) = \lambda x \text{ if } x > 0, \text{ else } \lambda \alpha (e^x - 1)

    With :math:`\lambda = 1.0507009873554805` and :math:`\alpha = 1.6732632423543772`, by which layers keep mean 0 and variance 1.
    The derivative at zero is the left one, 1.7580993408473766.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.selu([-1.0, 0.0, 2.0]).round(4)
    array([-1.1113,  0.    ,  2.1014])
    """
    vanished = x < MISH_LOWEST
    r, n = reduce_by_ln2(where(vanished, 0.0, minimum(x, 0.0)))
    # SELU_SLOPE * exp(x) = (SELU_SLOPE + grown) * 2**n
    grown = fma(SELU_SLOPE, r, SELU_SLOPE * (r * r * polynomial(r, EXPM1)))
    below = where(vanished, -SELU_SLOPE, fall_from_height(SELU_SLOPE, grown, ldexp_low(1.0, n), n))
    slope = where(vanished, 0.0, ldexp_low(SELU_SLOPE + grown, n))
    return where(x < 0.0, below, SELU_SCALE * x), where(x > 0.0, SELU_SCALE, slope)


@from_output(selu)
def selu_from_output(y: Any) -> Any:
    """Return the derivative of `selu` from its value y.

    Near -1.758 the rounding of y counts: the derivative is off by up to 6e-8 in float32 and 1.1e-16 in float64, which is all of
    it below x = -17 and x = -37.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.selu.derivative_from_output([-1.0, 2.0]).round(4)
    array([0.7581, 1.0507])
    """
    return where(y > 0.0, SELU_SCALE, where(y <= 0.0, (y + SELU_SLOPE) + SELU_SLOPE_REST, y))


@activation(limits={-inf: (-1.0, 0.0), inf: (inf, 1.0)}, trainable=("alpha",), monotone=True, domain={"alpha": (1e-30, 1e30)})
def celu(x: Any, alpha: Any = 1.0) -> Any:
    r"""Continuously differentiable exponential linear unit (Barron, 2017).

    .. math:: f(x) = x \text{ if } x > 0, \text{ else } \alpha (e^{x / \alpha} - 1)

    Parameters
    ----------
    alpha : float, default 1
        The negative of the limit at minus infinity.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.celu([-1.0, 2.0], alpha=0.5).round(4)
    array([-0.4323,  2.    ])
    """
    inverse = 1.0 / alpha
    vanished = x < alpha * EXP_LOWEST
    below = where(vanished, 0.0, minimum(x, 0.0))
    # alpha * exp(x / alpha) = (alpha + grown) * 2**n
    line, n = reduce_by_scaled_ln2(below, alpha, inverse)
    r = line * inverse
    bend = r * polynomial(r, EXPM1)
    grown = fma(line, bend, line)
    value = where(vanished, -alpha, fall_from_height(alpha, grown, ldexp_low(1.0, n), n))
    line_of_e = 1.0 + r
    e = where(vanished, 0.0, ldexp(line_of_e + fma(r, bend, r - (line_of_e - 1.0)), n))
    return where(x < 0.0, value, x), e, inverse * fma(-below, e, value)


@from_output(celu)
def celu_from_output(y: Any, alpha: Any) -> Any:
    """Return the derivative of `celu` from its value y.

    Near -alpha the rounding of y counts: the derivative is off by up to 6e-8 in float32 and 1.1e-16 in float64, which is all of
    it below x / alpha = -17 and -37.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.celu.derivative_from_output([-0.25, 2.0], alpha=0.5)
    array([0.5, 1. ])
    """
    return where(y > 0.0, 1.0, where(y <= 0.0, (y + alpha) / alpha, y))


@activation(
    limits={-inf: (inf, -0.3), inf: (inf, inf)},
    trainable=("alpha_p", "alpha_n"),
    kinks=lambda alpha_p, alpha_n, beta, eps: (eps, 0.0) if eps != 0 else (),
    root=True,
    domain={"alpha_p": (1e-30, 1e30), "alpha_n": (1e-30, 1e30), "beta": (-1e30, 1e30), "eps": (-1.0, 0.0)},
)
def xielu(x: Any, alpha_p: Any = 0.8, alpha_n: Any = 0.8, beta: Any = 0.5, eps: Any = -1e-6) -> Any:
    r"""Integral of the exponential linear unit, expanded (Huang and Schlag, 2024).

    .. math:: f(x) = \alpha_p x^2 + \beta x \text{ if } x > 0,
        \text{ else } \alpha_n \left(e^{\min(x, \epsilon)} - 1 - x\right) + \beta x

    The derivative at zero and at :math:`\epsilon` is the left one.

    The root below zero is at -2.43 unless parameters move it.  Around it values are differences of numbers of the size of
    ``alpha_n``: they are off by up to half an ulp of that, which next to the root is more than they are.

    Parameters
    ----------
    alpha_p : float, default 0.8
        The bend above zero.
    alpha_n : float, default 0.8
        The bend below zero.
    beta : float, default 0.5
        The slope just above zero.
    eps : float, default -1e-6
        The largest argument of the exponential, not above zero; 0 is the paper's formula.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.xielu([-1.0, 0.5, 2.0]).round(4)
    array([-0.2057,  0.45  ,  4.2   ])
    """
    above = maximum(x, 0.0)
    vanished = x < EXP_LOWEST
    p, n = growth(where(vanished, 0.0, minimum(x, eps)))
    scale = where(vanished, 0.0, ldexp_low(1.0, n))
    grown = fma(scale, p, scale - 1.0)
    rest = fma(scale, p, (scale - 1.0) - grown)
    fall, fall_rest = sum_and_rest(beta, -alpha_n)
    line = fall * where(fall == 0.0, maximum(x, -HUGE), x)
    # So far that the products are finite, with what rounding took from the line: it counts around the root.
    line_rest = where(x > -1024.0, fma(fall_rest, x, fma(fall, x, -line)), 0.0)
    below = fma(alpha_n, grown, line) + fma(alpha_n, rest, line_rest)
    slope = fma(alpha_n, grown, beta) + alpha_n * rest
    slope = where(x > 0.0, fma(alpha_p + alpha_p, x, beta), where(x > eps, fall, slope))
    value = where(x > 0.0, fma(alpha_p, x, beta) * x, below)
    return value, slope, above * above, where(x > 0.0, 0.0, grown - x)


@activation(limits={-inf: (0.0, 0.0), inf: (1.0, 0.0)}, aliases=("logistic", "expit"), monotone=True)
def sigmoid(x: Any) -> Any:
    r"""Logistic function.

    .. math:: f(x) = \frac{1}{1 + e^{-x}}

    Examples
    --------
    >>> import fastact as fa
    >>> fa.sigmoid([-2.0, 0.0, 2.0]).round(4)
    array([0.1192, 0.5   , 0.8808])
    """
    t = absolute(x)
    # Nothing is made that would be subnormal, which is slow.
    vanished = t > -EXP_LOWEST
    q, slope, n = sigmoid_tail_and_slope(where(vanished, 0.0, t))
    q = where(vanished, 0.0, q)
    return where(x < 0.0, q, 1.0 - q), where(vanished, 0.0, ldexp_low(slope, n))


@from_output(sigmoid)
def sigmoid_from_output(y: Any) -> Any:
    """Return the derivative of `sigmoid` from its value y.

    That is y (1 - y).  Near 1 the rounding of y counts: the derivative is off by up to 3e-8 in float32 and 6e-17 in float64,
    which is 1 part in 1500 at x = 10 in float32, and all of it above x = 17, and x = 37 in float64.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.sigmoid.derivative_from_output([0.25, 0.5])
    array([0.1875, 0.25  ])
    """
    return y * (1.0 - y)


@activation(limits={-inf: (-inf, 1.0), inf: (0.0, 0.0)}, aliases=("logsigmoid", "log_expit"), monotone=True)
def log_sigmoid(x: Any) -> Any:
    r"""Logarithm of the logistic function.

    .. math:: f(x) = -\log(1 + e^{-x})

    Examples
    --------
    >>> import fastact as fa
    >>> fa.log_sigmoid([-2.0, 0.0, 2.0]).round(4)
    array([-2.1269, -0.6931, -0.1269])
    """
    a = absolute(x)
    q = sigmoid_tail(a)
    near = tail_of_softplus(minimum(a, SOFTPLUS_FAR), 0.0)
    tail = rarely(a >= SOFTPLUS_FAR, far_tail_of_softplus(a, 0.0, 1.0, -EXP_LOWEST), near)
    value = where(a < SOFTPLUS_NEAR, -softplus_near_zero(-x, 0.0), minimum(x, 0.0) - tail)
    return value, where(x < 0.0, 1.0 - q, q)


@from_output(log_sigmoid)
def log_sigmoid_from_output(y: Any) -> Any:
    """Return the derivative of `log_sigmoid` from its value y.

    That is 1 - exp(y), which is as accurate as the derivative from x.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.log_sigmoid.derivative_from_output([-2.0, -0.5]).round(4)
    array([0.8647, 0.3935])
    """
    return -expm1(y)


@activation(limits={-inf: (-1.0, 0.0), inf: (1.0, 0.0)}, aliases=("hypertangent",), monotone=True)
def tanh(x: Any) -> Any:
    r"""Hyperbolic tangent.

    .. math:: f(x) = \tanh x

    Examples
    --------
    >>> import fastact as fa
    >>> fa.tanh([-1.0, 0.5]).round(4)
    array([-0.7616,  0.4621])
    """
    a = absolute(x)
    vanished = a > TANH_END
    within = where(vanished, 0.0, a)
    q, slope, n = sigmoid_tail_and_slope(within + within)
    return copysign(tanh_of_magnitude(minimum(a, 0.75 * TANH_END)), x), where(vanished, 0.0, ldexp_low(slope, n + 2.0))


@from_output(tanh)
def tanh_from_output(y: Any) -> Any:
    """Return the derivative of `tanh` from its value y.

    That is 1 - y squared.  Near -1 and 1 the rounding of y counts: the derivative is off by up to 6e-8 in float32 and 1.1e-16 in
    float64, which is 1 part in 55 at x = 7 in float32, and all of it above x = 9, and x = 19 in float64.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.tanh.derivative_from_output([-0.5, 0.0])
    array([0.75, 1.  ])
    """
    return fma(-y, y, 1.0)


@activation(limits={-inf: (-inf, 1.0), inf: (inf, 1.0)}, aliases=("tanhshrink",), monotone=True)
def tanh_shrink(x: Any) -> Any:
    r"""What the hyperbolic tangent leaves of its argument.

    .. math:: f(x) = x - \tanh x

    Examples
    --------
    >>> import fastact as fa
    >>> fa.tanh_shrink([-2.0, 0.5]).round(4)
    array([-1.036 ,  0.0379])
    """
    a = absolute(x)
    small = shortfall_of_tanh(a)
    t = a - small
    t_rest = (a - t) - small
    gap = gap_of_tanh(minimum(a, 0.75 * TANH_END))
    near = a < 1.0
    value = where(near, small, (a - 1.0) + gap)
    return copysign(value, x), where(near, fma(t, t, 2.0 * t * t_rest), 1.0 - fma(-gap, gap, gap + gap))


@activation(limits={-inf: (-1.7159, 0.0), inf: (1.7159, 0.0)}, monotone=True)
def lecun_tanh(x: Any) -> Any:
    r"""Hyperbolic tangent scaled to pass near (-1, -1) and (1, 1) (LeCun et al., 1998).

    .. math:: f(x) = 1.7159 \tanh\left(\tfrac23 x\right)

    Examples
    --------
    >>> import fastact as fa
    >>> fa.lecun_tanh([-1.0, 0.0, 2.0]).round(4)
    array([-1.    ,  0.    ,  1.4929])
    """
    size = absolute(x)
    vanished = size > 1.5 * TANH_END
    a = where(vanished, 0.0, size)
    square = a * a
    small = fma(LECUN_SLOPE, a, a * fma(square, polynomial(square, LECUN_TANH), LECUN_SLOPE_REST))
    # From one on, where values and their units are larger, the rounding of the constants hardly counts.
    line, n = reduce_by_scaled_ln2(a, 0.75, FOUR_THIRDS)
    r = FOUR_THIRDS * line
    gap = where(vanished, 0.0, gap_of_tanh_of_half(r, minimum(n, 64.0), LECUN_SCALE))
    # The derivative is 4 * LECUN_SLOPE * q * (1 - q) for q = 1 / (1 + exp(4 * a / 3)).
    denominator, inverse, error, scale = parts_of_sigmoid_tail(fma(r * r, polynomial(r, EXPM1), r), n)
    steep = LECUN_SLOPE * inverse
    steep_rest = fma(LECUN_SLOPE_REST, inverse, fma(LECUN_SLOPE, inverse, -steep))
    steep = steep + fma(steep, error, steep_rest)
    slope = fma(-scale * fma(inverse, error, inverse), steep, steep)
    return copysign(where(size < 1.0, small, LECUN_SCALE - gap), x), where(vanished, 0.0, ldexp_low(slope, 2.0 - n))


@activation(limits={-inf: (-30.0, 0.0), inf: (30.0, 0.0)}, monotone=True, domain={"cap": (1e-30, 1e30)})
def softcap(x: Any, cap: Any = 30.0) -> Any:
    r"""Hyperbolic tangent that is the identity near zero and stays within a cap (Bello et al., 2016).

    .. math:: f(x) = c \tanh \frac{x}{c}

    Parameters
    ----------
    cap : float, default 30
        The limit at infinity.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.softcap([-100.0, 0.0, 15.0]).round(4)
    array([-29.9237,   0.    ,  13.8635])
    """
    inverse = 1.0 / cap
    a = absolute(x)
    z = a * inverse
    # Near zero from x itself, as the quotient has lost some of it.
    square = z * z
    small = fma(a * square, polynomial(square, TANH), a)
    vanished = a > TANH_END * cap
    line, n = reduce_by_scaled_ln2(where(vanished, 0.0, a), 0.5 * cap, inverse + inverse)
    r = line * (inverse + inverse)
    gap = where(vanished, 0.0, gap_of_tanh_of_half(r, minimum(n, 64.0), cap))
    q, slope = sigmoid_tail_and_slope_of_growth(fma(r * r, polynomial(r, EXPM1), r), n)
    return copysign(where(z < TANH_SMALL, small, cap - gap), x), where(vanished, 0.0, ldexp_low(slope, 2.0 - n))


@activation(limits={-inf: (inf, -1.0), inf: (inf, 1.0)})
def lisht(x: Any) -> Any:
    r"""Linearly scaled hyperbolic tangent (Roy et al., 2019).

    .. math:: f(x) = x \tanh x

    Examples
    --------
    >>> import fastact as fa
    >>> fa.lisht([-2.0, 0.0, 0.5]).round(4)
    array([1.9281, 0.    , 0.2311])
    """
    a = absolute(x)
    bounded = minimum(a, 0.75 * TANH_END)
    small = tanh_near_zero(bounded)
    # Farther out tanh(x) = 1 - gap: without what that difference would lose to rounding.
    gap = gap_of_tanh(bounded)
    near = bounded < TANH_SMALL
    value = where(near, a * small, fma(-bounded, gap, a))
    slope_near = fma(bounded, fma(-small, small, 1.0), small)
    slope = where(near, slope_near, fma(gap, fma(-bounded, gap, fma(2.0, bounded, -1.0)), 1.0))
    return where(x == 0.0, x, value), copysign(slope, x)


@activation(limits={-inf: (-0.0, -0.0), inf: (inf, 1.0)})
def tanhexp(x: Any) -> Any:
    r"""Hyperbolic tangent of the exponential, times x (Liu and Di, 2020).

    .. math:: f(x) = x \tanh(e^x)

    Examples
    --------
    >>> import fastact as fa
    >>> fa.tanhexp([-2.0, 0.0, 2.0]).round(4)
    array([-0.269,  0.   ,  2.   ])
    """
    base = maximum(x, MISH_LOWEST)
    # Above it no step of x shows how far tanh(exp(x)) is from one, and nothing there becomes subnormal, which is slow.
    bounded = minimum(base, 3.75)
    # exp(x) = z = (1 + p) * 2**n
    p, n = growth(bounded)
    z = ldexp_low(1.0 + p, n)
    # Below zero, tanh(z) / z.
    low = minimum(z, 1.0)
    square = low * low
    shortfall = fma(square, polynomial(square, TANH_SHRINK), THIRD)
    ratio = fma(-square, shortfall, 1.0)
    ratio_rest = fma(-square, shortfall, 1.0 - ratio)
    # What rounding took from the products and the sums is put back.
    product = base * ratio
    product_rest = fma(base, ratio_rest, fma(base, ratio, -product))
    product = ldexp_low(product + fma(product, p, fma(product_rest, p, product_rest)), n)
    t_low = low * ratio
    once = 1.0 + base
    once_rest = where(base < -1.0, 1.0 - (once - base), base - (once - 1.0))
    bend = fma(base, t_low * t_low, square * shortfall)
    slope_low = once - bend
    slope_rest = ((once - slope_low) - bend) + once_rest
    slope_low = ldexp_low(slope_low + fma(slope_low, p, fma(slope_rest, p, slope_rest)), n)
    # Above zero, tanh(z) = 1 - 2 * q, and what rounding took from z.
    scale = ldexp_low(1.0, n)
    z_rest = fma(scale, p, scale - z)
    q, slope, m = sigmoid_tail_and_slope(z + z)
    slope = ldexp_low(slope, m + 2.0)
    tail = fma(slope, z_rest, -2.0 * q)
    slope = fma(bounded * z, slope, 1.0 + tail)
    negative = x < 0.0
    return copysign(where(negative, product, fma(tail, bounded, x)), x), where(negative, slope_low, slope)


@activation(limits={-inf: (0.0, 0.0), inf: (inf, 1.0)}, aliases=("soft_relu",), monotone=True, domain={"beta": (1e-30, 1e30)})
def softplus(x: Any, beta: Any = 1.0) -> Any:
    r"""Smooth rectified linear unit (Dugas et al., 2001).

    .. math:: f(x) = \frac{1}{\beta} \log(1 + e^{\beta x})

    Parameters
    ----------
    beta : float, default 1
        The sharpness of the bend at zero.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.softplus([-2.0, 0.0, 2.0]).round(4)
    array([0.1269, 0.6931, 2.1269])
    """
    z = beta * x
    a = absolute(z)
    # The exponent is right to more than its own digits: it has what the product with beta lost.
    lost = where(a >= DECAY_END, 0.0, fma(beta, x, -z))
    rest = where(z < 0.0, lost, -lost)
    q = sigmoid_tail(a)
    q = fma(q * rest, 1.0 - q, q)
    near = a < SOFTPLUS_NEAR
    tail = tail_of_softplus(minimum(a, SOFTPLUS_FAR), rest)
    quotient = where(near, softplus_near_zero(z, lost), tail) / beta
    quotient = rarely(a >= SOFTPLUS_FAR, far_tail_of_softplus(a, rest, beta, DECAY_END), quotient)
    return where(near, 0.0, maximum(x, 0.0)) + quotient, where(z < 0.0, q, 1.0 - q)


@from_output(softplus)
def softplus_from_output(y: Any, beta: Any) -> Any:
    """Return the derivative of `softplus` from its value y.

    That is 1 - exp(-beta y), which is as accurate as the derivative from x.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.softplus.derivative_from_output([0.5, 2.0]).round(4)
    array([0.3935, 0.8647])
    """
    return -expm1(-(beta * y))


@activation(limits={-inf: (0.0, 0.0), inf: (inf, 0.0)}, monotone=True)
def sqrt_softplus(x: Any) -> Any:
    r"""Square root of softplus.

    .. math:: f(x) = \sqrt{\log(1 + e^x)}

    Examples
    --------
    >>> import fastact as fa
    >>> fa.sqrt_softplus([-2.0, 0.0, 2.0]).round(4)
    array([0.3563, 0.8326, 1.4584])
    """
    a = minimum(absolute(x), -2.0 * EXP_LOWEST)
    p, n = growth(-a)
    # In two steps, as the whole exponent is beyond what one can take.
    half = floor(0.5 * n)
    e = ldexp_low(ldexp_low(1.0 + p, half), n - half)
    m = log1p_of_growth(p, n)
    negative = x < 0.0
    # Below zero the root is taken of the significand, as softplus leaves the range long before its root does.
    square = where(negative, ldexp_normal(m, n - 2.0 * half), x + ldexp_low(ldexp_low(m, half), n - half))
    near = a < SOFTPLUS_NEAR
    half = where(near, 0.0, half)
    square = where(near, softplus_near_zero(x, 0.0), square)
    half = where(negative, half, 0.0)
    root = sqrt(square)
    # What rounding took from the root and from the denominator is put back.
    factor = 1.0 + e
    denominator = factor * root
    rest = fma(factor, root, -denominator) + root * (e - (factor - 1.0))
    inverse = 1.0 / denominator
    rest = rest + (0.5 * factor) * (fma(-root, root, square) * (factor * inverse))
    error = inverse * fma(-inverse, rest, fma(-inverse, denominator, 1.0))
    low = ldexp_low(inverse + fma(inverse, p, fma(error, p, error)), n - half - 1.0)
    slope = where(negative, low, 0.5 * (inverse + error))
    return ldexp_low(root, half), where(x > HUGE, 0.5 * inverse, slope)


@activation(limits={-inf: (-0.0, -0.0), inf: (inf, 1.0)})
def mish(x: Any) -> Any:
    r"""Self-regularised unit Mish (Misra, 2019).

    .. math:: f(x) = x \tanh(\log(1 + e^x))

    Examples
    --------
    >>> import fastact as fa
    >>> fa.mish([-2.0, 0.0, 2.0]).round(4)
    array([-0.2525,  0.    ,  1.944 ])
    """
    vanished = x < MISH_LOWEST
    base = where(vanished, 0.0, x)
    bounded = minimum(base, MISH_HIGHEST)
    # With w = exp(x) = (1 + p) * scale, tanh(softplus(x)) = w * (w + 2) / (w * (w + 2) + 2).
    p, n = growth(bounded)
    scale = ldexp_low(1.0, n)
    two = fma(scale, p, scale + 2.0)
    w = fma(scale, p, scale)
    d = fma(w, two, 2.0)
    positive = x > 0.0
    numerator = where(positive, -2.0, two)
    inverse = 1.0 / d
    quotient = numerator * inverse
    # What rounding took from the denominator, the quotient and the product is put back.
    d_rest = fma(w, two, 2.0 - d)
    numerator_rest = where(positive, 0.0, w - (two - 2.0))
    quotient_rest = inverse * (fma(-quotient, d_rest, fma(-quotient, d, numerator)) + numerator_rest)
    low = base * quotient
    low_rest = fma(base, quotient_rest, fma(base, quotient, -low))
    low = ldexp_low(low + fma(low, p, fma(low_rest, p, low_rest)), n)
    quotient = quotient + quotient_rest
    value = where(positive, fma(bounded, quotient, x), copysign(low, x))
    error = fma(-inverse, d_rest, fma(-inverse, d, 1.0))
    growth_slope = fma(w, fma(0.25, w, 1.0), bounded + 1.5)
    top = fma(w, growth_slope, bounded + 1.0)
    top_rest = fma(w, growth_slope, (bounded + 1.0) - top)
    once = top * inverse
    once_rest = fma(top_rest, inverse, fma(top, inverse, -once))
    slope = once * inverse
    slope_rest = fma(slope, error + error, fma(once_rest, inverse, fma(once, inverse, -slope)))
    slope = where(vanished, -0.0, ldexp_low(slope + fma(slope, p, fma(slope_rest, p, slope_rest)), n + 2.0))
    return value, where(positive, fma(quotient, fma(bounded * fma(w, w, w), quotient, 1.0), 1.0), slope)


@activation(
    limits={-inf: (-0.0, -0.0), inf: (inf, 1.0)}, aliases=("swish", "swish1"), trainable=("beta",), domain={"beta": (-1e30, 1e30)}
)
def silu(x: Any, beta: Any = 1.0) -> Any:
    r"""Sigmoid linear unit (Elfwing et al., 2017; Ramachandran et al., 2017).

    .. math:: f(x) = \frac{x}{1 + e^{-\beta x}}

    Parameters
    ----------
    beta : float, default 1
        The sharpness of the bend at zero.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.silu([-2.0, 0.0, 2.0]).round(4)
    array([-0.2384,  0.    ,  1.7616])
    """
    size = absolute(x)
    steepness = absolute(beta)
    z = steepness * size
    vanished = z >= DECAY_END
    a = where(vanished, 0.0, z)
    base = where(vanished, 0.0, size)
    # The exponent is right to more than its own digits: it has what the product with beta lost.
    rest = where(vanished, 0.0, fma(steepness, size, -z))
    p, n = growth_of_sum(a, rest)
    q, slope = gate_and_slope(base, p, ldexp(1.0, -n), a, rest)
    # For a small beta it may be large where little of the exponential is left; the derivative is then zero.
    y = ldexp(q, -n)
    low = where(vanished, -0.0, ldexp_low(slope, maximum(-n, -LDEXP_LOW_END)))
    falls = beta * x < 0.0
    return copysign(where(falls, y, size - y), x), where(falls, low, 1.0 - low), y * (base - y)


@activation(limits={-inf: (-0.0, -0.0), inf: (inf, 1.0)}, aliases=("gelu_quick", "gelu_fast_approx"))
def quick_gelu(x: Any) -> Any:
    r"""Gaussian error linear unit, approximated by a logistic function (Hendrycks and Gimpel, 2016).

    .. math:: f(x) = \frac{x}{1 + e^{-1.702 x}}

    Examples
    --------
    >>> import fastact as fa
    >>> fa.quick_gelu([-2.0, 0.0, 2.0]).round(4)
    array([-0.0643,  0.    ,  1.9357])
    """
    size = absolute(x)
    vanished = size >= 0.375 * DECAY_END
    a = where(vanished, 0.0, size)
    z = QUICK_GELU * a
    rest = fma(QUICK_GELU_REST, a, fma(QUICK_GELU, a, -z))
    p, n = growth_of_sum(z, rest)
    q, slope = gate_and_slope(a, p, ldexp_low(1.0, -n), z, rest)
    y = ldexp_low(q, -n)
    low = where(vanished, -0.0, ldexp_low(slope, -n))
    return where(x < 0.0, -y, x - y), where(x < 0.0, low, 1.0 - low)


@activation(
    limits={-inf: (-0.0, -0.0), inf: (inf, 1.0)},
    aliases=("gelu_new", "gelu_fast", "gelu_accurate", "gelu_pytorch_tanh", "gelu_python_tanh"),
)
def gelu_tanh(x: Any) -> Any:
    r"""Gaussian error linear unit, approximated by a hyperbolic tangent (Hendrycks and Gimpel, 2016).

    .. math:: f(x) = \frac{x}{2} \left(1 + \tanh\left(\sqrt{2 / \pi} (x + 0.044715 x^3)\right)\right)

    Examples
    --------
    >>> import fastact as fa
    >>> fa.gelu_tanh([-2.0, 0.0, 2.0]).round(4)
    array([-0.0454,  0.    ,  1.9546])
    """
    size = absolute(x)
    vanished = size >= GELU_TANH_END
    a = where(vanished, 0.0, size)
    p, n = growth_of_cubic(a, GELU_TANH_CUBIC, GELU_TANH_CUBIC_REST, GELU_TANH_SHIFT, GELU_TANH_SHIFT_REST)
    steepness, rest = steepness_of_cubic(a, GELU_TANH_SLOPE, GELU_TANH_SLOPE_REST, GELU_TANH_SLOPE_CUBIC)
    q, slope = gate_and_slope(a, p, ldexp_low(1.0, -n), steepness, rest)
    y = ldexp_low(q, -n)
    low = where(vanished, -0.0, ldexp_low(slope, -n))
    return where(x < 0.0, -y, x - y), where(x < 0.0, low, 1.0 - low)


@activation(limits={-inf: (-0.0, -0.0), inf: (inf, 1.0)})
def gelu_sigmoid_cubic(x: Any) -> Any:
    r"""Gaussian error linear unit, approximated by a logistic function of a cubic.

    .. math:: f(x) = \frac{x}{1 + e^{-1.60033 (x + 0.0433603 x^3)}}

    Examples
    --------
    >>> import fastact as fa
    >>> fa.gelu_sigmoid_cubic([-2.0, 0.0, 2.0]).round(4)
    array([-0.0457,  0.    ,  1.9543])
    """
    size = absolute(x)
    vanished = size >= GELU_TANH_END
    a = where(vanished, 0.0, size)
    p, n = growth_of_cubic(a, GELU_CUBIC_CUBIC, GELU_CUBIC_CUBIC_REST, GELU_CUBIC_SHIFT, GELU_CUBIC_SHIFT_REST)
    steepness, rest = steepness_of_cubic(a, GELU_CUBIC_SLOPE, GELU_CUBIC_SLOPE_REST, GELU_CUBIC_SLOPE_CUBIC)
    q, slope = gate_and_slope(a, p, ldexp_low(1.0, -n), steepness, rest)
    y = ldexp_low(q, -n)
    low = where(vanished, -0.0, ldexp_low(slope, -n))
    return where(x < 0.0, -y, x - y), where(x < 0.0, low, 1.0 - low)


@activation(limits={-inf: (0.0, 0.0), inf: (0.0, -0.0)})
def gaussian(x: Any) -> Any:
    r"""Bell curve.

    .. math:: f(x) = e^{-x^2}

    Examples
    --------
    >>> import fastact as fa
    >>> fa.gaussian([-1.0, 0.0, 2.0]).round(4)
    array([0.3679, 1.    , 0.0183])
    """
    vanished = absolute(x) >= 0.75 * NORMAL_END
    base = where(vanished, 0.0, x)
    p, n = exp_of_minus_square(base)
    slope = -2.0 * base
    value = where(vanished, 0.0, ldexp_low(1.0 + p, n))
    return value, where(vanished, copysign(0.0, -x), ldexp_low(fma(slope, p, slope), n))

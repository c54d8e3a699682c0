"""Activations of roots and quotients, a logarithm and an arctangent."""

from __future__ import annotations

from math import inf
from typing import Any

from ..coefficients import ATAN, HALF_PI, HALF_PI_REST, HUGE, SMALLEST_NORMAL, SQUARE_END
from ..declaration import activation, from_output
from ..elementary import exp, log1p_within_range, product_and_rest, sum_and_rest
from ..words import absolute, copysign, exponent, fma, ldexp, maximum, minimum, polynomial, reciprocal, sqrt, where


@activation(limits={-inf: (-1.0, 0.0), inf: (1.0, 0.0)}, aliases=("soft_sign",), monotone=True)
def softsign(x: Any) -> Any:
    r"""Sigmoid curve without an exponential (Turian et al., 2009).

    .. math:: f(x) = \frac{x}{1 + |x|}

    Examples
    --------
    >>> import fastact as fa
    >>> fa.softsign([-1.0, 0.0, 3.0])
    array([-0.5 ,  0.  ,  0.75])
    """
    a = minimum(absolute(x), HUGE)
    denominator = 1.0 + a
    inverse = 1.0 / denominator
    # What rounding took from the denominator, from its inverse and from the product is put back.
    rest = where(a > 1.0, 1.0 - (denominator - a), a - (denominator - 1.0))
    error = fma(-inverse, rest, fma(-inverse, denominator, 1.0))
    y = a * inverse
    slope = inverse * inverse
    return copysign(y + fma(y, error, fma(a, inverse, -y)), x), fma(slope, error + error, slope)


@from_output(softsign)
def softsign_from_output(y: Any) -> Any:
    """Return the derivative of `softsign` from its value y.

    That is (1 - abs(y)) squared.  Near -1 and 1 the rounding of y counts: the derivative is off by up to 6e-8 (1 + abs(x)) of its
    size in float32, and 1.1e-16 (1 + abs(x)) in float64.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.softsign.derivative_from_output([-0.5, 0.0, 0.75])
    array([0.25  , 1.    , 0.0625])
    """
    distance = 1.0 - absolute(y)
    return distance * distance


@activation(limits={-inf: (0.0, 0.0), inf: (inf, 1.0)}, trainable=("b",), monotone=True, domain={"b": (1e-30, 1e30)})
def squareplus(x: Any, b: Any = 4.0) -> Any:
    r"""Smooth rectified linear unit without an exponential (Barron, 2021).

    .. math:: f(x) = \tfrac12 \left(x + \sqrt{x^2 + b}\right)

    Parameters
    ----------
    b : float, default 4
        The size of the bend at zero.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.squareplus([-1.5, 0.0, 1.5])
    array([0.5, 1. , 2. ])
    """
    a = absolute(x)
    near = minimum(a, SQUARE_END)
    far = a > SQUARE_END
    square = fma(near, near, b)
    r = where(far, a, sqrt(square))
    h = fma(0.5, a, 0.5 * r)
    # Below zero, quotients; what rounding took from their denominators is put back.
    h_rest = fma(0.5, a, 0.5 * r - h)
    quarter = 0.25 * b
    h_inverse = reciprocal(h)
    low = quarter * h_inverse
    low = where(far, low, fma(h_inverse, fma(-low, h_rest, fma(-low, h, quarter)), low))
    d = fma(near, r, square)
    d_rest = fma(near, r, square - d)
    d_inverse = reciprocal(where(far, a, d))
    half = 0.5 * b
    slope = half * d_inverse
    slope = where(far, (0.5 * slope) * d_inverse, fma(d_inverse, fma(-slope, d_rest, fma(-slope, d, half)), slope))
    return where(x < 0.0, low, h), where(x < 0.0, slope, 1.0 - slope), 0.25 / r


@from_output(squareplus)
def squareplus_from_output(y: Any, b: Any) -> Any:
    """Return the derivative of `squareplus` from its value y.

    That is y squared over itself plus b / 4, which is as accurate as the derivative from x.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.squareplus.derivative_from_output([0.5, 1.0, 2.0])
    array([0.2, 0.5, 0.8])
    """
    size = minimum(maximum(y, 0.0), SQUARE_END)
    quarter = 0.25 * b
    denominator = fma(size, size, quarter)
    # What rounding took from the denominator and from the quotient is put back.
    rest = where(size * size < quarter, fma(size, size, quarter - denominator), 0.0)
    quotient = size / denominator
    error = fma(-quotient, rest, fma(-quotient, denominator, size)) / denominator
    return fma(size, quotient, size * error)


@activation(
    limits={-inf: (-inf, 0.25), inf: (inf, 1.0)},
    aliases=("smu_1",),
    trainable=("alpha", "mu"),
    monotone=True,
    domain={"alpha": (0.0, 1.0), "mu": (-1e30, 1e30)},
)
def smu1(x: Any, alpha: Any = 0.25, mu: Any = 4.352665993287951e-9) -> Any:
    r"""Smooth maximum unit: a leaky rectifier smoothed by a square root (Biswas et al., 2022).

    .. math:: f(x) = \tfrac12 \left((1 + \alpha) x + \sqrt{((1 - \alpha) x)^2 + \mu^2}\right)

    Parameters
    ----------
    alpha : float, default 0.25
        The slope far below zero, from 0 to 1.
    mu : float, default 4.352665993287951e-9
        The width of the bend at zero.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.smu1([-2.0, 1.0])
    array([-0.5,  1. ])
    """
    # In units of a power of two near mu no square leaves the range.
    width = absolute(mu)
    n = exponent(maximum(width, SMALLEST_NORMAL))
    unit = ldexp(1.0, n)
    scale = ldexp(1.0, -n)
    v = width * scale
    a = minimum(absolute(x) * scale, HUGE)
    near = minimum(a, 0.5 * SQUARE_END)
    far = a > near
    # The root of u * u + v * v.  What rounding took from each sum and product is put back.
    opening, opening_rest = sum_and_rest(1.0, -alpha)
    u, u_rest = product_and_rest(opening, near)
    u_rest = fma(opening_rest, near, u_rest)
    u_square, u_square_rest = product_and_rest(u, u)
    v_square, v_square_rest = product_and_rest(v, v)
    square, square_rest = sum_and_rest(u_square, v_square)
    square_rest = square_rest + fma(2.0 * u, u_rest, u_square_rest + v_square_rest)
    root = sqrt(square)
    d = fma(root, u, square)
    d_inverse = reciprocal(maximum(d, SMALLEST_NORMAL))
    root_rest = (0.5 * d_inverse * (root + u)) * (fma(-root, root, square) + square_rest)
    hypotenuse = where(far, maximum(opening * a, v), root)
    # Above zero the value is half of (1 + alpha) * a + root.
    steep, steep_rest = sum_and_rest(1.0, alpha)
    line, line_rest = product_and_rest(steep, a)
    whole, whole_rest = sum_and_rest(line, hypotenuse)
    whole_rest = whole_rest + fma(steep_rest, near, line_rest + root_rest)
    # Below zero it is v * v - 4 * alpha * a * a over twice that, to all digits next to its root too.
    fall, fall_rest = product_and_rest(4.0 * alpha, near)
    product, product_rest = product_and_rest(fall, near)
    rest, rest_rest = product_and_rest(fall_rest, near)
    top, top_rest = sum_and_rest(v_square, -product)
    top, lost = sum_and_rest(top, v_square_rest - product_rest)
    top_rest = (top_rest + lost) - rest_rest
    top, lost = sum_and_rest(top, -rest)
    inverse = 0.5 / maximum(whole, SMALLEST_NORMAL)
    low = top * inverse
    low = fma(inverse, fma(-2.0 * low, whole_rest, fma(-2.0 * low, whole, top) + (top_rest + lost)), low)
    tail = v_square * inverse
    low = where(far, fma(alpha, where(alpha == 0.0, maximum(x, -HUGE), x), unit * tail), unit * low)
    high = where(far, x, (0.5 * unit) * (whole + whole_rest))
    # 1 - u / root is v * v / d.
    d_rest = fma(root, u, square - d) + (square_rest + fma(root, u_rest, root_rest * u))
    k = v_square * d_inverse
    k_rest = d_inverse * (fma(-k, d_rest, fma(-k, d, v_square)) + v_square_rest)
    ratio = where(far & (u > 0.0), 4.0 * near * inverse, 1.0)
    k = (k * ratio) * ratio
    k_rest = (k_rest * ratio) * ratio
    half = 0.5 * opening
    pull_rest = fma(half, k_rest, 0.5 * opening_rest * k)
    below = x <= 0.0
    slope = where(below, fma(half, k, alpha + pull_rest), fma(-half, k, 1.0 - pull_rest))
    share = where(k > 0.0, 0.5 * x, 0.0)
    by_alpha = where(below, fma(-share, k, fma(-share, k_rest, x)), fma(share, k, share * k_rest))
    by_mu = 0.5 * ((mu * scale) / maximum(hypotenuse, SMALLEST_NORMAL))
    return where(below, low, high), slope, by_alpha, by_mu


@activation(limits={-inf: (-0.0, -0.0), inf: (inf, 1.0)})
def dish(x: Any) -> Any:
    r"""Swish with a square root in place of the exponential.

    .. math:: f(x) = \frac{x}{2} \left(\frac{x}{\sqrt{1 + x^2}} + 1\right)

    Examples
    --------
    >>> import fastact as fa
    >>> fa.dish([-0.75, 0.0, 0.75])
    array([-0.15,  0.  ,  0.6 ])
    """
    a = absolute(x)
    near = minimum(a, SQUARE_END)
    far = a > SQUARE_END
    square = fma(near, near, 1.0)
    square_rest = where(near > 1.0, fma(near, near, -square) + 1.0, fma(near, near, 1.0 - square))
    h = sqrt(square)
    # 1 - a / h is one over h * (h + a), and the value below zero half of that times x.
    denominator = fma(near, h, square)
    gap = reciprocal(where(far, a, denominator))
    # What rounding took from the square, its root and the denominator is put back.
    lost = fma(-h, h, square) + square_rest
    rest = fma(near, h, square - denominator) + fma(0.5 * lost, 1.0 - gap, square_rest)
    error = where(far, 0.0, fma(-gap, rest, fma(-gap, denominator, 1.0)))
    half = where(far, 0.25, 0.5 * near)
    low = half * gap
    low = low + fma(low, error, fma(half, gap, -low))
    tail = fma(3.0, gap, -1.0)
    bend = fma(-gap, gap, tail)
    bend_rest = fma(-gap, gap, tail - bend) + (3.0 - 2.0 * gap) * gap * error
    half = 0.5 * gap
    slope = where(far, -half * half, fma(half, bend, half * fma(bend, error, bend_rest)))
    return where(x < 0.0, -low, x - low), where(x < 0.0, slope, 1.0 - slope)


@activation(limits={-inf: (-inf, 0.5), inf: (inf, 1.5)}, monotone=True)
def bent_identity(x: Any) -> Any:
    r"""Line that bends near zero from a slope of one half to one of three halves.

    .. math:: f(x) = \tfrac12 \left(\sqrt{x^2 + 1} - 1\right) + x

    Examples
    --------
    >>> import fastact as fa
    >>> fa.bent_identity([-0.75, 0.0, 0.75])
    array([-0.625,  0.   ,  0.875])
    """
    base = minimum(maximum(x, -SQUARE_END), SQUARE_END)
    h = sqrt(fma(base, base, 1.0))
    near = fma(0.5 * base, base / (h + 1.0), base)
    far = fma(0.5, h, base) - 0.5
    value = where(absolute(x) < 1.0, near, far)
    value = where(x < -SQUARE_END, 0.5 * x, where(x > SQUARE_END, 1.5 * x, value))
    return copysign(value, x), fma(0.5, base / h, 1.0)


@activation(limits={-inf: (-inf, 0.0), inf: (inf, 0.0)}, aliases=("symlog", "sign_log"), monotone=True)
def symmetric_log(x: Any) -> Any:
    r"""Logarithm of the magnitude plus one, with the sign of x (Webber, 2012).

    .. math:: f(x) = \operatorname{sign}(x) \log(1 + |x|)

    Examples
    --------
    >>> import fastact as fa
    >>> fa.symmetric_log([-9.0, 0.0, 99.0]).round(4)
    array([-2.3026,  0.    ,  4.6052])
    """
    a = absolute(x)
    # Twice zero and twice infinity are what they are.
    return copysign(where(a + a == a, a, log1p_within_range(a)), x), 1.0 / (1.0 + a)


@from_output(symmetric_log)
def symmetric_log_from_output(y: Any) -> Any:
    """Return the derivative of `symmetric_log` from its value y.

    That is exp(-abs(y)), which is off by the rounding of y: by 6e-8 abs(y) of its size in float32, and 1.1e-16 abs(y) in float64.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.symmetric_log.derivative_from_output([-1.0, 0.0]).round(4)
    array([0.3679, 1.    ])
    """
    return exp(-absolute(y))


@activation(limits={-inf: (-1.5707963267948966, 0.0), inf: (1.5707963267948966, 0.0)}, aliases=("atan",), monotone=True)
def arctan(x: Any) -> Any:
    r"""Inverse tangent.

    .. math:: f(x) = \arctan x

    Examples
    --------
    >>> import fastact as fa
    >>> fa.arctan([-1.0, 0.0, 2.0]).round(4)
    array([-0.7854,  0.    ,  1.1071])
    """
    a = absolute(x)
    near = minimum(a, SQUARE_END)
    # With tan(angle) = t, arctan(a) = angle + arctan((a - t) / (1 + t * a)): for t of zero, one and infinity.
    beyond = a > 2.5
    shift = where(beyond, 0.0, where(a > 0.5, 1.0, 0.0))
    turn = where(beyond, 1.0, 0.5 * shift)
    size = where(a > 0.5, near, 1.0)
    bottom = size + shift
    inverse = 1.0 / bottom
    top = where(beyond, -1.0, near - shift)
    q = top * inverse
    square = q * q
    # What rounding took from the quotient, which counts by the slope there, and from the first sum is put back.
    q_rest = inverse * fma(-q, size - (bottom - shift), fma(-q, bottom, top))
    angle = turn * HALF_PI
    line = angle + q
    rest = fma(turn, HALF_PI_REST, q - (line - angle)) + fma(-square, q_rest, q_rest)
    y = line + fma(q * square, polynomial(square, ATAN), rest)
    far = a > SQUARE_END
    quotient = 1.0 / where(far, a, fma(near, near, 1.0))
    return copysign(y, x), where(far, quotient * quotient, quotient)

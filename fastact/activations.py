"""The activations, each one function of the restricted language that returns its value and its derivatives."""

from __future__ import annotations

from math import inf
from typing import Any

from .coefficients import (
    ATAN,
    DECAY_END,
    ERF_BEND,
    ERF_SLOPE,
    ERF_SLOPE_HALF,
    ERF_SLOPE_REST,
    EXP_HIGHEST,
    EXP_LOWEST,
    EXPM1,
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
    HALF_PI,
    HALF_PI_REST,
    HUGE,
    LECUN_SCALE,
    LECUN_SCALE_REST,
    LECUN_SLOPE,
    LECUN_SLOPE_REST,
    LOG,
    LOG1P,
    MISH_HIGHEST,
    MISH_LOWEST,
    NORMAL_END,
    NORMAL_PEAK,
    NORMAL_PEAK_REST,
    NORMAL_TAIL_NORMAL,
    QUICK_GELU,
    QUICK_GELU_REST,
    SELU_SCALE,
    SELU_SCALE_REST,
    SELU_SLOPE,
    SELU_SLOPE_REST,
    SOFTPLUS_NEAR,
    SQRT_TWO,
    SQRT_TWO_REST,
    SQUARE_END,
    TANH_END,
    TANH_SHRINK,
    THIRD,
    TWO_THIRDS,
    TWO_THIRDS_REST,
)
from .declaration import activation, from_output
from .elementary import (
    exp,
    exp_of_half_square,
    exp_of_minus_square,
    expm1,
    expm1_and_exp,
    gate_and_slope,
    growth,
    growth_of_cubic,
    growth_of_sum,
    log1p,
    log1p_of_growth,
    normal_tail,
    normal_tail_and_peak,
    normal_tail_pull_and_peak,
    pull_of_tail,
    reduce_by_ln2,
    shortfall_of_tanh,
    sigmoid_tail,
    sigmoid_tail_and_slope,
    softplus_near_zero,
    steepness_of_cubic,
    tanh_and_slope,
)
from .words import absolute, copysign, floor, fma, ldexp, maximum, minimum, polynomial, sqrt, where


@activation(limits={-inf: (-inf, 1.0), inf: (inf, 1.0)}, aliases=("linear",), monotone=True)
def identity(x: Any) -> Any:
    r"""Identity.

    .. math:: f(x) = x

    Examples
    --------
    >>> import fastact as fa
    >>> fa.identity([-1.0, 2.0])
    array([-1.,  2.])
    """
    return x, where(x == x, 1.0, x)


@from_output(identity)
def identity_from_output(y: Any) -> Any:
    """Return the derivative of `identity` from its value y.

    It is exact.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.identity.derivative_from_output([-1.0, 2.0])
    array([1., 1.])
    """
    return where(y == y, 1.0, y)


@activation(limits={-inf: (0.0, 0.0), inf: (1.0, 0.0)}, aliases=("heaviside",), monotone=True, ulp=(0, 0))
def step(x: Any, threshold: Any = 0.0, at: Any = 0.0) -> Any:
    r"""Unit step.

    .. math:: f(x) = 1 \text{ if } x > \text{threshold, else } 0

    The derivative is zero everywhere, at the step too.

    Parameters
    ----------
    threshold : float, default 0
        Where the step is.
    at : float, default 0
        The value at the threshold itself.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.step([-1.0, 0.0, 2.0])
    array([0., 0., 1.])
    """
    level = where(at == 0.0, copysign(at, x), at)
    value = where(x > threshold, 1.0, where(x < threshold, 0.0, where(x == x, level, x)))
    return value, where(x == x, 0.0, x)


@activation(limits={-inf: (0.0, 0.0), inf: (inf, 1.0)}, aliases=("rectifier",), kinks=(0.0,), monotone=True, ulp=(0, 0))
def relu(x: Any) -> Any:
    r"""Rectified linear unit (Nair and Hinton, 2010).

    .. math:: f(x) = \max(x, 0)

    The derivative at zero is the left one, 0.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.relu([-1.0, 0.5, 2.0])
    array([0. , 0.5, 2. ])
    """
    return maximum(x, 0.0), where(x > 0.0, 1.0, where(x <= 0.0, 0.0, x))


@from_output(relu)
def relu_from_output(y: Any) -> Any:
    """Return the derivative of `relu` from its value y.

    It is exact.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.relu.derivative_from_output([0.0, 0.5, 2.0])
    array([0., 1., 1.])
    """
    return where(y > 0.0, 1.0, where(y <= 0.0, 0.0, y))


@activation(
    limits={-inf: (-inf, 0.01), inf: (inf, 1.0)},
    aliases=("lrelu",),
    kinks=(0.0,),
    monotone=True,
    ulp=(1, 0),
    domain={"negative_slope": (-1e30, 1e30)},
)
def leaky_relu(x: Any, negative_slope: Any = 0.01) -> Any:
    r"""Leaky rectified linear unit (Maas et al., 2013).

    .. math:: f(x) = x \text{ if } x > 0, \text{ else } \text{negative\_slope} \cdot x

    The derivative at zero is the left one, ``negative_slope``.

    Parameters
    ----------
    negative_slope : float, default 0.01
        The slope below zero.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.leaky_relu([-1.0, 2.0], negative_slope=0.2)
    array([-0.2,  2. ])
    """
    # Without a slope minus infinity makes no NaN.
    below = negative_slope * where(negative_slope == 0.0, maximum(x, -HUGE), x)
    return where(x > 0.0, x, below), where(x > 0.0, 1.0, where(x <= 0.0, negative_slope, x))


@from_output(leaky_relu, domain={"negative_slope": (0.0, 1e30)})
def leaky_relu_from_output(y: Any, negative_slope: Any) -> Any:
    """Return the derivative of `leaky_relu` from its value y.

    It is exact.  The slope may not be negative: then values above zero come from both sides.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.leaky_relu.derivative_from_output([-0.01, 2.0])
    array([0.01, 1.  ])
    """
    return where(y > 0.0, 1.0, where(y <= 0.0, negative_slope, y))


@activation(
    limits={inf: (inf, 1.0)},
    aliases=("parametric_relu",),
    trainable=("weight",),
    kinks=(0.0,),
    ulp=(1, 0),
    domain={"weight": (-1e30, 1e30)},
)
def prelu(x: Any, weight: Any) -> Any:
    r"""Rectified linear unit with a trained slope (He et al., 2015).

    .. math:: f(x) = x \text{ if } x > 0, \text{ else } \text{weight} \cdot x

    The derivative at zero is the left one, ``weight``.

    Parameters
    ----------
    weight : float
        The slope below zero; an array is broadcast against ``x``.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.prelu([-1.0, 2.0], 0.25)
    array([-0.25,  2.  ])
    """
    # Without a slope minus infinity makes no NaN.
    below = weight * where(weight == 0.0, maximum(x, -HUGE), x)
    return where(x > 0.0, x, below), where(x > 0.0, 1.0, where(x <= 0.0, weight, x)), minimum(x, 0.0)


@from_output(prelu, domain={"weight": (0.0, 1e30)})
def prelu_from_output(y: Any, weight: Any) -> Any:
    """Return the derivative of `prelu` from its value y.

    It is exact.  The weight may not be negative: then values above zero come from both sides.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.prelu.derivative_from_output([-0.25, 2.0], 0.25)
    array([0.25, 1.  ])
    """
    return where(y > 0.0, 1.0, where(y <= 0.0, weight, y))


@activation(
    limits={-inf: (-inf, 11 / 48), inf: (inf, 1.0)},
    kinks=(0.0,),
    monotone=True,
    ulp=(2, 1),
    ordered=("low", "high"),
    domain={"low": (-1e30, 1e30), "high": (-1e30, 1e30)},
)
def rrelu(x: Any, low: Any = 1 / 8, high: Any = 1 / 3) -> Any:
    r"""Rectified linear unit with a random slope, whose mean is taken once it is trained (Xu et al., 2015).

    .. math:: f(x) = x \text{ if } x > 0, \text{ else } \tfrac12 (\text{low} + \text{high}) \, x

    The derivative at zero is the left one, the mean slope.

    Parameters
    ----------
    low : float, default 1/8
        The smallest slope below zero.
    high : float, default 1/3
        The largest slope below zero.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.rrelu([-1.0, 2.0], 0.25, 0.75)
    array([-0.5,  2. ])
    """
    slope = 0.5 * (low + high)
    # Without a slope minus infinity makes no NaN.
    below = slope * where(slope == 0.0, maximum(x, -HUGE), x)
    return where(x > 0.0, x, below), where(x > 0.0, 1.0, where(x <= 0.0, slope, x))


@from_output(rrelu, domain={"low": (0.0, 1e30), "high": (0.0, 1e30)})
def rrelu_from_output(y: Any, low: Any, high: Any) -> Any:
    """Return the derivative of `rrelu` from its value y.

    It is exact.  The bounds may not be negative: then values above zero come from both sides.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.rrelu.derivative_from_output([-0.5, 2.0], 0.25, 0.75)
    array([0.5, 1. ])
    """
    return where(y > 0.0, 1.0, where(y <= 0.0, 0.5 * (low + high), y))


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
    return where(x >= 0.0, x, alpha * grown), where(x > 0.0, 1.0, alpha * e), by_alpha


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
    p, n = growth(minimum(maximum(x, EXP_LOWEST), EXP_HIGHEST))
    e = ldexp(1.0 + p, n)
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
    q, slope, n = sigmoid_tail_and_slope(minimum(absolute(x), -EXP_LOWEST))
    return where(x < 0.0, q, 1.0 - q), ldexp(slope, n)


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
    a = minimum(absolute(x), -EXP_LOWEST)
    p, n = growth(-a)
    q = sigmoid_tail(a)
    far = minimum(x, 0.0) - ldexp(log1p_of_growth(p, n), n)
    return where(a < SOFTPLUS_NEAR, -softplus_near_zero(-x, 0.0), far), where(x < 0.0, 1.0 - q, q)


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


@activation(
    limits={-inf: (0.0, 0.0), inf: (1.0, 0.0)},
    aliases=("hardsigmoid",),
    kinks=lambda slope, offset: (-offset / slope, (1 - offset) / slope),
    monotone=True,
    ulp=(1, 0.5),
    domain={"slope": (1e-30, 1e30), "offset": (-1e30, 1e30)},
)
def hard_sigmoid(x: Any, slope: Any = 1 / 6, offset: Any = 0.5) -> Any:
    r"""Logistic function in straight pieces (Courbariaux et al., 2015).

    .. math:: f(x) = \min(\max(\text{slope} \cdot x + \text{offset}, 0), 1)

    The derivative at the kinks is the left one, 0 and ``slope``.  As every parameter, the slope is taken in the precision of the
    result: in float32 the kinks are where the float32 nearest to 1/6 puts them, 1e-7 from -3 and 3.

    Parameters
    ----------
    slope : float, default 1/6
        The slope between the kinks; 0.2 in ONNX and Keras 2.
    offset : float, default 0.5
        The value at zero.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.hard_sigmoid([-4.0, 0.0, 1.0], slope=0.2)
    array([0. , 0.5, 0.7])
    """
    line = fma(slope, x, offset)
    # Above one where the slope's product is above -step - rest; the line itself may have been rounded to one.
    step = offset - 1.0
    rest = offset - (step + 1.0)
    beyond = fma(slope, x, step) > -rest
    return minimum(maximum(line, 0.0), 1.0), where(beyond, 0.0, where(line > 0.0, slope, where(line <= 0.0, 0.0, x)))


@from_output(hard_sigmoid)
def hard_sigmoid_from_output(y: Any, slope: Any, offset: Any) -> Any:
    """Return the derivative of `hard_sigmoid` from its value y.

    It is exact; at the bounds, where x may be anywhere beyond, it is 0.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.hard_sigmoid.derivative_from_output([0.0, 0.5, 1.0], slope=0.2)
    array([0. , 0.2, 0. ])
    """
    # The offset only moves the line: it takes no part.
    return where((y > 0.0) & (y < 1.0), slope, where(y == y, 0.0, y))


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
    t, slope = tanh_and_slope(x)
    return copysign(t, x), slope


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
    a = minimum(absolute(z), DECAY_END)
    # The exponent is right to more than its own digits: it has what the product with beta lost.
    rest = where(a < DECAY_END, fma(beta, x, -z), 0.0)
    rest = where(z < 0.0, rest, -rest)
    p, n = growth_of_sum(-a, rest)
    q = sigmoid_tail(a)
    q = fma(q * rest, 1.0 - q, q)
    far = maximum(x, 0.0) + ldexp(log1p_of_growth(p, n) / beta, n)
    near = softplus_near_zero(z, where(z < 0.0, rest, -rest)) / beta
    return where(a < SOFTPLUS_NEAR, near, far), where(z < 0.0, q, 1.0 - q)


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
    inside = z < DECAY_END
    a = minimum(z, DECAY_END)
    base = where(inside, size, 0.0)
    # The exponent is right to more than its own digits: it has what the product with beta lost.
    rest = where(inside, fma(steepness, size, -z), 0.0)
    p, n = growth_of_sum(a, rest)
    y, low = gate_and_slope(base, p, n, a, rest)
    falls = beta * x < 0.0
    return copysign(where(falls, y, size - y), x), where(falls, low, 1.0 - low), y * (base - y)


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
    a = minimum(absolute(x), NORMAL_END)
    p, p_rest, n = exp_of_half_square(a)
    ratio, rest = normal_tail(a)
    scaled = a * ratio
    scaled_rest = fma(a, rest, fma(a, ratio, -scaled))
    scaled_rest = fma(scaled, p_rest, fma(scaled_rest, p, scaled_rest))
    y = ldexp(scaled + fma(scaled, p, scaled_rest), n)
    tail, low, peak = normal_tail_pull_and_peak(a)
    return maximum(x, -0.0) - y, where(x < 0.0, low, 1.0 - low)


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
    a = minimum(absolute(x), GELU_TANH_END)
    p, n = growth_of_cubic(a, GELU_TANH_CUBIC, GELU_TANH_CUBIC_REST, GELU_TANH_SHIFT, GELU_TANH_SHIFT_REST)
    steepness, rest = steepness_of_cubic(a, GELU_TANH_SLOPE, GELU_TANH_SLOPE_REST, GELU_TANH_SLOPE_CUBIC)
    y, low = gate_and_slope(a, p, n, steepness, rest)
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
    a = minimum(absolute(x), GELU_TANH_END)
    p, n = growth_of_cubic(a, GELU_CUBIC_CUBIC, GELU_CUBIC_CUBIC_REST, GELU_CUBIC_SHIFT, GELU_CUBIC_SHIFT_REST)
    steepness, rest = steepness_of_cubic(a, GELU_CUBIC_SLOPE, GELU_CUBIC_SLOPE_REST, GELU_CUBIC_SLOPE_CUBIC)
    y, low = gate_and_slope(a, p, n, steepness, rest)
    return where(x < 0.0, -y, x - y), where(x < 0.0, low, 1.0 - low)


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
    base = maximum(x, MISH_LOWEST)
    bounded = minimum(base, MISH_HIGHEST)
    # With w = exp(x) = (1 + p) * scale, tanh(softplus(x)) = w * (w + 2) / (w * (w + 2) + 2).
    p, n = growth(bounded)
    scale = ldexp(1.0, n)
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
    low = ldexp(low + fma(low, p, fma(low_rest, p, low_rest)), n)
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
    slope = ldexp(slope + fma(slope, p, fma(slope_rest, p, slope_rest)), n + 2.0)
    return value, where(positive, fma(quotient, fma(bounded * fma(w, w, w), quotient, 1.0), 1.0), slope)


@activation(
    limits={-inf: (-0.0, 0.0), inf: (inf, 1.0)},
    aliases=("hardswish", "hard_silu", "hard_swish_mobilenet"),
    kinks=lambda bend: (-bend, bend),
    domain={"bend": (1e-30, 1e30)},
)
def hard_swish(x: Any, bend: Any = 3.0) -> Any:
    r"""Swish in straight pieces (Howard et al., 2019).

    .. math:: f(x) = \frac{x}{2 b} \min(\max(x + b, 0), 2 b)

    The derivative at -b and b is the left one, 0 and 1.5.

    Parameters
    ----------
    bend : float, default 3
        Where the function bends, at -b and b; 2.5 in thinc.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.hard_swish([-4.0, -1.0, 4.0]).round(4)
    array([-0.    , -0.3333,  4.    ])
    """
    # The inverse in double words, of which a compiler makes constants of the loop.
    inverse = 0.5 / bend
    rest = inverse * fma(-inverse, bend + bend, 1.0)
    base = maximum(minimum(x, bend), -bend)
    product = base * (base + bend)
    value = where(x < bend, copysign(fma(product, inverse, product * rest), x), x)
    inner = fma(base, inverse + inverse, 0.5)
    return value, where(x <= -bend, 0.0, where(x > bend, 1.0, inner))


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
    opening = 1.0 - alpha
    # The factor of x in double words, as the tail is steep.
    steepness = mu * opening
    factor = SQRT_TWO * steepness
    factor_rest = fma(SQRT_TWO, steepness, -factor) + SQRT_TWO_REST * steepness
    factor_rest = fma(SQRT_TWO, fma(mu, opening, -steepness), factor_rest)
    base = minimum(maximum(x, -HUGE), HUGE)
    z = fma(base, factor, base * factor_rest)
    t = absolute(z)
    # Most numbers are far in the tail: what is made of them there must not be subnormal, which is slow.
    outside = t >= NORMAL_TAIL_NORMAL
    t = minimum(t, NORMAL_TAIL_NORMAL)
    tail, pull, peak = normal_tail_pull_and_peak(t)
    tail = where(outside, 0.0, tail)
    pull = where(outside, 0.0, pull)
    peak = where(outside, 0.0, peak)
    near = where(outside, 0.0, opening * x)
    by_mu = (near * near) * (peak * ERF_SLOPE_HALF)
    positive = z > 0.0
    far = where(positive, 1.0, alpha)
    step_back = where(positive, -opening, opening)
    factor = fma(step_back, tail, far)
    factor_rest = fma(step_back, tail, far - factor)
    value = fma(x, factor, base * factor_rest)
    slope = fma(step_back, pull, far)
    by_alpha = where(positive, where(outside, 0.0, x) * pull, x * (1.0 - pull))
    return value, slope, by_alpha, by_mu


@activation(
    limits={-inf: (-inf, 0.25), inf: (inf, 1.0)},
    aliases=("smu_1",),
    trainable=("alpha", "mu"),
    monotone=True,
    ulp=(4, 2),
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
    base = minimum(maximum(x, -HUGE), HUGE)
    a = absolute(base)
    u = (1.0 - alpha) * a
    v = absolute(mu)
    larger = where(u > v, u, v)
    ratio = where(u > v, v, u) / larger
    stretch = sqrt(fma(ratio, ratio, 1.0))
    hypotenuse = larger * stretch
    bend = 0.5 * v * (v / fma(larger, stretch, u))
    # Below zero the value is a difference, written as a product to be right near its root too.
    c = 2.0 * sqrt(alpha)
    product = fma(-c, a, v) * (fma(c, a, v) / (2.0 * fma(larger, stretch, fma(alpha, a, a))))
    low = where(bend < 0.125 * alpha * a, fma(alpha, x, bend), product)
    negative = x < 0.0
    value = where(negative, low, x + bend)
    # 1 - u / hypotenuse, without cancellation.
    near = u < v
    quotient = where(near, ratio, ratio * ratio) / where(near, stretch, fma(stretch, stretch, stretch))
    k = where(near, 1.0 - quotient, quotient)
    half = 0.5 * (1.0 - alpha)
    slope = where(negative, fma(half, k, alpha), fma(-half, k, 1.0))
    by_alpha = where(negative, x * fma(-0.5, k, 1.0), 0.5 * k * base)
    return value, slope, by_alpha, 0.5 * (mu / hypotenuse)


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
    inverse = 1.0 / h
    low = quarter * inverse
    low = where(far, low, fma(inverse, fma(-low, h_rest, fma(-low, h, quarter)), low))
    d = fma(near, r, square)
    d_rest = fma(near, r, square - d)
    d_inverse = 1.0 / d
    half = 0.5 * b
    slope = half * d_inverse
    slope = where(far, low / r, fma(d_inverse, fma(-slope, d_rest, fma(-slope, d, half)), slope))
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
    limits={-inf: (-1.0, 0.0), inf: (1.0, 0.0)},
    aliases=("hardtanh", "clamp", "clip"),
    kinks=lambda low, high: (low, high),
    ordered=("low", "high"),
    monotone=True,
    ulp=(0, 0),
)
def hard_tanh(x: Any, low: Any = -1.0, high: Any = 1.0) -> Any:
    r"""Hyperbolic tangent in straight pieces (Collobert, 2004).

    .. math:: f(x) = \min(\max(x, \text{low}), \text{high})

    The derivative at ``low`` and ``high`` is the left one, 0 and 1.

    Parameters
    ----------
    low : float, default -1
        The smallest value.
    high : float, default 1
        The largest value.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.hard_tanh([-2.0, 0.5, 2.0])
    array([-1. ,  0.5,  1. ])
    """
    slope = where(x > high, 0.0, where(x > low, 1.0, where(x <= low, 0.0, x)))
    return minimum(maximum(x, low), high), slope


@from_output(hard_tanh)
def hard_tanh_from_output(y: Any, low: Any, high: Any) -> Any:
    """Return the derivative of `hard_tanh` from its value y.

    It is exact; at the bounds, where x may be anywhere beyond, it is 0.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.hard_tanh.derivative_from_output([-1.0, 0.5, 1.0])
    array([0., 1., 0.])
    """
    return where((y > low) & (y < high), 1.0, where(y == y, 0.0, y))


@activation(limits={-inf: (0.0, 0.0), inf: (6.0, 0.0)}, kinks=(0.0, 6.0), monotone=True, ulp=(0, 0))
def relu6(x: Any) -> Any:
    r"""Rectified linear unit capped at 6 (Krizhevsky, 2010).

    .. math:: f(x) = \min(\max(x, 0), 6)

    The derivative at 0 and 6 is the left one, 0 and 1.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.relu6([-1.0, 2.5, 8.0])
    array([0. , 2.5, 6. ])
    """
    slope = where(x > 6.0, 0.0, where(x > 0.0, 1.0, where(x <= 0.0, 0.0, x)))
    return minimum(maximum(x, 0.0), 6.0), slope


@from_output(relu6)
def relu6_from_output(y: Any) -> Any:
    """Return the derivative of `relu6` from its value y.

    It is exact; at the bounds, where x may be anywhere beyond, it is 0.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.relu6.derivative_from_output([0.0, 2.5, 6.0])
    array([0., 1., 0.])
    """
    return where((y > 0.0) & (y < 6.0), 1.0, where(y == y, 0.0, y))


@activation(
    limits={-inf: (0.0, 0.0), inf: (inf, 1.0)},
    aliases=("relu_k",),
    kinks=lambda max_value, negative_slope, threshold: (threshold, max_value),
    monotone=True,
    ulp=(2, 0.5),
    domain={"max_value": (0.0, inf), "negative_slope": (-1e30, 1e30), "threshold": (0.0, 1e30)},
)
def clipped_relu(x: Any, max_value: Any = inf, negative_slope: Any = 0.0, threshold: Any = 0.0) -> Any:
    r"""Rectified linear unit with a cap, a slope below, and a threshold: the layer ``ReLU`` of Keras.

    .. math:: f(x) = \min(x, \text{max\_value}) \text{ if } x > \text{threshold},
        \text{ else } \text{negative\_slope} \cdot (x - \text{threshold})

    The derivative at ``threshold`` and ``max_value`` is the left one, ``negative_slope`` and 1.

    Parameters
    ----------
    max_value : float, default infinity
        The largest value.
    negative_slope : float, default 0
        The slope up to the threshold.
    threshold : float, default 0
        Up to where the slope is the other one; not negative.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.clipped_relu([-1.0, 1.0, 3.0], max_value=2.0, negative_slope=0.25)
    array([-0.25,  1.  ,  2.  ])
    """
    # Without a slope nothing is multiplied: results are zeros as those of relu, and minus infinity makes no NaN.
    flat = maximum(minimum(x, 0.0), 0.0)
    below = where(negative_slope == 0.0, flat, negative_slope * (x - threshold))
    inner = where(x > max_value, 0.0, 1.0)
    return where(x > threshold, minimum(x, max_value), below), where(
        x > threshold, inner, where(x <= threshold, negative_slope, x)
    )


@activation(limits={-inf: (0.0, 0.0), inf: (inf, inf)}, aliases=("squared_relu", "relu_squared"), monotone=True)
def relu2(x: Any) -> Any:
    r"""Square of the rectified linear unit (So et al., 2021).

    .. math:: f(x) = \max(x, 0)^2

    Examples
    --------
    >>> import fastact as fa
    >>> fa.relu2([-1.0, 0.5, 3.0])
    array([0.  , 0.25, 9.  ])
    """
    positive = maximum(x, 0.0)
    # The second factor has no sign: that of a zero stays.
    return positive * absolute(positive), positive + positive


@from_output(relu2)
def relu2_from_output(y: Any) -> Any:
    """Return the derivative of `relu2` from its value y.

    That is twice the root of y, which is as accurate as the derivative from x unless y is subnormal.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.relu2.derivative_from_output([0.0, 0.25, 9.0])
    array([0., 1., 6.])
    """
    return 2.0 * sqrt(maximum(y, 0.0))


@activation(limits={inf: (inf, 1.0)}, aliases=("thresholded_relu",), kinks=lambda threshold, value: (threshold,), ulp=(0, 0))
def threshold(x: Any, threshold: Any, value: Any) -> Any:
    r"""Identity above a threshold, and a constant up to it.

    .. math:: f(x) = x \text{ if } x > \text{threshold, else value}

    The derivative at the threshold is the left one, 0.

    Parameters
    ----------
    threshold : float
        The largest number that is replaced.
    value : float
        What it is replaced by.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.threshold([-1.0, 0.5, 2.0], 1.0, 0.25)
    array([0.25, 0.25, 2.  ])
    """
    below = x <= threshold
    return where(below, value, x), where(below, 0.0, where(x > threshold, 1.0, x))


@activation(
    limits={-inf: (-inf, 1.0), inf: (inf, 1.0)},
    aliases=("hardshrink",),
    kinks=lambda lambd: (-lambd, lambd),
    monotone=True,
    ulp=(0, 0),
    domain={"lambd": (0.0, inf)},
)
def hard_shrink(x: Any, lambd: Any = 0.5) -> Any:
    r"""Hard thresholding (Donoho and Johnstone, 1994).

    .. math:: f(x) = x \text{ if } |x| > \lambda, \text{ else } 0

    The derivative at :math:`-\lambda` and :math:`\lambda` is the left one, 1 and 0.

    Parameters
    ----------
    lambd : float, default 0.5
        The size up to which numbers become zero.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.hard_shrink([-1.0, 0.25, 2.0])
    array([-1.,  0.,  2.])
    """
    slope = where(x > lambd, 1.0, where(x > -lambd, 0.0, where(x <= -lambd, 1.0, x)))
    return where(absolute(x) <= lambd, copysign(0.0, x), x), slope


@from_output(hard_shrink)
def hard_shrink_from_output(y: Any, lambd: Any) -> Any:
    """Return the derivative of `hard_shrink` from its value y.

    It is exact.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.hard_shrink.derivative_from_output([-1.0, 0.0])
    array([1., 0.])
    """
    # Values up to lambd do not occur, but for zero.
    return where(absolute(y) > 0.0, 1.0, absolute(y))


@activation(
    limits={-inf: (-inf, 1.0), inf: (inf, 1.0)},
    aliases=("softshrink",),
    kinks=lambda lambd: (-lambd, lambd),
    monotone=True,
    ulp=(1, 0),
    domain={"lambd": (0.0, 1e30)},
)
def soft_shrink(x: Any, lambd: Any = 0.5) -> Any:
    r"""Soft thresholding (Donoho, 1995).

    .. math:: f(x) = \operatorname{sign}(x) \max(|x| - \lambda, 0)

    The derivative at :math:`-\lambda` and :math:`\lambda` is the left one, 1 and 0.

    Parameters
    ----------
    lambd : float, default 0.5
        By how much numbers move towards zero.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.soft_shrink([-1.0, 0.25, 2.0])
    array([-0.5,  0. ,  1.5])
    """
    slope = where(x > lambd, 1.0, where(x > -lambd, 0.0, where(x <= -lambd, 1.0, x)))
    return copysign(maximum(absolute(x) - lambd, 0.0), x), slope


@from_output(soft_shrink)
def soft_shrink_from_output(y: Any, lambd: Any) -> Any:
    """Return the derivative of `soft_shrink` from its value y.

    It is exact.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.soft_shrink.derivative_from_output([-0.5, 0.0])
    array([1., 0.])
    """
    # By how much values were moved does not matter.
    return where(absolute(y) > 0.0, 1.0, absolute(y))


@activation(limits={-inf: (0.0, 0.0), inf: (inf, 1.0)}, monotone=True)
def sparse_plus(x: Any) -> Any:
    r"""Smooth rectified linear unit that reaches zero and the identity.

    .. math:: f(x) = 0 \text{ if } x \le -1, \quad \tfrac14 (x + 1)^2 \text{ if } -1 < x < 1, \quad x \text{ if } x \ge 1

    Examples
    --------
    >>> import fastact as fa
    >>> fa.sparse_plus([-2.0, 0.0, 3.0])
    array([0.  , 0.25, 3.  ])
    """
    inner = minimum(maximum(x, -1.0), 1.0)
    above = inner + 1.0
    half = 0.5 * above
    # What rounding took from the sum is put back.
    rest = inner - (above - 1.0)
    return where(x < 1.0, fma(half, half, half * rest), x), half


@activation(limits={-inf: (0.0, 0.0), inf: (1.0, 0.0)}, kinks=(-1.0, 1.0), monotone=True, ulp=(1, 0))
def sparse_sigmoid(x: Any) -> Any:
    r"""Derivative of `sparse_plus`: a logistic function in straight pieces.

    .. math:: f(x) = \min(\max(\tfrac12 (x + 1), 0), 1)

    The derivative at -1 and 1 is the left one, 0 and 0.5.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.sparse_sigmoid([-2.0, 0.0, 0.5])
    array([0.  , 0.5 , 0.75])
    """
    slope = where(x > 1.0, 0.0, where(x > -1.0, 0.5, where(x <= -1.0, 0.0, x)))
    return 0.5 * (minimum(maximum(x, -1.0), 1.0) + 1.0), slope


@from_output(sparse_sigmoid)
def sparse_sigmoid_from_output(y: Any) -> Any:
    """Return the derivative of `sparse_sigmoid` from its value y.

    It is exact; at the bounds, where x may be anywhere beyond, it is 0.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.sparse_sigmoid.derivative_from_output([0.0, 0.75, 1.0])
    array([0. , 0.5, 0. ])
    """
    return where((y > 0.0) & (y < 1.0), 0.5, where(y == y, 0.0, y))


@activation(limits={-inf: (-0.0, 0.0), inf: (inf, 1.0)}, aliases=("hardmish",), kinks=(-2.0,))
def hard_mish(x: Any) -> Any:
    r"""Mish in pieces of a parabola and straight lines (Krisp, 2020).

    .. math:: f(x) = \frac{x}{2} \min(\max(x + 2, 0), 2)

    The derivative at -2 is the left one, 0.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.hard_mish([-3.0, -1.0, 2.0])
    array([-0. , -0.5,  2. ])
    """
    base = maximum(x, -2.0)
    value = where(x < 0.0, copysign(fma(0.5 * base, base, base), x), x)
    return value, where(x <= -2.0, 0.0, minimum(x, 0.0) + 1.0)


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
    grown, e = expm1_and_exp(minimum(x, 0.0))
    above = fma(x, SELU_SCALE, minimum(x, HUGE) * SELU_SCALE_REST)
    slope = where(x > 0.0, SELU_SCALE, fma(e, SELU_SLOPE, e * SELU_SLOPE_REST))
    return where(x > 0.0, above, copysign(fma(grown, SELU_SLOPE, grown * SELU_SLOPE_REST), x)), slope


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
    below = minimum(x, 0.0)
    quotient = below / alpha
    inside = quotient > EXP_LOWEST
    z = maximum(quotient, EXP_LOWEST)
    start, n = reduce_by_ln2(z)
    # The exponent is right to more than its own digits: it has what the quotient lost.
    rest = where(inside, fma(-quotient, alpha, below), 0.0) / alpha
    r = start + rest
    p = r + fma(r * r, polynomial(r, EXPM1), (start - r) + rest)
    scale = ldexp(1.0, n)
    grown = fma(scale, p, scale - 1.0)
    e = ldexp(1.0 + p, n)
    return where(x >= 0.0, x, alpha * grown), e, fma(-z, e, grown)


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
    a = minimum(absolute(x), 0.5 * DECAY_END)
    z = QUICK_GELU * a
    rest = fma(QUICK_GELU_REST, a, fma(QUICK_GELU, a, -z))
    p, n = growth_of_sum(z, rest)
    y, low = gate_and_slope(a, p, n, z, rest)
    return where(x < 0.0, -y, x - y), where(x < 0.0, low, 1.0 - low)


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
    near = minimum(a, 1.0)
    small = shortfall_of_tanh(near)
    t = near - small
    t_rest = (near - t) - small
    q, slope, n = sigmoid_tail_and_slope(minimum(a + a, -EXP_LOWEST))
    inside = a < 1.0
    value = where(inside, small, (a - 1.0) + (q + q))
    return copysign(value, x), where(inside, fma(t, t, 2.0 * t * t_rest), 1.0 - ldexp(slope, n + 2.0))


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
    t, slope = tanh_and_slope(x)
    return where(x == 0.0, x, a * t), copysign(fma(minimum(a, TANH_END), slope, t), x)


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
    a = minimum(absolute(x), HUGE)
    z = TWO_THIRDS * a
    rest = fma(TWO_THIRDS_REST, a, fma(TWO_THIRDS, a, -z))
    t, slope = tanh_and_slope(z)
    # Near zero from x itself, as the product with 2 / 3 has lost some of it.
    small = fma(LECUN_SLOPE, a, fma(-LECUN_SCALE, shortfall_of_tanh(minimum(z, 1.0)), LECUN_SLOPE_REST * a))
    large = fma(LECUN_SCALE, t, fma(LECUN_SCALE_REST, t, LECUN_SCALE * (slope * rest)))
    slope = fma(LECUN_SLOPE, slope, slope * fma(LECUN_SLOPE, -2.0 * (t * rest), LECUN_SLOPE_REST))
    return copysign(where(z < 1.0, small, large), x), slope


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
    a = absolute(x)
    quotient = a / cap
    inside = quotient < TANH_END
    z = minimum(quotient, TANH_END)
    rest = where(inside, fma(-z, cap, a), 0.0) / cap
    t, slope = tanh_and_slope(z)
    # Near zero from x itself, as the quotient has lost some of it.
    small = fma(-cap, fma(rest, 1.0 - slope, shortfall_of_tanh(minimum(z, 1.0))), a)
    large = fma(cap, t, cap * (slope * rest))
    return copysign(where(z < 1.0, small, large), x), fma(-2.0 * (t * rest), slope, slope)


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
    base = minimum(maximum(x, -0.75 * NORMAL_END), 0.75 * NORMAL_END)
    p, n = exp_of_minus_square(base)
    slope = -2.0 * base
    return ldexp(1.0 + p, n), ldexp(fma(slope, p, slope), n)


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
    return copysign(log1p(a), x), 1.0 / (1.0 + a)


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
    inverse = 1.0 / a
    beyond = a > 1.0
    t = where(beyond, inverse, a)
    square = t * t
    y = fma(t * square, polynomial(square, ATAN), t)
    near = minimum(a, SQUARE_END)
    slope = where(a > SQUARE_END, inverse * inverse, 1.0 / fma(near, near, 1.0))
    return copysign(where(beyond, HALF_PI - (y - HALF_PI_REST), y), x), slope


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
    # Below zero both results are quotients by square * (1 + u), u = a / sqrt(square); what rounding took is put back.
    square = fma(near, near, 1.0)
    square_rest = where(near > 1.0, fma(near, near, -square) + 1.0, fma(near, near, 1.0 - square))
    h = sqrt(square)
    inverse = 1.0 / h
    h_error = (0.5 * inverse) * (inverse * (fma(-h, h, square) + square_rest))
    u = near * inverse
    u_rest = fma(u, fma(-inverse, h, 1.0) - h_error, fma(near, inverse, -u))
    denominator = fma(square, u, square)
    rest = fma(square, u, square - denominator) + fma(square, u_rest, fma(square_rest, u, square_rest))
    inverse = 1.0 / denominator
    error = fma(-inverse, rest, fma(-inverse, denominator, 1.0))
    half = 0.5 * near
    low = half * inverse
    low = low + fma(low, error, fma(half, inverse, -low))
    once = 1.0 - u
    bend = fma(-u, u, once)
    bend_rest = fma(-u, u, once - bend) + (((1.0 - once) - u) - fma(2.0, u, 1.0) * u_rest)
    bend = 0.5 * bend
    slope = bend * inverse
    slope = slope + fma(slope, error, fma(bend, inverse, -slope) + 0.5 * bend_rest * inverse)
    quarter = 0.5 / a
    low = where(far, 0.25 / a, low)
    slope = where(far, -(quarter * quarter), slope)
    return where(x < 0.0, -low, x - low), where(x < 0.0, slope, 1.0 - slope)


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
    a = minimum(absolute(x), 0.75 * NORMAL_END)
    tail, tail_peak = normal_tail_and_peak(SQRT_TWO * a)
    s = minimum(a, 1.0)
    square = s * s
    small = fma(ERF_SLOPE, s, fma(s * square, polynomial(square, ERF_BEND), ERF_SLOPE_REST * s))
    p, n = exp_of_minus_square(a)
    slope = fma(ERF_SLOPE, p, fma(ERF_SLOPE_REST, p, ERF_SLOPE_REST) + ERF_SLOPE)
    return copysign(where(a < 1.0, small, 1.0 - 2.0 * tail), x), ldexp(slope, n)


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
    distance = x - mu
    # The larger of the two first, and what rounding took from the difference and from the quotient.
    distance_rest = where(absolute(x) > absolute(mu), (x - distance) - mu, x - (distance + mu))
    z = distance / sigma
    inside = absolute(z) < NORMAL_END
    t = minimum(absolute(z), NORMAL_END)
    rest = where(inside, fma(-z, sigma, distance) + distance_rest, 0.0) / sigma
    rest = where(z < 0.0, -rest, rest)
    tail, pull, peak = normal_tail_pull_and_peak(t)
    tail = fma(-rest, NORMAL_PEAK * peak, tail)
    height = NORMAL_PEAK / sigma
    height_rest = (fma(-height, sigma, NORMAL_PEAK) + NORMAL_PEAK_REST) / sigma
    slope = fma(height, peak, peak * fma(height, -(t * rest), height_rest))
    return where(z < 0.0, tail, 1.0 - tail), slope


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
    e = ldexp(ldexp(1.0 + p, half), n - half)
    w = polynomial(e - 0.5, LOG1P)
    m = fma(w, p, w)
    negative = x < 0.0
    # Below zero the root is taken of the significand, as softplus leaves the range long before its root does.
    square = where(negative, ldexp(m, n - 2.0 * half), x + ldexp(ldexp(m, half), n - half))
    half = where(negative, half, 0.0)
    root = sqrt(square)
    # What rounding took from the root and from the denominator is put back.
    factor = 1.0 + e
    denominator = factor * root
    rest = fma(factor, root, -denominator) + root * (e - (factor - 1.0))
    rest = rest + factor * (fma(-root, root, square) * (0.5 / root))
    inverse = 1.0 / denominator
    error = inverse * fma(-inverse, rest, fma(-inverse, denominator, 1.0))
    low = ldexp(inverse + fma(inverse, p, fma(error, p, error)), n - half - 1.0)
    slope = where(negative, low, 0.5 * (inverse + error))
    return ldexp(root, half), where(x > HUGE, 0.5 / root, slope)


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
    bounded = minimum(base, 10.0)
    # exp(x) = z = (1 + p) * 2**n
    p, n = growth(bounded)
    z = ldexp(1.0 + p, n)
    # Below zero, tanh(z) / z.
    low = minimum(z, 1.0)
    square = low * low
    shortfall = fma(square, polynomial(square, TANH_SHRINK), THIRD)
    ratio = fma(-square, shortfall, 1.0)
    ratio_rest = fma(-square, shortfall, 1.0 - ratio)
    # What rounding took from the products and the sums is put back.
    product = base * ratio
    product_rest = fma(base, ratio_rest, fma(base, ratio, -product))
    product = ldexp(product + fma(product, p, fma(product_rest, p, product_rest)), n)
    t_low = low * ratio
    once = 1.0 + base
    once_rest = where(base < -1.0, 1.0 - (once - base), base - (once - 1.0))
    bend = fma(base, t_low * t_low, square * shortfall)
    slope_low = once - bend
    slope_rest = ((once - slope_low) - bend) + once_rest
    slope_low = ldexp(slope_low + fma(slope_low, p, fma(slope_rest, p, slope_rest)), n)
    # Above zero, tanh(z) = 1 - 2 * q, and what rounding took from z.
    scale = ldexp(1.0, n)
    z_rest = fma(scale, p, scale - z)
    q, slope, m = sigmoid_tail_and_slope(minimum(z + z, -EXP_LOWEST))
    slope = ldexp(slope, m + 2.0)
    tail = fma(slope, z_rest, -2.0 * q)
    slope = fma(bounded * minimum(z, TANH_END), slope, 1.0 + tail)
    negative = x < 0.0
    return copysign(where(negative, product, fma(tail, bounded, x)), x), where(negative, slope_low, slope)


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
    e = ldexp(u, n)
    small = e < SQRT_TWO - 1.0
    bend = polynomial(e, LOG)
    w = where(small, fma(e, bend, 1.0), polynomial(e - 0.5, LOG1P))
    w_rest = where(small, fma(e, bend, 1.0 - w), 0.0)
    m = e * w
    m_rest = fma(e, w_rest, fma(ldexp(p - (u - 1.0), n), w, fma(e, w, -m)))
    # softplus(x) = s
    line = where(negative, 0.0, minimum(a, NORMAL_END))
    s = line + m
    m_of_s = s - line
    s_rest = (line - (s - m_of_s)) + ((m - m_of_s) + m_rest)
    s_rest = where(negative, 0.0, s_rest)
    # Up to one, erf(s) = s * ratio.
    near = minimum(s, 1.0)
    square = near * near
    bend = polynomial(square, ERF_BEND)
    ratio = fma(square, bend, ERF_SLOPE)
    ratio_rest = fma(square, bend, ERF_SLOPE - ratio) + ERF_SLOPE_REST
    whole = near * ratio
    whole_rest = fma(near, ratio_rest, fma(near, ratio, -whole))
    tail, tail_peak = normal_tail_and_peak(SQRT_TWO * s)
    far = s >= 1.0
    whole_rest = where(far, -2.0 * tail, whole_rest)
    whole = where(far, 1.0, whole)
    q, k = exp_of_minus_square(minimum(s, 0.75 * NORMAL_END))
    unit = ldexp(1.0, k)
    peak = fma(unit, q, unit)
    peak_rest = fma(unit, q, unit - peak)
    bounded = minimum(maximum(x, 0.0), NORMAL_END)
    whole_rest = fma(ERF_SLOPE * peak, s_rest, whole_rest)
    value = fma(x, whole, bounded * whole_rest)
    # Below zero all of it over e, which may be subnormal.
    over_e = ratio * w
    over_e_rest = fma(ratio, w_rest, fma(ratio_rest, w, fma(ratio, w, -over_e)))
    low = base * over_e
    low_rest = fma(base, over_e_rest, fma(base, over_e, -low))
    low = ldexp(low + fma(low, p, fma(low_rest, p, low_rest)), n)
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
    slope_low = ldexp(slope_low + fma(slope_low, p, fma(slope_rest, p, slope_rest)), n)
    return copysign(where(negative, low, value), x), where(negative, slope_low, whole + (whole_rest + pull))


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
    y = ldexp(whole, n)
    # Below zero, tanh(y) = y * (1 - shortfall).  What rounding took from sums and products is put back.
    square = y * y
    shortfall = square * fma(square, polynomial(square, TANH_SHRINK), THIRD)
    low = a * whole
    low = ldexp(low + fma(-low, shortfall, fma(a, whole_rest, fma(a, whole, -low))), n)
    # The derivative below zero, over -a * exp(-a * a / 2): ratio * (1 - shortfall) + pull * (1 - tanh(y)**2).
    t = fma(-y, shortfall, y)
    pull, pull_rest = pull_of_tail(a, ratio, rest)
    sum_ = ratio + pull
    sum_rest = (ratio - (sum_ - pull)) + (rest + pull_rest)
    sum_rest = sum_rest - fma(ratio, shortfall, pull * (t * t))
    slope_low = a * sum_
    slope_rest = fma(a, sum_rest, fma(a, sum_, -slope_low))
    slope_low = ldexp(slope_low + fma(slope_low, p, fma(slope_low, p_rest, fma(slope_rest, p + p_rest, slope_rest))), n)
    # Above zero tanh(g) = (1 - e) / (1 + e) with e = exp(-2 * g), and what gelu lost to rounding.
    pull = ldexp(pull + fma(pull, p, fma(pull, p_rest, fma(pull_rest, p + p_rest, pull_rest))), n)
    gain = 1.0 - pull
    g = a - y
    g_rest = ((a - g) - y) - ldexp(whole_rest, n)
    r, n = reduce_by_ln2(-2.0 * g)
    bend = polynomial(r, EXPM1)
    p = fma(r * r, bend, r)
    p_rest = fma(r * r, bend, r - p)
    scale = ldexp(1.0, n)
    e = fma(scale, p, scale)
    numerator = fma(-scale, p, 1.0 - scale)
    numerator_rest = fma(-scale, p, (1.0 - scale) - numerator)
    denominator = 1.0 + e
    inverse = 1.0 / denominator
    t = numerator * inverse
    lost = fma(t, (denominator - 1.0) - e, fma(-t, denominator, numerator)) + numerator_rest
    slope = where(t < 0.5, fma(-t, t, 1.0), (4.0 * e) * (inverse * inverse))
    t_rest = fma(slope, g_rest, inverse * fma(-scale * p_rest, 1.0 + t, lost))
    value = fma(x, t, a * t_rest)
    steep = a * slope
    steep_rest = fma(a, slope, -steep)
    slope = t + fma(steep, gain, fma(steep, (1.0 - gain) - pull, fma(steep_rest, gain, t_rest)))
    negative = x < 0.0
    return where(x == 0.0, x, where(negative, low, value)), where(negative, -slope_low, slope)


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
    p, n = growth(maximum(minimum(x, eps), EXP_LOWEST))
    scale = ldexp(1.0, n)
    grown = fma(scale, p, scale - 1.0)
    rest = fma(scale, p, (scale - 1.0) - grown)
    fall = beta - alpha_n
    line = fall * where(fall == 0.0, maximum(x, -HUGE), x)
    below = fma(alpha_n, grown, line) + alpha_n * rest
    slope = fma(alpha_n, grown, beta) + alpha_n * rest
    slope = where(x > 0.0, fma(alpha_p + alpha_p, x, beta), where(x > eps, fall, slope))
    value = where(x > 0.0, fma(alpha_p, above, beta) * x, below)
    return value, slope, above * above, where(x > 0.0, 0.0, grown - x)

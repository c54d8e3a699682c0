"""Activations in straight pieces and parabolas."""

from __future__ import annotations

from math import inf
from typing import Any

from ..coefficients import HUGE
from ..declaration import activation, from_output
from ..elementary import inverse_and_rest
from ..words import absolute, copysign, fma, maximum, minimum, sqrt, where


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
    inverse, rest = inverse_and_rest(bend + bend)
    base = maximum(minimum(x, bend), -bend)
    product = base * (base + bend)
    value = where(x < bend, copysign(fma(product, inverse, product * rest), x), x)
    inner = fma(base, inverse + inverse, 0.5)
    return value, where(x <= -bend, 0.0, where(x > bend, 1.0, inner))


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

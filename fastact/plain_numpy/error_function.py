"""Activations of the error function, which is SciPy's."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import erf as error_function
from scipy.special import ndtr

from ..arrays import Array
from .algebraic import SMU_ALPHA
from .exponential import gaussian, sigmoid, softplus
from .plain import Plain

__all__ = ["ACTIVATIONS"]

ERF_SLOPE = 2 / math.sqrt(math.pi)
NORMAL_PEAK = 1 / math.sqrt(2 * math.pi)


def normal_density(x: Array, out: Array) -> None:
    np.square(x, out=out)
    np.multiply(out, -0.5, out=out)
    np.exp(out, out=out)
    np.multiply(out, NORMAL_PEAK, out=out)


def erf(x: Array, out: Array, a: Array, b: Array) -> None:
    error_function(x, out=out)


def erf_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    gaussian(x, out, a, b)
    np.multiply(out, ERF_SLOPE, out=out)


LAPLACE_MU = 0.707107
LAPLACE_SIGMA = 0.282095


def laplace(x: Array, out: Array, a: Array, b: Array) -> None:
    np.subtract(x, LAPLACE_MU, out=out)
    np.multiply(out, 1 / LAPLACE_SIGMA, out=out)
    ndtr(out, out=out)


def laplace_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    np.subtract(x, LAPLACE_MU, out=a)
    np.multiply(a, 1 / LAPLACE_SIGMA, out=a)
    normal_density(a, out)
    np.multiply(out, 1 / LAPLACE_SIGMA, out=out)


def gelu(x: Array, out: Array, a: Array, b: Array) -> None:
    ndtr(x, out=a)
    np.multiply(x, a, out=out)


def gelu_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    ndtr(x, out=a)
    normal_density(x, out)
    np.multiply(out, x, out=out)
    np.add(out, a, out=out)


def gelu_10(x: Array, out: Array, a: Array, b: Array) -> None:
    gelu(x, out, a, b)
    np.minimum(out, 10, out=out)


def gelu_10_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    gelu_derivative(x, out, a, b)
    np.less_equal(x, 10, out=a)
    np.multiply(out, a, out=out)


def phish(x: Array, out: Array, a: Array, b: Array) -> None:
    gelu(x, a, a, b)
    np.tanh(a, out=a)
    np.multiply(x, a, out=out)


def phish_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    gelu_derivative(x, out, a, b)
    np.multiply(x, a, out=a)
    np.tanh(a, out=a)
    np.square(a, out=b)
    np.subtract(1, b, out=b)
    np.multiply(b, x, out=b)
    np.multiply(out, b, out=out)
    np.add(out, a, out=out)


def serf(x: Array, out: Array, a: Array, b: Array) -> None:
    softplus(x, a, b, b)
    error_function(a, out=a)
    np.multiply(x, a, out=out)


def serf_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    softplus(x, a, b, b)
    erf_derivative(a, out, b, b)
    error_function(a, out=a)
    sigmoid(x, b, b, b)
    np.multiply(out, b, out=out)
    np.multiply(out, x, out=out)
    np.add(out, a, out=out)


SMU_SHARPNESS = 1e6


def smu(x: Array, out: Array, a: Array, b: Array) -> None:
    np.multiply(x, SMU_SHARPNESS * (1 - SMU_ALPHA), out=a)
    error_function(a, out=a)
    np.multiply(a, (1 - SMU_ALPHA) / 2, out=a)
    np.add(a, (1 + SMU_ALPHA) / 2, out=a)
    np.multiply(a, x, out=out)


def smu_derivative(x: Array, out: Array, a: Array, b: Array) -> None:
    np.multiply(x, SMU_SHARPNESS * (1 - SMU_ALPHA), out=a)
    np.clip(a, -10, 10, out=a)
    erf_derivative(a, b, b, b)
    np.multiply(b, a, out=b)
    error_function(a, out=out)
    np.add(out, b, out=out)
    np.multiply(out, (1 - SMU_ALPHA) / 2, out=out)
    np.add(out, (1 + SMU_ALPHA) / 2, out=out)


ACTIVATIONS = {
    "erf": Plain(erf, erf_derivative),
    "laplace": Plain(laplace, laplace_derivative),
    "gelu": Plain(gelu, gelu_derivative),
    "gelu_10": Plain(gelu_10, gelu_10_derivative),
    "phish": Plain(phish, phish_derivative),
    "serf": Plain(serf, serf_derivative),
    "smu": Plain(smu, smu_derivative),
}

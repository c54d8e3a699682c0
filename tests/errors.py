"""The one definition of error: units in the last place, with NaN, infinity, zero, subnormals and overflow included.

The truth is a real number, kept as the float nearest to it and its offset from that float, so that an error of a small
part of a unit can be told in every precision.  As in xsf's extended error: NaN against NaN is no error, NaN against a
number an infinite one; zero counts in units of the smallest subnormal; infinity counts as the number that would follow
the largest.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import mpmath
import numpy as np


class Truth(NamedTuple):
    """Real numbers as seen from one precision."""

    nearest: np.ndarray
    """The floats nearest to them."""
    offset: np.ndarray
    """How far they are above these floats, in units in the last place."""


def from_real(numbers: Iterable[mpmath.mpf], dtype: np.dtype) -> Truth:
    """Return mpmath numbers as seen from `dtype`."""
    info = np.finfo(dtype)
    lowest = int(info.minexp) - int(info.nmant)
    nearest, offset = [], []
    for number in numbers:
        if number == 0 or not mpmath.isfinite(number):
            nearest.append(float(number))
            offset.append(0.0)
            continue
        exponent = max(mpmath.mag(number) - int(info.nmant) - 1, lowest)
        near = mpmath.ldexp(mpmath.nint(mpmath.ldexp(number, -exponent)), exponent)
        if abs(near) > float(info.max):
            nearest.append(np.copysign(np.inf, float(mpmath.sign(near))))
            offset.append(0.0)
        else:
            unit = max(mpmath.mag(near) - int(info.nmant) - 1, lowest) if near else lowest
            nearest.append(float(near))
            offset.append(float(mpmath.ldexp(number - near, -unit)))
    return Truth(np.array(nearest, float).astype(dtype), np.array(offset, float))


def from_wider(numbers: np.ndarray, dtype: np.dtype) -> Truth:
    """Return floats of a wider type as seen from `dtype`."""
    with np.errstate(all="ignore"):
        nearest = numbers.astype(dtype)
        # The difference is exact, and may be below the range of float64.
        offset = np.ldexp(numbers - nearest, -_unit(nearest)).astype(float)
        return Truth(nearest, np.where(np.isfinite(nearest), offset, 0.0))


def ulp_error(result: np.ndarray, truth: Truth) -> np.ndarray:
    """Return the error of each result in units in the last place of the float nearest to the truth."""
    if result.dtype != truth.nearest.dtype:
        raise TypeError(f"result is {result.dtype}, the truth was taken for {truth.nearest.dtype}")
    with np.errstate(all="ignore"):
        exponent = _unit(truth.nearest)
        error = np.abs(_in_units(result, exponent) - _in_units(truth.nearest, exponent) - truth.offset)
    one_nan = np.isnan(result) ^ np.isnan(truth.nearest)
    both_nan = np.isnan(result) & np.isnan(truth.nearest)
    return np.where(both_nan, 0.0, np.where(one_nan, np.inf, error))


def derivative_error(result: np.ndarray, truth: Truth, near_root: np.ndarray) -> np.ndarray:
    """Return the error of a derivative: in units in the last place; near its roots, of those of one."""
    with np.errstate(all="ignore"):
        error = ulp_error(result, truth)
        in_units_of_one = np.ldexp(error, _unit(truth.nearest) + int(np.finfo(result.dtype).nmant))
        return np.where(near_root, np.minimum(error, in_units_of_one), error)


def roots(x: np.ndarray, derivative: np.ndarray) -> np.ndarray:
    """Return where a derivative passes through zero, given densely enough; a jump through zero is no root."""
    order = np.argsort(x, kind="stable")
    # Without zeros: a root may be among the places.
    order = order[derivative[order] != 0]
    x, derivative = x[order].astype(float), derivative[order].astype(float)
    with np.errstate(all="ignore"):
        crossing = (derivative[:-1] * derivative[1:] < 0) & (np.abs(derivative[1:] - derivative[:-1]) < 0.1)
    return (x[:-1] / 2 + x[1:] / 2)[crossing]


def near(x: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return which x are within a place's own size from one of the places.

    For the smooth activations that is about the stretch from the lowest slope, through its root, to zero: there the slope is a
    difference of numbers near one half.
    """
    within = np.zeros(x.shape, bool)
    with np.errstate(all="ignore"):
        for place in places:
            within |= np.abs(x.astype(float) - place) <= abs(place)
    return within


def _unit(x: np.ndarray) -> np.ndarray:
    """Return the exponent of the unit in the last place of each number; infinities have that of the largest number."""
    info = np.finfo(x.dtype)
    finite = np.where(np.isfinite(x), x, info.max)
    exponent = np.frexp(finite)[1].astype(int) - int(info.nmant) - 1
    return np.where(finite == 0, int(info.minexp - info.nmant), np.maximum(exponent, int(info.minexp - info.nmant)))


def _in_units(x: np.ndarray, exponent: np.ndarray) -> np.ndarray:
    """Return x / 2**exponent as float64, infinity standing for the number that would follow the largest."""
    beyond = np.copysign(np.ldexp(1.0, np.finfo(x.dtype).maxexp - exponent), x)
    return np.where(np.isinf(x), beyond, np.ldexp(x.astype(float), -exponent))

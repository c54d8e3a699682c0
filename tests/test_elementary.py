"""The elementary functions by themselves, in NumPy's words, against mpmath."""

import errors
import numpy as np
import pytest
from inputs import samples
from mpmath import mp, mpf
from truth import erf, exp, normal_cdf

from fastact import coefficients, elementary, words
from fastact.language import Table, bind, functions_of

EVERYWHERE = (-np.inf, np.inf)
TRUE = {
    "exp": (exp, EVERYWHERE),
    "expm1": (lambda x: mp.expm1(max(min(x, 100_000), -100_000)), EVERYWHERE),
    "log": (mp.log, (0, np.inf)),
    "log1p": (mp.log1p, (-1, np.inf)),
    "tanh": (mp.tanh, EVERYWHERE),
    "sigmoid": (lambda x: 1 / (1 + exp(-x)), EVERYWHERE),
    "erf": (erf, EVERYWHERE),
    "normal_cdf": (normal_cdf, EVERYWHERE),
}


@pytest.mark.parametrize("name", TRUE)
def test_accuracy(name, working_dtype):
    function, (low, high) = TRUE[name]
    x = samples(working_dtype)
    x = x[(x > low) & (x < high)]
    with np.errstate(all="ignore"):
        result = bind(functions_of(elementary), working_dtype, vars(words))[name](x)
    with mp.workprec(240):
        truth = errors.from_real([mpf(function(mpf(float(number)))) for number in x], x.dtype)
    error = errors.ulp_error(result, truth)
    worst = int(np.argmax(error))
    assert error[worst] <= 2, f"{error[worst]:.3f} ulp at {x[worst]!r}: {result[worst]!r}, not {truth.nearest[worst]!r}"


def test_intervals_are_told_by_the_lowest_bits_of_a_place(working_dtype, rng):
    rows = rng.integers(-8, 8, (3, 16)).astype(float)
    table, one_row = (Table(float32=values, float64=values).of(working_dtype) for values in (rows, rows[:1]))
    numbers = np.arange(-40, 40)
    place = numbers.astype(working_dtype) + coefficients.TO_INTEGER.of(working_dtype)
    x = rng.integers(-8, 8, len(numbers)).astype(working_dtype)
    constant, linear, square = rows[:, numbers % 16]
    assert (words.lookup(place, one_row) == constant).all()
    assert (words.piecewise(x, place, table) == constant + linear * x + square * x**2).all()

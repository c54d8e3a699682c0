"""The elementary functions by themselves, in NumPy's words, against mpmath."""

import errors
import numpy as np
import pytest
from inputs import samples
from mpmath import mp, mpf
from truth import erf, exp, normal_cdf

from fastact import elementary, words
from fastact.language import bind, functions_of

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

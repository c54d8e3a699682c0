"""A test of the tests: break any polynomial of the mathematics a little, and the accuracy check must see it."""

import errors
import numpy as np
import pytest
from catalogue import CASES
from inputs import samples

from fastact import activations, coefficients, elementary, words
from fastact.language import Constant, bind, functions_of

SOURCES = [function for module in (elementary, *activations.MODULES) for function in functions_of(module)]


def used() -> list[str]:
    """Return the polynomials that the activations come to use."""
    functions = {function.__name__: function for function in SOURCES}
    names, found = [case.name for case in CASES], set()
    while names:
        for name in functions[names.pop()].__code__.co_names:
            if name not in found:
                found.add(name)
                names += [name] * (name in functions)
    constants = {name: value for name, value in vars(coefficients).items() if isinstance(value, Constant)}
    return [name for name, value in constants.items() if name in found and isinstance(value.float32, tuple)]


def failures(true, changes):
    """Return the activations whose value or derivative is beyond its bound, with some constants changed."""
    bound = bind(SOURCES, "float32", vars(words) | changes)
    found = set()
    for case in CASES:
        x = samples("float32", case.kinks, density=2)
        with np.errstate(all="ignore"):
            value, derivative = bound[case.name](x, *map(np.float32, case.defaults))[:2]
        truth = true(case.name, x, case.defaults), true(case.name, x, case.defaults, by=0)
        near_root = errors.near(x, errors.roots(x, truth[1].nearest))
        if errors.ulp_error(value, truth[0]).max() > case.declaration.ulp[0]:
            found.add(case.name)
        if errors.derivative_error(derivative, truth[1], near_root).max() > case.declaration.ulp[1]:
            found.add(case.name)
    return found


@pytest.fixture(scope="module")
def sound(request):
    """The activations that pass as they are."""
    return {case.name for case in CASES} - failures(request.getfixturevalue("true"), {})


@pytest.mark.parametrize("place", [0, 1], ids=["constant term", "linear term"])
@pytest.mark.parametrize("name", used())
def test_a_broken_polynomial_is_seen(true, sound, name, place):
    """One coefficient is off by a part in ten thousand."""
    right = getattr(coefficients, name)
    wrong = list(right.float32)
    wrong[place] *= 1 + 1e-4
    broken = failures(true, {name: Constant(float32=tuple(wrong), float64=right.float64)})
    assert broken & sound

"""A test of the tests: break any polynomial, or any result of a row program, a little, and a check must see it."""

import ast
import inspect

import errors
import numpy as np
import pytest
from catalogue import CASES
from contract import test_channel_norms, test_losses, test_normalizations, test_rowwise, test_softmaxes, test_statistics
from inputs import samples

from fastact import activations, coefficients, elementary, row_calls, rowwise, words
from fastact.language import Constant, Table, bind, functions_of

SOURCES = [function for module in (elementary, *activations.MODULES) for function in functions_of(module)]


def names_in(activation: str) -> set[str]:
    """Return the functions and constants that an activation comes to use."""
    functions = {function.__name__: function for function in SOURCES}
    names, found = [activation], set()
    while names:
        for name in functions[names.pop()].__code__.co_names:
            if name not in found:
                found.add(name)
                names += [name] * (name in functions)
    return found


NAMES = {case.name: names_in(case.name) for case in CASES}


def used(kind) -> list[str]:
    """Return the polynomials, or the tables, that the activations come to use."""
    constants = {name: value for name, value in vars(coefficients).items() if isinstance(value, kind)}
    found = set().union(*NAMES.values())
    return [name for name, value in constants.items() if name in found and isinstance(value.float32, tuple)]


def failures(true, cases, changes):
    """Return those activations whose value or derivative is beyond its bound, with some constants changed."""
    bound = bind(SOURCES, "float32", vars(words) | changes)
    found = set()
    for case in cases:
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
    failed = failures(request.getfixturevalue("true"), CASES, {})
    return [case for case in CASES if case.name not in failed]


def is_seen(true, sound, name, broken):
    """Return whether an activation fails with something else in the place of a constant."""
    return bool(failures(true, [case for case in sound if name in NAMES[case.name]], {name: broken}))


@pytest.mark.parametrize("place", [0, 1], ids=["constant term", "linear term"])
@pytest.mark.parametrize("name", used(Constant))
def test_a_broken_polynomial_is_seen(true, sound, name, place):
    """One coefficient is off by a part in ten thousand."""
    right = getattr(coefficients, name)
    wrong = list(right.float32)
    wrong[place] *= 1 + 1e-4
    assert is_seen(true, sound, name, Constant(float32=tuple(wrong), float64=right.float64))


@pytest.mark.parametrize("interval", range(16))
@pytest.mark.parametrize("name", used(Table))
def test_a_broken_interval_is_seen(true, sound, name, interval):
    """The first number of one interval is off by a part in ten thousand of the largest."""
    right = getattr(coefficients, name)
    if name.startswith("SOFTPLUS") and interval == 0:
        pytest.skip("near zero softplus is another polynomial")
    if name == "ERF_CENTRES" and abs(coefficients.ERF_RISE.float32[0][interval]) < 1e-3:
        pytest.skip("where erf is one it does not matter from where")
    first, *others = right.float32
    wrong = list(first)
    wrong[interval] += 1e-4 * max(map(abs, first))
    assert is_seen(true, sound, name, Table(float32=(tuple(wrong), *others), float64=right.float64))


ROW_CHECKS = [
    lambda rng: test_softmaxes.test_values((3, 40, 5), 1, "float32", rng),
    lambda rng: test_softmaxes.test_scale_cap_and_mask(1, "float32", rng),
    lambda rng: test_softmaxes.test_backward(1, "float32", rng),
    lambda rng: test_rowwise.test_float16_is_computed_in_float32((20, 50), rng),
    *(
        lambda rng, case=case: test_normalizations.test_values(case, (3, 40, 7), 1, "float32", rng)
        for case in test_normalizations.CASES
    ),
    *(lambda rng, case=case: test_normalizations.test_backward(case, 1, "float32", rng) for case in test_normalizations.CASES),
    lambda rng: test_normalizations.test_affine_parameters(-1, "float32", rng),
    lambda rng: test_normalizations.test_weight_norm("float32", rng),
    lambda rng: test_channel_norms.test_batch_norm((3, 4, 5), 1, "float32", rng),
    lambda rng: test_statistics.test_the_mean_has_twice_the_precision("batch_norm", 1e4, "float32", rng),
    *(lambda rng, p=p: test_statistics.test_norms(p, 1, "float32", rng) for p in (1, 2, 3, np.inf)),
    lambda rng: test_statistics.test_the_extremes_of_minmax(1, "float32", rng),
    lambda rng: test_losses.test_cross_entropy_of_indices(1, 0.0, "none", "float32", rng),
    lambda rng: test_losses.test_cross_entropy_of_indices(1, 0.1, "none", "float32", rng),
    lambda rng: test_losses.test_cross_entropy_of_probabilities(0.0, "none", "float32", rng),
    lambda rng: test_losses.test_a_confident_row_keeps_its_digits(10, "float32"),
    lambda rng: test_losses.test_losses_of_elements((3, 4), "none", "float32", rng),
    lambda rng: test_losses.test_losses_of_elements((3, 4), "sum", "float32", rng),
]


def holds(check) -> bool:
    """Return whether a test passes."""
    try:
        check(np.random.default_rng(20240229))
    except AssertionError:
        return False
    return True


def results() -> list[tuple[str, int]]:
    """Return the names of the row programs, each with the places of what it returns."""
    returned = {f.__name__: ast.parse(inspect.getsource(f)).body[0].body[-1].value for f in rowwise.PROGRAMS}
    return [(name, place) for name, value in returned.items() for place in range(len(getattr(value, "elts", [value])))]


def test_sound_row_programs_pass():
    assert all(map(holds, ROW_CHECKS))


@pytest.mark.parametrize(("program", "place"), results())
def test_a_broken_row_program_is_seen(program, place, monkeypatch):
    """One result is off by a part in ten thousand."""
    sound = row_calls._run_rows

    def broken(name, inputs, outputs, axes, settings):
        sound(name, inputs, outputs, axes, settings)
        if name == program:
            outputs[place] *= 1 + 1e-4

    monkeypatch.setattr(row_calls, "_run_rows", broken)
    assert not all(map(holds, ROW_CHECKS))

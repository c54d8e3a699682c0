"""Accuracy against the truth in mpmath, and, denser, against the float64 kernel that the same truth has checked."""

import inspect

import errors
import numpy as np
import pytest
from catalogue import CASES, SLOW, Case
from inputs import samples, stretches, walk
from truth import TRUTH

SPARSE = 10 if SLOW else 1


def worst(error: np.ndarray, x: np.ndarray, result: np.ndarray) -> str:
    i = int(np.argmax(error))
    return f"{error[i]:.3f} ulp at x = {float(x[i]).hex()} = {x[i]!r}, where the result is {result[i]!r}"


def inputs(case: Case, dtype: str) -> np.ndarray:
    return samples(dtype, case.kinks, density=2)


def check_value(case, result, truth, x):
    if case.declaration.root:
        check_derivative(result, truth, x, case.declaration.ulp[0])
        return
    error = errors.ulp_error(result, truth)
    assert error.max() <= case.declaration.ulp[0], worst(error, x, result)


def check_derivative(result, truth, x, bound, near_root=None):
    if near_root is None:
        near_root = errors.near(x, errors.roots(x, truth.nearest))
    error = errors.derivative_error(result, truth, near_root)
    assert error.max() <= bound, worst(error, x, result)


def test_every_activation_has_its_truth(case):
    """Same parameters, same defaults."""
    parameters = list(inspect.signature(TRUTH[case.name]).parameters.values())[1:]
    assert [p.name for p in parameters] == list(case.declaration.parameters)
    assert [p.default for p in parameters] == list(case.declaration.parameters.values())


def test_value(case, working_dtype, true):
    x = inputs(case, working_dtype)
    result = case.function(x, *case.required)
    check_value(case, result, true(case.name, x, case.defaults), x)


def test_derivative(case, working_dtype, true):
    x = inputs(case, working_dtype)
    result = case.function.derivative(x, *case.required)
    check_derivative(result, true(case.name, x, case.defaults, by=0), x, case.declaration.ulp[1])


@pytest.mark.parametrize(
    ("case", "parameter"),
    [(case, p) for case in CASES for p in case.declaration.trainable],
    ids=lambda p: getattr(p, "name", p),
)
def test_derivative_by_a_parameter(case, parameter, working_dtype, true):
    x = inputs(case, working_dtype)
    place = list(case.declaration.parameters).index(parameter)
    result = case.results(x, np.ones_like(x))[parameter]
    truth = true(case.name, x, case.defaults, by=1 + place)
    # Such derivatives are summed over all x: what is small beside one counts in units of one, as near a root.
    check_derivative(result, truth, x, case.declaration.ulp[1], near_root=np.ones(x.shape, bool))


@pytest.mark.parametrize("factor", [0.5, 1.7])
@pytest.mark.parametrize("case", [case for case in CASES if case.defaults], ids=lambda case: case.name)
def test_other_parameters(case, working_dtype, factor, true):
    x = samples(working_dtype)
    settings = case.others(factor)
    value, derivative = case.function.value_and_derivative(x, *settings)
    check_value(case, value, true(case.name, x, settings), x)
    check_derivative(derivative, true(case.name, x, settings, by=0), x, case.declaration.ulp[1])


EDGES = {
    "smu": [(0.0, 1.0), (0.0, 1e6), (0.115, 1.0), (0.12, -3.0), (1.0, 1.0), (2.0, 1.0), (0.25, 0.0)],
    "smu1": [(0.0, 1.0), (0.61, 3e11), (0.3, -9e29), (0.9, 1e-38), (1.0, 1.0), (0.25, 0.0)],
}
"""Slopes from none to that of the identity, those with which the derivative hardly stays above zero, and bends of any width."""


@pytest.mark.parametrize(("name", "settings"), [(name, settings) for name in EDGES for settings in EDGES[name]])
def test_edges_of_the_parameters(name, settings, working_dtype, true):
    case = Case(name)
    mu = abs(settings[1])
    width = mu if name == "smu1" else 1 / (mu or 1)
    parts = [walk(working_dtype, 300, width * 2.0**-12, width * 2.0**6), walk(working_dtype, 50, 2.0**-20, 16)]
    x = np.unique(np.concatenate(parts))
    value, derivative = case.function.value_and_derivative(x, *settings)
    check_value(case, value, true(name, x, settings), x)
    check_derivative(derivative, true(name, x, settings, by=0), x, case.declaration.ulp[1])


@pytest.mark.parametrize("settings", [(0.25, 4.352665993287951e-9), (0.61, 3e11), (0.3, -9e29), (0.0625, 1e-30), (0.9, 7.0)])
def test_smu1_next_to_its_root(settings, working_dtype, true):
    """The value counts in its own units there, however small it is."""
    alpha, mu = settings
    x = stretches(working_dtype, np.array([-abs(mu) / (2 * np.sqrt(alpha))])).reshape(-1)
    x = np.concatenate([2 * x[0] - x, x])
    result = Case("smu1").function(x, *settings)
    error = errors.ulp_error(result, true("smu1", x, settings))
    assert error.max() <= 2, worst(error, x, result)


def in_float64(case: Case, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what the float64 kernel gives for the very parameters that the narrower kernel uses."""
    working = np.result_type(x.dtype, np.float32)
    return case.function.value_and_derivative(x.astype(float), *(float(working.type(p)) for p in case.defaults))


def test_float32_densely(case):
    x = np.concatenate([walk("float32", 100_003 // SPARSE), walk("float32", 50_001 // SPARSE, 2.0**-9, 2.0**8)])
    value, derivative = case.function.value_and_derivative(x, *case.required)
    true_value, true_derivative = in_float64(case, x)
    check_value(case, value, errors.from_wider(true_value, x.dtype), x)
    check_derivative(derivative, errors.from_wider(true_derivative, x.dtype), x, case.declaration.ulp[1])


def test_float16_everywhere(case):
    """All bit patterns; rounding from float32 leaves half a unit and next to nothing."""
    x = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    x = x[np.isfinite(x)]
    value, derivative = case.function.value_and_derivative(x, *case.required)
    true_value, true_derivative = in_float64(case, x)
    error = errors.ulp_error(value, errors.from_wider(true_value, x.dtype))
    assert error.max() <= 0.501, worst(error, x, value)
    check_derivative(derivative, errors.from_wider(true_derivative, x.dtype), x, 0.501)

"""What fastact is measured against computes the same functions, of the value and of the derivative."""

import numpy as np
import pytest

import fastact as fa
from fastact.activations import DECLARATIONS
from fastact.benchmarking import arguments, largest_error
from fastact.plain_numpy import PLAIN, PLAIN_ROWS, bias_activation, cross_entropy, gated


@pytest.fixture
def x():
    # No kinks and no roots of values: plain NumPy is not asked for more than its usual formulas give.
    return np.setdiff1d(np.linspace(-30, 30, 6001), [-3, -0.5, 0, 3])


@pytest.mark.parametrize("name", PLAIN)
def test_activation(name, x):
    activation = fa.get(name)
    value, derivative, a, b = (np.empty_like(x) for _ in range(4))
    with np.errstate(all="ignore"):
        PLAIN[name].value(x, value, a, b)
        PLAIN[name].derivative(x, derivative, a, b)
    np.testing.assert_allclose(value, activation(x, **arguments(name)), rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(derivative, activation.derivative(x, **arguments(name)), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", PLAIN)
def test_in_place(name, x):
    value, a, b = (np.empty_like(x) for _ in range(3))
    with np.errstate(all="ignore"):
        PLAIN[name].value(x, value, a, b)
        PLAIN[name].value(x, x, a, b)
    np.testing.assert_array_equal(x, value)


@pytest.mark.parametrize("name", PLAIN)
def test_overflow_makes_no_nan(name):
    x = np.outer([-1, 1], [100, 1e3, 1e4]).ravel()
    out, a, b = (np.empty_like(x) for _ in range(3))
    with np.errstate(all="ignore"):
        for expression in PLAIN[name]:
            expression(x, out, a, b)
            assert not np.isnan(out).any()


@pytest.mark.parametrize("columns", [10, 100])
@pytest.mark.parametrize("name", PLAIN_ROWS)
def test_rows(name, columns):
    x = 3 * np.random.default_rng(0).standard_normal((40, columns))
    out = np.empty_like(x)
    PLAIN_ROWS[name](x, out)
    np.testing.assert_allclose(out, getattr(fa, name)(x), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", ["relu", "silu", "gelu_tanh"])
def test_fused(name):
    x, second = 3 * np.random.default_rng(0).standard_normal((2, 40, 30))
    out, a, b = (np.empty_like(x) for _ in range(3))
    bias_activation(name, x, second[0], out, a, b)
    np.testing.assert_allclose(out, fa.bias_activation(x, second[0], name), rtol=1e-12, atol=1e-13)
    gated(name, x, second, out, a, b)
    np.testing.assert_allclose(out, fa.gated(name, x, second), rtol=1e-12, atol=1e-13)


def test_cross_entropy():
    rng = np.random.default_rng(0)
    x, target = 3 * rng.standard_normal((40, 30)), rng.integers(30, size=40)
    gradient = np.empty_like(x)
    value = cross_entropy(x, target, gradient)
    wanted, wanted_gradient = fa.cross_entropy.value_and_gradient(x, target)
    np.testing.assert_allclose(value, wanted, rtol=1e-12)
    np.testing.assert_allclose(gradient, wanted_gradient, rtol=1e-12, atol=1e-13)


def test_every_name_is_declared():
    assert set(PLAIN) <= set(DECLARATIONS)


def test_largest_error():
    ulp = np.spacing(np.float32(1))
    assert largest_error(np.array([1, 1 + 2 * ulp], np.float32), np.array([1 + 0.5 * ulp, 1.0])) == 2

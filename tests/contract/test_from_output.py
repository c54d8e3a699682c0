"""The derivative from the value: the derivative at the place where the function has this very value."""

import inspect
import pickle

import errors
import numpy as np
import pytest
from catalogue import CASES, Case
from inputs import same_bits, samples
from mpmath import mp, mpf
from truth import SELU_ALPHA, SELU_SCALE, derivative

import fastact as fa

FAR = mpf(10) ** 6
ABOVE, BELOW = FAR, -FAR
"""Beyond all bounds; where a function has reached one, any such place has its value."""


INVERSE = {
    "identity": lambda y: y,
    "relu": lambda y: y,
    "leaky_relu": lambda y, slope: y if y > 0 else y / slope,
    "prelu": lambda y, weight: y if y > 0 else y / weight,
    "rrelu": lambda y, low, high: y if y > 0 else 2 * y / (low + high),
    "elu": lambda y, alpha: y if y > 0 else mp.log1p(y / alpha),
    "exponential": lambda y: mp.log(y),
    "sigmoid": lambda y: mp.log(y / (1 - y)),
    "log_sigmoid": lambda y: -mp.log(mp.expm1(-y)),
    "hard_sigmoid": lambda y, slope, offset: BELOW if y <= 0 else ABOVE if y >= 1 else (y - offset) / slope,
    "tanh": lambda y: mp.atanh(y),
    "softplus": lambda y, beta: mp.log(mp.expm1(beta * y)) / beta,
    "squareplus": lambda y, b: y - b / (4 * y),
    "hard_tanh": lambda y, low, high: BELOW if y <= low else ABOVE if y >= high else y,
    "relu6": lambda y: BELOW if y <= 0 else ABOVE if y >= 6 else y,
    "relu2": lambda y: mp.sqrt(y),
    "hard_shrink": lambda y, lambd: y,
    "soft_shrink": lambda y, lambd: y + mp.sign(y) * lambd,
    "sparse_sigmoid": lambda y: BELOW if y <= 0 else ABOVE if y >= 1 else 2 * y - 1,
    "softsign": lambda y: y / (1 - abs(y)),
    "selu": lambda y: y / mpf(SELU_SCALE) if y > 0 else mp.log1p(y / (mpf(SELU_SCALE) * mpf(SELU_ALPHA))),
    "celu": lambda y, alpha: y if y > 0 else alpha * mp.log1p(y / alpha),
    "symmetric_log": lambda y: mp.sign(y) * mp.expm1(abs(y)),
}
HAVING = [case for case in CASES if case.declaration.from_output]
LACKING = [case for case in CASES if not case.declaration.from_output]
named = {"ids": lambda case: case.name}


def reached(case: Case, dtype: str, settings: tuple[float, ...]) -> np.ndarray:
    """Return values of a function, whose inverse is neither infinite nor beyond what its exponential can tell."""
    y = np.unique(case.function(samples(dtype), *settings))
    limits = [limit for limit, _ in case.declaration.limits.values()]
    bounds = {"elu": [-settings[0]], "celu": [-settings[0]]} if settings else {}
    smooth = not case.kinks or case.name in ("elu", "celu", "selu")
    outside = np.isin(y, np.array([*limits, *bounds.get(case.name, [])], dtype)) if smooth else ~np.isfinite(y)
    tiny = np.abs(y) < np.finfo(dtype).tiny
    return y[~outside & ~tiny & (np.abs(y) < 600)]


def test_every_one_has_its_inverse():
    assert {case.name for case in HAVING} == set(INVERSE)
    issue = "sigmoid tanh relu leaky_relu elu selu celu softplus hard_tanh relu6 hard_sigmoid exponential".split()
    assert set(issue) <= set(INVERSE)


@pytest.mark.parametrize("factor", [1.0, 1.7])
@pytest.mark.parametrize("case", HAVING, **named)
def test_accuracy(case, working_dtype, factor):
    """As a function of y it is as accurate as any other: what y has lost is for the caller to know."""
    if factor != 1 and not case.defaults:
        pytest.skip("no parameters")
    settings = case.defaults if factor == 1 else case.others(factor)
    y = reached(case, working_dtype, settings)
    assert y.size > 2
    result = case.function.derivative_from_output(y, *settings)
    with mp.workprec(700):
        parameters = [mpf(float(y.dtype.type(p))) for p in settings]
        places = [INVERSE[case.name](mpf(float(number)), *parameters) for number in y]
        truth = errors.from_real([mpf(derivative(case.name, 0, place, *parameters)) for place in places], y.dtype)
    error = errors.ulp_error(result, truth)
    i = int(np.argmax(error))
    assert error[i] <= 2, f"{error[i]:.3f} ulp at y = {y[i]!r}: {result[i]!r}, not {truth.nearest[i]!r}"


@pytest.mark.parametrize("case", HAVING, **named)
def test_it_follows_the_derivative(case, working_dtype):
    """Away from saturation it is the derivative from x but for the rounding of the value."""
    x = np.linspace(-4, 4, 800, dtype=working_dtype)
    x = x[np.min([np.abs(x - kink) for kink in (*case.kinks, 100)], axis=0) > 1e-3]
    y, wanted = case.function.value_and_derivative(x, *case.required)
    result = case.function.derivative_from_output(y, *case.required)
    np.testing.assert_allclose(result, wanted, rtol=0, atol=4 * np.finfo(working_dtype).eps)


@pytest.mark.parametrize(
    ("name", "x", "loss"),
    [("sigmoid", 10.0, 1 / 1500), ("tanh", 7.0, 1 / 55)],
)
def test_documented_loss(name, x, loss):
    """The docstring says how much of the derivative is lost, no more and no less than about half."""
    function = getattr(fa, name)
    x = (x + np.linspace(-0.01, 0.01, 1001)).astype(np.float32)
    wanted = function.derivative(x.astype(float))
    error = np.abs(function.derivative_from_output(function(x)) - wanted) / wanted
    assert loss / 2 < error.max() < 1.2 * loss
    assert function.derivative_from_output(function(np.float32(18.0))) == 0


@pytest.mark.parametrize("case", HAVING, **named)
def test_call(case, dtype):
    f = case.function.derivative_from_output
    y = case.function(np.linspace(-4, 4, 41, dtype=dtype), *case.required)
    wanted = f(y, *case.required)
    assert wanted.dtype == y.dtype
    assert same_bits(f(y.copy()[::-1], *case.required)[::-1], wanted)
    assert np.isnan(f(np.array([np.nan], dtype), *case.required)).all()
    assert same_bits(pickle.loads(pickle.dumps(f))(y, *case.required), wanted)
    assert list(inspect.signature(f).parameters)[: 1 + len(case.defaults)] == ["y", *case.declaration.parameters]
    assert f.__name__ == f"{case.name}.derivative_from_output"
    out = y.copy()
    assert f(out, *case.required, out=out) is out
    assert same_bits(out, wanted)


@pytest.mark.parametrize("case", HAVING, **named)
def test_docs(case):
    text = inspect.getdoc(case.function.derivative_from_output)
    assert any(word in text for word in ("exact", "as accurate as", "rounding of y"))


@pytest.mark.parametrize("case", HAVING, **named)
def test_parameters_must_tell_the_sides_apart(case):
    y = np.ones(3)
    for name, (low, _) in case.declaration.from_output_domain.items():
        for value in (-0.5, np.full(3, -0.5)):
            with pytest.raises(ValueError, match=f"{name} is -0.5; it must be from {low:g}"):
                case.function.derivative_from_output(y, **{name: value})


@pytest.mark.parametrize("case", LACKING, **named)
def test_lacking(case):
    assert not hasattr(case.function, "derivative_from_output")
    with pytest.raises(AttributeError, match=rf"{case.name} has no .*{case.name}\.derivative\(x\)"):
        _ = case.function.derivative_from_output


def test_in_compiled_code():
    numba = pytest.importorskip("numba")

    @numba.njit
    def layer(y):
        return fa.tanh.derivative_from_output(y), fa.elu.derivative_from_output(y, 2.0)

    y = np.linspace(-0.9, 0.9, 7)
    for result, wanted in zip(layer(y), (fa.tanh.derivative_from_output(y), fa.elu.derivative_from_output(y, 2.0)), strict=True):
        assert same_bits(result, wanted)

"""NaN, infinities, signed zeros, kinks, and what is declared of the shape of each function."""

import numpy as np
import pytest
from catalogue import MAY_STEP_DOWN, SLOW
from errors import from_wider, ulp_error
from inputs import neighbours, same_bits, samples, specials, stretches, walk
from mpmath import mp, mpf
from truth import TRUTH, derivative

import fastact as fa

INFINITIES = [-np.inf, np.inf]


def test_nan_stays_nan(case, dtype):
    x = np.array([np.nan, 1.0, -np.nan, -2.0, np.nan] * 7, dtype)
    nan = np.isnan(x)
    results = case.results(x, np.ones_like(x))
    results["in place"] = case.in_place(x.copy(), *case.required)
    for form, result in results.items():
        assert np.isnan(result[nan]).all(), form
        assert np.isfinite(result[~nan]).all(), form


def test_nan_in_grad_stays_nan(case, dtype):
    """Also where the derivative is zero."""
    x = np.array([-np.inf, -1e4, -1.0, -0.0, 0.0, 1.0, 1e4, np.inf] * 5, dtype)
    g = case.results(x, np.full_like(x, np.nan))["backward"]
    assert np.isnan(g).all()


@pytest.mark.parametrize("x", INFINITIES)
def test_limits_at_the_infinities(case, dtype, x):
    if x not in case.declaration.limits:
        pytest.skip("the limit depends on a required parameter")
    value, derivative = case.declaration.limits[x]
    argument = np.full(19, x, dtype)
    results = case.results(argument, np.full_like(argument, 2.0))
    exact = {0.0, 1.0, -1.0, np.inf, -np.inf}
    for form, limit in [
        ("value", value),
        ("value of both", value),
        ("derivative", derivative),
        ("derivative of both", derivative),
    ]:
        result = results[form]
        wanted = np.full_like(argument, limit)
        if abs(limit) in exact:
            assert (result == wanted).all(), (form, result[0], limit)
            assert (np.signbit(result) == np.signbit(wanted)).all() or form.startswith("derivative"), (
                form,
                result[0],
                limit,
            )
        else:
            assert (ulp_error(result, from_wider(np.full(19, float(limit)), argument.dtype)) <= 1).all(), (
                form,
                result[0],
            )
    assert (results["backward"] == 2 * results["derivative"]).all()


@pytest.mark.parametrize("x", INFINITIES)
def test_declared_limits_are_those_of_the_truth(case, x):
    """Seen from as far out as the truth can be asked."""
    if x not in case.declaration.limits:
        pytest.skip("the limit depends on a required parameter")
    far = mpf(np.sign(x)) * mpf(10) ** 200
    parameters = [mpf(float(p)) for p in case.defaults]
    with mp.workprec(3000):
        value = TRUTH[case.name](far, *parameters)
        steepness = derivative(case.name, 0, far, *parameters)
    for declared, seen in zip(case.declaration.limits[x], (value, steepness), strict=True):
        if np.isinf(declared):
            assert mp.sign(seen) == np.sign(declared)
            assert abs(seen) > 100
        else:
            assert abs(seen - declared) < 1e-12, (declared, seen)


def test_zero_keeps_its_sign_where_it_stays_zero(case, dtype):
    zeros = np.array([-0.0, 0.0] * 9, dtype)
    value = case.function(zeros, *case.required)
    in_place = case.in_place(zeros.copy(), *case.required)
    for result in (value, in_place):
        truth = TRUTH[case.name](mpf(0), *map(mpf, case.defaults))
        if truth == 0:
            assert (result == 0).all()
            assert (np.signbit(result) == np.signbit(zeros)).all()
        elif abs(truth) > np.finfo(dtype).smallest_subnormal:
            assert (result != 0).all()


def test_value_at_minus_infinity_keeps_the_sign_of_its_tail(case, dtype):
    """-0.0 for silu, whose tail is negative; 0.0 for relu... as declared."""
    declared = case.declaration.limits.get(-np.inf, (1.0, 1.0))[0]
    tail = TRUTH[case.name](mpf(-(10**4)), *map(mpf, case.defaults))
    if declared == 0 and tail != 0:
        assert np.signbit(declared) == (tail < 0)
        assert np.signbit(case.function(np.array([-np.inf], dtype), *case.required))[0] == (tail < 0)


def test_kinks_have_the_left_derivative(case, dtype):
    """Up to the kink the derivative is the same; right of it it is another."""
    # A kink between two numbers is where the parameters put it in the precision in which they are taken.
    parameters = [mpf(float(np.result_type(dtype, np.float32).type(p))) for p in case.defaults]
    with mp.workprec(240):
        for kink in case.declaration.kinks_with(*parameters):
            at = max(x for x in neighbours([float(kink)], dtype) if mpf(float(x)) <= kink)
            left, right = np.nextafter(at, at.dtype.type(-np.inf)), np.nextafter(at, at.dtype.type(np.inf))
            results = [case.results(np.full(5, x), np.full(5, 2.0, dtype)) for x in (left, at, right)]
            wanted = float(derivative(case.name, 0, mpf(float(at)), *parameters))
            for form in ("derivative", "derivative of both"):
                d_left, d_at, d_right = (float(result[form][0]) for result in results)
                assert abs(d_at - wanted) <= 4 * np.finfo(dtype).eps * max(1, abs(wanted)), form
                assert abs(d_at - d_left) < abs(d_at - d_right) / 10, form
            assert results[1]["backward"][0] == 2 * results[1]["derivative"][0]


def test_kinks_are_all_declared(case):
    """Elsewhere the derivatives of two numbers come as close as the numbers do."""
    x = np.sort(np.unique(np.concatenate([walk("float64", 40_000, 1e-3, 1e3), neighbours([0.0, 1.0, 3.0, 6.0], "float64")])))
    # A slope that changes within 1e-3 of zero, as that of smu, is no jump; nor is one next to a declared kink.
    left, right = x[:-1], x[1:]
    apart = (np.minimum(np.abs(left), np.abs(right)) > 1e-3) & (left * right > 0)
    for kink in case.kinks:
        apart &= (np.nextafter(kink, np.inf) < left) | (right < np.nextafter(kink, -np.inf))
    left, right = left[apart], right[apart]

    def jumps(left, right):
        at_left, at_right = (case.function.derivative(x, *case.required) for x in (left, right))
        with np.errstate(invalid="ignore"):
            return np.abs(at_right - at_left) > 0.02 * np.maximum(np.abs(at_right), 1)

    for _ in range(60):
        steep = jumps(left, right)
        left, right = left[steep], right[steep]
        middle = left + (right - left) / 2
        left, right = np.concatenate([left, middle]), np.concatenate([middle, right])
    assert not left.size, left[:3]


def test_declared_monotone(case):
    """Where a function is declared never to decrease it does not, by more than its error; others do."""
    if case.required:
        pytest.skip("that depends on a required parameter")
    x = np.sort(walk("float64", 30_000))
    value = case.function(x, *case.required)
    fuzz = 2 * case.declaration.ulp[0] * np.finfo(float).eps
    # Some overflow far out, and the difference of two infinities is no fall.
    with np.errstate(over="ignore", invalid="ignore"):
        falls = value[1:] < value[:-1] - fuzz * np.abs(value[:-1])
    assert falls.any() != case.declaration.monotone, x[:-1][falls][:3]


def test_no_step_goes_down(case, working_dtype):
    """From one number to the next a function that never decreases does not either; all float32 steps: exhaustive.py."""
    if not case.declaration.monotone or case.name in MAY_STEP_DOWN:
        pytest.skip("it may decrease")
    starts = np.concatenate([samples(working_dtype, case.kinks)[::3], walk(working_dtype, 300, 2.0**-20, 2.0**7)])
    x = stretches(working_dtype, starts, 16 if SLOW else 64)
    value = case.function(x)
    falls = value[:, 1:] < value[:, :-1]
    assert not falls.any(), x[:, :-1][falls][:3]


def test_no_step_of_float16_goes_down(case):
    if not case.declaration.monotone or case.name in MAY_STEP_DOWN:
        pytest.skip("it may decrease")
    bits = np.arange(0x7C01, dtype=np.uint16)
    for x in (bits.view(np.float16), (bits | np.uint16(0x8000)).view(np.float16)[::-1]):
        value = case.function(x)
        falls = value[1:] < value[:-1]
        assert not falls.any(), x[:-1][falls][:3]


def test_specials_are_what_the_neighbourhood_is(case, dtype):
    """No special input makes a NaN of anything but NaN."""
    x = specials(dtype)
    for form, result in case.results(x, np.ones_like(x)).items():
        if form not in case.declaration.trainable:
            assert (np.isnan(result) == np.isnan(x)).all(), (form, x, result)


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [("silu", -1.27846454, -0.27846454), ("mish", -1.1924312, None), ("gelu", -0.75179152, None)],
)
def test_known_minima(name, place, value):
    x = np.linspace(place - 1e-3, place + 1e-3, 2001)
    y = getattr(fa, name)(x)
    assert abs(x[np.argmin(y)] - place) < 2e-5
    if value is not None:
        assert abs(y.min() - value) < 1e-8


@pytest.mark.parametrize("name", ["gelu", "silu", "gelu_tanh", "mish"])
def test_tails_are_subnormal_before_they_are_zero(name):
    """Nothing flushes subnormal numbers, nor cuts the tail off where exp would leave the normal range."""
    x = -walk("float32", 20_000, 1.0, 200.0)[20_000:]
    y = getattr(fa, name)(x)
    subnormal = (y != 0) & (np.abs(y) < np.finfo("float32").tiny)
    assert subnormal.any()
    assert (np.sort(x[y == 0])[-1:] < x[subnormal].min()).all()


def test_reciprocals_are_rounded_right(working_dtype, rng):
    """Far below zero squareplus with b = 4 is one over the magnitude, whose digits no formula corrects."""
    info = np.finfo(working_dtype)
    ones = 2.0 - info.eps
    significands = np.concatenate([[1.0, 1.0 + info.eps, 1.5, ones - info.eps, ones], rng.uniform(1.0, 2.0, 3000)])
    powers = np.arange(info.maxexp // 2 + 2, info.maxexp)
    a = np.ldexp(significands.astype(working_dtype)[:, None], powers)
    assert same_bits(fa.squareplus(-a), 1.0 / a)

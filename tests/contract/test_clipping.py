"""Clipping in place by value and by norm, against exact sums."""

import itertools
import math

import numpy as np
import pytest
from inputs import LAYOUTS, Laid, same_bits, specials

import fastact as fa

ORDERS = [1, 2, 3, 0.5, 2.5, np.inf]


def true_norm(arrays, p):
    sizes = np.concatenate([np.abs(x, dtype=np.longdouble).ravel() for x in arrays])
    return float(sizes.max() if p == np.inf else (sizes**p).sum() ** (1 / np.longdouble(p)))


# By value


def test_value(dtype):
    x = np.concatenate([specials(dtype), np.linspace(-3, 3, 50).astype(dtype)])
    for low, high in itertools.combinations_with_replacement((-np.inf, -1.5, 0, 1, np.inf), 2):
        y = x.copy()
        with np.errstate(all="raise"):
            assert fa.clip_by_value_(y, low, high) is y
        assert same_bits(np.abs(y), np.abs(np.clip(x, low, high)))
        assert (y == np.clip(x, low, high))[~np.isnan(x)].all()


def test_bounds_that_the_dtype_does_not_reach():
    x = np.array([-1e38, 1e38], np.float32)
    with np.errstate(all="raise"):
        assert same_bits(fa.clip_by_value_(x.copy(), -1e300, 1e300), x)


# By norm


@pytest.mark.parametrize("p", ORDERS)
def test_norm(dtype, p, rng):
    arrays = [rng.normal(size=shape).astype(dtype) for shape in ((3, 5), (7,), (), (2, 1, 3), (0, 4))]
    norm = true_norm(arrays, p)
    for max_norm in (norm / 3, norm * 2, 0):
        clipped = [x.copy() for x in arrays]
        found = fa.clip_by_norm_(clipped, max_norm, p=p)
        assert type(found) is float
        assert math.isclose(found, norm, rel_tol=1e-15)
        for x, y in zip(arrays, clipped, strict=True):
            wanted = x.astype(np.longdouble) * min(1, max_norm / np.longdouble(found))
            info = np.finfo(dtype)
            assert (np.abs(y - wanted) <= info.eps * np.abs(wanted) + info.smallest_subnormal).all()
    x = arrays[0].copy()
    assert math.isclose(fa.clip_by_norm_(x, 0.5, p), true_norm(arrays[:1], p), rel_tol=1e-15)
    assert math.isclose(fa.clip_by_norm_(x, 0.5, p), 0.5, rel_tol=3 * np.finfo(dtype).eps)


@pytest.mark.parametrize("shape", [(200_000,), (300, 700), (70_000, 3)])
def test_norm_of_many(shape, working_dtype, rng):
    """The same bits in every layout."""
    x = rng.normal(loc=3, size=shape).astype(working_dtype)
    norm = fa.clip_by_norm_(x, np.inf)
    assert math.isclose(norm, true_norm([x], 2), rel_tol=1e-15)
    for change in (np.asfortranarray, lambda x: np.flip(np.flip(x).copy()), lambda x: np.repeat(x, 2, -1)[..., ::2]):
        assert fa.clip_by_norm_(change(x), np.inf) == norm


@pytest.mark.parametrize("p", ORDERS)
@pytest.mark.parametrize("power", [-0.999, -0.6, -0.515, 0.6, 0.98])
def test_squares_out_of_range(working_dtype, p, power):
    """The norm is a float64 though its powers are not."""
    size = 2 / 3 * 2.0 ** int(power * np.finfo(working_dtype).maxexp)
    x = np.array([3 * size, -4 * size, 0], working_dtype)
    wanted, before = true_norm([x], p), x.astype(np.longdouble)
    with np.errstate(all="raise"):
        assert math.isclose(fa.clip_by_norm_(x, np.inf, p), wanted, rel_tol=1e-14)
        fa.clip_by_norm_(x, size, p)
    assert np.allclose(x / size, before / wanted, rtol=1e-6)


def test_an_array_is_not_scaled_twice():
    x = np.array([3.0, 4.0])
    with pytest.raises(ValueError, match="stands in x twice"):
        fa.clip_by_norm_([x, x], 1.0)
    assert (x == [3, 4]).all()


def test_a_norm_out_of_range():
    x = np.full(4, 1e308)
    with np.errstate(all="raise"):
        assert fa.clip_by_norm_(x.copy(), np.inf, 0.5) == np.inf
        assert fa.clip_by_norm_(x, 1.0) == np.inf
    assert (x == 0).all()


def test_a_factor_below_float32():
    """1e38 times 1e-58 is a float32, though 1e-58 is none."""
    x = np.array([3e38, 1e30], np.float32)
    fa.clip_by_norm_(x, 3e-20, p=np.inf)
    assert np.allclose(x, [3e-20, 1e-28], rtol=1e-6, atol=0)


def test_norms_that_are_not_finite(dtype):
    """As PyTorch's clip_grad_norm_ with error_if_nonfinite=False."""
    with np.errstate(all="raise"):
        x, y = np.array([1, np.inf], dtype), np.array([2], dtype)
        assert fa.clip_by_norm_([x, y], 1.0) == np.inf
        assert x[0] == y[0] == 0
        assert np.isnan(x[1])
        for p in ORDERS:
            x, y = np.array([1, np.nan], dtype), np.array([np.inf], dtype)
            assert np.isnan(fa.clip_by_norm_([x, y], 1.0, p))
            assert np.isnan([*x, *y]).all()


def test_nothing_to_scale(dtype):
    assert fa.clip_by_norm_([], 1.0) == 0
    x = np.zeros(3, dtype)
    assert fa.clip_by_norm_(x, 0.0) == 0
    assert (x == 0).all()
    assert fa.clip_by_norm_(np.empty((0, 2), dtype), 1.0, np.inf) == 0


# Layouts and errors


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(layout, dtype, rng):
    values = rng.normal(size=300)
    for clip in (
        lambda x: fa.clip_by_value_(x, -0.5, 0.5),
        lambda x: fa.clip_by_norm_(x, 0.5),
        lambda x: fa.clip_by_norm_((x,), 0.5, 1),
    ):
        x = Laid(layout, dtype, values)
        plain = x.native()
        clip(plain)
        clip(x.array)
        assert same_bits(x.array, plain)
        assert x.canaries_alive()


def frozen():
    x = np.ones(3)
    x.flags.writeable = False
    return x


ONES = np.ones(3)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ([1.0], TypeError, "is a list|is a float"),
        (np.arange(3), TypeError, "has dtype int64"),
        (np.ones(2, complex), TypeError, "has dtype complex128"),
        (np.ma.array([1.0]), TypeError, "is a MaskedArray"),
        (frozen(), ValueError, "is read-only"),
        (np.lib.stride_tricks.as_strided(np.ones(3), (2, 2), (8, 8)), ValueError, "share memory"),
    ],
)
def test_wrong_arrays(wrong, error, message):
    with pytest.raises(error, match=f"clip_by_value_: .*x.* ({message})"):
        fa.clip_by_value_(wrong, 0, 0)
    with pytest.raises(error, match=f"clip_by_norm_: .*x.* ({message})"):
        fa.clip_by_norm_(wrong, 0)
    with pytest.raises(error, match=rf"clip_by_norm_: .*x\[1\].* ({message})"):
        fa.clip_by_norm_([ONES, wrong], 0)
    assert (ONES == 1).all()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: fa.clip_by_value_(ONES, 2, 1), ValueError, "clip_by_value_: low is 2 and high is 1"),
        (lambda: fa.clip_by_value_(ONES, "a", 1), TypeError, "clip_by_value_: low is 'a'"),
        (lambda: fa.clip_by_value_(ONES, 0, np.nan), ValueError, "clip_by_value_: high is nan"),
        (lambda: fa.clip_by_norm_(ONES, -1), ValueError, "clip_by_norm_: max_norm is -1"),
        (lambda: fa.clip_by_norm_(ONES, np.nan), ValueError, "clip_by_norm_: max_norm is nan"),
        (lambda: fa.clip_by_norm_(ONES, 1, 0), ValueError, "clip_by_norm_: p is 0"),
        (lambda: fa.clip_by_norm_(ONES, 1, p=None), TypeError, "clip_by_norm_: p is None"),
        (lambda: fa.clip_by_norm_({"a": ONES}, 1), TypeError, "clip_by_norm_: x is a dict"),
    ],
)
def test_wrong_numbers(call, error, message):
    with pytest.raises(error, match=message):
        call()
    assert (ONES == 1).all()

"""crelu and maxout, which change the number of channels, against loops over single numbers."""

import pickle

import numpy as np
import pytest

import fastact as fa


@pytest.mark.parametrize("pieces", [2, 30])
def test_maxout_in_native_byte_order(pieces):
    largest = fa.maxout(np.arange(60, dtype=">f4"), pieces)
    assert largest.dtype.isnative
    assert (largest == np.arange(pieces - 1, 60, pieces)).all()


@pytest.fixture
def x(working_dtype):
    return np.random.default_rng(4).standard_normal((3, 8, 5)).astype(working_dtype)


def rows(x, axis):
    """The channels of each place, as lists."""
    return np.moveaxis(x, axis, -1).reshape(-1, x.shape[axis])


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2])
def test_crelu(x, axis):
    y = fa.crelu(x, axis=axis)
    assert y.dtype == x.dtype
    for got, given in zip(rows(y, axis), rows(x, axis), strict=True):
        assert got.tolist() == [max(v, 0) for v in given] + [max(-v, 0) for v in given]


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_crelu_backward(x, axis):
    rng = np.random.default_rng(5)
    x.flat[3] = 0
    grad = rng.standard_normal(fa.crelu(x, axis).shape).astype(x.dtype)
    g = fa.crelu.backward(grad, x, axis=axis)
    assert g.shape == x.shape
    assert g.dtype == x.dtype
    for got, upper, given in zip(rows(g, axis), rows(grad, axis), rows(x, axis), strict=True):
        half = len(given)
        wanted = [upper[i] if v > 0 else -upper[half + i] if v < 0 else 0 for i, v in enumerate(given)]
        assert got.tolist() == wanted


@pytest.mark.parametrize(("axis", "pieces"), [(1, 2), (1, 4), (1, 8), (1, 1), (-1, 5), (0, 3)])
def test_maxout(x, axis, pieces):
    y = fa.maxout(x, pieces, axis=axis)
    assert y.dtype == x.dtype
    for got, given in zip(rows(y, axis), rows(x, axis), strict=True):
        assert got.tolist() == [max(given[i : i + pieces]) for i in range(0, len(given), pieces)]


@pytest.mark.parametrize(("axis", "pieces"), [(1, 2), (-1, 5), (0, 3)])
def test_maxout_backward(x, axis, pieces):
    x = np.round(x)
    grad = np.random.default_rng(6).standard_normal(fa.maxout(x, pieces, axis).shape).astype(x.dtype)
    g = fa.maxout.backward(grad, x, pieces, axis=axis)
    assert g.shape == x.shape
    assert g.dtype == x.dtype
    for got, upper, given in zip(rows(g, axis), rows(grad, axis), rows(x, axis), strict=True):
        wanted = np.zeros(len(given))
        for unit, value in enumerate(upper):
            part = list(given[unit * pieces : (unit + 1) * pieces])
            wanted[unit * pieces + part.index(max(part))] = value
        assert got.tolist() == wanted.tolist()


def test_nan_stays_nan(dtype):
    x = np.array([np.nan, 1.0, -2.0, 3.0], dtype)
    assert np.isnan(fa.crelu(x)).tolist() == [True, False, False, False] * 2
    assert np.isnan(fa.maxout(x, 2)).tolist() == [True, False]
    assert np.isnan(fa.crelu.backward(np.ones(8, dtype), x)).tolist() == [True, False, False, False]
    assert fa.maxout.backward(np.ones(2, dtype), x, 2).tolist() == [1, 0, 0, 1]


def test_other_kinds_of_arrays():
    assert fa.crelu([1, -2]).tolist() == [1, 0, 0, 2]
    assert fa.crelu(np.array([3], np.uint8)).tolist() == [3, 0]
    assert fa.crelu(np.array([True])).dtype == np.float16
    assert fa.maxout([[1, 5], [2, 0]], 2).tolist() == [[5], [2]]
    assert fa.crelu(np.ones((2, 0))).shape == (2, 0)
    assert fa.maxout(np.ones((2, 0)), 3).shape == (2, 0)
    assert fa.maxout.backward(np.ones((2, 0)), np.ones((2, 0)), 3).shape == (2, 0)


def test_inputs_stay(x):
    before = x.copy()
    grad = np.ones_like(fa.crelu(x))
    fa.crelu.backward(grad, x)
    fa.maxout.backward(np.ones_like(fa.maxout(x, 5)), x, 5)
    assert (x == before).all()
    assert (grad == 1).all()


@pytest.mark.parametrize("handling", ["raise", "warn"])
def test_no_warnings(working_dtype, handling):
    x = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, np.finfo(working_dtype).max], working_dtype)
    with np.errstate(all=handling):
        fa.crelu.backward(fa.crelu(x), x)
        fa.maxout.backward(fa.maxout(x, 2), x, 2)


@pytest.mark.parametrize("operation", [fa.crelu, fa.maxout], ids=["crelu", "maxout"])
def test_bad_input(operation):
    more = (1,) if operation is fa.maxout else ()
    for bad in (np.ones(2, complex), np.ones(2, object), "text", np.ma.masked_array([1.0], [True])):
        with pytest.raises(TypeError, match=rf"{operation.__name__}: x"):
            operation(bad, *more)
    for axis in (1, -2):
        with pytest.raises(np.exceptions.AxisError):
            operation(np.ones(2), *more, axis=axis)
    with pytest.raises(TypeError, match="axis is 1.0"):
        operation(np.ones(2), *more, axis=1.0)
    with pytest.raises(ValueError, match=rf"{operation.__name__}.backward: grad has shape \(3,\)"):
        operation.backward(np.ones(3), np.ones(2), *more)
    with pytest.raises(np.exceptions.AxisError):
        operation(1.0, *more)


@pytest.mark.parametrize(
    ("pieces", "error"), [(0, ValueError), (-2, ValueError), (4, ValueError), (2.0, TypeError), ("2", TypeError)]
)
def test_bad_pieces(pieces, error):
    with pytest.raises(error, match="maxout: pieces is"):
        fa.maxout(np.ones(6), pieces)
    with pytest.raises(error, match="pieces is"):
        fa.maxout.backward(np.ones(3), np.ones(6), pieces)


def test_pickle():
    for operation in (fa.crelu, fa.maxout):
        assert pickle.loads(pickle.dumps(operation)) is operation

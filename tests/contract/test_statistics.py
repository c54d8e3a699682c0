"""What normalisations measure and hand out: as exact as promised, and checked when it comes back."""

import numpy as np
import pytest
import row_truth
from errors import from_wider, ulp_error
from inputs import same_bits

import fastact as fa

MEASURED = {
    "layer_norm": (fa.layer_norm, {}, 2),
    "layer_norm of columns": (fa.layer_norm, {"axis": 0}, 0),
    "layer_norm of axes apart": (fa.layer_norm, {"axis": (0, 2)}, (0, 2)),
    "batch_norm": (fa.batch_norm, {"mean": None, "variance": None, "training": True}, (0, 2)),
    "batch_norm, channels last": (fa.batch_norm, {"mean": None, "variance": None, "training": True, "axis": -1}, (0, 1)),
    "group_norm": (fa.group_norm, {"groups": 1}, (1, 2)),
    "instance_norm": (fa.instance_norm, {}, 2),
}
"""The operation, its settings, and the axes that a mean of an array of three dimensions runs over."""


def working_eps(dtype):
    """Float16 is computed in float32."""
    return float(np.finfo(np.result_type(dtype, np.float32)).eps)


@pytest.mark.parametrize("offset", [1e4, -3e4])
@pytest.mark.parametrize("norm", MEASURED)
def test_the_mean_has_twice_the_precision(norm, offset, dtype, rng):
    function, settings, axes = MEASURED[norm]
    x = (rng.normal(scale=30, size=(8, 6, 10)) + offset).astype(dtype)
    mean, variance = row_truth.moments(x, axes)
    _, statistics = function(x, **settings, eps=0.0, return_statistics=True)
    assert statistics.mean.dtype == (np.longdouble if dtype == "float64" else np.float64)
    bound = max(working_eps(dtype) ** 2, 2 * np.finfo(statistics.mean.dtype).eps)
    assert (np.abs(statistics.mean - mean) <= bound * np.abs(mean)).all()
    assert (np.abs(statistics.factor * np.sqrt(variance) - 1) <= 2 * working_eps(dtype)).all()


@pytest.mark.parametrize("axis", [0, 2, (0, 2), None], ids=str)
def test_the_factor_of_rms_norm(axis, dtype, rng):
    x = rng.normal(scale=3, size=(8, 6, 10)).astype(dtype)
    _, statistics = fa.rms_norm(x, axis=axis, eps=0.0, return_statistics=True)
    square = (x.astype(np.longdouble) ** 2).mean(axis=axis, keepdims=True)
    assert (statistics.mean == np.zeros_like(square)).all()
    assert (np.abs(statistics.factor * np.sqrt(square) - 1) <= 2 * working_eps(dtype)).all()


@pytest.mark.parametrize("axis", [0, 1, (0, 2), None], ids=str)
def test_the_extremes_of_minmax(axis, dtype, rng):
    x = rng.normal(scale=3, size=(3, 40, 5)).astype(dtype)
    y, smallest, largest = fa.minmax(x, axis, feature_range=(-2, 5), return_statistics=True)
    assert same_bits(y, fa.minmax(x, axis, feature_range=(-2, 5)))
    assert same_bits(smallest, x.min(axis=axis, keepdims=True))
    assert same_bits(largest, x.max(axis=axis, keepdims=True))


@pytest.mark.parametrize("axis", [0, 1, (0, 2), None], ids=str)
@pytest.mark.parametrize("p", [1, 2, 3, 10, np.inf])
def test_norms(p, axis, dtype, rng):
    """Right to 2 ulp, and not raised to eps."""
    x = rng.normal(scale=3, size=(3, 300, 5)).astype(dtype)
    y, norms = fa.normalize(x, p, axis, return_statistics=True)
    assert same_bits(y, fa.normalize(x, p, axis))
    wanted = row_truth.norm(x.astype(np.longdouble), axis, p)
    assert norms.shape == wanted.shape
    assert ulp_error(norms, from_wider(wanted, x.dtype)).max() <= 2
    assert same_bits(fa.normalize(x, p, axis, eps=1e5, return_statistics=True)[1], norms)


@pytest.mark.parametrize("p", [1.1, 1.5, 3, 20.5])
def test_norms_of_long_rows(p, working_dtype, rng):
    x = rng.normal(loc=1, size=(8, 10_000)).astype(working_dtype)
    _, norms = fa.normalize(x, p, return_statistics=True)
    order = np.longdouble(x.dtype.type(p))
    assert ulp_error(norms, from_wider(row_truth.norm(x.astype(np.longdouble), 1, order), x.dtype)).max() <= 2


BACKWARD = {
    "layer_norm": lambda x, s, out: fa.layer_norm.backward(x, x, np.ones(3), statistics=s, out=out),
    "rms_norm": lambda x, s, out: fa.rms_norm.backward(x, x, np.ones(3), statistics=s, out=out),
    "batch_norm": lambda x, s, out: fa.batch_norm.backward(x, x, weight=np.ones(4), training=True, statistics=s, out=out),
    "group_norm": lambda x, s, out: fa.group_norm.backward(x, x, 2, np.ones(4), statistics=s, out=out),
    "instance_norm": lambda x, s, out: fa.instance_norm.backward(x, x, np.ones(4), statistics=s, out=out),
}
RIGHT = (1, 4, 1), (2, 4, 1)
"""Shapes of statistics of an array of shape (2, 4, 3): those of batch_norm, and those of the others."""


def refused(name, statistics, error, words):
    """Check that a backward pass names itself and what it was given, and has written nothing."""
    x, out = np.arange(24.0).reshape(2, 4, 3), np.zeros((2, 4, 3))
    with pytest.raises(error, match=rf"^{name}\.backward: statistics {words}"):
        BACKWARD[name](x, statistics, out)
    assert (out == 0).all()


@pytest.mark.parametrize("name", BACKWARD)
def test_statistics_of_another_kind(name):
    one = np.ones(RIGHT[name != "batch_norm"])
    refused(name, (one, one), TypeError, "is a tuple; it must be what the forward pass returned")
    refused(name, one, TypeError, "is a ndarray")
    refused(name, True, TypeError, "is a bool")


@pytest.mark.parametrize("name", BACKWARD)
def test_statistics_of_another_shape(name):
    right, wrong = RIGHT[name != "batch_norm"], RIGHT[name == "batch_norm"]
    for shapes in ((wrong, wrong), (right, wrong), (wrong, right), ((4,), (4,)), ((), ())):
        statistics = fa.Statistics(*(np.ones(shape) for shape in shapes))
        refused(name, statistics, ValueError, r"have shapes \(.*\) and \(.*\); they must have \(")


@pytest.mark.parametrize("name", BACKWARD)
def test_statistics_of_another_dtype(name):
    one = np.ones(RIGHT[name != "batch_norm"])
    refused(name, fa.Statistics(one, one.astype(int)), TypeError, "have dtypes float64 and int64; they must be floats")
    refused(name, fa.Statistics(one.astype(str), one), TypeError, "have dtypes <U32 and float64")
    refused(name, fa.Statistics(one, None), TypeError, "have dtypes float64 and object")
    x = np.arange(24.0).reshape(2, 4, 3)
    for array, listed in zip(*(BACKWARD[name](x, fa.Statistics(one, s), None) for s in (one, one.tolist())), strict=True):
        assert same_bits(array, listed)

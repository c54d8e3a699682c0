"""Batch, group and instance norm against the formula in long double, channels first, last and in between."""

import numpy as np
import pytest
import row_truth
from errors import from_wider, ulp_error
from inputs import same_bits

import fastact as fa

SHAPES = [((6, 4), 1), ((3, 4, 5), 1), ((3, 4, 5, 2), 1), ((3, 5, 2, 4), -1), ((4, 3, 5), 0)]
EPS = np.longdouble(1e-5)


def per_channel(values, ndim, axis):
    shape = [1] * ndim
    shape[axis] = -1
    return np.asarray(values).reshape(shape)


def standardized(x, axes):
    mean = x.mean(axis=axes, keepdims=True)
    return (x - mean) / np.sqrt(((x - mean) ** 2).mean(axis=axes, keepdims=True) + EPS)


def true_batch_norm(x, axis):
    return standardized(x, tuple(a for a in range(x.ndim) if a != axis % x.ndim))


def true_group_norm(x, groups, axis):
    moved = np.moveaxis(x, axis, 0)
    result = np.empty_like(moved)
    size = moved.shape[0] // groups
    for g in range(groups):
        part = moved[g * size : (g + 1) * size]
        for n in range(part.shape[1]):
            result[g * size : (g + 1) * size, n] = standardized(part[:, n], tuple(range(part.ndim - 1)))
    return np.moveaxis(result, 0, axis)


def check_parameters(backward, plain, grad, weight, axis, bound):
    beside = tuple(a for a in range(plain.ndim) if a != axis % plain.ndim)
    _, by_weight, by_bias = backward
    np.testing.assert_allclose(by_weight, (grad * plain).sum(axis=beside), atol=20 * bound)
    np.testing.assert_allclose(by_bias, grad.astype(np.longdouble).sum(axis=beside), atol=20 * bound)
    assert by_weight.dtype == weight.dtype


@pytest.mark.parametrize(("shape", "axis"), SHAPES, ids=str)
def test_batch_norm(shape, axis, working_dtype, rng):
    bound = {"float32": 2e-6, "float64": 5e-15}[working_dtype]
    x = (rng.normal(scale=2, size=shape) + 50).astype(working_dtype)
    weight, bias, mean = rng.normal(size=(3, 4)).astype(working_dtype)
    variance = rng.uniform(1, 2, size=4).astype(working_dtype)
    grad = rng.normal(size=shape).astype(working_dtype)
    w, b, m, v = (per_channel(p, x.ndim, axis).astype(np.longdouble) for p in (weight, bias, mean, variance))
    wide = x.astype(np.longdouble)

    plain = (wide - m) / np.sqrt(v + EPS)
    np.testing.assert_allclose(fa.batch_norm(x, mean, variance, weight, bias, axis), plain * w + b, atol=60 * bound)
    backward = fa.batch_norm.backward(grad, x, mean, variance, weight, axis)
    np.testing.assert_allclose(backward[0], grad * w / np.sqrt(v + EPS), atol=2 * bound)
    check_parameters(backward, plain, grad, weight, axis, 60 * bound)

    plain = true_batch_norm(wide, axis)
    running = mean.copy(), variance.copy()
    y, statistics = fa.batch_norm(x, *running, weight, bias, axis, training=True, return_statistics=True)
    np.testing.assert_allclose(y, plain * w + b, atol=2 * bound)
    beside = tuple(a for a in range(x.ndim) if a != axis % x.ndim)
    np.testing.assert_allclose(running[0], 0.9 * mean + 0.1 * wide.mean(axis=beside), rtol=4 * np.finfo(working_dtype).eps)
    np.testing.assert_allclose(running[1], 0.9 * variance + 0.1 * wide.var(axis=beside, ddof=1), rtol=1e-6)
    wanted = row_truth.gradient(lambda z: (grad * (true_batch_norm(z, axis) * w + b)).sum(), x)
    for given in (None, statistics):
        backward = fa.batch_norm.backward(grad, x, weight=weight, axis=axis, training=True, statistics=given)
        np.testing.assert_allclose(backward[0], wanted, atol=max(4 * bound, 1e-9))
        check_parameters(backward, plain, grad, weight, axis, bound)
    assert same_bits(fa.batch_norm(x, None, None, weight, bias, axis, training=True), y)
    written = x.copy()
    assert fa.batch_norm_(written, None, None, weight, bias, axis, training=True) is written
    assert same_bits(written, y)


@pytest.mark.parametrize(("offset", "of_grad"), [(0, 0), (0, 3), (1e4, 0), (1e4, 3)])
@pytest.mark.parametrize(
    ("shape", "axis"), [((16, 3, 30, 40), 1), ((1, 2, 200, 200), 1), ((16, 50, 3), -1), ((30000, 9), 1)], ids=str
)
def test_sums_of_batch_norm(shape, axis, offset, of_grad, rng):
    """Right to 2 ulp, also where the gradient has a mean, whose products with the normalised elements cancel."""
    x, grad = (rng.normal(size=shape) + offset).astype(np.float32), (rng.normal(size=shape) + of_grad).astype(np.float32)
    beside = tuple(a for a in range(x.ndim) if a != axis % x.ndim)
    wide = grad.astype(np.longdouble)
    wanted = (wide * standardized(x.astype(np.longdouble), beside)).sum(axis=beside), wide.sum(axis=beside)
    _, *sums = fa.batch_norm.backward(grad, x, weight=np.ones(shape[axis], np.float32), axis=axis, training=True)
    for found, truth in zip(sums, wanted, strict=True):
        assert ulp_error(found, from_wider(truth, x.dtype)).max() <= 2


def test_sums_of_infinite_gradients(working_dtype):
    x, grad = np.arange(12, dtype=working_dtype).reshape(6, 2), np.ones((6, 2), working_dtype)
    grad[4] = np.inf, -np.inf
    _, by_weight, by_bias = fa.batch_norm.backward(grad, x, weight=np.ones(2), training=True)
    assert not np.isfinite(by_weight).any()
    assert by_bias.tolist() == [np.inf, -np.inf]


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize(("shape", "axis"), SHAPES, ids=str)
def test_group_norm(shape, axis, groups, working_dtype, rng):
    if len(shape) == 2 and groups == 4:
        pytest.skip("a group of one number")
    bound = {"float32": 4e-6, "float64": 1e-14}[working_dtype]
    x = (rng.normal(scale=2, size=shape) + 50).astype(working_dtype)
    weight, bias = rng.normal(size=(2, 4)).astype(working_dtype)
    grad = rng.normal(size=shape).astype(working_dtype)
    w, b = per_channel(weight, x.ndim, axis), per_channel(bias, x.ndim, axis)
    plain = true_group_norm(x.astype(np.longdouble), groups, axis)
    y, statistics = fa.group_norm(x, groups, weight, bias, axis, return_statistics=True)
    np.testing.assert_allclose(y, plain * w + b, atol=bound)
    wanted = row_truth.gradient(lambda z: (grad * true_group_norm(z, groups, axis) * w).sum(), x)
    for given in (None, statistics):
        backward = fa.group_norm.backward(grad, x, groups, weight, axis, statistics=given)
        np.testing.assert_allclose(backward[0], wanted, atol=max(4 * bound, 1e-8))
        check_parameters(backward, plain, grad, weight, axis, bound)
    np.testing.assert_allclose(
        fa.group_norm.backward(grad, x, groups, axis=axis),
        fa.group_norm.backward(grad, x, groups, np.ones(4), axis)[0],
    )
    written = np.asfortranarray(x)
    assert fa.group_norm_(written, groups, weight, bias, axis) is written
    assert same_bits(np.ascontiguousarray(written), y)
    if groups == 4:
        assert same_bits(fa.instance_norm(x, weight, bias, axis), y)
        assert same_bits(fa.instance_norm_(x.copy(), weight, bias, axis), y)
        by_instance = fa.instance_norm.backward(grad, x, weight, axis)
        for one, other in zip(by_instance, fa.group_norm.backward(grad, x, 4, weight, axis), strict=True):
            assert same_bits(one, other)


@pytest.mark.parametrize(("shape", "axis"), [((23, 12), 1), ((12, 23), 0), ((23, 12, 2), 1), ((23, 2, 12), -1), ((12, 5, 3), 0)])
def test_groups_one_after_the_other(shape, axis, working_dtype, rng, monkeypatch):
    """Where statistics are measured for some groups at a time."""
    monkeypatch.setattr("fastact.channel_norms.MEASURED", 8)
    bound = {"float32": 4e-6, "float64": 1e-14}[working_dtype]
    x = (rng.normal(scale=2, size=shape) + 50).astype(working_dtype)
    weight, bias = rng.normal(size=(2, 12)).astype(working_dtype)
    w, b = per_channel(weight, x.ndim, axis), per_channel(bias, x.ndim, axis)
    for groups in (1, 3, 6):
        wanted = true_group_norm(x.astype(np.longdouble), groups, axis) * w + b
        y = fa.group_norm(x, groups, weight, bias, axis)
        np.testing.assert_allclose(y, wanted, atol=bound)
        beside = np.zeros([2 * n for n in shape], working_dtype)
        written = beside[tuple(slice(1, None, 2) for _ in shape)]
        fa.group_norm(x, groups, weight, bias, axis, out=written)
        assert same_bits(written.copy(), y)
        written[...] = 0
        assert not beside.any()
        assert same_bits(fa.group_norm(x, groups, weight, bias, axis, return_statistics=True)[0], y)
        within = rng.normal(size=shape).astype(working_dtype)
        parameters = np.moveaxis(within, axis, -1)[(0,) * (x.ndim - 1)], np.moveaxis(within, axis, -1)[(1,) * (x.ndim - 1)]
        wanted = fa.group_norm(x, groups, *(p.copy() for p in parameters), axis)
        assert same_bits(fa.group_norm(x, groups, *parameters, axis, out=within), wanted)


@pytest.mark.parametrize("deviation", [1, 0.01])
def test_an_offset_costs_no_digits(deviation, rng):
    """Where the parts of a channel, or of a group, are not neighbours."""
    x = 1e6 + deviation * rng.standard_normal((6, 4, 7, 5))
    for y, axes in (
        (fa.batch_norm(x, None, None, training=True), (0, 2, 3)),
        (fa.group_norm(x, 1, axis=-1), (1, 2, 3)),
        (fa.instance_norm(x, axis=-1), (1, 2)),
        (fa.layer_norm(x, axis=(0, 2)), (0, 2)),
    ):
        wide = x.astype(np.longdouble) - 1e6
        distance = wide - wide.mean(axis=axes, keepdims=True)
        wanted = distance / np.sqrt((distance**2).mean(axis=axes, keepdims=True) + np.longdouble(1e-5))
        np.testing.assert_allclose(y, wanted, rtol=0, atol=8 * np.finfo(float).eps)


def test_training_on_single_elements_is_refused():
    """Their sample has no variance, and the running one would be NaN from then on."""
    mean, variance, x, out = np.zeros(2), np.ones(2), np.ones((1, 2)), np.zeros((1, 2))
    with pytest.raises(ValueError, match="x has 1 elements a channel"):
        fa.batch_norm(x, mean, variance, training=True, out=out)
    assert (mean == 0).all()
    assert (variance == 1).all()
    assert (out == 0).all()
    assert (fa.batch_norm(x, None, None, training=True) == 0).all()


@pytest.mark.parametrize("momentum", ["0.5", b"0.5", None])
def test_momentum_is_checked_before_anything_is_written(momentum):
    x, mean, variance = np.array([[1.0], [3.0]]), np.zeros(1), np.ones(1)
    with pytest.raises(TypeError, match="momentum is"):
        fa.batch_norm_(x, mean, variance, training=True, momentum=momentum)
    assert (x == [[1], [3]]).all()
    assert mean == 0
    assert variance == 1


def test_layout_does_not_change_a_bit(working_dtype, rng):
    """The same numbers with the channels first in memory and last in memory."""
    first = rng.normal(size=(3, 8, 5, 6)).astype(working_dtype)
    last = np.ascontiguousarray(first.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    for function in (
        lambda x: fa.batch_norm(x, None, None, training=True),
        lambda x: fa.group_norm(x, 4),
        lambda x: fa.instance_norm(x),
    ):
        assert same_bits(np.ascontiguousarray(function(last)), function(first))


def test_float16_and_empty():
    x = np.arange(24, dtype=np.float16).reshape(2, 4, 3)
    assert fa.group_norm(x, 2).dtype == np.float16
    assert fa.batch_norm(x, None, None, training=True).dtype == np.float16
    for shape in ((2, 0), (2, 0, 3)):
        assert fa.instance_norm(np.empty(shape)).shape == shape
        assert fa.instance_norm.backward(np.empty(shape), np.empty(shape)).shape == shape
    for shape in ((0, 4), (0, 4, 3), (2, 4, 0)):
        assert fa.group_norm(np.empty(shape), 2).shape == shape
        assert fa.batch_norm(np.empty(shape), np.zeros(4), np.ones(4)).shape == shape
        assert fa.batch_norm(np.empty(shape), None, None, training=True).shape == shape


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: fa.group_norm_(x, 3), ValueError, "groups is 3"),
        (lambda x: fa.group_norm(x, 0), ValueError, "groups is 0"),
        (lambda x: fa.group_norm(x, 2.0), ValueError, "groups is 2.0"),
        (lambda x: fa.group_norm_(x, 2, np.ones(3)), ValueError, "weight has shape"),
        (lambda x: fa.instance_norm(x, eps=-1.0), ValueError, "eps is -1.0"),
        (lambda x: fa.instance_norm(x, axis=3), np.exceptions.AxisError, "axis 3"),
        (lambda x: fa.instance_norm(x, axis=None), TypeError, "axis is None"),
        (lambda x: fa.batch_norm(x, None, np.ones(4)), TypeError, "mean is missing"),
        (lambda x: fa.batch_norm_(x, np.ones(3), np.ones(4)), ValueError, "mean has shape"),
        (lambda x: fa.batch_norm_(x, np.ones(4), -np.ones(4)), ValueError, "variance has -1.0"),
        (lambda x: fa.batch_norm_(x, [0.0] * 4, np.ones(4), training=True), TypeError, "mean must be an array"),
        (lambda x: fa.batch_norm_(x, np.ones(4), np.ones(4), training=True, momentum=2.0), ValueError, "momentum is 2.0"),
        (lambda x: fa.batch_norm.backward(x[0], x, training=True), ValueError, "grad has shape"),
    ],
)
def test_bad_arguments(call, error, words):
    x = np.arange(24.0).reshape(2, 4, 3)
    before = x.copy()
    with pytest.raises(error, match=words):
        call(x)
    assert same_bits(x, before)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"weight": np.ones(3)}, "weight has shape"),
        ({"weight": np.ones(4, complex)}, "weight has dtype"),
        ({"bias": np.ones((4, 1))}, "bias has shape"),
        ({"variance": np.ones(3)}, "variance has shape"),
        ({"variance": [1.0] * 4}, "variance must be an array"),
        ({"variance": np.broadcast_to(1.0, 4)}, "variance is read-only"),
        ({"momentum": -0.5}, "momentum is -0.5"),
        ({"momentum": np.nan}, "momentum is nan"),
        ({"eps": -1.0}, "eps is -1.0"),
        ({"out": np.empty((2, 4))}, "out has shape"),
        ({"out": np.empty((2, 4, 3), int)}, "out has dtype"),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_running_statistics_stay_if_anything_is_wrong(wrong, words):
    mean, variance = np.zeros(4), np.ones(4)
    with pytest.raises((TypeError, ValueError), match=words):
        fa.batch_norm(np.arange(24.0).reshape(2, 4, 3), **{"mean": mean, "variance": variance, "training": True} | wrong)
    assert (mean == 0).all()
    assert (variance == 1).all()

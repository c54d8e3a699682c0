"""Activations fused with a bias, or a scale and a shift, against long double: values, gradients, sums, layouts, errors."""

import itertools
import math

import numpy as np
import pytest
from inputs import LAYOUTS, Laid, same_bits, specials
from textbook import gelu_tanh, mish, relu, sigmoid, silu, slopes, value

import fastact as fa

FORMULAS = {"relu": relu, "gelu_tanh": gelu_tanh, "silu": silu, "mish": mish, "sigmoid": sigmoid}
AXES = [((7,), 0), ((5, 6), 1), ((5, 6), -2), ((3, 4, 5, 2), 1), ((3, 4, 5, 2), -1), ((2, 1, 3), 1), ((1, 8), 0)]


def exact(rng, shape, dtype):
    """Return numbers whose products and sums are exact, so that what is left to err is the activation."""
    return (rng.integers(-64, 65, shape) / 16).astype(dtype)


@pytest.fixture(params=AXES, ids=str)
def operands(request, working_dtype, rng):
    """The input, a gradient, a residual; a scale and a shift a channel, in their own shape and in that of a broadcast."""
    shape, axis = request.param
    x, grad, residual = (exact(rng, shape, working_dtype) for _ in range(3))
    scale, shift = (exact(rng, shape[axis], working_dtype) for _ in range(2))
    spread = [1] * len(shape)
    spread[axis] = -1
    return x, grad, residual, (scale, shift), (scale.reshape(spread), shift.reshape(spread)), axis


def close(result, wanted, ulp, size):
    """Return whether the error is at most so many units in the last place of numbers of a size."""
    info = np.finfo(result.dtype)
    allowed = ulp * np.maximum(info.eps * np.abs(size), info.smallest_subnormal)
    return result.shape == wanted.shape and (np.abs(result - wanted) <= allowed).all()


def others(x, axis):
    return tuple(a for a in range(x.ndim) if a != axis % x.ndim)


@pytest.mark.parametrize("name", FORMULAS)
def test_bias(name, operands):
    x, grad, residual, (_, bias), (_, spread), axis = operands
    formula = FORMULAS[name]
    wanted = value(formula, x + spread)
    result = fa.bias_activation(x, bias, name, axis=axis)
    assert result.dtype == x.dtype
    assert close(result, wanted, 3, wanted)
    added = fa.bias_activation(x, bias, name, axis=axis, residual=residual)
    assert close(added, wanted + residual, 1, 3 * np.abs(wanted) + np.abs(wanted + residual))
    gradient, by_bias = fa.bias_activation.backward(grad, x, bias, name, axis=axis)
    wanted = grad * slopes(formula, x + spread)[0]
    size = np.maximum(np.abs(wanted), np.abs(grad) / 2)
    assert gradient.dtype == by_bias.dtype == x.dtype
    assert close(gradient, wanted, 3, size)
    assert close(by_bias, wanted.sum(others(x, axis)), 2, size.sum(others(x, axis)))


@pytest.mark.parametrize("name", FORMULAS)
def test_affine(name, operands):
    x, grad, residual, (scale, shift), (wide_scale, wide_shift), axis = operands
    formula = FORMULAS[name]
    moved = x * wide_scale + wide_shift
    wanted = value(formula, moved)
    result = fa.affine_activation(x, scale, shift, name, axis=axis)
    assert close(result, wanted, 3, wanted)
    added = fa.affine_activation(x, scale, shift, name, axis=axis, residual=residual)
    assert close(added, wanted + residual, 1, 3 * np.abs(wanted) + np.abs(wanted + residual))
    found = fa.affine_activation.backward(grad, x, scale, shift, name, axis=axis)
    by_each = slopes(lambda x, s, t: formula(x * s + t), x, wide_scale, wide_shift)
    size = np.maximum(np.abs(grad * by_each[2]), np.abs(grad) / 2)
    assert close(found[0], grad * by_each[0], 3, size * wide_scale)
    assert close(found[1], (grad * by_each[1]).sum(others(x, axis)), 2, (size * np.abs(x)).sum(others(x, axis)))
    assert close(found[2], (grad * by_each[2]).sum(others(x, axis)), 2, size.sum(others(x, axis)))


CALLS = {
    "bias": (fa.bias_activation, fa.bias_activation_, 1),
    "affine": (fa.affine_activation, fa.affine_activation_, 2),
}


@pytest.fixture(params=CALLS)
def call(request):
    """The function, its twin, its backward pass, and how many numbers a channel has."""
    function, in_place, count = CALLS[request.param]
    return function, in_place, function.backward, count


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize(("shape", "axis"), [((1500, 3), 1), ((3, 1500), 0), ((4, 9, 70), 1), ((2, 700, 3), 1)])
def test_sums_over_many(call, shape, axis, rng, working_dtype):
    """Right to the last place however many there are, with the same bits in every layout and on any number of threads."""
    _, _, backward, count = call
    x = rng.normal(size=shape).astype(working_dtype)
    grad = (rng.normal(size=shape) + 3).astype(working_dtype)
    numbers = [np.ones(shape[axis], working_dtype)] * count
    with fa.num_threads(1):
        gradient, *sums = backward(grad, x, *numbers, "sigmoid", axis=axis)
    terms = np.moveaxis(gradient, axis, 0).reshape(shape[axis], -1)
    wanted = np.array([math.fsum(row) for row in terms])
    assert close(sums[-1], wanted, 0.51 if working_dtype == "float32" else 2, wanted)
    if count == 2 and working_dtype == "float32":
        # The products are exact in float64, and so are to be summed.
        products = (gradient.astype(np.float64) * x).swapaxes(axis, 0).reshape(shape[axis], -1)
        wanted = np.array([math.fsum(row) for row in products])
        assert close(sums[0], wanted, 0.51, wanted)
    # A sum of nothing but what rounding leaves, which another order would change.
    longest = int(np.argmax(shape))
    half, _ = np.array_split(rng.normal(size=shape), 2, longest)
    grad = np.concatenate([half, -rng.permutation(half, longest)], longest).astype(working_dtype)
    x = np.zeros_like(grad)
    with fa.num_threads(1):
        wanted = backward(grad, x, *numbers, "sigmoid", axis=axis)
    for make in (np.asfortranarray, lambda x: np.flip(np.flip(x).copy())):
        found = backward(make(grad), make(x), *numbers, "sigmoid", axis=axis)
        assert all(same_bits(a, b) for a, b in zip(found, wanted, strict=True))
    with fa.num_threads(3):
        found = backward(grad, x, *numbers, "sigmoid", axis=axis)
        assert all(same_bits(a, b) for a, b in zip(found, wanted, strict=True))


def test_many_blocks(call, rng, monkeypatch):
    monkeypatch.setattr("fastact.blocks.BLOCK", 4096)
    function, in_place, _, count = call
    x = rng.normal(size=(70, 50, 60)).astype(np.float32)
    numbers = [np.linspace(0.5, 2, 50, dtype=np.float32)] * count
    spread = numbers[0][:, None]
    wanted = fa.silu(x + spread if count == 1 else x * spread + spread)
    for threads in (1, 2):
        with fa.num_threads(threads):
            assert same_bits(function(x, *numbers, "silu", axis=1), wanted)
            assert same_bits(function(np.asfortranarray(x), *numbers, "silu", axis=1), wanted)
            assert same_bits(in_place(x.copy(), *numbers, "silu", axis=1), wanted)


def test_parameters(call, rng):
    """By name or as the object; numbers and arrays; keywords that choose between activations."""
    function, in_place, backward, count = call
    x = rng.normal(size=(4, 3))
    ones = [np.ones(3)] * count
    moved = x + 1
    assert same_bits(function(x, *ones, "leaky_relu", negative_slope=0.5), np.where(moved > 0, moved, 0.5 * moved))
    assert same_bits(in_place(x.copy(), *ones, fa.elu, alpha=2.0), fa.elu(moved, 2.0))
    assert same_bits(backward(x, x, *ones, "silu", beta=0.5)[0], fa.silu.backward(x, moved, 0.5))
    assert same_bits(function(x, *ones, "gelu", approximate="tanh"), fa.gelu_tanh(moved))
    weight = np.array([0.1, 0.2, 0.3])
    assert same_bits(function(x, *ones, "prelu", weight=weight), np.where(moved > 0, moved, weight * moved))
    assert same_bits(backward(x, x, *ones, "prelu", weight=weight)[0], np.where(moved > 0, 1, weight) * x)


# Dtypes, layouts, memory


def test_dtypes(call, rng):
    function, in_place, backward, count = call
    x = rng.normal(size=(6, 5)).astype(np.float16)
    single, numbers = x.astype(np.float32), [np.float16([1, 2, 3, 4, 5])] * count
    wanted = function(single, *numbers, "silu").astype(np.float16)
    assert same_bits(function(x, *numbers, "silu"), wanted)
    assert same_bits(function(x, *[n.astype(float) for n in numbers], "silu"), wanted)
    assert same_bits(in_place(x.copy(), *numbers, "silu"), wanted)
    for half, full in zip(backward(x, x, *numbers, "silu"), backward(single, single, *numbers, "silu"), strict=True):
        assert half.dtype == np.float16
        assert same_bits(half, full.astype(np.float16))
    assert function(np.arange(5), *numbers, "silu").dtype == np.float64
    assert function([1.0, 2.0], *[[1, 2]] * count, "silu").dtype == np.float64
    gradients = backward(single, single, *[n.astype(float) for n in numbers], "silu")
    assert [g.dtype for g in gradients] == [np.float32, *[np.float64] * count]
    assert [g.dtype for g in backward(single, single, *[[1] * 5] * count, "silu")] == [np.float32] * (1 + count)


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 4), (2, 0, 3)])
def test_empty(call, shape, dtype):
    function, in_place, backward, count = call
    x = np.empty(shape, dtype)
    for axis in range(x.ndim):
        numbers = [np.ones(shape[axis], dtype)] * count
        assert function(x, *numbers, "gelu", axis=axis).shape == shape
        assert in_place(x, *numbers, "gelu", axis=axis) is x
        gradient, *sums = backward(x, x, *numbers, "gelu", axis=axis)
        assert gradient.shape == shape
        assert all(s.shape == (shape[axis],) and (s == 0).all() for s in sums)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "0-d"])
def test_layouts(call, layout, dtype, rng):
    function, in_place, backward, count = call
    values = rng.normal(scale=3, size=(3, 300))
    for axis in range(Laid(layout, dtype, values[0]).array.ndim):
        x, grad, out = (Laid(layout, dtype, row) for row in values)
        plain = x.native(), grad.native()
        numbers = [rng.normal(size=x.array.shape[axis]).astype(dtype) for _ in range(count)]
        wanted = function(plain[0], *numbers, "silu", axis=axis, residual=plain[1])
        gradients = backward(*plain[::-1], *numbers, "silu", axis=axis)
        x.array.flags.writeable = grad.array.flags.writeable = False
        strided = [np.repeat(n, 2)[::2] for n in numbers]
        assert same_bits(function(x.array, *strided, "silu", axis=axis, residual=grad.array), wanted)
        assert function(plain[0], *numbers, "silu", axis=axis, residual=plain[1], out=out.array) is out.array
        assert same_bits(out.array, wanted)
        found = backward(grad.array, x.array, *strided, "silu", axis=axis, out=out.array)
        assert found[0] is out.array
        assert all(same_bits(a, b) for a, b in zip(found, gradients, strict=True))
        assert out.canaries_alive()
        assert x.unchanged()
        assert grad.unchanged()
        x = Laid(layout, dtype, values[0])
        assert in_place(x.array, *numbers, "silu", axis=axis, residual=plain[1]) is x.array
        assert same_bits(x.array, wanted)
        assert x.canaries_alive()


@pytest.mark.usefixtures("blocks")
def test_out_overlaps(call, working_dtype, rng):
    """With the input, the residual, the numbers, the gradient: as if they were copies."""
    function, in_place, backward, count = call
    data = rng.normal(size=(8, 8)).astype(working_dtype)
    views = {"same": np.s_[:6, :6], "shifted": np.s_[1:7, 1:7], "turned": np.s_[5::-1, 5::-1]}
    for first in views.values():
        for second in views.values():
            for third in views.values():
                x, residual, numbers = data[first].copy(), data[second].copy(), [data[2, :6].copy()] * count
                wanted = function(x, *numbers, "silu", residual=residual)
                gradients = backward(residual, x, *numbers, "silu")
                y = data.copy()
                assert same_bits(function(y[first], *[y[2, :6]] * count, "silu", residual=y[second], out=y[third]), wanted)
                y = data.copy()
                found = backward(y[second], y[first], *[y[2, :6]] * count, "silu", out=y[third])
                assert all(same_bits(a, b) for a, b in zip(found, gradients, strict=True))
    row = data[0].copy()
    wanted = function(row.copy(), *[row.copy()] * count, "silu", residual=row.copy())
    assert same_bits(in_place(row, *[row] * count, "silu", residual=row), wanted)


def test_special_values_and_no_warnings(call, working_dtype):
    function, _, backward, count = call
    numbers = specials(working_dtype)
    x = np.repeat(numbers[:, None], numbers.size, 1)
    with np.errstate(all="raise"):
        result = function(x, *[numbers] * count, "silu", residual=x)
        gradients = backward(x, x, *[numbers] * count, "silu")
    with np.errstate(all="ignore"):
        moved = x + numbers if count == 1 else x * numbers + numbers
        assert same_bits(np.isnan(result), np.isnan(fa.silu(moved) + x))
    assert np.isnan(gradients[0][np.isnan(moved)]).all()
    assert all(np.isnan(g).all() for g in gradients[1:])


# Errors

X = np.ones((2, 3), np.float32)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((X, np.ones(2)), {}, ValueError, r"has shape \(2,\); .* 3 channels along axis 1 of x"),
        ((X, np.ones((1, 3))), {}, ValueError, r"has shape \(1, 3\)"),
        ((X, 1.0), {}, ValueError, r"has shape \(\)"),
        ((X, np.ones(3)), {"axis": 0}, ValueError, "2 channels along axis 0"),
        ((X, np.ones(3)), {"axis": 2}, np.exceptions.AxisError, "axis 2"),
        ((np.float32(1), np.ones(3)), {}, np.exceptions.AxisError, "axis -1"),
        ((X, np.ones(3)), {"axis": 0.5}, TypeError, "axis is 0.5"),
        ((X, np.ones(3) * 1j), {}, TypeError, "has dtype complex128"),
        ((X.astype(object), np.ones(3)), {}, TypeError, "x has dtype object"),
        ((X, np.ones(3)), {"residual": X[0]}, ValueError, r"residual has shape \(3,\); it must have the shape of x"),
        ((X, np.ones(3)), {"activation": "gellu"}, ValueError, "there is no activation 'gellu'"),
        ((X, np.ones(3)), {"activation": np.tanh}, TypeError, "activation is <ufunc 'tanh'>"),
        ((X, np.ones(3)), {"beta": 1}, TypeError, "there is no parameter beta; those of relu are: none"),
        ((X, np.ones(3)), {"activation": "prelu"}, TypeError, "the parameter weight of prelu is missing"),
        ((X, np.ones(3)), {"activation": "prelu", "weight": np.ones((4, 2, 3))}, ValueError, "weight has shape"),
        ((X, np.ones(3)), {"activation": "celu", "alpha": -1}, ValueError, "alpha is -1"),
    ],
)
def test_errors(call, arguments, options, error, message):
    function, in_place, _, count = call
    (x, number), options = arguments, {"activation": "relu"} | options
    of_one_dtype = number if np.iscomplexobj(number) else np.asarray(number, np.float32)
    for called, given in itertools.product((function, in_place), (number, of_one_dtype)):
        if called is in_place and (np.ndim(x) == 0 or x.dtype == object):
            continue
        with pytest.raises(error, match=f"{called.__name__}: .*{message}|^(prelu|celu): {message}"):
            called(x, *[given] * count, **options)
    assert (X == 1).all()


def test_more_errors(call):
    function, in_place, backward, count = call
    ones = [np.ones(3)] * count
    frozen = X.copy()
    frozen.flags.writeable = False
    for wrong, error, message in ((frozen, ValueError, "x is read-only"), (X.astype(int), TypeError, "x has dtype int64")):
        with pytest.raises(error, match=f"{in_place.__name__}: {message}"):
            in_place(wrong, *ones, "relu")
    with pytest.raises(ValueError, match=f"{function.__name__}: out has shape"):
        function(X, *ones, "relu", out=X[0])
    with pytest.raises(ValueError, match=rf"{function.__name__}.backward: grad has shape \(3,\)"):
        backward(X[0], X, *ones, "relu")
    with pytest.raises(TypeError, match=f"{function.__name__}.backward: out has dtype int64"):
        backward(X, X, *ones, "relu", out=X.astype(int))

"""Gated units against the formulas of their papers in long double: values, gradients, halves, layouts, overlaps, errors."""

import functools
import itertools

import numpy as np
import pytest
from errors import from_wider, ulp_error
from inputs import LAYOUTS, Laid, same_bits, specials
from textbook import at_least, at_most, gelu, gelu_tanh, mish, relu, sigmoid, silu, slopes, value

import fastact as fa


def swiglu_oai(a, b, alpha, limit):
    a, b = at_most(a, limit), at_most(at_least(b, -limit), limit)
    return a * sigmoid(alpha * a) * (b + 1)


def gate_of(name, dtype):
    """Return the function, its options, and the formula of the two halves; parameters have the precision of the arrays."""
    return {
        "glu": (fa.glu, {}, lambda a, b: a * sigmoid(b)),
        "bilinear": (fa.bilinear, {}, lambda a, b: a * b),
        "reglu": (fa.reglu, {}, lambda a, b: relu(a) * b),
        "geglu": (fa.geglu, {}, lambda a, b: gelu(a) * b),
        "geglu tanh": (fa.geglu, {"approximate": "tanh"}, lambda a, b: gelu_tanh(a) * b),
        "geglu quick": (fa.geglu, {"approximate": "quick"}, lambda a, b: silu(a, np.longdouble("1.702")) * b),
        "swiglu": (fa.swiglu, {}, lambda a, b: silu(a) * b),
        "swiglu_oai": (fa.swiglu_oai, {}, lambda a, b: swiglu_oai(a, b, dtype.type(1.702), 7)),
        "swiglu_oai otherwise": (fa.swiglu_oai, {"alpha": 0.75, "limit": 2.5}, lambda a, b: swiglu_oai(a, b, 0.75, 2.5)),
        "gated": (functools.partial(fa.gated, "mish"), {}, lambda a, b: mish(a) * b),
        "gated with a parameter": (functools.partial(fa.gated, fa.silu), {"beta": 0.5}, lambda a, b: silu(a, 0.5) * b),
    }[name]


NAMES = ["glu", "bilinear", "reglu", "geglu", "geglu tanh", "geglu quick", "swiglu", "swiglu_oai", "swiglu_oai otherwise"]
NAMES += ["gated", "gated with a parameter"]


def backward_of(function):
    if isinstance(function, functools.partial):
        return lambda grad, *arguments, **options: fa.gated.backward(grad, *function.args, *arguments, **options)
    return function.backward


@pytest.fixture(params=NAMES)
def gate(request, working_dtype):
    """The function, its backward pass, the formula."""
    function, options, formula = gate_of(request.param, np.dtype(working_dtype))
    return functools.partial(function, **options), functools.partial(backward_of(function), **options), formula


@pytest.fixture
def operands(working_dtype, rng):
    """A gradient and two halves that reach where the formulas bend, and beyond the limits of swiglu_oai."""
    return [rng.normal(scale=scale, size=(9, 8)).astype(working_dtype) for scale in (1, 4, 4)]


# Values and gradients


def test_value(gate, operands):
    function, _, formula = gate
    _, a, b = operands
    result = function(a, b)
    assert result.dtype == a.dtype
    assert ulp_error(result, from_wider(value(formula, a, b), a.dtype)).max() <= 3


def test_backward(gate, operands):
    """Three units in the last place; where a slope is near its root, of what it is the difference of."""
    _, backward, formula = gate
    grad, a, b = operands
    for result, slope in zip(backward(grad, a, b), slopes(formula, a, b), strict=True):
        wanted = grad.astype(np.longdouble) * slope
        unit = np.where(np.abs(slope) < 0.5, np.abs(grad) * (1 + np.abs(a) + np.abs(b)), np.abs(wanted))
        assert result.dtype == a.dtype
        assert (np.abs(result - wanted) <= 3 * np.finfo(a.dtype).eps * unit).all()


def test_at_the_kinks():
    """The slopes from the left: those of relu at zero, and of swiglu_oai at its limits."""
    assert fa.reglu.backward([1.0], [0.0], [5.0])[0] == 0
    by_a, by_b = fa.swiglu_oai.backward(np.ones(3), np.array([7.0, 7.5, 1.0]), np.array([7.0, -7.0, -7.5]))
    assert by_a[0] > 7.9
    assert by_a[1] == 0
    assert by_b[0] > 6.9
    assert (by_b[1:] == 0).all()


def test_nan_reaches_the_result_and_nothing_warns(gate, working_dtype):
    function, backward, _ = gate
    numbers = specials(working_dtype)
    a, b = (np.array(column) for column in zip(*itertools.product(numbers, numbers), strict=True))
    with np.errstate(all="raise"):
        result = function(a, b)
        gradients = backward(np.ones_like(a), a, b)
    assert np.isnan(result[np.isnan(a) | np.isnan(b)]).all()
    assert np.isnan(backward(np.full_like(a, np.nan), a, b)).all()
    if function.func is not fa.bilinear:
        assert np.isnan(gradients[0][np.isnan(a) & np.isnan(b)]).all()


def test_products_of_zero_and_infinity():
    assert np.isnan(fa.swiglu([-np.inf, 0.0, np.inf], [np.inf, np.inf, 0.0])).all()
    assert (fa.swiglu([np.inf, np.inf], [2.0, -2.0]) == [np.inf, -np.inf]).all()
    assert (fa.swiglu_oai([np.inf, -np.inf], [np.inf, 1.0]) == fa.swiglu_oai([7.0, -7e30], [7.0, 1.0])).all()


# Which half is which


@pytest.mark.parametrize("axis", [0, 1, -1, -2])
@pytest.mark.parametrize("interleaved", [False, True])
@pytest.mark.parametrize("order", ["first", "second"])
def test_one_array_or_two(gate, rng, working_dtype, axis, interleaved, order):
    function, backward, _ = gate
    x = rng.normal(size=(6, 4)).astype(working_dtype)
    halves = [x.take(range(k, x.shape[axis], 2), axis) for k in (0, 1)] if interleaved else np.split(x, 2, axis)
    grad = rng.normal(size=halves[0].shape).astype(working_dtype)
    one = function(x, axis=axis, interleaved=interleaved, gate=order)
    assert same_bits(one, function(*halves, gate=order))
    if function.func is not fa.swiglu_oai:
        assert same_bits(one, function(*halves[::-1], gate="second" if order == "first" else "first"))
    gradient = backward(grad, x, axis=axis, interleaved=interleaved, gate=order)
    assert gradient.shape == x.shape
    wanted = backward(grad, *halves, gate=order)
    found = [gradient.take(range(k, x.shape[axis], 2), axis) for k in (0, 1)] if interleaved else np.split(gradient, 2, axis)
    assert all(same_bits(f, w) for f, w in zip(found, wanted, strict=True))


def test_defaults():
    """The gate is the second half of glu, as in PyTorch, and the first of the others."""
    a, b = np.array([3.0]), np.array([-2.0])
    assert same_bits(fa.glu(np.r_[a, b]), fa.gated("sigmoid", a, b, gate="second"))
    for function, name in ((fa.swiglu, "silu"), (fa.geglu, "gelu"), (fa.reglu, "relu")):
        assert same_bits(function(np.r_[a, b]), fa.gated(name, a, b, gate="first"))


def test_parameters_may_be_arrays(rng):
    a, b, grad = rng.normal(size=(3, 4, 3))
    weight = np.array([0.1, 0.2, 0.3])
    assert same_bits(fa.gated("prelu", a, b, weight=weight), np.where(a > 0, a, weight * a) * b)
    by_a, by_b = fa.gated.backward(grad, "prelu", a, b, weight=weight)
    assert np.allclose(by_a, grad * b * np.where(a > 0, 1, weight), rtol=1e-15)
    assert same_bits(by_b, grad * np.where(a > 0, a, weight * a))
    assert same_bits(fa.gated("gelu", a, b, approximate="tanh"), fa.geglu(a, b, approximate="tanh"))


# Dtypes, layouts, memory


def test_dtypes(rng):
    a, b = rng.normal(size=(2, 50)).astype(np.float16)
    single = [h.astype(np.float32) for h in (a, b)]
    assert same_bits(fa.swiglu(a, b), fa.swiglu(*single).astype(np.float16))
    gradients = zip(fa.swiglu.backward(a, a, b), fa.swiglu.backward(single[0], *single), strict=True)
    assert all(same_bits(half, full.astype(np.float16)) for half, full in gradients)
    assert fa.swiglu([1, 2, 3, 4]).dtype == np.float64
    assert fa.swiglu(np.ones(4, np.int16)).dtype == np.float32
    assert fa.swiglu(a, single[1]).dtype == np.float32
    assert fa.swiglu(a, b, out=np.empty(50)).dtype == np.float64
    assert fa.swiglu(np.float32(1), np.float32(2)).shape == ()


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 4), (2, 0, 2)])
def test_empty(shape, dtype):
    x = np.empty(shape, dtype)
    half = (*shape[:-1], shape[-1] // 2)
    assert fa.swiglu(x).shape == half
    assert fa.swiglu.backward(np.empty(half, dtype), x).shape == shape


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(layout, dtype, rng):
    values = rng.normal(scale=3, size=600)
    a, b, out = (Laid(layout, dtype, part) for part in np.split(values, 3))
    plain = a.native(), b.native()
    for array in (a.array, b.array):
        array.flags.writeable = False
    wanted = fa.swiglu(*plain)
    assert same_bits(fa.swiglu(a.array, b.array), wanted)
    assert fa.swiglu(*plain, out=out.array) is out.array
    assert same_bits(out.array, wanted)
    assert out.canaries_alive()
    wanted = fa.swiglu.backward(plain[0], *plain)
    for result, right in zip(fa.swiglu.backward(a.array, a.array, b.array), wanted, strict=True):
        assert same_bits(result, right)
    second = Laid(layout, dtype, values[:200])
    fa.swiglu.backward(plain[0], *plain, out=(out.array, second.array))
    assert same_bits(out.array, wanted[0])
    assert same_bits(second.array, wanted[1])
    assert out.canaries_alive()
    assert second.canaries_alive()
    assert a.unchanged()
    assert b.unchanged()


def test_layout_of_the_results(rng):
    """As NumPy's ufuncs have it, that of the input."""
    x = np.asfortranarray(rng.normal(size=(6, 8)))
    assert fa.swiglu(x).flags.f_contiguous
    assert fa.swiglu.backward(fa.swiglu(x), x).flags.f_contiguous


OVERLAPS = {
    "first half": lambda x: x[:, :4],
    "second half": lambda x: x[:, 4:],
    "shifted": lambda x: x[:, 2:6],
    "turned": lambda x: x[::-1, 3::-1],
    "every second": lambda x: x[:, ::2],
}


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("interleaved", [False, True])
@pytest.mark.parametrize("make", OVERLAPS.values(), ids=OVERLAPS)
def test_out_overlaps(gate, make, interleaved, rng, working_dtype):
    """The result where the input is; the gradient where the input is, the gradient by the result there too, and beside it."""
    function, backward, _ = gate
    x = rng.normal(size=(6, 8)).astype(working_dtype)
    wanted = function(x, interleaved=interleaved)
    y = x.copy()
    function(y, interleaved=interleaved, out=make(y))
    assert same_bits(make(y), wanted)
    wanted = backward(make(x), x, interleaved=interleaved)
    y = x.copy()
    backward(make(y), y, interleaved=interleaved, out=y)
    assert same_bits(y, wanted)
    buffer = np.concatenate([x[:1], x])
    backward(make(x), buffer[1:], interleaved=interleaved, out=buffer[:-1])
    assert same_bits(buffer[:-1], wanted)


@pytest.mark.usefixtures("blocks")
def test_two_outs_overlap_the_inputs(gate, operands):
    _, backward, _ = gate
    grad, a, b = operands
    wanted = backward(grad, a, b)
    for choice in ((1, 2), (2, 1), (0, 1), (2, 0)):
        copies = [x.copy() for x in operands]
        out = tuple(copies[k] for k in choice)
        assert backward(*copies, out=out) == out
        assert all(same_bits(x, y) for x, y in zip(out, wanted, strict=True))


@pytest.mark.parametrize("shape", [(3, 50_000), (60_000, 2), (7, 33, 400)])
def test_many_blocks(shape, rng, monkeypatch):
    """Each element once, however the array is cut and whoever works on it."""
    monkeypatch.setattr("fastact.blocks.BLOCK", 4096)
    x = rng.normal(size=shape).astype(np.float32)
    a, b = np.split(x, 2, -1)
    grad = np.ones_like(a)
    wanted, wanted_gradient = fa.silu(a) * b, np.concatenate([b * fa.silu.derivative(a), fa.silu(a)], -1)
    for threads in (1, 2, 3):
        with fa.num_threads(threads):
            assert same_bits(fa.swiglu(x), wanted)
            assert same_bits(fa.swiglu.backward(grad, x), wanted_gradient)
            assert same_bits(fa.swiglu(np.asfortranarray(x)), wanted)


# Errors

ONES = np.ones((2, 6), np.float32)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: fa.swiglu(ONES[:, :5]), ValueError, "swiglu: x has 5 elements along axis 1"),
        (lambda: fa.swiglu(ONES, axis=2), np.exceptions.AxisError, "swiglu: axis 2"),
        (lambda: fa.swiglu(1.0), np.exceptions.AxisError, "swiglu: axis -1"),
        (lambda: fa.swiglu(ONES, axis="x"), TypeError, "swiglu: axis is 'x'"),
        (lambda: fa.glu(ONES, ONES[:1]), ValueError, r"glu: second has shape \(1, 6\)"),
        (lambda: fa.glu(ONES, ONES, interleaved=True), ValueError, "glu: interleaved"),
        (lambda: fa.glu(ONES, gate="third"), ValueError, "glu: gate is 'third'"),
        (lambda: fa.glu(ONES + 1j), TypeError, "glu: x has dtype complex64"),
        (lambda: fa.glu(ONES, ONES.astype(object)), TypeError, "glu: second has dtype object"),
        (lambda: fa.glu(np.ma.array(ONES)), TypeError, "glu: x is a masked array"),
        (lambda: fa.glu(ONES, out=ONES), ValueError, "glu: out has shape"),
        (lambda: fa.glu(ONES, out=ONES[:, :3].astype(int)), TypeError, "glu: out has dtype int64"),
        (lambda: fa.glu(ONES, out=[1.0]), TypeError, "glu: out is a list"),
        (lambda: fa.glu(ONES, out=np.broadcast_to(ONES[:1, :1], (2, 3))), ValueError, "glu: out is read-only"),
        (lambda: fa.geglu(ONES, approximate="erf"), ValueError, "geglu: approximate is 'erf'"),
        (lambda: fa.geglu(ONES, alpha=1), TypeError, "geglu.* unexpected keyword argument 'alpha'"),
        (lambda: fa.swiglu_oai(ONES, limit=-1), ValueError, "swiglu_oai: limit is -1"),
        (lambda: fa.swiglu_oai(ONES, alpha="a"), TypeError, "swiglu_oai: alpha is 'a'"),
        (lambda: fa.gated("gellu", ONES), ValueError, "gated: there is no activation 'gellu'; did you mean 'gelu'"),
        (lambda: fa.gated(np.tanh, ONES), TypeError, "gated: activation is <ufunc 'tanh'>"),
        (lambda: fa.gated(fa.relu_, ONES), TypeError, "gated: activation is <fastact.relu_>"),
        (lambda: fa.gated("elu", ONES, beta=1), TypeError, "gated: there is no parameter beta; those of elu are: alpha"),
        (lambda: fa.gated("prelu", ONES), TypeError, "gated: the parameter weight of prelu is missing"),
        (lambda: fa.gated("prelu", ONES, weight=np.ones(4)), ValueError, r"prelu: weight has shape \(4,\)"),
        (lambda: fa.glu.backward(ONES, ONES), ValueError, r"glu.backward: grad has shape \(2, 6\).* \(2, 3\)"),
        (lambda: fa.glu.backward(ONES, ONES, ONES, out=ONES), TypeError, "glu.backward: out is a ndarray; .* tuple of 2"),
        (lambda: fa.glu.backward(ONES, ONES, ONES, out=(ONES, ONES)), ValueError, "glu.backward: two arrays of out share"),
        (lambda: fa.glu.backward(ONES[:, :3], ONES, out=ONES[:, :3]), ValueError, "glu.backward: out has shape"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
    assert (ONES == 1).all()

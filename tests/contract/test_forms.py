"""The forms of an activation: out=, where=, dtype=, keywords, broadcasting, backward, and what it says of itself."""

import copy
import inspect
import pickle
import subprocess
import sys

import numpy as np
import pytest
from catalogue import CASES
from inputs import same_bits, walk

import fastact as fa

WITH_PARAMETERS = [case for case in CASES if case.defaults]
TRAINABLE = [case for case in CASES if case.declaration.trainable]
named = {"ids": lambda case: case.name}


@pytest.fixture
def x(working_dtype):
    return walk(working_dtype, 60, 2.0**-6, 32.0).reshape(8, 15)


# The call as a ufunc's


def test_out(case, x):
    out = np.empty_like(x)
    assert case.function(x, *case.required, out=out) is out
    assert same_bits(out, case.function(x, *case.required))
    out[...] = 0
    assert case.function(x, *case.required, out=(out,)) is out
    assert same_bits(out, case.function(x, *case.required))
    assert same_bits(case.function(x, *case.required, out=None), out)


def test_out_of_a_wider_type(case):
    """As NumPy does: computed in the type of the input, then cast."""
    x = walk("float32", 60, 2.0**-6, 32.0)
    out = np.empty(x.shape, np.float64)
    assert case.function(x, *case.required, out=out) is out
    assert same_bits(out, case.function(x, *case.required).astype(np.float64))


def test_where(case, x):
    wanted = case.function(x, *case.required)
    for chosen in (x > 0, np.arange(x.size).reshape(x.shape) % 2 == 0, np.array([True] * 7 + [False] * 8), True, False):
        out = np.full_like(x, 77.0)
        assert case.function(x, *case.required, out=out, where=chosen) is out
        assert same_bits(out, np.where(chosen, wanted, np.full_like(x, 77.0)))


def test_dtype(case):
    """The type to compute in, as in NumPy's ufuncs."""
    x = walk("float32", 60, 2.0**-6, 32.0)
    wide = case.function(x, *case.required, dtype=np.float64)
    assert same_bits(wide, case.function(x.astype(np.float64), *case.required))
    with pytest.raises(TypeError):
        case.function(x, *case.required, dtype=np.int32)


def test_keywords(case, x):
    keywords = dict(zip(case.declaration.parameters, case.others(1.5), strict=True))
    wanted = case.results(x, x, tuple(keywords.values()))
    assert same_bits(case.function(x, **keywords), wanted["value"])
    assert same_bits(case.function.derivative(x, **keywords), wanted["derivative"])
    value, derivative = case.function.value_and_derivative(x, **keywords)
    assert same_bits(value, wanted["value"])
    assert same_bits(derivative, wanted["derivative"])
    assert same_bits(case.in_place(x.copy(), **keywords), wanted["value"])
    g = case.function.backward(x, x, **keywords)
    assert same_bits(g[0] if case.required and case.declaration.trainable else g, wanted["backward"])


@pytest.mark.parametrize("case", WITH_PARAMETERS, **named)
def test_parameters_are_used(case, x):
    """Each parameter changes something, so none is lost on the way to the kernel."""
    for place in range(len(case.defaults)):
        settings = list(case.defaults)
        settings[place] = case.others(1.5)[place]
        # A scale of 1e-9 only shows where x is as small; a bend of 1e6 where the inverse is.
        near_zero = np.concatenate([x, x * 1e-9, x * 1e-7], dtype=x.dtype)
        near_zero = np.concatenate([near_zero.ravel(), np.zeros(1, x.dtype)])
        assert not same_bits(case.function(near_zero, *settings), case.function(near_zero, *case.defaults)), place


@pytest.mark.parametrize("case", WITH_PARAMETERS, **named)
@pytest.mark.parametrize("shape", [(), (15,), (2, 1), (2, 15), (4, 1, 1), (3, 2, 15)])
def test_parameters_broadcast(case, x, shape):
    x = x[:2]
    count = int(np.prod(shape))
    factors = np.linspace(1, 2, count).reshape(shape)
    parameter = np.array([case.others(factor)[0] for factor in factors.ravel()], x.dtype).reshape(shape)
    rest = case.defaults[1:]
    wide_x, wide_parameter = (np.array(a) for a in np.broadcast_arrays(x, parameter))
    flat = [
        case.function.value_and_derivative(wide_x.ravel()[i : i + 1], float(wide_parameter.ravel()[i]), *rest)
        for i in range(wide_x.size)
    ]
    value = np.concatenate([v for v, _ in flat]).reshape(wide_x.shape)
    derivative = np.concatenate([d for _, d in flat]).reshape(wide_x.shape)
    assert same_bits(case.function(x, parameter, *rest), value)
    assert same_bits(case.function.derivative(x, parameter, *rest), derivative)
    both = case.function.value_and_derivative(x, parameter, *rest)
    assert same_bits(both[0], value)
    assert same_bits(both[1], derivative)
    if wide_x.shape == x.shape:
        assert same_bits(case.in_place(x.copy(), parameter, *rest), value)


@pytest.mark.parametrize("case", WITH_PARAMETERS, **named)
@pytest.mark.parametrize("kind", [float, np.float32, np.float64, np.array, np.float16, int])
def test_kinds_of_numbers_for_parameters(case, x, kind):
    """Whatever kind of number says it, a parameter is cast to the type of x."""
    if kind is int and np.inf in case.defaults:
        pytest.skip("no integer is as large")
    if kind is np.float16 and float(np.finfo(kind).max) < max(case.defaults) < np.inf:
        pytest.skip("no float16 is as large")
    bounds = [case.declaration.domain.get(name, (-np.inf, np.inf)) for name in case.declaration.parameters]
    if not all(low <= float(kind(value)) <= high for value, (low, high) in zip(case.defaults, bounds, strict=True)):
        pytest.skip("no such number of this kind is in the domain")
    wanted = case.function(x, *map(float, map(kind, case.defaults)))
    assert same_bits(case.function(x, *map(kind, case.defaults)), wanted)


# Backward


def test_backward_without_trainable_arrays_is_one_array(case, x):
    g = case.function.backward(x, x, *case.required)
    if case.required and case.declaration.trainable:
        assert isinstance(g, tuple)
    else:
        assert isinstance(g, np.ndarray)
        assert isinstance(case.function.backward(x, x, *case.defaults), np.ndarray)


def test_backward_broadcasts_grad(case, x):
    """A grad of fewer axes, or one number, is spread over x."""
    for grad in (np.linspace(-1, 1, 15, dtype=x.dtype), np.array(2.5, x.dtype)):
        wide = np.broadcast_to(grad, x.shape).copy()
        g = case.function.backward(grad, x, *case.required)
        wanted = case.function.backward(wide, x, *case.required)
        if case.required:
            g, wanted = g[0], wanted[0]
        assert same_bits(g, wanted)


@pytest.mark.parametrize("case", TRAINABLE, **named)
@pytest.mark.parametrize("shape", [(), (15,), (1, 15), (8, 1), (1, 1), (8, 15)])
def test_parameter_gradients_are_reduced(case, x, shape):
    """Summed over the axes along which the parameter was spread, precisely enough to have been summed in float64."""
    parameters = [np.full(shape, number, x.dtype) for number in case.defaults]
    grad = np.linspace(-1, 2, x.size, dtype=x.dtype).reshape(x.shape)
    g, *gradients = case.function.backward(grad, x, *parameters)
    unreduced = case.results(x, grad)
    assert same_bits(g, unreduced["backward"])
    assert len(gradients) == len(case.declaration.trainable)
    axes = tuple(axis for axis in range(2) if ((1, 1) + shape)[-2:][axis] == 1)
    for parameter, gradient in zip(case.declaration.trainable, gradients, strict=True):
        gradient = np.asarray(gradient)
        assert gradient.shape == shape
        assert gradient.dtype == x.dtype
        terms = unreduced[parameter].astype(np.float64)
        wanted = terms.sum(axis=axes, keepdims=True).reshape(shape)
        scale = np.abs(terms).sum(axis=axes, keepdims=True).reshape(shape)
        assert (np.abs(gradient - wanted) <= 2 * np.finfo(x.dtype).eps * np.maximum(np.abs(wanted), 1e-3 * scale)).all()


@pytest.mark.parametrize("case", TRAINABLE, **named)
def test_parameter_gradients_of_many_terms(case):
    """A hundred thousand terms of float32 do not drown each other."""
    x = np.resize(walk("float32", 500, 2.0**-6, 8.0), 100_003)
    grad = np.ones_like(x)
    parameters = [np.array(number, np.float32) for number in case.defaults]
    _, *gradients = case.function.backward(grad, x, *parameters)
    unreduced = case.results(x, grad)
    for parameter, gradient in zip(case.declaration.trainable, gradients, strict=True):
        terms = unreduced[parameter].astype(np.float64)
        assert abs(float(gradient) - terms.sum()) <= 1e-6 * np.abs(terms).sum()


def test_prelu_worked_example():
    x = np.array([[-2.0, 3.0], [-4.0, -0.5]])
    weight = np.array([0.25, 0.5])
    grad = np.array([[1.0, 2.0], [3.0, 4.0]])
    g, ga = fa.prelu.backward(grad, x, weight)
    assert (g == [[0.25, 2.0], [0.75, 2.0]]).all()
    assert (ga == [-2.0 + 3 * -4.0, 4 * -0.5]).all()


@pytest.mark.parametrize("given_out", [True, False])
def test_gradients_by_parameters_leave_out_what_where_does(given_out, working_dtype, rng):
    x, grad = rng.normal(size=(2, 64, 3)).astype(working_dtype)
    weight = np.full(3, 0.25, working_dtype)
    where = rng.random((64, 1)) < 0.5
    for name in ("prelu", "elu", "silu"):
        backward = fa.get(name).backward
        _, wanted = backward(grad[where[:, 0]], x[where[:, 0]], weight)
        out = {"out": np.full_like(x, 7)} if given_out else {}
        gradient, by_weight = backward(grad, x, weight, where=where, **out)
        np.testing.assert_allclose(by_weight, wanted, rtol=1e-6, atol=1e-6)
        if given_out:
            assert gradient is out["out"]
            assert (gradient[~where[:, 0]] == 7).all()


def test_a_number_as_grad_does_not_widen(case, dtype):
    x = np.array([0.5, -0.5], dtype)
    gradient = case.function.backward(1.0, x, *case.required)
    gradient = gradient[0] if isinstance(gradient, tuple) else gradient
    assert gradient.dtype == dtype


def test_out_as_a_tuple_of_one():
    x, weight, out = np.array([[1.0, -2.0]]), np.array([0.5, 0.5]), np.zeros((1, 2))
    gradient, _ = fa.prelu.backward(np.ones((1, 2)), x, weight, out=(out,))
    assert gradient is out
    assert (out == [[1, 0.5]]).all()


def test_backward_is_the_gradient_of_a_loss(case):
    """Against a difference of the loss sum(grad * f(x)) in float64."""
    x = np.linspace(-4.05, 4.1, 61)
    grad = np.cos(np.arange(61.0))
    g = case.results(x, grad)["backward"]
    h = 1e-5
    difference = grad * (case.function(x + h, *case.required) - case.function(x - h, *case.required)) / (2 * h)
    assert np.abs(g - difference).max() < 1e-7


# What it says of itself


def test_names(case):
    f = case.function
    assert f.__name__ == case.name
    assert f.__module__ == "fastact"
    assert case.in_place.__name__ == case.name + "_"
    assert case.in_place.__module__ == "fastact"
    assert case.name in repr(f)


def test_docs(case):
    doc = inspect.getdoc(case.function)
    assert doc.splitlines()[0].strip().endswith(".")
    assert ">>>" in doc
    assert "Examples" in doc
    for parameter in case.declaration.parameters:
        assert parameter in doc
    assert "place" in inspect.getdoc(case.in_place)
    for method in (case.function.derivative, case.function.value_and_derivative, case.function.backward):
        assert inspect.getdoc(method)


def test_signature(case):
    signature = inspect.signature(case.function)
    names = list(signature.parameters)
    assert names[: 1 + len(case.defaults)] == ["x", *case.declaration.parameters]
    for name, default in case.declaration.parameters.items():
        assert signature.parameters[name].default is default or signature.parameters[name].default == default
    assert {"out", "where", "dtype"} <= set(names)
    assert list(inspect.signature(case.in_place).parameters)[0] == "x"
    assert list(inspect.signature(case.function.backward).parameters)[:2] == ["grad", "x"]


def test_pickle(case):
    for thing in (case.function, case.in_place):
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            assert pickle.loads(pickle.dumps(thing, protocol)) is thing
        assert copy.copy(thing) is thing
        assert copy.deepcopy(thing) is thing


def test_pickle_of_methods(case):
    """What joblib sends when told to map a derivative."""
    x = np.linspace(-3, 3, 7)
    derivative = pickle.loads(pickle.dumps(case.function.derivative))
    assert same_bits(derivative(x, *case.required), case.function.derivative(x, *case.required))


def test_unpickled_elsewhere():
    code = "import pickle, sys; f = pickle.load(sys.stdin.buffer); print(f(0.0))"
    done = subprocess.run([sys.executable, "-c", code], input=pickle.dumps(fa.sigmoid), capture_output=True, check=True)
    assert done.stdout.strip() == b"0.5"


def test_in_dir(case):
    assert case.name in dir(fa)
    assert case.name + "_" in dir(fa)
    assert case.name in fa.__all__
    assert case.name + "_" in fa.__all__


# Variants


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu_approximate(x, approximate):
    wanted = {"none": fa.gelu, "tanh": fa.gelu_tanh}[approximate]
    assert same_bits(fa.gelu(x, approximate=approximate), wanted(x))
    assert same_bits(fa.gelu.derivative(x, approximate=approximate), wanted.derivative(x))
    assert same_bits(fa.gelu.value_and_derivative(x, approximate=approximate)[1], wanted.derivative(x))
    assert same_bits(fa.gelu.backward(x, x, approximate=approximate), wanted.backward(x, x))
    assert same_bits(fa.gelu_(x.copy(), approximate=approximate), wanted(x))


def test_gelu_and_its_approximation_differ_as_published():
    x = np.linspace(-8, 8, 100_001)
    difference = np.abs(fa.gelu(x) - fa.gelu_tanh(x))
    assert abs(difference.max() - 4.7323e-4) < 1e-8
    assert abs(abs(x[difference.argmax()]) - 2.7) < 0.02

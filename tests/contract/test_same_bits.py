"""A value's result depends on the value alone: not on its position, the length, the stride, the form or the threads."""

import numpy as np
import pytest
from catalogue import CASES, SLOW
from hypothesis import given
from hypothesis import strategies as st
from inputs import same_bits, samples, specials, walk

import fastact as fa


@pytest.fixture
def x(dtype, rng):
    """A shuffle of everything, specials included."""
    found = np.concatenate([samples(dtype), specials(dtype), walk(dtype, 300, 2.0**-4, 16.0)])
    rng.shuffle(found)
    return found


def grads(x):
    return np.linspace(-2, 2, x.size, dtype=x.dtype)


def test_length_and_position(case, x):
    """Every length from 0 to 130, each from another position."""
    grad = grads(x)
    whole = case.results(x, grad)
    # The numpy backend computes one element like any other, and slowly.
    for length in range(0, 131, 10 if SLOW else 1):
        part = slice(length * 7 % 61, length * 7 % 61 + length)
        for form, result in case.results(x[part], grad[part]).items():
            assert same_bits(result, whole[form][part]), (form, length)
        assert same_bits(case.in_place(x[part].copy(), *case.required), whole["value"][part]), length


def test_one_by_one(case, x):
    x = x[: 40 if SLOW else 300]
    whole = case.results(x, grads(x))
    for i in range(x.size):
        alone = case.results(x[i : i + 1], grads(x)[i : i + 1])
        assert all(same_bits(alone[form], whole[form][i : i + 1]) for form in whole), i


@pytest.mark.parametrize("stride", [2, 3, 7, -1, -2, -5])
def test_stride(case, x, stride):
    whole = case.results(x, grads(x))
    wide = np.empty(x.size * abs(stride), x.dtype)
    wide_grad = np.empty_like(wide)
    strided, strided_grad = wide[::stride], wide_grad[::stride]
    strided[...], strided_grad[...] = x, grads(x)
    for form, result in case.results(strided, strided_grad).items():
        assert same_bits(result, whole[form]), form
    out = np.empty_like(wide)[::stride]
    assert same_bits(case.function(strided, *case.required, out=out), whole["value"])
    assert same_bits(case.in_place(strided, *case.required), whole["value"])


def test_offset(case, x):
    """Each alignment of the first element to a vector, for input and output."""
    whole = case.function(x, *case.required)
    bytes_ = np.empty(x.nbytes + 256, np.uint8)
    for offset in range(0, 70, 32 if SLOW else x.itemsize):
        out = bytes_[offset : offset + x.nbytes].view(x.dtype)
        assert same_bits(case.function(x, *case.required, out=out), whole), offset
        out[...] = x
        assert same_bits(case.function(out, *case.required), whole), offset
        assert same_bits(case.in_place(out, *case.required), whole), offset


def test_forms_agree(case, x):
    """All forms compute the one function, whatever kernels they use."""
    results = case.results(x, np.ones_like(x))
    assert same_bits(results["value of both"], results["value"])
    assert same_bits(results["derivative of both"], results["derivative"])
    assert same_bits(results["backward"], results["derivative"])
    assert same_bits(case.in_place(x.copy(), *case.required), results["value"])


def test_a_parameter_as_an_array(case, x):
    """An array that says the same everywhere is the number."""
    if not case.defaults:
        pytest.skip("no parameters")
    arrays = [np.full(x.shape, number, np.result_type(x, np.float32)) for number in case.defaults]
    numbers = case.results(x, grads(x), case.defaults)
    for form, result in case.results(x, grads(x), tuple(arrays)).items():
        assert same_bits(result, numbers[form]), form


def test_backward_is_grad_times_derivative(case, x):
    """One rounding more; in float16 the product is taken in float32."""
    grad = grads(x)
    results = case.results(x, grad)
    if x.dtype == np.float16:
        wide = case.function.derivative(x.astype(np.float32), *case.required)
        with np.errstate(all="ignore"):
            wanted = (grad.astype(np.float32) * wide).astype(np.float16)
    else:
        with np.errstate(all="ignore"):
            wanted = grad * results["derivative"]
    assert same_bits(results["backward"], wanted)


@pytest.mark.parametrize("threads", [1, 2, 3, 5])
def test_threads(case, working_dtype, threads):
    size = (1 << (12 if SLOW else 18)) + 3
    x = np.resize(walk(working_dtype, 40_000 // (20 if SLOW else 1), 2.0**-9, 2.0**10), size)
    with fa.num_threads(1):
        one = case.results(x, grads(x))
    with fa.num_threads(threads):
        for form, result in case.results(x, grads(x)).items():
            assert same_bits(result, one[form]), form
        assert same_bits(case.in_place(x.copy(), *case.required), one["value"])


@given(data=st.data(), chosen=st.sampled_from(CASES), precision=st.sampled_from(["float16", "float32", "float64"]))
def test_any_view(data, chosen, precision):
    """Shapes, steps and transpositions that nobody thought of."""
    shape = data.draw(st.lists(st.integers(0, 9), max_size=3))
    steps = data.draw(st.tuples(*[st.sampled_from([1, 2, -1, -3]) for _ in shape]))
    order = data.draw(st.permutations(range(len(shape))))
    base = np.zeros([size * abs(step) for size, step in zip(shape, steps, strict=True)], precision)
    view = base[(*(slice(None, None, step) for step in steps), ...)].transpose(order)
    view[...] = np.resize(walk(precision, 400, 2.0**-6, 32.0), view.shape)
    plain = np.array(view, order="C")
    wanted = chosen.results(plain, plain)
    for form, result in chosen.results(view, view).items():
        assert same_bits(result, wanted[form]), form
    assert same_bits(chosen.in_place(view, *chosen.required), wanted["value"])

"""Types: floats are kept, integers promote as in NumPy, parameters never change the type, the rest is refused."""

import numpy as np
import pytest
from inputs import same_bits

INTEGERS = ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"]


@pytest.mark.parametrize("code", INTEGERS)
def test_integers_promote_as_in_numpy(case, code):
    x = np.array([0, 1, 1, 0], code) if code == "?" else np.array([0, 1, 2, 100], code)
    wanted = np.exp(np.zeros_like(x)).dtype
    for form, result in case.results(x.astype(wanted), x.astype(wanted)).items():
        if form in ("value", "derivative"):
            function = case.function if form == "value" else case.function.derivative
            assert same_bits(function(x, *case.required), result), form
    value, derivative = case.function.value_and_derivative(x, *case.required)
    assert value.dtype == derivative.dtype == wanted


def test_floats_are_kept(case, dtype):
    x = np.array([-1.5, 0.25], dtype)
    for form, result in case.results(x, x).items():
        assert result.dtype == np.dtype(dtype) or form in case.declaration.trainable, form


@pytest.mark.parametrize("wide", [np.float64(0.75), np.array(0.75), np.array([0.75, 0.5]), np.int64(1), 0.75, True])
def test_parameters_never_change_the_type(case, dtype, wide):
    x = np.array([-1.5, 0.25], dtype)
    if not case.defaults:
        pytest.skip("no parameters")
    # The others large enough to bound the first one where they do.
    rest = case.others(4.0)[1:]
    assert case.function(x, wide, *rest).dtype == np.dtype(dtype)
    assert case.function.derivative(x, wide, *rest).dtype == np.dtype(dtype)


def test_grad_and_input_promote_as_in_arithmetic(case, working_dtype):
    x = np.array([-1.5, 0.25], working_dtype)
    for kind in ("float16", "float32", "float64"):
        grad = np.array([1, 2], kind)
        assert case.results(x, grad)["backward"].dtype == (grad * x).dtype, kind


@pytest.mark.parametrize(
    "x", [1.0, -2, True, [1.0, -2.0], [[1, 2], [3, 4]], (0.5, 1.5), np.float32(0.5), np.float16(2)], ids=repr
)
def test_array_likes(case, x):
    array = np.asarray(x)
    result = case.function(x, *case.required)
    assert result.shape == array.shape
    assert result.dtype == np.exp(array).dtype
    assert same_bits(result, case.function(array.astype(result.dtype), *case.required))


def test_scalars_come_back_as_numpy_scalars(case):
    """As from np.exp, also for 0-d arrays."""
    for x in (0.5, np.float32(0.5), np.array(0.5)):
        assert type(case.function(x, *case.required)) is type(np.exp(x))
        assert isinstance(case.function.derivative(x, *case.required), np.floating)


@pytest.mark.parametrize(
    "x",
    [
        np.array([1 + 2j]),
        np.array([1, 2], object),
        np.array(["a"]),
        np.array(["2020-01-01"], "datetime64[D]"),
        np.zeros(2, [("a", "f4")]),
        None,
        "text",
        {1: 2},
        1j,
    ],
    ids=lambda x: str(getattr(x, "dtype", type(x).__name__)),
)
def test_everything_else_is_a_type_error(case, x):
    forms = [
        case.function,
        case.function.derivative,
        case.function.value_and_derivative,
        lambda x, *parameters: case.function.backward(np.ones(1), x, *parameters),
    ]
    for form in forms:
        with pytest.raises(TypeError, match=".") as caught:
            form(x, *case.required)
        assert "\n" not in str(caught.value)


@pytest.mark.skipif(np.dtype(np.longdouble).itemsize == 8, reason="long double is float64 here")
def test_longdouble_is_a_type_error(case):
    """Better than to lose its digits in silence."""
    with pytest.raises(TypeError, match="longdouble|float128|float96"):
        case.function(np.ones(3, np.longdouble), *case.required)
    with pytest.raises(TypeError, match="longdouble|float128|float96"):
        case.in_place(np.ones(3, np.longdouble), *case.required)


def test_byte_order_of_results_is_native(case, dtype):
    x = np.array([-1.5, 0.25], np.dtype(dtype).newbyteorder())
    for form, result in case.results(x, x).items():
        assert result.dtype.isnative, form
    assert case.in_place(x, *case.required).dtype == np.dtype(dtype).newbyteorder()


def test_subclasses_pass_through(case):
    class Tagged(np.ndarray):
        pass

    x = np.linspace(-1, 1, 5).view(Tagged)
    assert type(case.function(x, *case.required)) is Tagged
    assert case.in_place(x, *case.required) is x


def test_memory_maps(case, tmp_path):
    mapped = np.memmap(tmp_path / "numbers", np.float32, "w+", shape=(50,))
    mapped[:] = np.linspace(-5, 5, 50)
    wanted = case.function(np.array(mapped), *case.required)
    assert case.in_place(mapped, *case.required) is mapped
    assert same_bits(np.asarray(mapped), wanted)

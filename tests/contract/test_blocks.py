"""What all operations that walk over blocks share: any layout gives the results of whole arrays, and a few blocks are all that
they allocate besides these."""

import tracemalloc

import numpy as np
import pytest
from catalogue import CASES
from inputs import same_bits, samples, specials

import fastact as fa
from fastact.blocks import run_blocks

N = 1 << 19
BLOCK = 4096


def arrays(*lengths):
    return [np.ones((N // 1024, 1024 * length // 4), np.float32) for length in lengths]


def swiglu():
    x, out = arrays(4, 2)
    return lambda: fa.swiglu(x, out=out)


def swiglu_interleaved_in_first_half():
    (x,) = arrays(4)
    return lambda: fa.swiglu(x, interleaved=True, out=x[:, ::2])


def swiglu_oai_backward():
    x, grad = arrays(4, 2)
    return lambda: fa.swiglu_oai.backward(grad, x, out=x)


def bias():
    x, residual = arrays(4, 4)
    return lambda: fa.bias_activation_(x, np.ones(1024), "gelu", residual=residual)


def affine_backward():
    x, grad = arrays(4, 4)
    return lambda: fa.affine_activation.backward(grad, x, np.ones(1024), np.ones(1024), "gelu", out=grad)


def half_precision():
    x = arrays(4)[0].astype(np.float16)
    return lambda: fa.bias_activation_(x, np.ones(1024), "silu")


def lstm():
    gates, cell, hidden = arrays(4, 1, 1)
    return lambda: fa.lstm_cell(gates, cell, out=(hidden, cell))


def lstm_backward():
    gates, cell = arrays(4, 1)
    return lambda: fa.lstm_cell.backward(cell, None, gates, cell, out=(gates, cell))


def gru_backward():
    first, second, hidden = arrays(3, 3, 1)
    return lambda: fa.gru_cell.backward(hidden, first, second, hidden, out=(first, second, hidden))


def norm():
    x = arrays(2, 1)
    return lambda: fa.clip_by_norm_(x, 1.0)


@pytest.mark.parametrize(
    "make",
    [
        swiglu,
        swiglu_interleaved_in_first_half,
        swiglu_oai_backward,
        bias,
        affine_backward,
        half_precision,
        lstm,
        lstm_backward,
        gru_backward,
        norm,
    ],
    ids=lambda make: make.__name__,
)
def test_memory(make, monkeypatch):
    monkeypatch.setattr("fastact.blocks.BLOCK", BLOCK)
    call = make()
    with fa.num_threads(1):
        call()
        tracemalloc.start()
        call()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    # Bytes: fifty blocks of float32, with those of the steps in plain NumPy, are less than any input.
    assert peak < 50 * BLOCK * 4 < N * 2


def product_and_sum(a, b, c, out, scratch):
    np.multiply(a, b, out=scratch)
    np.add(scratch, c, out=out)


def sum_and_product(a, b, out, product):
    np.add(a, b, out=out)
    np.multiply(a, b, out=product)


def numbers_within(a, out):
    np.maximum(a, 0.25, out=out)
    np.subtract(1, out, out=out)


def fill(shape, dtype):
    return np.random.default_rng(7).standard_normal(shape).astype(dtype)


def plain(shape, dtype):
    return fill(shape, dtype)


def fortran(shape, dtype):
    return np.asfortranarray(fill(shape, dtype))


def every_second(shape, dtype):
    return fill([2 * n for n in shape], dtype)[tuple(slice(None, None, 2) for _ in shape)]


def backwards(shape, dtype):
    return fill(shape, dtype)[tuple(slice(None, None, -1) for _ in shape)]


def part_of_rows(shape, dtype):
    return fill((*shape[:-1], shape[-1] + 3), dtype)[..., 2:-1]


def swapped(shape, dtype):
    return fill(shape, dtype).astype(np.dtype(dtype).newbyteorder())


def misaligned(shape, dtype):
    x = np.frombuffer(bytearray(1 + int(np.prod(shape)) * np.dtype(dtype).itemsize), dtype, offset=1).reshape(shape)
    x[...] = fill(shape, dtype)
    return x


LAYOUTS = [plain, fortran, every_second, backwards, part_of_rows, swapped, misaligned]
SHAPES = [(1,), (5000,), (3, 9000), (5000, 3), (70, 300), (4, 1, 5, 6), (9, 50, 7, 7)]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_layouts_and_broadcasting(shape, dtype, layout, threads):
    computed = np.float32 if dtype == "float16" else np.dtype(dtype)
    a, out = layout(shape, dtype), layout(shape, dtype)
    per_axis = [fill([n if i == k else 1 for i, n in enumerate(shape)], computed) for k in range(len(shape))]
    for b in [np.float32(3).astype(computed), *per_axis, per_axis[-1].reshape(-1), fill(shape, "float16")]:
        for c in (a, plain(shape, computed), fill(shape[-1:], "float64")):
            expected = np.add(a.astype(computed) * b.astype(computed), c.astype(computed)).astype(dtype)
            with fa.num_threads(threads):
                run_blocks(product_and_sum, [a, np.asarray(b), c], [out], np.dtype(dtype), scratch=1)
            np.testing.assert_array_equal(out, expected, strict=False)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_results_over_inputs(shape, layout):
    a, b = layout(shape, "float32"), layout(shape, "float32") + np.float32(1)
    total, product = a + b, a * b
    run_blocks(sum_and_product, [a, b], [a, b], np.dtype("float32"))
    np.testing.assert_array_equal(a, total)
    np.testing.assert_array_equal(b, product)


@pytest.mark.parametrize("shift", [-4097, -1, 1, 3])
def test_results_beside_inputs(shift):
    whole = fill(20000, "float32")
    a, out = (whole[5000:15000], whole[5000 + shift : 15000 + shift])
    expected = 1 - np.maximum(a, np.float32(0.25))
    run_blocks(numbers_within, [a], [out], np.dtype("float32"))
    np.testing.assert_array_equal(out, expected)


def test_no_elements():
    out = np.empty((0, 3), np.float32)
    run_blocks(numbers_within, [out], [out], out.dtype)


def takes_many(*blocks):
    *inputs, out = blocks
    np.positive(inputs[0], out=out)
    for x in inputs[1:]:
        np.add(out, x, out=out)


def hypotenuse(a, out):
    np.hypot(a, np.float32(0.5), out=out)


def test_more_operands_than_compiled_code_takes():
    inputs = [fill((100, 60), "float32") for _ in range(45)]
    out = np.empty((100, 60), np.float32)
    run_blocks(takes_many, inputs, [out], out.dtype)
    expected = inputs[0].copy()
    for x in inputs[1:]:
        expected += x
    np.testing.assert_array_equal(out, expected)


def test_any_ufunc():
    a = fill((100, 60), "float32")
    out = np.empty_like(a)
    run_blocks(hypotenuse, [a], [out], out.dtype)
    np.testing.assert_array_equal(out, np.hypot(a, np.float32(0.5)))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_activations_beside_sums_and_products(case, dtype):
    """Compiled code may take two steps at once; the bits are those of one after the other."""
    f = case.function.ufunc

    def of_sum(a, b, *rest):
        *parameters, out, total = rest
        np.add(a, b, out=total)
        f(total, *parameters, out)

    def product(a, b, *rest):
        *parameters, out, value = rest
        f(b, *parameters, value)
        np.multiply(value, a, out=out)

    a = np.concatenate([samples(dtype, case.kinks), specials(dtype)])
    b = np.concatenate([np.roll(a[: a.size // 2], 7), np.zeros_like(a[a.size // 2 :])])
    given = [np.asarray(value, dtype) for value in case.others(0.75)]
    several = [np.stack([value, value]) for value in given]
    with np.errstate(all="ignore"):
        for x, y, parameters in ((a, b, given), (b, a, given), (a.reshape(-1, 1), b.reshape(-1, 1), several)):
            shape = np.broadcast_shapes(x.shape, *(value.shape for value in parameters))
            out = np.empty(shape, dtype)
            run_blocks(of_sum, [x, y, *parameters], [out], out.dtype, scratch=1)
            assert same_bits(out, np.broadcast_to(f(x + y, *parameters), shape))
            run_blocks(product, [x, y, *parameters], [out], out.dtype, scratch=1)
            assert same_bits(out, np.broadcast_to(f(y, *parameters) * x, shape))

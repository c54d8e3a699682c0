"""Every layout of inputs and outputs, canaries around the outputs; overlapping memory gives what a copy would have."""

import numpy as np
import pytest
from catalogue import SLOW
from inputs import LAYOUTS, Laid, laid, same_bits, walk

import fastact as fa


@pytest.fixture
def values(dtype):
    return np.concatenate([walk(dtype, 150, 2.0**-8, 64.0), np.array([np.nan, np.inf, -np.inf, -0.0], dtype)])[::-1]


def test_inputs(case, dtype, values):
    for grown in laid(dtype, values):
        plain = grown.native()
        wanted = case.results(plain, plain)
        for form, result in case.results(grown.array, grown.array).items():
            assert np.shape(result) == grown.array.shape, (grown.name, form)
            assert result.dtype == np.dtype(dtype) or form in case.declaration.trainable, (grown.name, form)
            assert same_bits(result, wanted[form]), (grown.name, form)
        assert grown.unchanged(), grown.name


def test_read_only_inputs(case, dtype, values):
    for grown in laid(dtype, values):
        wanted = case.results(grown.native(), grown.native())
        grown.array.flags.writeable = False
        for form, result in case.results(grown.array, grown.array).items():
            assert same_bits(result, wanted[form]), (grown.name, form)


def test_outputs(case, dtype, values):
    """Results land in any layout, and nowhere else."""
    for layout in LAYOUTS:
        out, second = Laid(layout, dtype, values), Laid(layout, dtype, values)
        x = out.native()
        wanted = case.results(x, x)
        assert case.function(x, *case.required, out=out.array) is out.array, layout
        assert same_bits(out.array, wanted["value"]), layout
        assert out.canaries_alive(), layout
        assert case.function.derivative(x, *case.required, out=out.array) is out.array, layout
        assert same_bits(out.array, wanted["derivative"]), layout
        both = case.function.value_and_derivative(x, *case.required, out=(out.array, second.array))
        assert both[0] is out.array, layout
        assert both[1] is second.array, layout
        assert same_bits(out.array, wanted["value"]), layout
        assert same_bits(second.array, wanted["derivative"]), layout
        if not case.required:
            assert case.function.backward(x, x, out=second.array) is second.array, layout
            assert same_bits(second.array, wanted["backward"]), layout
        assert out.canaries_alive(), layout
        assert second.canaries_alive(), layout


def test_in_place(case, dtype, values):
    for grown in laid(dtype, values):
        wanted = case.function(grown.native(), *case.required)
        assert case.in_place(grown.array, *case.required) is grown.array, grown.name
        assert same_bits(grown.array, wanted), grown.name
        assert grown.canaries_alive(), grown.name


def overlapping(dtype, values):
    """Yield a name, and an input and an output that share memory in a fresh buffer."""
    shapes = {
        "the same": (300, lambda b: (b, b)),
        "shifted up": (301, lambda b: (b[:-1], b[1:])),
        "shifted down": (301, lambda b: (b[1:], b[:-1])),
        "shifted far": (400, lambda b: (b[:330], b[70:])),
        "reversed": (300, lambda b: (b, b[::-1])),
        "every second": (300, lambda b: (b[::2], b[:150])),
        "into every second": (300, lambda b: (b[:150], b[::2])),
        "transposed": (289, lambda b: (b.reshape(17, 17), b.reshape(17, 17).T)),
        "columns": (300, lambda b: (b.reshape(20, 15)[:, :-1], b.reshape(20, 15)[:, 1:])),
    }
    for name, (size, views) in shapes.items():
        yield name, lambda size=size, views=views: views(np.resize(values, size).astype(dtype))


def test_out_overlaps_the_input(case, dtype, values):
    for name, fresh in overlapping(dtype, values):
        x, out = fresh()
        wanted = case.results(x.copy(), x.copy())
        case.function(x, *case.required, out=out)
        assert same_bits(out, wanted["value"]), name
        x, out = fresh()
        case.function.derivative(x, *case.required, out=out)
        assert same_bits(out, wanted["derivative"]), name
        x, out = fresh()
        apart = np.empty(x.shape, x.dtype)
        case.function.value_and_derivative(x, *case.required, out=(out, apart))
        assert same_bits(out, wanted["value"]), name
        assert same_bits(apart, wanted["derivative"]), name
        x, out = fresh()
        case.function.value_and_derivative(x, *case.required, out=(apart, out))
        assert same_bits(apart, wanted["value"]), name
        assert same_bits(out, wanted["derivative"]), name


def test_backward_out_overlaps(case, dtype, values):
    if case.required:
        pytest.skip("backward has more than one result")
    for name, fresh in overlapping(dtype, values):
        x, out = fresh()
        grad = np.linspace(-3, 3, x.size, dtype=dtype).reshape(x.shape)
        wanted = case.results(x.copy(), grad)["backward"]
        case.function.backward(grad, x, out=out)
        assert same_bits(out, wanted), name
        grad, out = fresh()
        x = np.linspace(-3, 3, grad.size, dtype=dtype).reshape(grad.shape)
        wanted = case.results(x, grad.copy())["backward"]
        case.function.backward(grad, x, out=out)
        assert same_bits(out, wanted), name


def test_a_parameter_overlaps_out(case, working_dtype):
    if not case.defaults:
        pytest.skip("no parameters")
    buffer = np.linspace(0.25, 1.0, 101, dtype=working_dtype)
    x = np.linspace(-4, 4, 100, dtype=working_dtype)
    rest = case.others(4.0)[1:]
    wanted = case.function(x, buffer[:-1].copy(), *rest)
    assert same_bits(case.function(x, buffer[:-1], *rest, out=buffer[1:]), wanted)


def test_inputs_may_repeat_memory(case, dtype):
    """Broadcast arrays are read like any other."""
    row = np.linspace(-4, 4, 37, dtype=dtype)
    wide = np.broadcast_to(row, (5, 37))
    wanted = case.results(wide.copy(), wide.copy())
    for form, result in case.results(wide, wide).items():
        assert same_bits(result, wanted[form]), form


def test_large_out_of_place(case):
    """So many that the results fill whole cache lines, at several places of the output in one."""
    x = np.resize(walk("float32", 50_000, 2.0**-8, 64.0), 1 << (14 if SLOW else 20))
    wanted = np.resize(case.function(walk("float32", 50_000, 2.0**-8, 64.0), *case.required), x.size)
    buffer = np.zeros(x.size + 64, np.float32)
    for offset in (0, 1, 7, 16):
        buffer[:] = 7.0
        case.function(x, *case.required, out=buffer[offset : offset + x.size])
        assert same_bits(buffer[offset : offset + x.size], wanted), offset
        assert (buffer[:offset] == 7.0).all()
        assert (buffer[offset + x.size :] == 7.0).all()


@pytest.mark.skipif(SLOW, reason="it is the compiled loops that bypass the caches")
@pytest.mark.parametrize("name", ["relu", "silu", "gelu"])
def test_results_that_bypass_the_caches(name, working_dtype):
    """Beyond 32 MiB, wherever one result or both begin in a cache line."""
    function = getattr(fa, name)
    few = walk(working_dtype, 50_000, 2.0**-8, 64.0)
    size = (1 << 25) // few.itemsize + 37
    x = np.resize(few, size)
    wanted = [np.resize(result, size) for result in function.value_and_derivative(few)]
    buffers = np.zeros((2, size + 64), few.dtype)
    for offsets in ((0, 0), (1, 1), (7, 7), (3, 5)):
        buffers[...] = 7.0
        outs = [buffer[offset : offset + size] for buffer, offset in zip(buffers, offsets, strict=True)]
        function.value_and_derivative(x, out=tuple(outs))
        assert same_bits(outs[0], wanted[0]), offsets
        assert same_bits(outs[1], wanted[1]), offsets
        outs[0][...] = 7.0
        function(x, out=outs[0])
        assert same_bits(outs[0], wanted[0]), offsets
        for buffer, offset in zip(buffers, offsets, strict=True):
            assert (buffer[:offset] == 7.0).all(), offsets
            assert (buffer[offset + size :] == 7.0).all(), offsets

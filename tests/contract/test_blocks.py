"""What all operations that walk over blocks share: a few blocks are all that they allocate besides their results."""

import tracemalloc

import numpy as np
import pytest

import fastact as fa

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

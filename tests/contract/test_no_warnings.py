"""No floating-point warning is ever raised, whatever the input and the caller's error state."""

import numpy as np
import pytest
from inputs import LAYOUTS, Laid, samples, specials

import fastact as fa


@pytest.mark.parametrize("handling", ["raise", "warn"])
def test_elementwise(case, dtype, handling):
    x = np.concatenate([specials(dtype), samples(dtype)[::5]])
    with np.errstate(all=handling):
        case.results(x, np.ones_like(x))
        case.results(x, specials(dtype)[np.arange(x.size) % specials(dtype).size])
        case.results(x[::2], x[::2])
        case.in_place(x.copy(), *case.required)
        case.in_place(x[::3].copy(), *case.required)
        for number in specials(dtype):
            case.results(np.array(number), np.array(number))


def test_in_every_layout(case, working_dtype):
    with np.errstate(all="raise"):
        for layout in LAYOUTS:
            grown = Laid(layout, working_dtype, specials(working_dtype))
            case.results(grown.array, grown.array)
            case.in_place(grown.array, *case.required)


def test_caller_error_state_is_left_alone(case):
    with np.errstate(over="call", under="warn", divide="raise", invalid="print"):
        before = np.geterr()
        case.function(np.array([1e4, -1e4, np.nan]), *case.required)
        assert np.geterr() == before


def test_flags_do_not_linger(case, working_dtype):
    """An operation of NumPy's after ours is not blamed for what ours did."""
    x = specials(working_dtype)
    with np.errstate(all="raise"):
        case.results(x, x)
        np.add(np.ones(4, working_dtype), 1)


@pytest.mark.parametrize("operation", ["softmax", "log_softmax", "zscore"])
def test_row_operations(working_dtype, operation):
    big = float(np.finfo(working_dtype).max)
    rows = [
        [1, np.inf],
        [np.inf, np.inf],
        [-np.inf, -np.inf],
        [1, np.nan],
        [-np.inf, 1],
        [0, 0],
        [big, -big],
        [1e-30, 2e-30],
    ]
    x = np.array(rows, working_dtype)
    with np.errstate(all="raise"):
        for axis in (0, 1):
            y = getattr(fa, operation)(x, axis=axis)
            getattr(fa, operation + "_")(x.copy(), axis=axis)
            if operation != "zscore":
                getattr(fa, operation).backward(x, y, axis=axis)

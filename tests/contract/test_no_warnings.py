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


def test_backward_passes_into_narrow_parameters():
    """Sums that float16, or float32, does not hold."""
    grad, half = np.full((70_000, 2), 2, np.float32), np.ones(2, np.float16)
    numbers = np.full((3, 2), 1e300)
    with np.errstate(all="raise"):
        for _, by_weight, *_ in (
            fa.layer_norm.backward(grad, grad * [1, 2], half),
            fa.rms_norm.backward(grad, grad, half),
            fa.batch_norm.backward(grad, grad, np.zeros(2), np.ones(2), half),
            fa.group_norm.backward(grad, grad * [1, 2], 1, half),
            fa.weight_norm.backward(grad[:1] * 1e5, grad[:1] * [1, 2], half[:1]),
            fa.prelu.backward(grad, -grad, half),
            fa.silu.backward(numbers, np.ones_like(numbers), np.ones(2, np.float32)),
        ):
            assert np.isinf(by_weight).any()


def test_losses(dtype):
    big = float(np.finfo(dtype).max)
    x = np.array([[big, -big], [np.inf, -np.inf], [np.nan, 0], [-np.inf, -np.inf], [1e-4, -1e-4]], dtype)
    with np.errstate(all="raise"):
        for reduction in ("mean", "sum", "none"):
            fa.cross_entropy.value_and_gradient(x, [0, 1, 0, 1, 0], reduction=reduction)
            fa.cross_entropy.value_and_gradient(x, [0, 1, 0, 1, 0], weight=[1e-300, 1e300], reduction=reduction)
            fa.cross_entropy.value_and_gradient(x, np.full_like(x, 0.5), weight=[1e-30, 1], reduction=reduction)
            fa.nll_loss.value_and_gradient(x, [0, 1, 0, 1, 0], reduction=reduction)
            fa.mse_loss.value_and_gradient(x, -x, reduction=reduction)
            fa.binary_cross_entropy_with_logits.value_and_gradient(x, np.full_like(x, 0.5), reduction=reduction)


def test_parameters_that_underflow():
    with np.errstate(all="raise"):
        for slope in (np.float64(1e-40), 1e-40, np.full(3, 1e-40)):
            fa.leaky_relu(np.ones(3, np.float32), slope)


def test_statistics_that_overflow():
    x = np.array([[1e30], [-1e30]], np.float32)
    mean, variance = np.zeros(1, np.float32), np.ones(1, np.float32)
    with np.errstate(all="raise"):
        fa.batch_norm(x, mean, variance, training=True)
        fa.group_norm.backward(np.array([[np.inf, -np.inf, 1, 2]]), np.array([[1.0, 2, 3, 4]]), 2)
    assert np.isinf(variance)

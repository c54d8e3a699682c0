"""LSTM and GRU steps against PyTorch's formulas in long double: values, gradients, sequences, layouts, overlaps, errors."""

import itertools

import numpy as np
import pytest
from inputs import LAYOUTS, Laid, same_bits, specials
from textbook import sigmoid, slopes, value

import fastact as fa


def lstm_cell_state(i, f, g, o, c):
    return sigmoid(f) * c + sigmoid(i) * np.tanh(g)


def lstm_hidden(i, f, g, o, c):
    return sigmoid(o) * np.tanh(lstm_cell_state(i, f, g, o, c))


def gru_hidden(r_i, z_i, n_i, r_h, z_h, n_h, h):
    z = sigmoid(z_i + z_h)
    # (1 - z) as PyTorch writes it would cancel.
    return sigmoid(-z_i - z_h) * np.tanh(n_i + sigmoid(r_i + r_h) * n_h) + z * h


@pytest.fixture(params=[(5,), (3, 4), (2, 1, 7)], ids=str)
def shape(request):
    return request.param


def numbers(rng, shape, dtype, count):
    """Return gates that are open, shut and between; eighths, so that the sums of two are exact."""
    return [(rng.integers(-64, 65, shape) / 8).astype(dtype) for _ in range(count)]


def join(parts):
    return np.concatenate(parts, -1)


# LSTM


def test_lstm_value(working_dtype, shape, rng):
    *gates, c = numbers(rng, shape, working_dtype, 5)
    hidden, cell = fa.lstm_cell(join(gates), c)
    eps = np.finfo(working_dtype).eps
    i, f, g, o = gates
    terms = np.abs(value(lambda f, c: sigmoid(f) * c, f, c)) + np.abs(value(lambda i, g: sigmoid(i) * np.tanh(g), i, g))
    wanted = value(lstm_cell_state, *gates, c)
    assert hidden.dtype == cell.dtype == c.dtype
    assert (np.abs(cell - wanted) <= 3 * eps * terms).all()
    # From the very state that was returned.
    wanted = value(lambda o, c: sigmoid(o) * np.tanh(c), o, cell)
    assert (np.abs(hidden - wanted) <= 3 * eps * np.abs(wanted)).all()


def test_lstm_backward(working_dtype, shape, rng):
    *gates, c, by_hidden, by_cell = numbers(rng, shape, working_dtype, 7)
    eps = np.finfo(working_dtype).eps
    through_hidden, through_cell = (slopes(f, *gates, c) for f in (lstm_hidden, lstm_cell_state))
    size = (np.abs(by_hidden) + np.abs(by_cell)) * (1 + np.abs(c))
    for first, second in itertools.product((by_hidden, None), (by_cell, None)):
        to_gates, to_cell = fa.lstm_cell.backward(first, second, join(gates), c)
        assert to_gates.shape == (*shape[:-1], 4 * shape[-1])
        assert to_gates.dtype == to_cell.dtype == c.dtype
        for k, result in enumerate([*np.split(to_gates, 4, -1), to_cell]):
            wanted = sum(g * s[k] for g, s in ((first, through_hidden), (second, through_cell)) if g is not None)
            assert (np.abs(result - wanted) <= 3 * eps * size).all()
            if first is None:
                # No terms to cancel: right to the last places, for gates that are all but shut too.
                assert (np.abs(result - wanted) <= 4 * eps * np.abs(wanted)).all()


# GRU


def test_gru_value(working_dtype, shape, rng):
    *gates, h = numbers(rng, shape, working_dtype, 7)
    result = fa.gru_cell(join(gates[:3]), join(gates[3:]), h)
    wanted = value(gru_hidden, *gates, h)
    r_i, z_i, n_i, r_h, z_h, n_h = gates
    terms = value(lambda z, n, r, h: sigmoid(-z) * (1 + np.abs(n) + np.abs(r)) + sigmoid(z) * np.abs(h), z_i + z_h, n_i, n_h, h)
    assert result.dtype == h.dtype
    assert (np.abs(result - wanted) <= 3 * np.finfo(working_dtype).eps * terms).all()


def test_gru_backward(working_dtype, shape, rng):
    *gates, h, grad = numbers(rng, shape, working_dtype, 8)
    by_input, by_hidden_gates, by_hidden = fa.gru_cell.backward(grad, join(gates[:3]), join(gates[3:]), h)
    results = [*np.split(by_input, 3, -1), *np.split(by_hidden_gates, 3, -1), by_hidden]
    size = np.abs(grad) * (1 + np.abs(h)) * (1 + np.abs(gates[2]) + np.abs(gates[5])) ** 2
    for result, slope in zip(results, slopes(gru_hidden, *gates, h), strict=True):
        assert result.dtype == h.dtype
        assert (np.abs(result - grad * slope) <= 2 * np.finfo(working_dtype).eps * size).all()
    wanted = grad * slopes(gru_hidden, *gates, h)[-1]
    assert (np.abs(by_hidden - wanted) <= 3 * np.finfo(working_dtype).eps * np.abs(wanted)).all()


# Both, over all that they share


def lstm(rng, shape, dtype):
    """Inputs of a call, inputs of its backward pass, the function, the number of its results."""
    *gates, c, by_hidden, by_cell = (rng.normal(scale=3, size=shape).astype(dtype) for _ in range(7))
    return fa.lstm_cell, [join(gates), c], [by_hidden, by_cell]


def gru(rng, shape, dtype):
    *gates, h, grad = (rng.normal(scale=3, size=shape).astype(dtype) for _ in range(8))
    return fa.gru_cell, [join(gates[:3]), join(gates[3:]), h], [grad]


CELLS = pytest.mark.parametrize("make", [lstm, gru])


def tuple_of(results):
    return results if isinstance(results, tuple) else (results,)


def all_same(found, wanted):
    return all(same_bits(a, b) for a, b in zip(tuple_of(found), tuple_of(wanted), strict=True))


@CELLS
def test_a_sequence(make, rng):
    """Gradients through three steps, against differences of the whole: the state is passed on, in place."""
    function, inputs, _ = make(rng, (2, 3), "float64")
    *gates, state = inputs
    steps = [[g + k for g in gates] for k in (0.0, 0.5, -0.5)]

    def run(state):
        for step in steps:
            state = tuple_of(function(*step, state))[-1]
        return state

    states = [state]
    for step in steps:
        states.append(tuple_of(function(*step, states[-1]))[-1])
    gradient = np.ones_like(state)
    for step, before in zip(reversed(steps), reversed(states[:-1]), strict=True):
        first = (None,) if function is fa.lstm_cell else ()
        gradient = function.backward(*first, gradient, *step, before)[-1]
    h = 1e-6
    assert np.allclose(gradient, (run(state + h) - run(state - h)) / (2 * h), rtol=1e-8, atol=1e-10)
    kept = state.copy()
    for step in steps:
        function(*step, kept, out=(np.empty_like(kept), kept) if function is fa.lstm_cell else kept)
    assert same_bits(kept, states[-1])


@CELLS
def test_dtypes(make, rng):
    function, inputs, gradients = make(rng, (3, 5), "float16")
    single = [x.astype(np.float32) for x in inputs], [g.astype(np.float32) for g in gradients]
    for half, full in (
        (function(*inputs), function(*single[0])),
        (function.backward(*gradients, *inputs), function.backward(*single[1], *single[0])),
    ):
        assert all_same(half, tuple(result.astype(np.float16) for result in tuple_of(full)))
    whole = [np.ones(x.shape, int) for x in inputs]
    assert all(r.dtype == np.float64 for r in tuple_of(function(*whole)))


@CELLS
@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 4)])
def test_empty(make, shape, rng, dtype):
    function, inputs, gradients = make(rng, shape, dtype)
    assert all(result.shape == shape for result in tuple_of(function(*inputs)))
    assert [g.shape for g in function.backward(*gradients, *inputs)] == [x.shape for x in inputs]


@pytest.mark.usefixtures("blocks")
@CELLS
def test_layouts(make, dtype, rng):
    function, inputs, gradients = make(rng, (4, 3), dtype)
    wanted, back = function(*inputs), function.backward(*gradients, *inputs)
    for change in (
        np.asfortranarray,
        lambda x: np.flip(np.flip(x).copy()),
        lambda x: np.repeat(x, 2, 0)[::2],
        lambda x: np.repeat(x, 3, 1)[:, ::3],
        lambda x: x.astype(x.dtype.newbyteorder()),
        lambda x: np.ndarray(x.shape, x.dtype, b"\0" + x.tobytes(), 1),
    ):
        changed = [change(x) for x in inputs], [change(g) for g in gradients]
        for x in (*changed[0], *changed[1]):
            x.flags.writeable = False
        assert all_same(function(*changed[0]), wanted)
        assert all_same(function.backward(*changed[1], *changed[0]), back)
        out = tuple(np.empty_like(change(r)) for r in tuple_of(wanted))
        function(*inputs, out=out if len(out) > 1 else out[0])
        assert all_same(out, wanted)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "0-d"])
def test_state_in_place(layout, working_dtype, rng):
    """The cell state is replaced where it is, and nothing beside it."""
    state = Laid(layout, working_dtype, rng.normal(size=300))
    *before, n = state.array.shape
    gates = rng.normal(size=(*before, 4 * n)).astype(working_dtype)
    hidden, cell = fa.lstm_cell(gates, state.native())
    found = fa.lstm_cell(gates, state.array, out=(np.empty(hidden.shape, working_dtype), state.array))
    assert found[1] is state.array
    assert all_same(found, (hidden, cell))
    assert state.canaries_alive()


@pytest.mark.usefixtures("blocks")
@CELLS
def test_out_overlaps(make, working_dtype, rng):
    function, inputs, gradients = make(rng, (4, 6), working_dtype)
    wanted, back = function(*inputs), function.backward(*gradients, *inputs)
    for move in (lambda x: x, lambda x: x[:, ::-1], lambda x: x[::-1]):
        gates, *others = copies = [x.copy() for x in inputs]
        places = [move(copies[-1]), move(gates[:, 6:12]), move(gates[:, 1:7])]
        for choice in itertools.permutations(places[:2], len(tuple_of(wanted))):
            for x, y in zip(copies, inputs, strict=True):
                x[...] = y
            found = function(*copies, out=choice if len(choice) > 1 else choice[0])
            assert all_same(found, wanted)
        copies = [x.copy() for x in inputs]
        found = function.backward(*gradients, *copies, out=tuple(move(x) for x in copies))
        assert all_same(found, back)
    for order in itertools.permutations(range(len(gradients) + 1)):
        buffer = [*(g.copy() for g in gradients), inputs[-1].copy()]
        shuffled = [buffer[k] for k in order]
        wanted = function.backward(*[b.copy() for b in shuffled[:-1]], *inputs[:-1], shuffled[-1].copy())
        out = (*[np.empty_like(x) for x in inputs[:-1]], buffer[0])
        assert all_same(function.backward(*shuffled[:-1], *inputs[:-1], shuffled[-1], out=out), wanted)


@CELLS
@pytest.mark.parametrize("shape", [(3, 20_000), (40_000, 2), (9, 33, 400)])
def test_many_blocks(make, shape, rng, monkeypatch):
    """A row alone has the bits that it has among many, on any number of threads."""
    monkeypatch.setattr("fastact.blocks.BLOCK", 4096)
    function, inputs, gradients = make(rng, shape, "float32")
    with fa.num_threads(1):
        results = [*tuple_of(function(*inputs)), *function.backward(*gradients, *inputs)]
    row = shape[0] // 2
    alone = [x[row] for x in inputs], [g[row] for g in gradients]
    assert all_same(tuple(r[row] for r in results), (*tuple_of(function(*alone[0])), *function.backward(*alone[1], *alone[0])))
    with fa.num_threads(2):
        assert all_same((*tuple_of(function(*inputs)), *function.backward(*gradients, *inputs)), tuple(results))


@CELLS
def test_special_values_and_no_warnings(make, working_dtype, rng):
    function, inputs, gradients = make(rng, (196,), working_dtype)
    numbers = specials(working_dtype)
    with np.errstate(all="raise"):
        for chosen in (inputs, gradients):
            for x in chosen:
                x[...] = rng.choice(numbers, x.shape)
        results = tuple_of(function(*inputs))
        back = function.backward(*gradients, *inputs)
    count = inputs[0].size // 196
    parts = [np.split(x, count) for x in inputs[:-1]]
    unknown = np.isnan(inputs[-1])
    for part in parts:
        for gate in part[: 3 if function is fa.lstm_cell else None]:
            unknown |= np.isnan(gate)
    assert all(np.isnan(r[unknown]).all() for r in results)
    assert np.isnan(back[-1][np.isnan(gradients[-1])]).all()


# Errors

GATES, STATE = np.ones((2, 12), np.float32), np.ones((2, 3), np.float32)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: fa.lstm_cell(GATES[:, :9], STATE), ValueError, r"lstm_cell: gates has shape \(2, 9\).* must have \(2, 12\)"),
        (lambda: fa.lstm_cell(GATES[:1], STATE), ValueError, "lstm_cell: gates has shape"),
        (lambda: fa.lstm_cell(GATES, 1.0), np.exceptions.AxisError, "lstm_cell: cell: axis -1"),
        (lambda: fa.lstm_cell(GATES * 1j, STATE), TypeError, "lstm_cell: gates has dtype complex64"),
        (lambda: fa.lstm_cell(GATES, STATE, out=STATE), TypeError, "lstm_cell: out is a ndarray; .* tuple of 2"),
        (lambda: fa.lstm_cell(GATES, STATE, out=(STATE, STATE)), ValueError, "lstm_cell: two arrays of out share memory"),
        (lambda: fa.lstm_cell(GATES, STATE, out=(GATES, STATE)), ValueError, "lstm_cell: out has shape"),
        (lambda: fa.lstm_cell.backward(GATES, None, GATES, STATE), ValueError, "lstm_cell.backward: grad_hidden has shape"),
        (lambda: fa.lstm_cell.backward(None, GATES, GATES, STATE), ValueError, "lstm_cell.backward: grad_cell has shape"),
        (lambda: fa.lstm_cell.backward(STATE, None, GATES, STATE, out=(GATES,)), TypeError, "out is a tuple of 1"),
        (lambda: fa.gru_cell(GATES, GATES, STATE), ValueError, r"gru_cell: input_gates has shape .* must have \(2, 9\)"),
        (lambda: fa.gru_cell(GATES[:, :9], GATES, STATE), ValueError, "gru_cell: hidden_gates has shape"),
        (lambda: fa.gru_cell(GATES[:, :9], GATES[:, 3:], STATE, out=GATES), ValueError, "gru_cell: out has shape"),
        (lambda: fa.gru_cell.backward(GATES, GATES[:, :9], GATES[:, :9], STATE), ValueError, "gru_cell.backward: grad has"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
    assert (GATES == 1).all()
    assert (STATE == 1).all()

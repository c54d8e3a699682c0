"""One step of the recurrent cells, from the sums before their gates to the new state, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .arrays import Array, one_axis
from .blocks import run_blocks
from .forms import activation
from .operation import differentiable
from .results import one_result, several_results
from .row_calls import as_array, as_array_like, result_dtype

__all__ = ["gru_cell", "lstm_cell"]

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def _state(function: str, argument: str, state: Any) -> Array:
    array = as_array(function, argument, state)
    one_axis(f"{function}: {argument}", -1, array.ndim)
    return array


def _gates(function: str, argument: str, value: Any, state: Array, count: int) -> Array:
    """Return an operand that must have the gates one after the other on its last axis."""
    array = as_array(function, argument, value)
    wanted = (*state.shape[:-1], count * state.shape[-1])
    if array.shape != wanted:
        raise ValueError(
            f"{function}: {argument} has shape {array.shape}; with a state of shape {state.shape} it must have {wanted}"
        )
    return array


def _lstm_gradient(function: str, argument: str, value: Any, cell: Array) -> Array:
    return np.zeros((), np.int8) if value is None else as_array_like(function, argument, value, "the state", cell.shape)


def _lstm_step(i: Array, f: Array, g: Array, o: Array, cell: Array, *rest: Array) -> None:
    hidden, new_cell, gate, other, kept = rest
    sigmoid, tanh = activation("sigmoid").ufunc, activation("tanh").ufunc
    sigmoid(f, kept)
    np.multiply(kept, cell, out=kept)
    sigmoid(i, gate)
    tanh(g, other)
    np.multiply(gate, other, out=gate)
    np.add(kept, gate, out=new_cell)
    tanh(new_cell, other)
    sigmoid(o, gate)
    np.multiply(gate, other, out=hidden)


def _lstm_step_back(
    by_hidden: Array, by_new_cell: Array, i: Array, f: Array, g: Array, o: Array, cell: Array, *rest: Array
) -> None:
    # What is to become the gradient by a gate first holds the slope of its activation.
    by_i, by_f, by_g, by_o, by_cell, input_, forget, candidate, output, new = rest
    sigmoid, tanh = activation("sigmoid").value_and_derivative.ufunc, activation("tanh").value_and_derivative.ufunc
    sigmoid(i, input_, by_i)
    sigmoid(f, forget, by_f)
    tanh(g, candidate, by_g)
    sigmoid(o, output, by_o)
    np.multiply(input_, candidate, out=by_cell)
    np.multiply(forget, cell, out=new)
    np.add(new, by_cell, out=new)
    tanh(new, new, by_cell)
    np.multiply(new, by_hidden, out=new)
    np.multiply(by_o, new, out=by_o)
    total = np.multiply(output, by_cell, out=output)
    np.multiply(total, by_hidden, out=total)
    np.add(total, by_new_cell, out=total)
    np.multiply(candidate, total, out=candidate)
    np.multiply(by_i, candidate, out=by_i)
    np.multiply(cell, total, out=new)
    np.multiply(by_f, new, out=by_f)
    np.multiply(input_, total, out=input_)
    np.multiply(by_g, input_, out=by_g)
    np.multiply(forget, total, out=by_cell)


def _lstm_cell_backward(
    grad_hidden: ArrayLike | None, grad_cell: ArrayLike | None, gates: ArrayLike, cell: ArrayLike, out: Any = None
) -> Any:
    """Gradients by the gates and by the old state of lstm_cell, from its inputs.

    Parameters
    ----------
    grad_hidden, grad_cell : array_like or None
        The gradients by the new hidden and cell states, of the shape of `cell`; None for zeros.
    gates, cell : array_like
        What ``lstm_cell`` was given.
    out : tuple of two ndarrays, optional
        Where to write the gradients; they may be `gates` and `cell`.

    Returns
    -------
    by_gates, by_cell : ndarray
        Of the shapes of `gates` and `cell`.

    Raises
    ------
    TypeError
        If an operand is no array of real numbers of at most 64 bits, or `out` cannot hold the results.
    ValueError
        If the shapes do not fit, or `out` cannot be written.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.lstm_cell.backward([1.0], None, [0.0, 0.0, 0.0, 0.0], [0.0])
    (array([0.  , 0.  , 0.25, 0.  ]), array([0.25]))
    """
    name = "lstm_cell.backward"
    cell = _state(name, "cell", cell)
    gates = _gates(name, "gates", gates, cell, 4)
    gradients = [
        _lstm_gradient(name, argument, value, cell)
        for argument, value in (("grad_hidden", grad_hidden), ("grad_cell", grad_cell))
    ]
    dtype = result_dtype(*gradients, gates, cell)
    by_gates, by_cell = several_results(name, out, [gates, cell], dtype)
    inputs, outputs = [*gradients, *np.split(gates, 4, -1), cell], [*np.split(by_gates, 4, -1), by_cell]
    run_blocks(_lstm_step_back, inputs, outputs, dtype, scratch=5)
    return by_gates, by_cell


@differentiable(_lstm_cell_backward)
def lstm_cell(gates: ArrayLike, cell: ArrayLike, out: tuple[Array, Array] | None = None) -> Any:
    r"""One step of a long short-term memory (Hochreiter and Schmidhuber, 1997; Gers et al., 2000).

    .. math:: c' = \sigma(f) \, c + \sigma(i) \tanh g, \quad h' = \sigma(o) \tanh c'

    Parameters
    ----------
    gates : array_like
        The sums before the gates, of what comes from the input, from the hidden state and from the biases: i, f, g and o
        one after the other on the last axis, as in PyTorch.  Its shape is that of `cell` with four times the last length.
    cell : array_like
        The cell state c.  Integers are promoted as by `numpy.exp`; float16 is computed in float32.
    out : tuple of two ndarrays, optional
        Where to write the new states; they may overlap the inputs, and the second one be `cell`.

    Returns
    -------
    hidden, cell : ndarray
        The new states h' and c', of the shape of `cell`.

    Raises
    ------
    TypeError
        If an operand is no array of real numbers of at most 64 bits, or `out` cannot hold the results.
    ValueError
        If the shapes do not fit, or `out` cannot be written.

    Examples
    --------
    >>> import fastact as fa
    >>> hidden, cell = fa.lstm_cell([0.0, 0.0, 0.0, 0.0], [2.0])
    >>> hidden.round(4), cell
    (array([0.3808]), array([1.]))
    """
    name = "lstm_cell"
    cell = _state(name, "cell", cell)
    gates = _gates(name, "gates", gates, cell, 4)
    dtype = result_dtype(gates, cell)
    results = several_results(name, out, [cell, cell], dtype)
    run_blocks(_lstm_step, [*np.split(gates, 4, -1), cell], results, dtype, scratch=3)
    return results


def _gru_step(*blocks: Array) -> None:
    reset, update, new, hidden_reset, hidden_update, hidden_new, hidden, out, r, z, kept = blocks
    sigmoid, tanh = activation("sigmoid").ufunc, activation("tanh").ufunc
    np.add(reset, hidden_reset, out=r)
    sigmoid(r, r)
    np.multiply(r, hidden_new, out=r)
    n = np.add(new, r, out=r)
    tanh(n, n)
    np.add(update, hidden_update, out=z)
    sigmoid(z, kept)
    # 1 - sigmoid(z) without the difference.
    np.negative(z, out=z)
    sigmoid(z, z)
    np.multiply(z, n, out=z)
    np.multiply(kept, hidden, out=kept)
    np.add(z, kept, out=out)


def _gru_step_back(
    grad: Array,
    reset: Array,
    update: Array,
    new: Array,
    hidden_reset: Array,
    hidden_update: Array,
    hidden_new: Array,
    hidden: Array,
    *rest: Array,
) -> None:
    # What is to become the gradient by a gate first holds the slope of its activation.
    by_reset, by_update, by_new, by_hidden_reset, by_hidden_update, by_hidden_new, by_hidden, r, z, n = rest
    sigmoid, tanh = activation("sigmoid").value_and_derivative.ufunc, activation("tanh").value_and_derivative.ufunc
    np.add(reset, hidden_reset, out=r)
    sigmoid(r, r, by_reset)
    np.multiply(r, hidden_new, out=n)
    np.add(new, n, out=n)
    tanh(n, n, by_new)
    np.add(update, hidden_update, out=z)
    rest_of_z = np.negative(z, out=by_hidden_update)
    activation("sigmoid").ufunc(rest_of_z, rest_of_z)
    sigmoid(z, z, by_update)
    np.multiply(by_new, rest_of_z, out=by_new)
    np.multiply(by_new, grad, out=by_new)
    np.subtract(hidden, n, out=n)
    np.multiply(n, grad, out=n)
    np.multiply(by_update, n, out=by_update)
    np.positive(by_update, out=by_hidden_update)
    np.multiply(by_new, hidden_new, out=n)
    np.multiply(by_reset, n, out=by_reset)
    np.positive(by_reset, out=by_hidden_reset)
    np.multiply(by_new, r, out=by_hidden_new)
    np.multiply(z, grad, out=by_hidden)


def _gru_cell_backward(
    grad: ArrayLike, input_gates: ArrayLike, hidden_gates: ArrayLike, hidden: ArrayLike, out: Any = None
) -> Any:
    """Gradients by the two halves of the gates and by the old state of gru_cell, from its inputs.

    Parameters
    ----------
    grad : array_like
        The gradient by the new state, of the shape of `hidden`.
    input_gates, hidden_gates, hidden : array_like
        What ``gru_cell`` was given.
    out : tuple of three ndarrays, optional
        Where to write the gradients; they may be the inputs.

    Returns
    -------
    by_input_gates, by_hidden_gates, by_hidden : ndarray
        Of the shapes of the inputs.  The last one is what reaches `hidden` directly, without what passes through
        `hidden_gates`.

    Raises
    ------
    TypeError
        If an operand is no array of real numbers of at most 64 bits, or `out` cannot hold the results.
    ValueError
        If the shapes do not fit, or `out` cannot be written.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.gru_cell.backward([1.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [2.0])
    (array([0. , 0.5, 0.5]), array([0.  , 0.5 , 0.25]), array([0.5]))
    """
    name = "gru_cell.backward"
    hidden = _state(name, "hidden", hidden)
    grad = as_array_like(name, "grad", grad, "the state", hidden.shape)
    gates = [
        _gates(name, argument, value, hidden, 3)
        for argument, value in (("input_gates", input_gates), ("hidden_gates", hidden_gates))
    ]
    dtype = result_dtype(grad, *gates, hidden)
    results = several_results(name, out, [*gates, hidden], dtype)
    inputs = [grad, *np.split(gates[0], 3, -1), *np.split(gates[1], 3, -1), hidden]
    outputs = [*np.split(results[0], 3, -1), *np.split(results[1], 3, -1), results[2]]
    run_blocks(_gru_step_back, inputs, outputs, dtype, scratch=3)
    return results


@differentiable(_gru_cell_backward)
def gru_cell(input_gates: ArrayLike, hidden_gates: ArrayLike, hidden: ArrayLike, out: Array | None = None) -> Array:
    r"""One step of a gated recurrent unit (Cho et al., 2014), its reset gate behind the matrix product as in PyTorch.

    .. math:: h' = (1 - \sigma(z)) \tanh(n_i + \sigma(r) \, n_h) + \sigma(z) \, h,
        \quad r = r_i + r_h, \quad z = z_i + z_h

    Parameters
    ----------
    input_gates : array_like
        What comes from the input and its bias: r, z and n one after the other on the last axis, as in PyTorch.  Its shape is that
        of `hidden` with three times the last length.
    hidden_gates : array_like
        What comes from the hidden state and its bias, likewise.
    hidden : array_like
        The state h.  Integers are promoted as by `numpy.exp`; float16 is computed in float32.
    out : ndarray, optional
        Where to write the new state; may overlap the inputs, and be `hidden`.

    Returns
    -------
    ndarray
        The new state h'.

    Raises
    ------
    TypeError
        If an operand is no array of real numbers of at most 64 bits, or `out` cannot hold the result.
    ValueError
        If the shapes do not fit, or `out` cannot be written.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.gru_cell([0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [2.0])
    array([1.])
    """
    name = "gru_cell"
    hidden = _state(name, "hidden", hidden)
    gates = [
        _gates(name, argument, value, hidden, 3)
        for argument, value in (("input_gates", input_gates), ("hidden_gates", hidden_gates))
    ]
    dtype = result_dtype(*gates, hidden)
    result = one_result(name, out, hidden, dtype)
    run_blocks(_gru_step, [*np.split(gates[0], 3, -1), *np.split(gates[1], 3, -1), hidden], [result], dtype, scratch=3)
    return result

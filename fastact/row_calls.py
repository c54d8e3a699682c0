"""From the arguments of a call to a row program: checks, types, axes, memory for the results."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ._active import backend_module
from .arrays import Array, cast, check_dtype, check_out, computing_dtype, is_direct, same_elements, share_memory
from .blocks import Index, block_indices, part_of
from .row_loop import run_rows as run_rows_in_numpy

__all__ = [
    "Axis",
    "Rows",
    "aligned",
    "apart",
    "as_array",
    "as_array_like",
    "axes_of",
    "check_result",
    "check_same_shape",
    "elements_of_row",
    "not_negative",
    "number_of",
    "one_of",
    "prepare",
    "prepare_backward",
    "real",
    "result_dtype",
    "wider",
]

Axis = int | Sequence[int] | None

_FLOATS = {np.dtype(t).num: np.dtype(t) for t in (np.float16, np.float32, np.float64)}

COPIED = 1 << 17
"""Elements of the rows that are copied at a time where a kernel cannot read them as they are."""

# A backend that has no kernels for rows runs their programs in NumPy.
_run_rows: Callable[..., bool] = getattr(backend_module, "run_rows", run_rows_in_numpy)
_copy_halves: Callable[[Array, Array], bool] = getattr(backend_module, "copy_halves", lambda source, target: False)


def _copy(source: Array, target: Array) -> None:
    """Copy an array to one of its shape and any dtype."""
    if not _copy_halves(source, target):
        np.copyto(target, source, casting="unsafe")


def _copied(x: Array, dtype: np.dtype[Any]) -> Array:
    """Return a dense copy in a dtype."""
    copy = np.empty(x.shape, dtype)
    _copy(x, copy)
    return copy


def as_array(function: str, argument: str, x: Any) -> Array:
    """Return an array of real numbers for anything array-like that holds all of its elements in memory."""
    if type(x) is np.ndarray and x.dtype.num in _FLOATS:
        return x
    if type(x) is not np.ndarray:
        if isinstance(x, np.ma.MaskedArray):
            raise TypeError(f"{function}: {argument} is a masked array, whose mask would be lost; pass {argument}.filled(value)")
        if getattr(x, "__dask_graph__", lambda: None)() is not None:
            raise TypeError(
                f"{function}: {argument} is a lazy dask collection; use its map_blocks(fastact.{function}), "
                "with one chunk along the axis"
            )
        x = np.asarray(x)
    check_dtype(function, argument, x)
    if x.dtype.kind == "V":
        raise TypeError(f"{function}: {argument} has dtype {x.dtype}; it must be float16, float32 or float64")
    return x  # type: ignore[no-any-return]


def result_dtype(*arrays: Array) -> np.dtype[Any]:
    """Return the type of the result as NumPy's exponential would."""
    number = arrays[0].dtype.num
    for a in arrays:
        if a.dtype.num != number or number not in _FLOATS:
            break
    else:
        return _FLOATS[number]
    common = np.result_type(*[a.dtype for a in arrays])
    return np.exp.resolve_dtypes((common, None))[-1].newbyteorder("=")


def axes_of(function: str, axis: Axis, ndim: int) -> tuple[int, ...]:
    """Return the axes that an argument `axis` names, ascending."""
    if axis is None:
        return tuple(range(ndim))
    if type(axis) is int and -ndim <= axis < ndim:
        return (axis % ndim,)
    try:
        named = (operator.index(axis),) if not isinstance(axis, Sequence) else tuple(map(operator.index, axis))
    except TypeError:
        raise TypeError(f"{function}: axis is {axis!r}; it must be an integer, a tuple of integers or None") from None
    axes = [normalize_axis_index(a, ndim, function) for a in named]
    if len(set(axes)) < len(axes):
        raise ValueError(f"{function}: axis is {axis!r}; it names an axis twice")
    return tuple(sorted(axes))


def number_of(function: str, argument: str, value: Any) -> float:
    """Return a real number, which may be infinite or NaN."""
    try:
        if isinstance(value, str | bytes):
            raise TypeError
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{function}: {argument} is {value!r}; it must be a real number") from None


def real(function: str, argument: str, value: Any) -> float:
    """Return a finite number."""
    number = number_of(function, argument, value)
    if not math.isfinite(number):
        raise ValueError(f"{function}: {argument} is {value!r}; it must be finite")
    return number


def not_negative(function: str, argument: str, value: Any) -> float:
    """Return a finite number that is not negative."""
    number = real(function, argument, value)
    if number < 0:
        raise ValueError(f"{function}: {argument} is {value!r}; it must not be negative")
    return number


def one_of(function: str, argument: str, value: Any, choices: Sequence[str]) -> str:
    """Return a value that must be one of some words."""
    if value not in choices:
        raise ValueError(f"{function}: {argument} is {value!r}; it must be one of {', '.join(map(repr, choices))}")
    return str(value)


def check_same_shape(function: str, argument: str, x: Array, other: str, shape: tuple[int, ...]) -> None:
    """Raise unless an array has the shape of another argument."""
    if x.shape != shape:
        raise ValueError(f"{function}: {argument} has shape {x.shape}; it must have the shape of {other}, {shape}")


def as_array_like(function: str, argument: str, value: Any, other: str, shape: tuple[int, ...]) -> Array:
    """Return an array that must have the shape of another argument."""
    array = as_array(function, argument, value)
    check_same_shape(function, argument, array, other, shape)
    return array


def wider(dtype: np.dtype[Any]) -> type[np.floating[Any]]:
    """Return the type in which statistics of results of this type are kept."""
    return np.longdouble if dtype == np.float64 else np.float64


def aligned(x: Array, ndim: int, axes: Sequence[int]) -> Array:
    """Return a view whose axes are those of the given numbers, with the length 1 along all others."""
    shape = [1] * ndim
    for axis, length in zip(axes, x.shape, strict=True):
        shape[axis] = length
    return x.reshape(shape)


def elements_of_row(
    function: str, argument: str, value: Any, default: float, shape: tuple[int, ...], axes: tuple[int, ...]
) -> Array:
    """Return an input that is the same for all rows: an array of the shape of a row, or a default everywhere."""
    row = tuple(shape[a] for a in axes)
    array = np.full(row, default, np.float32) if value is None else as_array(function, argument, value)
    if array.shape != row:
        raise ValueError(f"{function}: {argument} has shape {array.shape}; it must have the shape of a row of x, {row}")
    return aligned(array, len(shape), axes)


def apart(x: Array, out: Array) -> Array:
    """Return `x`, or a copy if writing `out` row by row would change elements of `x` before they are read."""
    return x if x is out or not share_memory(x, out) or same_elements(x, out) else x.copy()


def check_result(function: str, out: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Raise unless a result can be written to `out`, which would lose the mask of a masked array."""
    if isinstance(out, np.ma.MaskedArray):
        raise TypeError(f"{function}: out is a masked array; it must be a NumPy array")
    check_out(function, out, shape, dtype)


class Rows:
    """The rows of a call: which axes they run along, and in which type they are computed.

    Parameters
    ----------
    function : str
        The public function, for errors.
    dtype : numpy.dtype
        Of the results.
    shape : tuple of ints
        Of the operands that have elements.
    axes : tuple of ints
        That make up a row, ascending.
    """

    def __init__(self, function: str, dtype: np.dtype[Any], shape: tuple[int, ...], axes: tuple[int, ...]) -> None:
        self.function = function
        self.dtype = dtype
        self.computed = computing_dtype(dtype)
        self.shape = shape
        self.axes = axes
        lengths = list(shape)
        for a in axes:
            lengths[a] = 1
        self.shape_of_values = tuple(lengths)

    def check_out(self, out: Any) -> None:
        """Raise unless a result that has elements can be written to `out`, if it is given."""
        if out is not None:
            check_result(self.function, out, self.shape, self.dtype)

    def run(
        self,
        program: str,
        inputs: Sequence[Array],
        out: Sequence[Array | None] = (),
        settings: Sequence[float] = (),
        values: int = 0,
        value_if_empty: float = math.nan,
    ) -> list[Array]:
        """Run a row program.

        Parameters
        ----------
        program : str
            Its name.
        inputs : sequence of ndarray
            With the dimensions of `shape`; they are cast.
        out : sequence of ndarray or None
            Where each result that has elements goes, checked already; None for a new array.
        settings : sequence of floats
        values : int
            How many of the results that have one value a row are asked for.
        value_if_empty : float
            Of rows without elements.

        Returns
        -------
        list of ndarray
            The results that have elements; then the others, in the type of the computation and with the length 1 along the axes.
        """
        results = [np.empty(self.shape, self.dtype) if target is None else target for target in out]
        statistics = [np.empty(self.shape_of_values, self.computed) for _ in range(values)]
        if 0 in self.shape:
            for of_empty_rows in statistics:
                of_empty_rows.fill(value_if_empty)
            return [*results, *statistics]
        for target in out:
            if target is not None:
                inputs = [apart(x, target) for x in inputs]
        inputs = [x if x.shape == self.shape or is_direct(x, self.computed) else cast(x, self.computed) for x in inputs]
        outputs = results + statistics
        if not _run_rows(program, inputs, outputs, self.axes, settings):
            self._run_on_copies(program, inputs, results, statistics, settings)
        return outputs

    def _run_on_copies(
        self,
        program: str,
        inputs: Sequence[Array],
        results: Sequence[Array],
        statistics: Sequence[Array],
        settings: Sequence[float],
    ) -> None:
        """Run a program on some rows after the others, on copies in which the elements of a row follow each other."""
        order = [*self.kept, *self.axes] if len(self.axes) > 1 else list(range(len(self.shape)))
        axes = tuple(order.index(a) for a in self.axes)
        with np.errstate(all="ignore"):
            for index in self.blocks():
                copies = [_copied(self._whole_rows(part_of(x, index)).transpose(order), self.computed) for x in inputs]
                made = [np.empty(copies[0].shape, self.computed) for _ in results]
                values = [part_of(x, index).transpose(order) for x in statistics]
                if not _run_rows(program, copies, [*made, *values], axes, settings):
                    raise AssertionError(f"{self.function}: copies of the rows could not be worked on")
                for target, result in zip(results, made, strict=True):
                    _copy(result, part_of(target, index).transpose(order))

    def _whole_rows(self, x: Array) -> Array:
        """Return an input with all elements of its rows where it varies along some axes of a row only."""
        lengths = [x.shape[a] for a in self.axes]
        if max(lengths, default=1) == 1 or lengths == [self.shape[a] for a in self.axes]:
            return x
        return np.broadcast_to(x, [self.shape[a] if a in self.axes else n for a, n in enumerate(x.shape)])

    @property
    def kept(self) -> list[int]:
        """The axes that rows do not run along."""
        return [a for a in range(len(self.shape)) if a not in self.axes]

    def blocks(self, elements: int = COPIED) -> Iterator[Index]:
        """Yield indices of some rows after the others, which have so many elements together, or of single rows that have more."""
        if math.prod(self.shape) <= elements:
            yield ()
            return
        rows = max(1, elements // math.prod(self.shape[a] for a in self.axes))
        for of_kept in block_indices(tuple(self.shape[a] for a in self.kept), rows):
            ranges = dict(zip(self.kept, of_kept, strict=False))
            yield tuple(ranges.get(a, slice(None)) for a in range(len(self.shape)))

    def number(self, value: float) -> Array:
        """Return an input of a program that is one number for all elements."""
        return np.full((1,) * len(self.shape), value, self.computed)

    def cast(self, values: Array) -> Array:
        """Return values of rows in the type of the results."""
        return cast(values, self.dtype)

    def squeeze(self, values: Array, keepdims: bool = False) -> Array:
        """Return values of rows, as those of a NumPy reduction."""
        return values if keepdims else values.reshape([n for a, n in enumerate(self.shape) if a not in self.axes])


def prepare(function: str, x: Any, axis: Axis, out: Any) -> tuple[Array, Rows]:
    """Check what operations of one array take."""
    x = as_array(function, "x", x)
    rows = Rows(function, result_dtype(x), x.shape, axes_of(function, axis, x.ndim))
    rows.check_out(out)
    return x, rows


def prepare_backward(function: str, grad: Any, x: Any, axis: Axis, out: Any) -> tuple[Array, Array, Rows]:
    """Check what backward passes from the input take."""
    grad, x = as_array(function, "grad", grad), as_array(function, "x", x)
    check_same_shape(function, "grad", grad, "x", x.shape)
    rows = Rows(function, result_dtype(grad, x), x.shape, axes_of(function, axis, x.ndim))
    rows.check_out(out)
    return grad, x, rows

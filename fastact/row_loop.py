"""The loop that runs the programs of :mod:`fastact.rowwise` in NumPy, block by block."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from . import elementary, row_words, rowwise, words
from ._active import backend_module
from .arrays import Array, is_direct
from .language import bind, functions_of

__all__ = ["run_rows"]


# Elements of a block: its temporaries stay in the second-level cache.
_BLOCK = 16384


@cache
def _programs(precision: str) -> dict[str, Any]:
    """Bind the programs to the row words and to the backend's elementary functions, where it has any of its own."""
    programs = [f for f in functions_of(rowwise) if f in rowwise.PROGRAMS + rowwise.SUBPROGRAMS]
    parts = functions_of(elementary) + [f for f in functions_of(rowwise) if f not in programs]
    meanings = {**vars(words), **vars(row_words)}
    try:
        compiled = {f.__name__: backend_module.elementary(f.__name__, precision) for f in parts}
    except (AttributeError, KeyError):
        return bind(parts + programs, precision, meanings)
    return bind(programs, precision, meanings | compiled)


@cache
def _row_inputs(program: str) -> int:
    return list(getattr(rowwise, program).__annotations__.values()).count("Row")


def _as_rows(x: Array, length: int) -> Array:
    return x.reshape(-1, length, 1)


def run_rows(
    program: str, inputs: Sequence[Array], outputs: Sequence[Array], axes: tuple[int, ...], settings: Sequence[float]
) -> bool:
    """Run a row program; return False, before anything is done, unless all operands are aligned and of one of its dtypes.

    Parameters
    ----------
    program : str
        Its name in :mod:`fastact.rowwise`.
    inputs : sequence of ndarray
        What the program takes: float32 or float64 in native byte order, of one number of dimensions.  The first is not empty,
        and the others broadcast to its shape; those of a row have the length 1 along `axes`.
    outputs : sequence of ndarray
        What the program returns: those that have elements are of the shape of the first input, those of a row have the length 1
        along `axes`.  They may be inputs, and overlap nothing otherwise.  The last of those of a row may be left out.
    axes : tuple of ints
        The axes that make up a row, ascending.
    settings : sequence of floats
        What the program takes after its inputs.
    """
    whole = inputs[0]
    if whole.dtype not in (np.float32, np.float64) or not all(is_direct(x, whole.dtype) for x in (*inputs, *outputs)):
        return False
    compute = _programs(whole.dtype.name)[program]
    numbers = [whole.dtype.type(s) for s in settings]
    shape = whole.shape
    kept = sorted((a for a in range(whole.ndim) if a not in axes), key=lambda a: -shape[a])
    rows = tuple(shape[a] for a in kept) or (1,)
    one = (1,) * len(axes)
    row = tuple(shape[a] for a in axes)
    elements = len(inputs) - _row_inputs(program)

    def arrange(x: Array, whole_rows: bool) -> Array:
        arranged = x.transpose((*kept, *axes)) if kept else x[np.newaxis]
        return np.broadcast_to(arranged, rows + (row if whole_rows else one))

    operands = [arrange(x, k < elements) for k, x in enumerate(inputs)]
    targets = [x.transpose((*kept, *axes)) if kept else x[np.newaxis] for x in outputs]
    length = int(np.prod(row, dtype=np.intp))
    step = max(1, _BLOCK * rows[0] // whole.size)
    for start in range(0, rows[0], step):
        block = slice(start, start + step)
        parts = [_as_rows(x[block], length if k < elements else 1) for k, x in enumerate(operands)]
        with np.errstate(all="ignore"):
            results = compute(*parts, *numbers)
            for target, result in zip(targets, results if isinstance(results, tuple) else (results,), strict=False):
                target[block] = result.reshape(target[block].shape)
    return True

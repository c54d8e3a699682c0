"""The loop that runs the programs of :mod:`fastact.rowwise` in NumPy, block by block."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from . import elementary, row_words, rowwise, words
from ._active import backend_module
from .language import bind, functions_of

__all__ = ["run_rows"]

_Array = np.ndarray[Any, np.dtype[Any]]

# Elements of a block: its temporaries stay in the second-level cache.
_BLOCK = 16384


@cache
def _programs(precision: str) -> dict[str, Any]:
    """Bind the programs to the row words and to the backend's elementary functions, where it has any of its own."""
    programs = [f for f in functions_of(rowwise) if f in rowwise.PROGRAMS]
    parts = functions_of(elementary) + [f for f in functions_of(rowwise) if f not in programs]
    meanings = {**vars(words), **vars(row_words)}
    try:
        compiled = {f.__name__: backend_module.elementary(f.__name__, precision) for f in parts}
    except (AttributeError, KeyError):
        return bind(parts + programs, precision, meanings)
    return bind(programs, precision, meanings | compiled)


def run_rows(
    program: str, inputs: Sequence[_Array], out: _Array, axes: tuple[int, ...], settings: tuple[float, ...]
) -> None:
    """Run a row program.

    Parameters
    ----------
    program : str
        Its name in :mod:`fastact.rowwise`.
    inputs : sequence of ndarray
        Of one shape and dtype, float32 or float64 in native byte order, not empty.
    out : ndarray
        Like the inputs; it may be one of them, and does not overlap them otherwise.
    axes : tuple of ints
        The axes that make up a row, ascending.
    settings : tuple of floats
        What the program takes after its inputs.
    """
    compute = _programs(out.dtype.name)[program]
    numbers = [out.dtype.type(s) for s in settings]
    kept = sorted((a for a in range(out.ndim) if a not in axes), key=lambda a: -out.shape[a])
    *operands, target = (x.transpose((*kept, *axes)) for x in (*inputs, out))
    if not kept:
        *operands, target = (x[np.newaxis] for x in (*operands, target))
    length = int(np.prod([out.shape[a] for a in axes], dtype=np.intp))
    step = max(1, _BLOCK * target.shape[0] // target.size)
    for start in range(0, target.shape[0], step):
        block = slice(start, start + step)
        rows = [x[block].reshape(-1, length, 1) for x in operands]
        with np.errstate(all="ignore"):
            target[block] = compute(*rows, *numbers).reshape(target[block].shape)

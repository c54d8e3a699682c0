"""The ufuncs that a function of blocks calls, recorded so that compiled code can call them without Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["recorded"]


class _Operand:
    """Stands for a block; each ufunc that meets it becomes a step."""

    def __init__(self, steps: list[tuple[Any, tuple[Any, ...]]]) -> None:
        self._steps = steps

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: tuple[Any, ...] = (), **options: Any) -> Any:
        if method != "__call__" or options or len(out) != ufunc.nout:
            return NotImplemented
        self._steps.append((ufunc, (*inputs, *out)))
        return out[0] if len(out) == 1 else out


def recorded(body: Callable[..., None], inputs: int, others: int) -> tuple[list[tuple[Any, list[int]]], list[float]]:
    """Return the steps of a function of blocks, and the numbers that it uses besides.

    Parameters
    ----------
    body : callable
        Takes blocks and calls ufuncs with ``out=``, nothing else.
    inputs, others : int
        How many blocks it takes, those it only reads being first.

    Returns
    -------
    steps : list of (ufunc, list of int)
        Each with its operands, numbered: the inputs, the numbers, the other blocks.
    numbers : list of float
    """
    steps: list[tuple[Any, tuple[Any, ...]]] = []
    blocks = [_Operand(steps) for _ in range(inputs + others)]
    body(*blocks)
    numbers = [x for _, operands in steps for x in operands if not isinstance(x, _Operand)]
    place = {id(x): k for k, x in enumerate([*blocks[:inputs], *numbers, *blocks[inputs:]])}
    return [(ufunc, [place[id(x)] for x in operands]) for ufunc, operands in steps], numbers

"""The restricted language in which the mathematics is written, bound to a backend's words.

``elementary.py``, ``activations`` and ``rowwise.py`` hold plain Python functions made of assignments, arithmetic,
comparisons, calls to words and one ``return``.  What the words mean, and in which precision the constants and literals are
taken, is decided here: :func:`bind` makes a copy of every function with other globals.  ``kernels/emit.py`` reads the same
sources and prints them as C++.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

__all__ = ["INTERVALS", "PRECISIONS", "Constant", "Rows", "Table", "bind", "functions_of"]

PRECISIONS = {"float32": np.float32, "float64": np.float64}
"""The precisions in which the kernels compute, and their scalar types."""


INTERVALS = 16
"""How many numbers a row of a table has: as many as the instructions of a processor find in one or two registers."""


class Constant(NamedTuple):
    """A number, or the coefficients of a polynomial from the constant term up, in each precision.

    The values are those of the working precision exactly, written as Python floats.
    """

    float32: float | tuple[float, ...]
    float64: float | tuple[float, ...]

    def of(self, precision: str) -> Any:
        """Return the value as a NumPy scalar, or a tuple of them, of one precision."""
        scalar = PRECISIONS[precision]
        value = getattr(self, precision)
        return tuple(scalar(v) for v in value) if isinstance(value, tuple) else scalar(value)


class Rows:
    """A table in one precision: an array of rows."""

    def __init__(self, values: np.ndarray[Any, Any]) -> None:
        self.values = values


class Table(NamedTuple):
    """Numbers, or coefficients of polynomials, for each of sixteen intervals, in each precision.

    There is a row for each coefficient, from the constant term up.
    """

    float32: tuple[tuple[float, ...], ...]
    float64: tuple[tuple[float, ...], ...]

    def of(self, precision: str) -> Rows:
        """Return the numbers in one precision."""
        return Rows(np.array(getattr(self, precision), PRECISIONS[precision]))


def bind(
    functions: Iterable[types.FunctionType],
    precision: str,
    words: Mapping[str, Any],
    wrap: Callable[[types.FunctionType], Any] = lambda function: function,
) -> dict[str, Any]:
    """Copy functions of the restricted language so that they mean one backend and one precision.

    Parameters
    ----------
    functions : iterable of functions
        In order of definition: a function may call those before it.
    precision : {"float32", "float64"}
        The type of the constants and of the literals.
    words : mapping
        The meaning of the words, by name.
    wrap : callable, optional
        Applied to every copy, a compiler for instance; later functions call the wrapped ones.

    Returns
    -------
    dict
        The wrapped copies by name.
    """
    scalar = PRECISIONS[precision]
    bound: dict[str, Any] = {}
    for function in functions:
        code = function.__code__
        code = code.replace(co_consts=tuple(scalar(c) if type(c) is float else c for c in code.co_consts))
        namespace: dict[str, Any] = {"__builtins__": {}, "__name__": function.__module__}
        for name in code.co_names:
            meaning = bound.get(name, words.get(name, function.__globals__.get(name)))
            namespace[name] = meaning.of(precision) if isinstance(meaning, Constant | Table) else meaning
        copy = types.FunctionType(code, namespace, function.__name__, None, None)
        copy.__module__ = function.__module__
        bound[function.__name__] = wrap(copy)
    return bound


def functions_of(module: types.ModuleType) -> list[types.FunctionType]:
    """Return the functions that a module defines, in order of definition."""
    return [f for f in vars(module).values() if isinstance(f, types.FunctionType) and f.__module__ == module.__name__]

"""The backend of a machine without compiled kernels: loops that Numba compiles on their first use.

Numba itself is imported then.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from functools import cache, cached_property
from importlib.metadata import version
from typing import Any

import numpy as np

from ..arrays import overlaps_itself
from ..declaration import Declaration
from ..ufunc import make_ufunc

__all__ = ["Call", "elementary", "info", "loops", "set_num_threads"]

_FLOAT32, _FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
_LARGEST = float(np.finfo(np.float32).max)
_threads = 1


def _takes_result(out: Any, x: np.ndarray[Any, Any]) -> bool:
    same_kind = type(out) is np.ndarray and out.dtype is x.dtype and out.shape == x.shape
    return same_kind and out.flags.writeable and not overlaps_itself(out)


class Call:
    """Serves arrays of float32 and float64 whose parameters are numbers, and hands other calls to ``self._general``."""

    _count = 0
    _singles: tuple[Any, ...] | None = None
    _doubles: tuple[Any, ...] | None = None

    def _serve_directly(
        self,
        name: str,
        form: str,
        parameters: dict[str, float | None],
        domain: dict[str, Any],
        ordered: tuple[str, ...],
        in_place: bool,
    ) -> None:
        self._count = 2 if form == "backward" else 1
        self._results = 2 if form == "value_and_derivative" else 1
        self._writes = in_place
        self._parameters = parameters
        self._domain = domain
        self._ordered = ordered
        if None not in parameters.values():
            self._singles, self._doubles = (
                tuple(np.array(value, dtype) for value in parameters.values()) for dtype in (_FLOAT32, _FLOAT64)
            )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        count = self._count
        if 0 < count <= len(args) and type(x := args[count - 1]) is np.ndarray:
            dtype = x.dtype
            if (dtype is _FLOAT32 or dtype is _FLOAT64) and (
                count == 1 or (type(args[0]) is np.ndarray and args[0].dtype is dtype and args[0].shape == x.shape)
            ):
                out = {"out": kwargs["out"]} if "out" in kwargs else {}
                if out and (self._results > 1 or not _takes_result(out["out"], x)):
                    return self._general(*args, **kwargs)  # type: ignore[attr-defined]
                values = self._singles if dtype is _FLOAT32 else self._doubles
                if len(args) > count or len(kwargs) > len(out) or values is None:
                    values = self._values(args[count:], kwargs, dtype)
                if values is not None:
                    if not self._writes:
                        return self._ufunc(*args[:count], *values, **out)
                    if not out and x.flags.carray:
                        return self._ufunc(x, *values, x)
        return self._general(*args, **kwargs)  # type: ignore[attr-defined]

    def _values(self, args: tuple[Any, ...], kwargs: dict[str, Any], dtype: np.dtype[Any]) -> tuple[Any, ...] | None:
        """Return the parameters of a call if they are numbers and nothing is wrong with them."""
        keywords = {name: value for name, value in kwargs.items() if name != "out"}
        given = dict(zip(self._parameters, args, strict=False)) | keywords
        values = self._parameters | given
        if len(given) != len(args) + len(keywords) or len(values) != len(self._parameters):
            return None
        for name, value in values.items():
            low, high = self._domain.get(name, (-_LARGEST, _LARGEST))
            if type(value) not in (float, int) or not max(low, -_LARGEST) <= value <= min(high, _LARGEST):
                return None
        if self._ordered and operator.gt(*(values[name] for name in self._ordered)):
            return None
        return tuple(np.array(value, dtype) for value in values.values())

    @cached_property
    def _ufunc(self) -> np.ufunc:
        return self.ufunc  # type: ignore[attr-defined, no-any-return]


def _loops(name: str, form: str, inputs: int, outputs: int) -> list[tuple[str, int, int]]:
    from . import numba_loops

    numba_loops.set_num_threads(_threads)
    return [
        (character * (inputs + outputs), *numba_loops.inner_loop(name, form, precision, inputs, outputs))
        for character, precision in (("f", "float32"), ("d", "float64"))
    ]


def loops(declaration: Declaration, form: str) -> list[tuple[str, int, int]]:
    """Return the inner loops of one form of an activation."""
    inputs = (2 if form.startswith("backward") else 1) + len(declaration.parameters)
    outputs = {"value_and_derivative": 2, "backward_parameters": 1 + len(declaration.trainable)}.get(form, 1)
    return _loops(declaration.function_of(form).__name__, form, inputs, outputs)


@cache
def _ufunc_of_all_results(name: str) -> np.ufunc:
    from . import numba_loops

    inputs, outputs = numba_loops.arity(name)
    return make_ufunc(name, "", inputs, outputs, _loops(name, "all", inputs, outputs))


def elementary(name: str, precision: str) -> Callable[..., Any]:
    """Return an elementary function, an activation or a part of a row program, on arrays; calling compiles it."""
    return lambda *operands: _ufunc_of_all_results(name)(*operands)


def set_num_threads(threads: int) -> None:
    """Let the loops run on up to this many threads."""
    global _threads
    _threads = threads
    if "fastact.backends.numba_loops" in sys.modules:
        from . import numba_loops

        numba_loops.set_num_threads(threads)


def info() -> dict[str, str]:
    """Return the version of Numba."""
    return {"numba": version("numba"), "llvmlite": version("llvmlite")}

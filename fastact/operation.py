"""The objects that users call for operations on several elements at a time, and their in-place twins."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, ParamSpec, TypeVar

import numpy as np

from ._active import backend_module
from .arrays import check_writeable_in_place

__all__ = ["InPlace", "MaskedRun", "Operation", "RowRun", "differentiable", "in_place"]


class MaskedRun(NamedTuple):
    """The run of a program that takes a scale, and what a mask adds to the elements."""

    program: str
    value: float
    """Of rows in which everything is masked."""
    most: int
    """The elements of a mask of booleans that may be made floats at a time."""


class RowRun(NamedTuple):
    """The run of a row program that the ordinary call of an operation is, which a backend may then serve without its function."""

    program: str
    settings: tuple[float, ...] = ()
    wide_settings: tuple[float, ...] | None = None
    """Of float64, where they are others than those of float32."""
    vectors: tuple[tuple[str, float], ...] = ()
    """The arguments after the first that are arrays of the shape of a row, and the numbers that stand for those that are None."""
    numbers: tuple[str, ...] = ()
    """The arguments that replace the first settings, and must not be negative."""
    masked: MaskedRun | None = None
    """The run that a call with a scale or a mask is."""
    reduces: bool = False
    """Whether the result is one value a row, as of a NumPy reduction."""


class _PlainCall:
    """Serves no call directly: what a backend without kernels for rows has."""

    def _serve_rows(self, run: RowRun, in_place: bool) -> None:
        pass

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._general(*args, **kwargs)  # type: ignore[attr-defined]


if TYPE_CHECKING:
    _RowCall = _PlainCall
else:
    _RowCall = getattr(backend_module, "RowCall", _PlainCall)

_Forward = ParamSpec("_Forward")
_Backward = ParamSpec("_Backward")
_Result = TypeVar("_Result")
_Gradient = TypeVar("_Gradient")


def _without_warnings(function: Callable[_Forward, _Result]) -> Callable[_Forward, _Result]:
    return np.errstate(all="ignore")(function)


class Operation(_RowCall, Generic[_Forward, _Result, _Backward, _Gradient]):
    """A function of whole rows or of several arrays, with the backward pass of its gradient.

    Attributes
    ----------
    backward : callable
        The gradients by the inputs, from the gradient by the result.
    """

    __name__: str

    def __init__(
        self,
        function: Callable[_Forward, _Result],
        backward: Callable[_Backward, _Gradient],
        run: RowRun | None = None,
    ) -> None:
        functools.update_wrapper(self, function)
        self.__module__ = "fastact"
        self._general = _without_warnings(function)
        self._run = run
        self.backward = _without_warnings(backward)
        # Where pickle looks it up.
        self.backward.__qualname__ = f"{self.__name__}.backward"
        self.backward.__module__ = "fastact"
        if run is not None:
            self._serve_rows(run, in_place=False)

    if TYPE_CHECKING:

        def __call__(self, *args: _Forward.args, **kwargs: _Forward.kwargs) -> _Result: ...

    def __reduce__(self) -> str:
        return self.__name__

    def __repr__(self) -> str:
        return f"<fastact.{self.__name__}>"


class InPlace(_RowCall):
    """The twin of an operation that writes over its first argument `x`; `example` are arguments that it can be called with."""

    def __init__(self, operation: Callable[..., Any], example: str) -> None:
        name: str = operation.__name__
        self._operation = operation
        signature = inspect.signature(operation)
        parameters = list(signature.parameters.values())
        self._positional = [p.name for p in parameters].index("out")
        by_name = [p.replace(kind=p.KEYWORD_ONLY) for p in parameters[self._positional + 1 :]]
        self.__signature__ = signature.replace(parameters=parameters[: self._positional] + by_name)
        self.__name__ = self.__qualname__ = f"{name}_"
        self.__module__ = "fastact"
        self.__doc__ = (
            f"Apply `{name}` in place and return what it returns.\n\n"
            "x is any writeable array of floats that does not overlap itself.  An array of another kind or dtype is a\n"
            "TypeError, a read-only one a ValueError.\n\n"
            f"See Also\n--------\nfastact.{name} : the formula, the other parameters, the conventions.\n\n"
            "Examples\n--------\n>>> import fastact as fa\n>>> import numpy as np\n>>> x = np.eye(2)\n"
            f">>> fa.{name}_({example}) is x\nTrue"
        )
        if isinstance(operation, Operation) and operation._run is not None:
            self._serve_rows(operation._run, in_place=True)

    if TYPE_CHECKING:

        def __call__(self, x: Any, *args: Any, **options: Any) -> Any: ...

    def _general(self, *given: Any, **options: Any) -> Any:
        if not given:
            raise TypeError(f"{self.__name__}: the argument x is missing; in place it is given by position")
        x, *args = given
        if "out" in options:
            raise TypeError(f"{self.__name__}: there is no argument out; the result is written over x")
        if len(args) >= self._positional:
            raise TypeError(f"{self.__name__}: {1 + len(args)} arguments are given by position; it takes {self._positional}")
        check_writeable_in_place(self._operation.__name__, x)
        return self._operation(x, *args, out=x, **options)

    def __reduce__(self) -> str:
        return self.__name__

    def __repr__(self) -> str:
        return f"<fastact.{self.__name__}>"


def differentiable(
    backward: Callable[_Backward, _Gradient], run: RowRun | None = None
) -> Callable[[Callable[_Forward, _Result]], Operation[_Forward, _Result, _Backward, _Gradient]]:
    """Return a decorator that makes an operation of a function and its backward pass."""
    return lambda function: Operation(function, backward, run)


def in_place(operation: Callable[..., Any], example: str = "x") -> InPlace:
    """Return the twin of an operation that writes over its first argument."""
    return InPlace(operation, example)

"""The objects that users call for operations on several elements at a time, and their in-place twins."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

from .arrays import check_writeable_in_place

__all__ = ["Operation", "differentiable", "in_place"]

_Forward = ParamSpec("_Forward")
_Backward = ParamSpec("_Backward")
_Result = TypeVar("_Result")
_Gradient = TypeVar("_Gradient")


class Operation(Generic[_Forward, _Result, _Backward, _Gradient]):
    """A function of whole rows or of several arrays, with the backward pass of its gradient.

    Attributes
    ----------
    backward : callable
        The gradients by the inputs, from the gradient by the result.
    """

    __name__: str

    def __init__(self, function: Callable[_Forward, _Result], backward: Callable[_Backward, _Gradient]) -> None:
        functools.update_wrapper(self, function)
        self.__module__ = "fastact"
        self._function = function
        self.backward = backward

    def __call__(self, *args: _Forward.args, **kwargs: _Forward.kwargs) -> _Result:
        return self._function(*args, **kwargs)

    def __reduce__(self) -> str:
        return self.__name__

    def __repr__(self) -> str:
        return f"<fastact.{self.__name__}>"


def differentiable(
    backward: Callable[_Backward, _Gradient],
) -> Callable[[Callable[_Forward, _Result]], Operation[_Forward, _Result, _Backward, _Gradient]]:
    """Return a decorator that makes an operation of a function and its backward pass."""
    return lambda function: Operation(function, backward)


def in_place(operation: Callable[..., Any], example: str = "x") -> Callable[..., Any]:
    """Return the twin of an operation that writes over its first argument `x`; its example calls it with these arguments."""
    name: str = operation.__name__

    def twin(x: Any, *args: Any, **options: Any) -> Any:
        check_writeable_in_place(name, x)
        return operation(x, *args, out=x, **options)

    signature = inspect.signature(operation)
    kept = [p for p in signature.parameters.values() if p.name != "out"]
    twin.__signature__ = signature.replace(parameters=kept)  # type: ignore[attr-defined]
    twin.__name__ = twin.__qualname__ = f"{name}_"
    # Where users find it, and where pickle looks it up.
    twin.__module__ = "fastact"
    twin.__doc__ = (
        f"Apply `{name}` in place and return what it returns.\n\n"
        "x is any writeable array of floats that does not overlap itself.  An array of another kind or dtype is a TypeError, a\n"
        "read-only one a ValueError.\n\n"
        f"See Also\n--------\nfastact.{name} : the formula, the other parameters, the conventions.\n\n"
        "Examples\n--------\n>>> import fastact as fa\n>>> import numpy as np\n>>> x = np.eye(2)\n"
        f">>> fa.{name}_({example}) is x\nTrue"
    )
    return twin

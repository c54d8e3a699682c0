"""The last resort: the words mean NumPy functions, and every loop is Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from .. import activations, words
from .. import elementary as elementary_module
from ..declaration import Declaration
from ..language import bind, functions_of
from ..ufunc import python_loop

__all__ = ["Call", "elementary", "info", "loops", "set_num_threads"]


@cache
def _bound(precision: str) -> dict[str, Any]:
    sources = [function for module in (elementary_module, *activations.MODULES) for function in functions_of(module)]
    return bind(sources, precision, vars(words))


class Call:
    """Hands every call to ``self._general``."""

    def _serve_directly(self, *facts: Any) -> None:
        """There is no way around the ufunc."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._general(*args, **kwargs)  # type: ignore[attr-defined]


def elementary(name: str, precision: str) -> Callable[..., Any]:
    """Return an elementary function or an activation, on arrays of one precision."""
    return _bound(precision)[name]  # type: ignore[no-any-return]


def form_of(evaluate: Callable[..., Any], form: str) -> Callable[..., Sequence[Any]]:
    """Return the function from the operands of a form to its outputs, given an activation's function."""
    match form:
        case "value":
            return lambda x, *p: evaluate(x, *p)[:1]
        case "derivative":
            return lambda x, *p: evaluate(x, *p)[1:2]
        case "value_and_derivative":
            return lambda x, *p: evaluate(x, *p)[:2]
        case "derivative_from_output":
            return lambda y, *p: (evaluate(y, *p),)
        case "backward":
            return lambda grad, x, *p: (grad * evaluate(x, *p)[1],)
        case _:
            return lambda grad, x, *p: [grad * d for d in evaluate(x, *p)[1:]]


def loops(declaration: Declaration, form: str) -> list[tuple[str, int, int]]:
    """Return the inner loops of one form of an activation."""
    inputs = 2 if form.startswith("backward") else 1
    parameters = len(declaration.parameters)
    outputs = {"value_and_derivative": 2, "backward_parameters": 1 + len(declaration.trainable)}.get(form, 1)
    found = []
    for character, precision in (("f", "float32"), ("d", "float64")):
        types = character * (inputs + parameters + outputs)
        found.append(python_loop(types, outputs, form_of(elementary(declaration.function_of(form).__name__, precision), form)))
    return found


def set_num_threads(threads: int) -> None:
    """Accept any number of threads; NumPy uses one."""


def info() -> dict[str, str]:
    """Return nothing: NumPy's own version is reported anyway."""
    return {}

"""What is declared of an activation: its function, and the facts that a signature cannot carry."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from math import inf
from types import FunctionType, MappingProxyType
from typing import Any, NamedTuple

__all__ = ["DECLARATIONS", "Declaration", "activation", "from_output"]


class Declaration(NamedTuple):
    """One activation, as everything else is derived from it."""

    function: FunctionType
    """Returns the value, the derivative, and the derivatives by the trainable parameters."""
    limits: Mapping[float, tuple[float, float]]
    """The value and the derivative at the infinities, with the default parameters."""
    aliases: tuple[str, ...] = ()
    """Other names under which ``fastact.get`` finds it."""
    trainable: tuple[str, ...] = ()
    """The parameters that ``backward`` can differentiate by."""
    kinks: tuple[float, ...] | Callable[..., tuple[Any, ...]] = ()
    """Where the derivative jumps, or a function of the parameters that tells; it is the left one there."""
    monotone: bool = False
    """Whether the value never decreases, with the default parameters."""
    ulp: tuple[float, float] = (2, 2)
    """The largest error allowed to the value and to the derivative, in units in the last place."""
    root: bool = False
    """Whether the value has a root away from zero; near it the bound of the error counts in units of one."""
    domain: Mapping[str, tuple[float, float]] = MappingProxyType({})
    """The inclusive bounds of the parameters that have any."""
    ordered: tuple[str, ...] = ()
    """Two parameters of which the first may not be above the second."""
    from_output: FunctionType | None = None
    """Returns the derivative from the value and the parameters, where the value tells it."""
    from_output_domain: Mapping[str, tuple[float, float]] = MappingProxyType({})
    """The bounds of parameters that are narrower there."""
    variants: Mapping[str, Mapping[str, str]] = MappingProxyType({})
    """Keywords that choose between activations: their values, and the activation that each one names."""

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def doc(self) -> str:
        return inspect.getdoc(self.function) or ""

    def function_of(self, form: str) -> FunctionType:
        """Return the function of the restricted language that a form is made of."""
        function: Any = self.from_output if form == "derivative_from_output" else self.function
        return function  # type: ignore[no-any-return]

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters after ``x`` with their defaults; ``inspect.Parameter.empty`` marks a required one."""
        code, defaults = self.function.__code__, self.function.__defaults__ or ()
        names = code.co_varnames[1 : code.co_argcount]
        required = [inspect.Parameter.empty] * (len(names) - len(defaults))
        return dict(zip(names, [*required, *defaults], strict=True))

    def with_defaults(self, defaults: Mapping[str, float]) -> Declaration:
        """Return the declaration of the same function with other defaults of some parameters."""
        function: Any = self.function
        parameters = {**self.parameters, **defaults}
        values = tuple(value for value in parameters.values() if value is not inspect.Parameter.empty)
        other = FunctionType(function.__code__, function.__globals__, function.__name__, values, function.__closure__)
        other.__doc__ = function.__doc__
        return self._replace(function=other)

    def kinks_with(self, *parameters: Any) -> tuple[Any, ...]:
        """Return where the derivative jumps with all the parameters given, as numbers of their kind."""
        places = self.kinks(*parameters) if callable(self.kinks) else self.kinks
        return tuple(place for place in places if abs(place) < inf)


DECLARATIONS: dict[str, Declaration] = {}
"""All activations by name, in order of declaration."""


def activation(
    *,
    limits: Mapping[float, tuple[float, float]],
    aliases: tuple[str, ...] = (),
    trainable: tuple[str, ...] = (),
    kinks: tuple[float, ...] | Callable[..., tuple[Any, ...]] = (),
    monotone: bool = False,
    ulp: tuple[float, float] = (2, 2),
    root: bool = False,
    domain: Mapping[str, tuple[float, float]] = MappingProxyType({}),
    ordered: tuple[str, ...] = (),
    variants: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
) -> Callable[[FunctionType], FunctionType]:
    """Declare the decorated function of the restricted language to be an activation; see :class:`Declaration`."""

    def declare(function: FunctionType) -> FunctionType:
        declaration = Declaration(
            function=function,
            limits=limits,
            aliases=aliases,
            trainable=trainable,
            kinks=kinks,
            monotone=monotone,
            ulp=ulp,
            root=root,
            domain=domain,
            ordered=ordered,
            variants=variants,
        )
        DECLARATIONS[declaration.name] = declaration
        return function

    return declare


def from_output(
    of: FunctionType, *, domain: Mapping[str, tuple[float, float]] = MappingProxyType({})
) -> Callable[[FunctionType], FunctionType]:
    """Declare the decorated function to give the derivative of an activation from its value and its parameters."""

    def declare(function: FunctionType) -> FunctionType:
        declaration = DECLARATIONS[of.__name__]
        DECLARATIONS[of.__name__] = declaration._replace(from_output=function, from_output_domain=domain)
        return function

    return declare

"""An activation that works within another operation, by name or as the object, and the parameters that it was given."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

import numpy as np

from .arrays import Array
from .forms import Activation
from .registry import get

__all__ = ["inner_activation", "with_parameters"]

_named = cache(get)


def inner_activation(function: str, activation: Any) -> Activation:
    """Return the activation that is an argument of a function."""
    if isinstance(activation, str):
        try:
            activation = _named(activation)
        except ValueError as error:
            raise ValueError(f"{function}: {error}") from None
    if not isinstance(activation, Activation):
        raise TypeError(f"{function}: activation is {activation!r}; it must be an activation such as fastact.gelu, or its name")
    return activation


def with_parameters(
    function: str, activation: Activation, keywords: dict[str, Any], dtype: np.dtype[Any], shape: tuple[int, ...]
) -> tuple[Activation, list[Array]]:
    """Return an activation, and its parameters as the operands behind the inputs of its ufuncs.

    Parameters
    ----------
    function : str
        Whose arguments these are.
    activation : Activation
    keywords : dict
        Parameters by name, and keywords such as ``approximate`` that choose between activations.
    dtype : dtype
        That of the results.
    shape : tuple of int
        To which parameters that are arrays must broadcast.
    """
    defaults = _defaults(activation, dtype)
    if not keywords and defaults is not None:
        return activation, defaults
    options = dict(keywords)
    variant: Any = activation._variant(options)
    declared = variant._declaration.parameters
    for name in options:
        if name not in declared:
            known = ", ".join(declared) or "none"
            raise TypeError(f"{function}: there is no parameter {name}; those of {variant.__name__} are: {known}")
    parameters = declared | options
    for name, value in parameters.items():
        if value is inspect.Parameter.empty:
            raise TypeError(f"{function}: the parameter {name} of {variant.__name__} is missing")
    values = [np.asarray(value) for value in variant._parameter_values(parameters, dtype)]
    for name, value in zip(parameters, values, strict=True):
        variant._check_broadcast(name, value.shape, shape)
    return variant, values


@cache
def _defaults(activation: Activation, dtype: np.dtype[Any]) -> list[Array] | None:
    """Return the parameters where none is given, or None for an activation that requires one."""
    if inspect.Parameter.empty in activation._declaration.parameters.values():
        return None
    return [np.asarray(value) for value in activation._parameter_values(activation._declaration.parameters, dtype)]

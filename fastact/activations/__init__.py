"""The activations, each one function of the restricted language that returns its value and its derivatives."""

from __future__ import annotations

from importlib import import_module

from ..declaration import DECLARATIONS

__all__ = ["DECLARATIONS", "MODULES"]

MODULES = tuple(import_module(f"{__name__}.{name}") for name in ("piecewise", "exponential", "error_function", "algebraic"))
"""The files, by what the functions are made of; in their order are the activations listed.  They fill DECLARATIONS."""

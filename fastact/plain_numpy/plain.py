"""What an activation in plain NumPy is."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..arrays import Array

__all__ = ["Expression", "Plain"]

Expression = Callable[[Array, Array, Array, Array], object]


class Plain(NamedTuple):
    """An activation in plain NumPy."""

    value: Expression
    derivative: Expression

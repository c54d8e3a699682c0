"""All activations in plain NumPy."""

from __future__ import annotations

from . import algebraic, exponential, piecewise
from .plain import Plain

__all__ = ["PLAIN"]

PLAIN: dict[str, Plain] = piecewise.ACTIVATIONS | exponential.ACTIVATIONS | algebraic.ACTIVATIONS
"""Value and derivative by the activation's name.  One that is missing here is timed without a comparison."""

try:
    from . import error_function
except ImportError:
    pass
else:
    PLAIN |= error_function.ACTIVATIONS

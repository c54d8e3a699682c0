"""The activations as a NumPy user would write them at his best: what fastact is measured against.

The usual formulas, with the default parameters (0.25 for one without), in the precision of ``x``, without temporary
arrays and without overflow to NaN.  Every function is called as ``f(x, out, a, b)``: ``a`` and ``b`` are scratch arrays
like ``x``.  A value may be computed in place (``out`` is ``x``), a derivative may not.  Where several ways give the
same digits, the fastest stands here: ``numpy.clip(x, 0, inf)``, say, takes half the time of ``numpy.maximum(x, 0)``, and
a product with ``x > 0`` a tenth of that of ``numpy.copyto(..., where=x > 0)``.

NumPy has no error function: ``gelu`` and the others that have one take SciPy's, and are left out where SciPy is missing.

Fused operations are called as ``f(name, x, other, out, a, b)`` with the activation within them, the loss as
``f(x, target, gradient)``, the row operations as ``f(x, out)``; these work along the last axis of matrices.
"""

from __future__ import annotations

from .activations import PLAIN
from .fused import bias_activation, cross_entropy, gated
from .plain import Expression, Plain
from .rows import PLAIN_ROWS

__all__ = ["PLAIN", "PLAIN_ROWS", "Expression", "Plain", "bias_activation", "cross_entropy", "gated"]

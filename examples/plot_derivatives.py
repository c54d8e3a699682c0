"""Sigmoid, tanh and relu, each beside its derivative.

Usage: ``python examples/plot_derivatives.py FILE``
"""

import sys

import numpy as np
from matplotlib.figure import Figure

import fastact as fa

FUNCTIONS = [fa.sigmoid, fa.tanh, fa.relu]


def check() -> None:
    """Hold the derivatives against their largest values on a grid without zero, and against difference quotients."""
    x = np.linspace(-4, 4, 100)
    assert round(fa.sigmoid.derivative(x).max(), 6) == 0.249898
    assert round(fa.tanh.derivative(x).max(), 6) == 0.998369
    assert set(fa.relu.derivative(x)) == {0.0, 1.0}
    step = 1e-5
    for function in FUNCTIONS:
        quotient = (function(x + step) - function(x - step)) / (2 * step)
        np.testing.assert_allclose(function.derivative(x), quotient, rtol=0, atol=1e-9)


def draw(x: np.ndarray) -> Figure:
    figure = Figure(figsize=(9, 9), layout="constrained")
    for function, (left, right) in zip(FUNCTIONS, figure.subplots(3, 2), strict=True):
        value, derivative = function.value_and_derivative(x)
        left.plot(x, value, color="tab:blue", linewidth=2)
        left.set_title(function.__name__)
        right.plot(x, derivative, color="tab:orange", linewidth=2)
        right.set_title(f"derivative of {function.__name__}")
        for axes in (left, right):
            axes.grid(alpha=0.3)
    return figure


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python examples/plot_derivatives.py FILE")
    check()
    draw(np.linspace(-5, 5, 100)).savefig(sys.argv[1])

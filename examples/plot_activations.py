"""Sigmoid, tanh, relu and leaky relu in one figure.

Usage: ``python examples/plot_activations.py FILE``
"""

import sys

import numpy as np
from matplotlib.figure import Figure

import fastact as fa

FUNCTIONS = [fa.sigmoid, fa.tanh, fa.relu, fa.leaky_relu]


def check(x: np.ndarray) -> None:
    """Hold the curves against what is known of them."""
    assert np.all((fa.sigmoid(x) > 0) & (fa.sigmoid(x) < 1))
    np.testing.assert_allclose(fa.sigmoid(x) + fa.sigmoid(-x), 1, rtol=1e-15)
    np.testing.assert_allclose(fa.tanh(x), 2 * fa.sigmoid(2 * x) - 1, rtol=0, atol=1e-15)
    np.testing.assert_array_equal(fa.relu(x), np.maximum(x, 0))
    np.testing.assert_array_equal(fa.leaky_relu(x), np.where(x > 0, x, 0.01 * x))


def draw(x: np.ndarray) -> Figure:
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    for function, style in zip(FUNCTIONS, ["-", "--", "-", ":"], strict=True):
        axes.plot(x, function(x), style, label=function.__name__, linewidth=2)
    axes.set(title="Activation functions", xlabel="x", ylabel="f(x)", ylim=(-2, 10))
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python examples/plot_activations.py FILE")
    x = np.linspace(-10, 10, 100)
    check(x)
    draw(x).savefig(sys.argv[1])

"""Five activations and a softmax, each in a panel of its own.

Usage: ``python examples/plot_overview.py FILE``
"""

import sys

import numpy as np
from matplotlib.figure import Figure

import fastact as fa

FUNCTIONS = [fa.step, fa.sigmoid, fa.tanh, fa.relu, fa.leaky_relu]
LOGITS = np.array([1.0, 2.0, 3.0, 4.0])


def check() -> None:
    """Hold a few values against those that textbooks give."""
    np.testing.assert_array_equal(fa.step([-2.0, 0.0, 3.0]), [0.0, 0.0, 1.0])
    np.testing.assert_array_equal(fa.sigmoid([0.0, 3.14]).round(4), [0.5, 0.9585])
    np.testing.assert_array_equal(fa.softmax(LOGITS).round(5), [0.03206, 0.08714, 0.23688, 0.64391])
    np.testing.assert_array_equal(fa.softmax([0.3, 2.9, 4.0]).round(4), [0.0182, 0.2452, 0.7366])


def draw(x: np.ndarray) -> Figure:
    figure = Figure(figsize=(11, 7), layout="constrained")
    *panels, last = figure.subplots(2, 3).flat
    for function, axes in zip(FUNCTIONS, panels, strict=True):
        axes.plot(x, function(x), linewidth=2)
        axes.set(title=function.__name__, ylim=(-1.5, 5))
        axes.grid(alpha=0.3)
    last.bar([f"{logit:g}" for logit in LOGITS], fa.softmax(LOGITS))
    last.set(title="softmax of 1, 2, 3, 4", ylim=(0, 1))
    return figure


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python examples/plot_overview.py FILE")
    check()
    draw(np.linspace(-4, 4, 100)).savefig(sys.argv[1], dpi=150)

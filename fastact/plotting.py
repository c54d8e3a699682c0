"""Pictures of activations: value and derivative, with the kinks marked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .activations import DECLARATIONS
from .benchmarking import arguments
from .declaration import Declaration
from .registry import get

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["FORMATS", "draw", "kinks", "save"]

FORMATS = (".png", ".svg", ".pdf")
"""The kinds of files a picture can be saved to."""

_VALUE, _DERIVATIVE = "#1f5fa8", "#d1602a"


def draw(names: Sequence[str], low: float = -5.0, high: float = 5.0) -> Figure:
    """Draw the value and the derivative of activations.

    Parameters
    ----------
    names : sequence of str
        Names that ``fastact.get`` knows.
    low, high : float
        Where the curves begin and end.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure

    columns = math.ceil(math.sqrt(len(names)))
    rows = math.ceil(len(names) / columns)
    figure = Figure(figsize=(max(4.0, 2.9 * columns), 0.6 + max(2.8, 2.4 * rows)), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis, name in zip(axes.flat, names, strict=False):
        _draw_one(axis, name, low, high)
    for axis in axes.flat[len(names) :]:
        axis.set_axis_off()
    lines, labels = axes.flat[0].get_legend_handles_labels()
    if any(kinks(DECLARATIONS[get(name).__name__]) for name in names):
        (mark,) = axes.flat[0].plot([], [], "o", color="black", markerfacecolor="white", markersize=4)
        lines, labels = [*lines, mark], [*labels, "kink"]
    figure.legend(lines, labels, loc="outside upper center", ncols=len(labels), frameon=False)
    return figure


def kinks(declaration: Declaration) -> tuple[float, ...]:
    """Return the last numbers before the derivative jumps, with the default parameters."""
    settings = (declaration.parameters | arguments(declaration.name)).values()
    places = declaration.kinks_with(*(Fraction(setting) if math.isfinite(setting) else setting for setting in settings))
    return tuple(float(place) if float(place) <= place else math.nextafter(float(place), -math.inf) for place in places)


def _draw_one(axis: Axes, name: str, low: float, high: float) -> None:
    activation = get(name)
    declaration = DECLARATIONS[activation.__name__]
    parameters = arguments(declaration.name)
    places = np.array([place for place in kinks(declaration) if low < place < high])
    x = np.union1d(np.linspace(low, high, 801), [places, np.nextafter(places, np.inf)])
    value, derivative = activation.value_and_derivative(x, **parameters)
    for curve, colour, style, label in (
        (value, _VALUE, "-", "value"),
        (derivative, _DERIVATIVE, "--", "derivative"),
    ):
        for first, last in _pieces(x, curve, places):
            axis.plot(
                x[first:last],
                curve[first:last],
                style,
                color=colour,
                linewidth=1.8,
                label=label if first == 0 else None,
            )
    if len(places):
        # The derivative at a kink is the left one: a full mark there, an empty one where the right branch begins.
        at = np.searchsorted(x, places)
        axis.plot(x[at + 1], derivative[at + 1], "o", color=_DERIVATIVE, markerfacecolor="white", markersize=4)
        axis.plot(x[at], derivative[at], "o", color=_DERIVATIVE, markersize=4)
        axis.plot(x[at], value[at], "o", color="black", markerfacecolor="white", markersize=4)
    settings = ", ".join(f"{parameter}={setting:g}" for parameter, setting in parameters.items())
    axis.set_title(declaration.name + (f" ({settings})" if settings else ""), fontsize=11)
    axis.set_xlim(low, high)
    axis.axhline(0, color="0.7", linewidth=0.8, zorder=0)
    axis.axvline(0, color="0.7", linewidth=0.8, zorder=0)
    axis.tick_params(labelsize=8)


def _pieces(x: Any, curve: Any, places: Any) -> list[tuple[int, int]]:
    """Return where to interrupt a curve: behind each place at which it jumps."""
    behind = np.searchsorted(x, places) + 1
    jumps = [int(i) for i in behind if abs(curve[i] - curve[i - 1]) > 1e-6]
    return list(zip([0, *jumps], [*jumps, len(x)], strict=True))


def save(figure: Figure, file: str | Path) -> None:
    """Save a figure in the format that the file's suffix names."""
    figure.savefig(file, dpi=120)

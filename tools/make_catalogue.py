"""Write the catalogue of activations: a page with a table, and a picture of all of them.

Usage: ``python tools/make_catalogue.py DIRECTORY``.  Everything in it comes from the declarations.
"""

import argparse
import inspect
from pathlib import Path

import numpy as np

from fastact import get
from fastact.activations import DECLARATIONS
from fastact.benchmarking import PARAMETER, arguments
from fastact.declaration import Declaration
from fastact.plotting import draw, kinks, save

PICTURE = "![value and derivative of all activations](catalogue.png)"
NOTE = f"Limits are at minus and plus infinity. Required parameters are set to {PARAMETER:g}."


def signature(declaration: Declaration) -> str:
    """Return the call, with parameters and defaults."""
    parameters = [
        name if default is inspect.Parameter.empty else f"{name}={default:g}" for name, default in declaration.parameters.items()
    ]
    return f"{declaration.name}({', '.join(['x', *parameters])})"


def slopes_at_kinks(declaration: Declaration) -> str:
    """Return where the derivative jumps, and what it is there: with default parameters, the left one."""
    at = np.array(kinks(declaration))
    derivative = get(declaration.name).derivative(at, **arguments(declaration.name))
    return ", ".join(f"{d:g} at {k:g}" for k, d in zip(at, derivative, strict=True))


def row(declaration: Declaration) -> str:
    """Return the declaration as a row of the table."""
    (left, left_slope), (right, right_slope) = (declaration.limits.get(end, ("", "")) for end in (-np.inf, np.inf))
    cells = [
        f"`{signature(declaration)}`",
        declaration.doc.splitlines()[0].rstrip("."),
        ", ".join(f"`{alias}`" for alias in declaration.aliases),
        f"{left} ; {right}",
        f"{left_slope} ; {right_slope}",
        slopes_at_kinks(declaration),
        ", ".join(f"`{name}`" for name in declaration.trainable),
    ]
    return f"| {' | '.join(cells)} |"


def page() -> str:
    """Return the page in Markdown."""
    head = [
        "call",
        "what it is",
        "other names",
        "limits",
        "limits of the derivative",
        "derivative at kinks",
        "trainable",
    ]
    table = [f"| {' | '.join(head)} |", "|" + " --- |" * len(head), *map(row, DECLARATIONS.values())]
    return "\n".join(["# Activations", "", PICTURE, "", NOTE, "", *table, ""])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write catalogue.md and catalogue.png.")
    parser.add_argument("directory", type=Path)
    directory = parser.parse_args().directory
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "catalogue.md").write_text(page())
    save(draw(list(DECLARATIONS)), directory / "catalogue.png")

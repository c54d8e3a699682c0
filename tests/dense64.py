"""Ten million float64 inputs of every activation and derivative; writes the worst errors into ``docs/accuracy-float64.md``.

Usage: ``python -m tests.dense64 [NAME ...]``, on the cython backend; up to a minute an activation.  Needs python-flint.

The polynomials of ``taylor.py`` tell which inputs have the largest errors; what counts is the error that mpmath then sees
there.  It also judges the few inputs next to kinks and roots that have no polynomial.
"""

from __future__ import annotations

import ast
import heapq
import inspect
import re
import sys
import time
from math import inf
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

import errors
import numpy as np
from catalogue import CASES, Case
from inputs import neighbours, samples, walk
from taylor import cover
from truth import reference

import fastact as fa
from fastact import activations, coefficients, elementary
from fastact.language import Constant

TABLE = Path(__file__).parent.parent / "docs" / "accuracy-float64.md"
# All sizes, those where most functions bend, and those where a smoothed kink does; as many of each sign.
WALKS = [(1_000_003, 0.0, inf), (3_500_017, 2.0**-9, 2.0**10), (500_009, 2.0**-31, 2.0**-14)]
BLOCK = 1 << 16
SUSPECTS = 100

HEAD = f"""\
# Accuracy in float64

The largest error of each function over {2 * sum(count for count, *_ in WALKS):,} float64 inputs and the neighbours of
every cut-off, and an input that shows it; the units are those of the [table of float32](accuracy.md).  The inputs walk the
bit patterns of all numbers, and more densely of those from 2^-9 to 2^10 and from 2^-31 to 2^-14, where functions bend.

Made by `python -m tests.dense64`.

| activation | value: ulp | at x | derivative: ulp | at x |
|---|---|---|---|---|
"""


class Worst(NamedTuple):
    """The largest error met, and where."""

    error: float
    x: float


def cut_offs_of_kernels() -> np.ndarray:
    """Return all that a formula may compare with: its literals, the constants, and products of the two."""
    constants = [c.float64 for c in vars(coefficients).values() if isinstance(c, Constant) and isinstance(c.float64, float)]
    trees = [ast.parse(inspect.getsource(module)) for module in (elementary, *activations.MODULES)]
    nodes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    literals = {node.value for node in nodes if isinstance(node.value, float)}
    sizes = np.outer([1.0, *literals], [1.0, *constants]).ravel()
    return np.concatenate([-sizes, sizes])


class Search:
    """The search through the inputs of one activation."""

    def __init__(self, name: str) -> None:
        self.case = Case(name)
        sparse = samples("float64", self.case.kinks, density=10)
        walks = [walk("float64", *bounds) for bounds in WALKS]
        self.inputs = np.unique(np.concatenate([*walks, sparse, neighbours(cut_offs_of_kernels(), "float64")]))
        value, derivative = self.case.function.value_and_derivative(sparse, *self.case.required)
        of_value = errors.roots(sparse, value) if self.case.declaration.root else np.empty(0)
        self.roots = of_value, errors.roots(sparse, derivative)

    def errors(self, x: np.ndarray, truths: list[errors.Truth]) -> list[np.ndarray]:
        """Return the errors of the value and of the derivative."""
        results = self.case.function.value_and_derivative(x, *self.case.required)
        near_roots = [errors.near(x, roots) for roots in self.roots]
        return [errors.derivative_error(*arguments) for arguments in zip(results, truths, near_roots, strict=True)]

    def worst(self) -> list[Worst]:
        """Return the largest error of the value, and of the derivative."""
        suspects: tuple[list[Worst], list[Worst]] = [], []
        without = []
        for block in np.split(self.inputs, range(BLOCK, self.inputs.size, BLOCK)):
            for x, stretch in cover(self.case.name, self.case.defaults, block):
                if stretch is None:
                    without.append(float(x[0]))
                    continue
                truths = [errors.from_wider(numbers, x.dtype) for numbers in stretch.at(x)]
                for found, error in zip(suspects, self.errors(x, truths), strict=True):
                    i = int(np.argmax(error))
                    found.append(Worst(float(error[i]), float(x[i])))
        x = np.array(without + [worst.x for found in suspects for worst in heapq.nlargest(SUSPECTS, found)])
        truths = [reference(self.case.name, x, self.case.defaults, by) for by in (None, 0)]
        return [max(map(Worst, error.tolist(), x.tolist())) for error in self.errors(x, truths)]


def read_table() -> dict[str, str]:
    """Return the rows that a former run has left."""
    text = TABLE.read_text() if TABLE.exists() else ""
    return {m[1]: m[0] for m in re.finditer(r"^\| `(\w+)` \|.*$", text, re.MULTILINE)}


def row(name: str, worst: list[Worst]) -> str:
    cells = [f"{error:.3f} | {x!r}" if error > 0.5 else "0.5 | " for error, x in worst]
    return f"| `{name}` | {' | '.join(cells)} |"


def main(names: list[str]) -> int:
    if fa.backend != "cython":
        print(f"fastact: the backend is {fa.backend}; this needs the compiled one", file=sys.stderr)
        return 2
    unknown = set(names) - {case.name for case in CASES}
    if unknown:
        print(f"fastact: there is no activation {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    rows, failed = read_table(), False
    for case in CASES:
        if names and case.name not in names:
            continue
        start = time.perf_counter()
        with np.errstate(all="ignore"):
            worst = Search(case.name).worst()
        rows[case.name] = row(case.name, worst)
        TABLE.write_text(HEAD + "".join(rows[c.name] + "\n" for c in CASES if c.name in rows))
        beyond = any(w.error > bound for w, bound in zip(worst, case.declaration.ulp, strict=True))
        failed |= beyond
        remark = ", beyond what is declared" if beyond else ""
        print(f"{rows[case.name]}  {time.perf_counter() - start:.0f} s{remark}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Time activations and their derivatives beside those of other libraries, on one thread, in turns in one process.

Usage: ``python tools/compare_with_peers.py [NAME ...] [--dtype DTYPE] [--form FORM] [--json]``; all activations take some
minutes, and the machine should have nothing else to do.

Times are medians, in nanoseconds an element.  The ratio is our time over that of the fastest other library.  PyTorch, JAX,
SciPy and ONNX Runtime are taken along where they are installed; ``tests/peers.py`` tells which of their functions are
called.  Arrays are the library's own and are made before; whoever can write into an existing array does, as we do.
PyTorch and JAX derive by their own differentiation, from x as we do: PyTorch takes a forward pass for it.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import numpy as np
import peers

import fastact as fa
from fastact.benchmarking import arguments, sample, time_side_by_side
from fastact.configuration import configuration


@dataclass(frozen=True)
class Row:
    """What was measured of one activation, in nanoseconds an element."""

    dtype: str
    form: str
    name: str
    fastact: float
    peers: dict[str, float]
    """By library; only those that have it."""

    @property
    def ratio(self) -> float | None:
        """Our time over that of the fastest other library."""
        return self.fastact / min(self.peers.values()) if self.peers else None


def measure(name: str, form: str, dtype: str, size: int, seconds: float) -> Row:
    """Time one function beside all others that there are of it."""
    x = sample(size, dtype)
    activation = fa.get(name)
    ours = activation if form == "value" else activation.derivative
    calls = {"fastact": partial(ours, x, out=np.empty_like(x), **arguments(name))}
    calls |= {library: getattr(peers.load(library), form)(name, x) for library in peers.installed()}
    present = {label: call for label, call in calls.items() if call is not None}
    with np.errstate(all="ignore"):
        durations = time_side_by_side(present.values(), seconds)
    nanoseconds = {label: 1e9 * duration / size for label, duration in zip(present, durations, strict=True)}
    return Row(dtype, form, name, nanoseconds.pop("fastact"), nanoseconds)


def table(rows: Iterator[Row], libraries: list[str]) -> Iterator[str]:
    """Return the lines of a table for people, one as soon as it is known."""
    ratios: list[float] = []
    heading = None
    for row in rows:
        if heading != (row.dtype, row.form):
            heading = (row.dtype, row.form)
            columns = "".join(f"{name:>14}" for name in libraries)
            yield f"\n{f'{row.form}, {row.dtype}':<22}{'fastact':>9}{'ratio':>8}{columns}"
        cells = "".join(f"{row.peers[name]:>14.3f}" if name in row.peers else f"{'-':>14}" for name in libraries)
        ratio = f"{row.ratio:.2f}" if row.ratio is not None else "-"
        ratios += [row.ratio] if row.ratio is not None else []
        yield f"{row.name:<22}{row.fastact:>9.3f}{ratio:>8}{cells}"
    if ratios:
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        slower = sum(ratio > 1 for ratio in ratios)
        yield f"\ngeometric mean of the ratios {mean:.2f}; slower than another library in {slower} of {len(ratios)}"


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    found.add_argument("names", nargs="*", metavar="NAME", help="an activation; all of them if none is named")
    found.add_argument("--dtype", choices=("float32", "float64"), help="one precision instead of both")
    found.add_argument("--form", choices=peers.FORMS, help="one form instead of both")
    found.add_argument("--size", type=int, default=262_144, help="the number of elements (default: %(default)s)")
    found.add_argument("--seconds", type=float, default=0.2, help="for each function and library (default: %(default)s)")
    found.add_argument("--json", action="store_true", help="print JSON for programs instead of a table")
    return found


def main() -> int:
    options = parser().parse_args()
    known = fa.list_activations()
    unknown = set(options.names) - set(known)
    if unknown:
        print(f"fastact: there is no activation {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    # The others' pools of threads are as large as the affinity allows when they are imported.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    fa.set_num_threads(1)
    facts, versions = configuration(), peers.installed()
    rows = (
        measure(name, form, dtype, options.size, options.seconds)
        for dtype in ([options.dtype] if options.dtype else ["float32", "float64"])
        for form in ([options.form] if options.form else peers.FORMS)
        for name in options.names or known
    )
    if options.json:
        results = [asdict(row) | {"ratio": row.ratio} for row in rows]
        print(json.dumps({"configuration": facts, "peers": versions, "size": options.size, "results": results}, indent=2))
        return 0
    named = ", ".join(f"{library} {version}" for library, version in versions.items())
    isa = f", {facts['isa']}" if "isa" in facts else ""
    print(f"{options.size:,} elements; fastact {fa.__version__} (backend {facts['backend']}{isa}), {named}")
    for line in table(rows, list(versions)):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Time operations along an axis beside those of other libraries, on one thread, in turns in one process.

Usage: ``python tools/compare_rows_with_peers.py [TEXT ...] [--dtype DTYPE] [--seconds SECONDS]``; all cases take some minutes,
and the machine should have nothing else to do.

Times are medians, in microseconds a call; "copy" is ``numpy.copyto`` of the first operand, for comparison with what the memory
does.  The ratio is our time over that of the fastest other library.  ``tests/row_peers.py`` tells which of their functions are
called.
"""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import numpy as np
import row_peers

import fastact as fa
from fastact.benchmarking import time_side_by_side
from fastact.configuration import configuration


def line(case: row_peers.Case, dtype: str, libraries: list[str], seconds: float) -> str:
    """Time one operation beside all others that there are of it."""
    x = case.operands(dtype)[0]
    calls = {"copy": partial(np.copyto, np.empty_like(x), x)} | row_peers.calls(case, dtype)
    durations = dict(zip(calls, (1e6 * duration for duration in time_side_by_side(calls.values(), seconds)), strict=True))
    copy, ours = durations.pop("copy"), durations.pop("fastact")
    others = "".join(f"{durations[name]:>14.1f}" if name in durations else f"{'-':>14}" for name in libraries)
    return f"{case.name:<40}{ours:>10.1f}{ours / min(durations.values()):>8.2f}{copy:>10.1f}{others}"


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    found.add_argument("texts", nargs="*", metavar="TEXT", help="a part of the names of cases; all of them if none is given")
    found.add_argument("--dtype", choices=("float32", "float64"), help="one precision instead of both")
    found.add_argument("--seconds", type=float, default=0.5, help="for each operation and library (default: %(default)s)")
    return found


def main() -> int:
    options = parser().parse_args()
    cases = [case for case in row_peers.CASES if not options.texts or any(text in case.name for text in options.texts)]
    if not cases:
        print(f"fastact: no case has {' or '.join(options.texts)} in its name", file=sys.stderr)
        return 2
    # The others' pools of threads are as large as the affinity allows when they are imported.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    fa.set_num_threads(1)
    facts, versions = configuration(), row_peers.installed()
    named = ", ".join(f"{library} {version}" for library, version in versions.items())
    print(f"fastact {fa.__version__} (backend {facts['backend']}{', ' + facts['isa'] if 'isa' in facts else ''}), {named}")
    for dtype in [options.dtype] if options.dtype else ["float32", "float64"]:
        print(f"\n{dtype:<40}{'fastact':>10}{'ratio':>8}{'copy':>10}" + "".join(f"{name:>14}" for name in versions))
        for case in cases:
            with np.errstate(all="ignore"):
                print(line(case, dtype, list(versions), options.seconds), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

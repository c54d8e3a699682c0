"""fastact with a backend of our choice."""

import importlib
import os
import sys
from types import ModuleType

BACKENDS = ["cython", "numba", "numpy"]
"""What is compared; "numpy" is plain NumPy (``fastact.plain_numpy``), not fastact's last resort of that name."""


def load(backend: str) -> ModuleType:
    """Import fastact anew, with a backend and one thread.

    The backend is chosen at import, and asv has imported fastact to find the parameters of the benchmarks.  It runs
    every combination of parameters in a process of its own, so that nothing is left of an earlier choice.
    """
    os.environ["FASTACT_BACKEND"] = backend
    for module in list(sys.modules):
        # An extension module cannot be initialised twice; this one does not depend on the choice.
        if module.partition(".")[0] == "fastact" and module != "fastact._kernels":
            del sys.modules[module]
    fastact = importlib.import_module("fastact")
    fastact.set_num_threads(1)
    return fastact

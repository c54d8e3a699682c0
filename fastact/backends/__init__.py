"""The choice of the backend, made once when ``fastact`` is imported.

A backend is a module with

* ``loops(declaration, form)``: inner loops for :func:`fastact.ufunc.make_ufunc`;
* ``Call``: the class of callables that serve the ordinary arrays directly and hand the others to ``_general``;
* ``elementary(name, precision)``: an elementary function on arrays, for row operations;
* ``set_num_threads(threads)`` and ``info()``.

Importing a backend must not import what only another one needs.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
from types import ModuleType

from .._settings import SettingError

__all__ = ["BACKENDS", "choose"]

BACKENDS = ("cython", "numba", "numpy")
"""The backends, the preferred one first."""


def _missing(name: str) -> str:
    """Say what a backend lacks on this machine, or nothing."""
    if name == "cython" and importlib.util.find_spec("fastact._kernels") is None:
        return "the compiled kernels are not built (install with a C++ compiler; FASTACT_REQUIRE_EXT=1 shows why it fails)"
    if name == "numba" and importlib.util.find_spec("numba") is None:
        return "the package numba is not installed"
    return ""


def choose() -> tuple[str, str, ModuleType]:
    """Choose a backend.

    Returns
    -------
    name, reason : str
        The backend, and why it was chosen.
    module : module

    Raises
    ------
    SettingError
        An ``ImportError``, if ``FASTACT_BACKEND`` names an unknown backend or one that cannot run here.
    """
    wanted = os.environ.get("FASTACT_BACKEND", "").strip().lower()
    if wanted:
        if wanted not in BACKENDS:
            raise SettingError(f"FASTACT_BACKEND is {wanted!r}; it must be one of {', '.join(BACKENDS)}")
        if missing := _missing(wanted):
            raise SettingError(f"FASTACT_BACKEND is {wanted!r}, but {missing}")
        return wanted, "FASTACT_BACKEND asks for it", importlib.import_module(f"fastact.backends.{wanted}")
    reasons: list[str] = []
    for name in BACKENDS:
        if not (missing := _missing(name)):
            break
        reasons.append(f"not {name}: {missing}")
    return name, "; ".join(reasons) or "it is the fastest", importlib.import_module(f"fastact.backends.{name}")

"""What is in use, and why."""

from __future__ import annotations

import os
import platform

import numpy as np

from . import threads
from ._active import backend, backend_module, backend_reason
from .version import __version__

__all__ = ["configuration", "show_config"]


def configuration() -> dict[str, str]:
    """Return versions, backend, instruction set and threads, with the reason for each choice."""
    facts = {
        "fastact": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": f"{platform.system()} {platform.machine()}",
        "backend": backend,
        "backend_reason": backend_reason,
    }
    facts |= backend_module.info()
    if "isa" in facts:
        limit = os.environ.get("FASTACT_MAX_ISA")
        facts["isa_reason"] = f"FASTACT_MAX_ISA is {limit}" if limit else "the widest that this CPU has"
    count = threads.get_num_threads()
    facts["threads"] = str(count)
    facts["threads_reason"] = threads.reason()
    return facts


def show_config() -> None:
    """Print what is in use: versions, backend, instruction set, threads, and why each was chosen."""
    facts = configuration()
    width = max(map(len, facts))
    for name, value in facts.items():
        print(f"{name:<{width}}  {value}")

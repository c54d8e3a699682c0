"""The kernels as AArch64 has them, on an emulated processor: ``python -m tests.aarch64 [PYTEST ARGUMENTS]``.

They are compiled by Clang, which ``pip install '.[aarch64]'`` brings with the emulator, take the place of those of this machine,
and must give their bits and keep the contract.  Threads, memory and speed cannot be seen so.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

HERE = Path(__file__).resolve().parent
TESTS, ROOT = HERE.parent, HERE.parents[1]
BUILT = ROOT / "build" / "aarch64"
# As in setup.py.
MEANING = ["-std=c++17", "-O2", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"]
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wno-psabi", "-Wno-unknown-pragmas", "-Wno-uninitialized"]


def clang(*arguments: str) -> None:
    """Run the compiler."""
    subprocess.run([sys.executable, "-m", "ziglang", "c++", "-target", "aarch64-linux-musl", *arguments], check=True)


def build() -> Path:
    """Compile the kernels for AArch64, unless that was done since the sources changed, and return the program."""
    program = BUILT / "guest"
    sources = [*(ROOT / "kernels").iterdir(), *(ROOT / "fastact").rglob("*.py"), HERE / "guest.cpp"]
    if program.exists() and program.stat().st_mtime > max(s.stat().st_mtime for s in sources if s.is_file()):
        return program
    BUILT.mkdir(parents=True, exist_ok=True)
    for printer, output in (("emit", "mathematics"), ("emit_rows", "rows")):
        printed = [str(ROOT / "fastact"), str(BUILT / f"{output}.inc")]
        subprocess.run([sys.executable, str(ROOT / "kernels" / f"{printer}.py"), *printed], check=True)

    def compile_one(source: Path, *macros: str) -> str:
        made = str(BUILT / f"{source.stem}{''.join(macros)}.o")
        clang(*MEANING, *WARNINGS, *macros, f"-I{BUILT}", f"-I{ROOT / 'kernels'}", "-c", str(source), "-o", made)
        return made

    kernels = ROOT / "kernels"
    jobs = [(kernels / "rows_baseline.cpp",)]
    jobs += [(kernels / "isa_baseline.cpp", f"-DFASTACT_REAL={real}") for real in ("float", "double")]
    jobs += [(kernels / f"{driver}.cpp",) for driver in ("driver", "rows_driver")] + [(HERE / "guest.cpp",)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(lambda job: compile_one(*job), jobs))
    clang("-static", *objects, "-o", str(program))
    return program


def different_bits() -> list[str]:
    """Return where the emulated kernels give other bits than those of this machine."""
    from inputs import same_bits
    from same_bits_worker import everything

    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/bits.npz"
        subprocess.run([sys.executable, str(TESTS / "same_bits_worker.py"), file], check=True)
        with np.load(file) as saved:
            wanted: dict[str, Any] = dict(saved)
    found = everything()
    print(f"{sum(x.size for x in found.values())} results", flush=True)
    return [key for key in wanted if not same_bits(wanted[key], found[key])]


def main() -> int:
    from .kernels import Backend

    sys.path.insert(0, str(TESTS))
    # Its name keeps the tests from running on other backends, too.
    os.environ["FASTACT_BACKEND"] = "cython"
    sys.modules["fastact.backends.cython"] = Backend(build())  # type: ignore[assignment]
    if wrong := different_bits():
        print("other bits than on this machine:", *wrong, sep="\n")
        return 1
    print("the same bits as on this machine")
    from runs import KERNELS

    files = [str(TESTS / "contract" / f"test_{theme}.py") for theme in KERNELS]
    return pytest.main(["-q", "--representative", "-k", "not threads", *(sys.argv[1:] or files)])


if __name__ == "__main__":
    sys.exit(main())

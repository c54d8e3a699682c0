"""The code that Numba makes is packed: one scalar call in a loop costs as much as all the rest."""

import os
import platform
import subprocess
import sys

import pytest

pytest.importorskip("numba")

# What Numba kept on disk cannot be looked at.
CODE = """
from fastact.backends import numba_loops
for name, inputs in ("elu", 2), ("gelu", 1), ("log_sigmoid", 1):
    for precision in "float32", "float64":
        print(numba_loops._kernel(name, "value", precision, inputs, 1).inspect_llvm())
"""


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="the names are those of x86 processors")
@pytest.mark.parametrize(("cpu", "features", "bits"), [("skylake-avx512", "+avx512f", 512), ("haswell", "", 256)])
def test_all_arithmetic_is_packed(cpu, features, bits, tmp_path):
    environment = os.environ | {
        "NUMBA_CPU_NAME": cpu,
        "NUMBA_CPU_FEATURES": features,
        "NUMBA_CACHE_DIR": str(tmp_path),
    }
    llvm = subprocess.run(
        [sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True, timeout=300
    ).stdout
    for size in (32, 64):
        assert f"@llvm.fma.v{bits // size}f{size}(" in llvm
        assert f"@llvm.fma.f{size}(" not in llvm
    # Without AVX-512 it is a call of the C library for each element, whatever its type.
    assert ("@llvm.ldexp" in llvm) == (bits == 512)

"""The code that Numba makes is packed: one scalar call in a loop costs as much as all the rest."""

import os
import platform
import subprocess
import sys

import numpy as np
import pytest
from inputs import same_bits, samples, specials

import fastact as fa

pytest.importorskip("numba")
from llvmlite.binding import llvm_version_info  # noqa: E402

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
    # Without AVX-512 it is a call of the C library for each element, whatever its type; older versions of LLVM never pack it.
    assert ("@llvm.ldexp" in llvm) == (bits == 512 and llvm_version_info >= (22, 0, 0))
    assert "@llvm.ldexp.f" not in llvm


RESULTS = """
import sys
import numpy as np
import fastact as fa
names, numbers = ("gelu", "softplus", "erf"), np.load(sys.argv[1])
np.savez(sys.argv[2], **{f"{n} {x.dtype}": getattr(fa, n)(x) for n in names for x in (numbers, numbers.astype("f4"))})
"""


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="the names are those of x86 processors")
@pytest.mark.parametrize("features", ["+avx2,+fma", ""], ids=["permutations", "reading"])
def test_tables_without_avx512(features, tmp_path):
    """The functions that find the numbers of intervals for registers of 32 bytes."""
    x = np.concatenate([samples("float32"), specials("float32")]).astype("float64")
    np.save(tmp_path / "x.npy", x)
    environment = os.environ | {
        "FASTACT_BACKEND": "numba",
        "NUMBA_CPU_NAME": "haswell",
        "NUMBA_CPU_FEATURES": features,
        "NUMBA_CACHE_DIR": str(tmp_path),
    }
    command = [sys.executable, "-c", RESULTS, str(tmp_path / "x.npy"), str(tmp_path / "y.npz")]
    subprocess.run(command, env=environment, check=True, timeout=300)
    with np.load(tmp_path / "y.npz") as results:
        for key, there in results.items():
            name, dtype = key.split()
            assert same_bits(there, getattr(fa, name)(x.astype(dtype))), key

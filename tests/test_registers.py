"""No wider register in code for a narrower instruction set: an older CPU would die of an illegal instruction."""

import re
import shutil
import subprocess

import pytest

kernels = pytest.importorskip("fastact._kernels")
WIDTHS = {"baseline": "zmm|ymm", "avx2": "zmm"}


@pytest.fixture(scope="module")
def functions():
    """The instructions of every function of the extension module, by its demangled name."""
    if not shutil.which("objdump"):
        pytest.skip("objdump is not installed")
    listing = subprocess.run(
        ["objdump", "-d", "-C", "--no-show-raw-insn", kernels.__file__], capture_output=True, text=True, check=True
    ).stdout
    found, name = {}, None
    for line in listing.splitlines():
        if start := re.match(r"[0-9a-f]+ <(.+)>:$", line):
            name = start[1]
            found.setdefault(name, [])
        elif name and "\t" in line:
            found[name].append(line.split("\t", 1)[1])
    return found


def inside(name, isa):
    return f"fastact::{isa}::" in name


@pytest.mark.parametrize("isa", list(WIDTHS))
def test_registers(functions, isa):
    own = {name: code for name, code in functions.items() if inside(name, isa)}
    if not own:
        pytest.skip(f"the module has no {isa} code with symbols")
    wide = {name for name, code in own.items() if any(re.search(rf"%(?:{WIDTHS[isa]})\d", line) for line in code)}
    assert not wide, sorted(wide)[:3]
    if isa == "baseline":
        encoded = {name for name, code in own.items() if any(re.match(r"v[a-z]+\d*[a-z]* .*%xmm", line) for line in code)}
        assert not encoded, sorted(encoded)[:3]


def test_wide_registers_only_where_they_belong(functions):
    """Code outside of the namespaces runs on every machine."""
    shared = {name: code for name, code in functions.items() if not any(inside(name, isa) for isa in ("avx2", "avx512"))}
    wide = {name for name, code in shared.items() if any(re.search(r"%[yz]mm\d", line) for line in code)}
    assert not wide, sorted(wide)[:3]


def test_avx512_uses_its_registers(functions):
    """Else the test reads the wrong thing."""
    if "avx512" not in kernels.available_isas():
        pytest.skip("no AVX-512 here")
    own = [line for name, code in functions.items() if inside(name, "avx512") for line in code]
    assert any("%zmm" in line for line in own)


def test_no_multiply_add_is_contracted(functions):
    """Only the baseline can show it: it has no FMA instruction at all."""
    own = [line for name, code in functions.items() if inside(name, "baseline") for line in code]
    assert not any(line.startswith("vfmadd") for line in own)

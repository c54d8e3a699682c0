"""The types that editors and type checkers see are those of the package."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import fastact as fa

STUB = Path(fa.__file__).parent / "__init__.pyi"
# mypy does not see a package that is imported from its source folder.
INSTALLED = "site-packages" in STUB.parts
ENVIRONMENT = os.environ | ({} if INSTALLED else {"MYPYPATH": str(STUB.parent.parent)})


def test_every_public_name_is_in_the_stub():
    tree = ast.parse(STUB.read_text())
    named = {node.target.id for node in tree.body if isinstance(node, ast.AnnAssign)}
    named |= {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    named |= {alias.asname for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert set(fa.__all__) <= named


def test_stub_agrees_with_the_package(tmp_path):
    pytest.importorskip("mypy")
    configuration = Path(__file__).parent.parent / "pyproject.toml"
    done = subprocess.run(
        [
            sys.executable,
            "-P",
            "-m",
            "mypy.stubtest",
            "fastact",
            "--ignore-missing-stub",
            "--mypy-config-file",
            configuration,
            "--allowlist",
            Path(__file__).parent / "stubtest_allowlist.txt",
            "--ignore-unused-allowlist",
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=ENVIRONMENT,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-3000:]


USE = """
import numpy as np
import fastact as fa

x = np.zeros(3, np.float32)
y = fa.gelu(x)
fa.relu_(x)
fa.gelu.derivative(x)
fa.gelu.value_and_derivative(x)
fa.gelu.backward(x, x)
fa.softmax(x, axis=-1)
fa.softmax.backward(x, x)
fa.zscore(x, ddof=1)
name: str = fa.backend
names: list[str] = fa.list_activations()
with fa.num_threads(2):
    fa.set_num_threads(fa.get_num_threads())
fa.get("gelu")(x, out=y)
"""


def test_ordinary_use_is_typed(tmp_path):
    pytest.importorskip("mypy")
    (tmp_path / "use.py").write_text(USE)
    command = [sys.executable, "-P", "-m", "mypy", "--strict", "--follow-imports=silent", "use.py"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=ENVIRONMENT, timeout=300)
    assert done.returncode == 0, done.stdout


def test_misuse_is_seen(tmp_path):
    pytest.importorskip("mypy")
    (tmp_path / "misuse.py").write_text("import fastact as fa\nfa.gellu(1.0)\nfa.set_num_threads('two')\n")
    command = [sys.executable, "-P", "-m", "mypy", "--strict", "--follow-imports=silent", "misuse.py"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=ENVIRONMENT, timeout=300)
    assert "misuse.py:2: error" in done.stdout
    assert "misuse.py:3: error" in done.stdout

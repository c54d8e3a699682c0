"""What importing fastact does, and what it leaves alone; how the backend is chosen."""

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest
import runs

import fastact as fa

BACKENDS = sorted({backend for backend, _ in runs.available()})


def run(code, environment=None, *flags):
    return subprocess.run(
        [sys.executable, "-P", "-W", "error", *flags, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("backend", [None, *BACKENDS])
def test_nothing_heavy_is_imported(environment, backend):
    if backend:
        environment["FASTACT_BACKEND"] = backend
    code = "import sys, fastact; print(sorted({'numba', 'scipy', 'click', 'matplotlib', 'tqdm'} & set(sys.modules)))"
    done = run(code, environment)
    heavy = done.stdout.strip()
    allowed = {"[]", "['numba']"} if backend == "numba" or BACKENDS == ["numba", "numpy"] else {"[]"}
    assert heavy in allowed, done


def test_public_names_are_imported_when_asked_for(environment):
    """To import the package costs little more than to import NumPy."""
    code = (
        "import sys, numpy\n"
        "before = set(sys.modules)\n"
        "import fastact\n"
        "loaded = {name for name in set(sys.modules) - before if name.startswith('fastact.')}\n"
        "assert not loaded & {'fastact.forms', 'fastact.activations', 'fastact.rowwise', 'fastact.operation'}, loaded\n"
        "from fastact import *\n"
        "assert set(fastact.__all__) <= {*globals(), '__version__'} and set(fastact.__all__) <= set(dir(fastact))\n"
        "assert relu_ is fastact.relu.in_place and softmax is fastact.softmaxes.softmax\n"
    )
    done = run(code, environment)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["gelux", "relu__", "_relu", "declarations"])
def test_unknown_names_are_attribute_errors(name):
    with pytest.raises(AttributeError, match=f"module 'fastact' has no attribute '{name}'"):
        getattr(fa, name)


def test_no_library_of_threads_is_started(environment):
    """gunicorn --preload forks after the import."""
    code = "import fastact, os; print(len(os.listdir('/proc/self/task')))"
    before = run(code.replace("fastact", "numpy"), environment | {"OPENBLAS_NUM_THREADS": "1"})
    after = run(code, environment | {"OPENBLAS_NUM_THREADS": "1"})
    if before.returncode:
        pytest.skip("no /proc here")
    assert before.stdout == after.stdout


@pytest.mark.parametrize("backend", BACKENDS)
def test_subnormals_are_not_flushed(environment, backend):
    """Also not in threads, nor after the kernels have run."""
    code = (
        "import numpy as np, fastact as fa\n"
        "x = np.full(300_000, 1e-40, np.float32)\n"
        "fa.set_num_threads(2)\n"
        "fa.gelu(x), fa.relu_(x.copy()), fa.softmax(x)\n"
        "assert (x * np.float32(1) != 0).all()\n"
        "assert np.float32(1e-40) * np.float32(1) != 0\n"
        "assert np.float64(5e-324) * 1.0 != 0\n"
        "assert (fa.identity(x) != 0).all()\n"
    )
    done = run(code, environment | {"FASTACT_BACKEND": backend})
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("backend", BACKENDS)
def test_backend_is_chosen(environment, backend):
    code = "import fastact; print(fastact.backend)"
    assert run(code, environment | {"FASTACT_BACKEND": backend}).stdout.strip() == backend
    assert run(code, environment | {"FASTACT_BACKEND": backend.upper()}).stdout.strip() == backend


def test_preferred_backend(environment):
    code = "import fastact; print(fastact.backend)"
    wanted = next(backend for backend in ("cython", "numba", "numpy") if backend in BACKENDS)
    assert run(code, environment).stdout.strip() == wanted


@pytest.mark.parametrize("isa", [isa for backend, isa in runs.available() if backend == "cython"])
def test_isa_is_chosen(environment, isa):
    code = "from fastact import _kernels; print(_kernels.isa())"
    assert run(code, environment | {"FASTACT_MAX_ISA": isa}).stdout.strip() == isa


def last_line(done):
    assert done.returncode == 1, done
    line = done.stderr.strip().splitlines()[-1]
    assert line.startswith("fastact._settings.SettingError: "), line
    assert len(line) < 300
    return line


def test_unknown_backend(environment):
    line = last_line(run("import fastact", environment | {"FASTACT_BACKEND": "fortran"}))
    assert "FASTACT_BACKEND" in line
    assert "fortran" in line
    assert "cython" in line
    assert "numba" in line
    assert "numpy" in line


@pytest.mark.skipif("cython" not in BACKENDS, reason="the kernels are not built")
def test_unknown_isa(environment):
    line = last_line(run("import fastact", environment | {"FASTACT_MAX_ISA": "avx3"}))
    assert "FASTACT_MAX_ISA" in line
    assert "avx3" in line
    assert "avx2" in line


def test_backend_that_is_not_installed(environment):
    """A blocked numba stands for a missing one."""
    code = (
        "import sys, importlib.util as u\n"
        "find = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'numba' else find(name, *rest)\n"
        "import fastact"
    )
    line = last_line(run(code, environment | {"FASTACT_BACKEND": "numba"}))
    assert "numba is not installed" in line


@pytest.mark.skipif("numba" not in BACKENDS, reason="numba is not installed")
def test_unwritable_numba_cache(environment, tmp_path):
    """Containers have read-only packages and no home: the functions are compiled anew in each process then."""
    nowhere = tmp_path / "file"
    nowhere.write_text("")
    variables = {"FASTACT_BACKEND": "numba", "NUMBA_CACHE_DIR": str(nowhere / "below"), "HOME": str(nowhere)}
    code = "import fastact as fa, numpy as np; print(fa.silu(np.zeros(3)), fa.softmax(np.zeros(2)))"
    done = run(code, environment | variables)
    assert done.stdout.strip() == "[0. 0. 0.] [0.5 0.5]", done.stderr


def test_nothing_else_is_installed():
    """Only ``fastact`` and what describes it land in site-packages, and the command beside them."""
    files = importlib.metadata.files("fastact")
    top = {file.parts[0] for file in files if file.parts[0] != ".." and "__editable__" not in file.parts[0]}
    assert {name for name in top if not name.startswith("fastact")} <= {"__pycache__"}
    assert {file.name for file in files if file.parts[0] == ".."} <= {"fastact", "fastact.exe"}


def test_version():
    assert importlib.metadata.version("fastact") == fa.__version__


def test_typed():
    assert (Path(fa.__file__).parent / "py.typed").exists()

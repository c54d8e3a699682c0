"""Threads of ours and of the caller's, and processes that fork after threads have run."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from catalogue import SLOW
from inputs import same_bits, walk

import fastact as fa

LARGE = np.resize(walk("float32", 20_000, 2.0**-8, 64.0), 5_000 if SLOW else 300_000)
environment = dict(os.environ)


def run(code, **variables):
    """Run code in a new process on the backend of this one, with a time limit that a deadlock would exceed."""
    return subprocess.run(
        [sys.executable, "-P", "-W", "error", "-c", code],
        env=environment | {"FASTACT_BACKEND": fa.backend} | variables,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_number_of_threads():
    fa.set_num_threads(3)
    assert fa.get_num_threads() == 3
    with fa.num_threads(1):
        assert fa.get_num_threads() == 1
        with fa.num_threads(2):
            assert fa.get_num_threads() == 2
        assert fa.get_num_threads() == 1
    assert fa.get_num_threads() == 3
    with pytest.raises(RuntimeError, match="inside"), fa.num_threads(5):
        raise RuntimeError("inside")
    assert fa.get_num_threads() == 3
    fa.set_num_threads(np.int64(2))
    assert fa.get_num_threads() == 2


SHOW = "import fastact as fa; print(fa.get_num_threads())"


@pytest.mark.parametrize(
    ("variables", "threads"),
    [
        ({"OMP_NUM_THREADS": "1"}, 1),
        ({"OMP_NUM_THREADS": "3"}, 3),
        ({"FASTACT_NUM_THREADS": "2", "OMP_NUM_THREADS": "1"}, 2),
        ({"OMP_NUM_THREADS": "2,1"}, 2),
    ],
    ids=str,
)
def test_environment(variables, threads):
    assert run(SHOW, **variables).stdout.strip() == str(threads)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no CPU affinity here")
def test_affinity_is_the_default():
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n" + SHOW
    assert run(code, OMP_NUM_THREADS="", FASTACT_NUM_THREADS="").stdout.strip() == "1"


@pytest.mark.parametrize("bad", ["0", "-2", "many", "1.5", "4097", "9" * 30])
def test_bad_environment(bad):
    done = run(SHOW, FASTACT_NUM_THREADS=bad)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("fastact._settings.SettingError: FASTACT_NUM_THREADS is ")
    assert bad in last


FORK = """
import os, sys, signal
import numpy as np, fastact as fa
x = np.linspace(-5, 5, 400_000, dtype=np.float32)
fa.set_num_threads(2)
before = fa.silu(x), fa.silu.derivative(x), fa.softmax(x.reshape(400, 1000))
read, write = os.pipe()
child = os.fork()
if child == 0:
    signal.alarm(60)
    fa.set_num_threads(2)
    after = fa.silu(x), fa.silu.derivative(x), fa.softmax(x.reshape(400, 1000))
    y = x.copy()
    fa.gelu_(y)
    os.write(write, b"same" if all((a == b).all() for a, b in zip(before, after)) else b"different")
    os._exit(0)
os.close(write)
_, status = os.waitpid(child, 0)
again = fa.silu(x)
print(os.read(read, 20).decode(), status, (again == before[0]).all())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_fork_after_threads():
    done = run("import warnings\nwarnings.simplefilter('ignore', DeprecationWarning)\n" + FORK)
    assert done.stdout.split() == ["same", "0", "True"], done


FORK_IN_A_THREAD = """
import os, threading, signal
import numpy as np, fastact as fa
x = np.linspace(-5, 5, 400_000, dtype=np.float32)
fa.set_num_threads(2)
wanted = fa.gelu(x)
stop = False
def work():
    while not stop:
        assert (fa.gelu(x) == wanted).all()
busy = threading.Thread(target=work)
busy.start()
statuses = []
for _ in range(5):
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        os._exit(0 if (fa.gelu(x) == wanted).all() else 3)
    statuses.append(os.waitpid(child, 0)[1])
stop = True
busy.join()
print(statuses)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_fork_while_another_thread_computes():
    code = "import warnings\nwarnings.simplefilter('ignore', DeprecationWarning)\n" + FORK_IN_A_THREAD
    done = run(code)
    assert done.stdout.strip() == "[0, 0, 0, 0, 0]", done


def test_two_python_threads(case):
    """Both compute in parallel regions of their own, and neither sees the other's numbers."""
    inputs = [LARGE, -LARGE[::-1].copy()]
    wanted = [case.results(x, x) for x in inputs]
    failures = []

    def work(x, expected):
        try:
            for _ in range(3):
                for form, result in case.results(x, x).items():
                    if not same_bits(result, expected[form]):
                        failures.append(form)
                if not same_bits(case.in_place(x.copy(), *case.required), expected["value"]):
                    failures.append("in place")
        except BaseException as error:  # noqa: BLE001
            failures.append(repr(error))

    fa.set_num_threads(2)
    workers = [threading.Thread(target=work, args=pair) for pair in zip(inputs, wanted, strict=True)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failures


FIRST_USE = """
import threading
import numpy as np, fastact as fa
x = np.linspace(-5, 5, 200_000, dtype=np.float32)
start = threading.Barrier(4)
results, errors = [], []
def work():
    start.wait()
    try:
        results.append([fa.mish(x), fa.mish.derivative(x), *fa.mish.value_and_derivative(x[::2]), fa.softmax(x)])
    except BaseException as error:
        errors.append(error)
workers = [threading.Thread(target=work) for _ in range(4)]
[w.start() for w in workers]
[w.join() for w in workers]
assert not errors, errors
print(all((a == b).all() for r in results for a, b in zip(r, results[0])))
"""


def test_first_use_by_four_threads_at_once():
    """Functions are made on first use: once, whoever comes first."""
    done = run(FIRST_USE)
    assert done.stdout.strip() == "True", done.stderr


def test_an_empty_array_with_threads(case):
    fa.set_num_threads(2)
    assert case.function(np.empty(0), *case.required).shape == (0,)
    assert case.function(np.empty((0, 1 << 40)), *case.required).shape == (0, 1 << 40)

"""In place, an operation along an axis takes memory for no more than a few rows."""

import subprocess
import sys
from pathlib import Path

import pytest

import fastact as fa

COMPILED = fa.backend == "cython"
MEMORY = Path("/proc/self/statm")
MEASURE = """
import resource
import sys

import numpy as np

import fastact as fa

axis, length, rows = map(int, sys.argv[1:])
ones = np.ones(length, np.float32)
mask = np.zeros((length, 1) if axis == 0 else length, np.float32)
calls = dict(
    softmax_=lambda x: fa.softmax_(x, axis),
    log_softmax_=lambda x: fa.log_softmax_(x, axis, scale=0.5, mask=mask),
    hardmax_=lambda x: fa.hardmax_(x, axis, scale=0.5, mask=mask),
    hardmax_of_ties=lambda x: fa.hardmax_(x, axis),
    softmin_=lambda x: fa.softmin_(x, axis, softcap=2.0, mask=np.broadcast_to(True, x.shape)),
    zscore_=lambda x: fa.zscore_(x, axis),
    minmax_=lambda x: fa.minmax_(x, axis),
    minmax_to_a_range=lambda x: fa.minmax_(x, axis, (-1, 1)),
    normalize_=lambda x: fa.normalize_(x, 2, axis),
    weight_norm_=lambda x: fa.weight_norm_(x, 2.0, axis),
    layer_norm_=lambda x: fa.layer_norm_(x, ones, ones, axis),
    rms_norm_=lambda x: fa.rms_norm_(x, ones, axis),
    group_norm_=lambda x: fa.group_norm_(x, length // 2, ones, ones, axis),
)
few, many = (np.ones((length, n) if axis == 0 else (n, length), np.float32) for n in (4, rows))
shown = np.ones(many.shape, bool)
calls["softmax_ with booleans"] = lambda x: fa.softmax_(x, axis, mask=shown[: x.shape[0], : x.shape[1]])


def of_halves(call):
    return lambda x: call(x.view(np.float16)[:, : x.shape[1]])


def along_axes_apart(x):
    fa.softmax_(x.reshape(len(x), 4, 4, -1), (1, 3))


calls["clip_by_norm_"] = lambda x: fa.clip_by_norm_(x, 1e9)
if rows == length:
    calls["sparsemax_"] = lambda x: fa.sparsemax_(x, axis)
    calls["batch_norm_"] = lambda x: fa.batch_norm_(x, None, None, ones, ones, axis, training=True)
if axis and rows == length:
    calls["softmax_ of float16"] = of_halves(calls["softmax_"])
    calls["rms_norm_ of float16"] = of_halves(calls["rms_norm_"])
    calls["sparsemax_ of float16"] = of_halves(lambda x: fa.sparsemax_(x, softcap=2.0, mask=np.broadcast_to(True, x.shape)))
    calls["softmax_ along axes that lie apart"] = along_axes_apart
    calls["softmax_ of every second element"] = lambda x: fa.softmax_(x.reshape(64, -1)[:, ::2])
if axis:
    calls["group_norm_ of images"] = lambda x: fa.group_norm_(x.reshape(len(x) // 4, 4, 2, -1), 2)
    calls["instance_norm_ of images"] = lambda x: fa.instance_norm_(x.reshape(len(x) // 4, 4, 2, -1), axis=2)


def fits(call, room=4 << 20):
    with open("/proc/self/statm") as pages:
        used = int(pages.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + room, resource.RLIM_INFINITY))
    try:
        call(many)
    except MemoryError:
        return False
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return True


with fa.num_threads(1):
    for call in calls.values():
        call(few)
    print([name for name, call in calls.items() if not fits(call)])
"""


@pytest.mark.skipif(not MEMORY.exists(), reason="only Linux tells a process what it has and gives it no more")
@pytest.mark.parametrize(("axis", "length"), [(0, 2), (0, 4096), (1, 2), (1, 4096)] if COMPILED else [(0, 2), (1, 2048)])
def test_rows_in_place(axis, length):
    """With 4 MiB left, where the array has 64, or 16 on a slow backend; tracemalloc would not see what kernels allocate."""
    elements = 4096**2 if COMPILED else 2048**2
    command = [sys.executable, "-P", "-c", MEASURE, str(axis), str(length), str(elements // length)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.stdout == "[]\n", done

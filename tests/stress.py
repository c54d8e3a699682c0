"""Random operations on random shapes, layouts, dtypes and threads: ``python -m tests.stress [--seconds N] [--seed N]``.

Each result must have the bits that the operation gives for a row alone, or for the elements in order, on one thread, and no
byte around an output may change.  ``.ci/sanitize`` runs it with the compiler's sanitizers, which see every access to memory.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from catalogue import CASES, Case
from inputs import FLOATS, same_bits, specials

import fastact as fa

# Where loops, blocks and buffers of the kernels end.
LENGTHS = (*range(11), 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 127, 129, 257, 1000, 1024, 4097, 16500, 33000)
MOST = 1 << 17


class Rows(NamedTuple):
    """An operation along axes: ``call(arrays, axis, vector, out)``, where the vector has the shape of a row."""

    call: Callable[..., Any]
    arrays: int = 1
    several: bool = True
    even: bool = False
    writes: bool = True


ROWS = {
    "softmax": Rows(lambda x, axis, v, **out: fa.softmax(*x, axis, **out)),
    "softmax of a mask": Rows(lambda x, axis, v, **out: fa.softmax(*x, axis, scale=0.5, mask=v, **out), several=False),
    "capped log_softmax": Rows(lambda x, axis, v, **out: fa.log_softmax(*x, axis, softcap=3.0, **out)),
    "log_softmax": Rows(lambda x, axis, v, **out: fa.log_softmax(*x, axis, **out)),
    "softmin": Rows(lambda x, axis, v, **out: fa.softmin(*x, axis, **out)),
    "sparsemax": Rows(lambda x, axis, v, **out: fa.sparsemax(*x, axis, **out)),
    "hardmax": Rows(lambda x, axis, v, **out: fa.hardmax(*x, axis, **out)),
    "logsumexp": Rows(lambda x, axis, v: fa.logsumexp(*x, axis), writes=False),
    "softmax.backward": Rows(lambda x, axis, v, **out: fa.softmax.backward(*x, axis, **out), 2),
    "log_softmax.backward": Rows(lambda x, axis, v, **out: fa.log_softmax.backward(*x, axis, **out), 2),
    "zscore": Rows(lambda x, axis, v, **out: fa.zscore(*x, axis, **out)),
    "minmax": Rows(lambda x, axis, v, **out: fa.minmax(*x, axis, **out)),
    "normalize": Rows(lambda x, axis, v, **out: fa.normalize(*x, axis=axis, **out)),
    "normalize by the cubes": Rows(lambda x, axis, v, **out: fa.normalize(*x, 3, axis, **out)),
    "layer_norm": Rows(lambda x, axis, v, **out: fa.layer_norm(*x, v, v, axis, **out)),
    "rms_norm": Rows(lambda x, axis, v, **out: fa.rms_norm(*x, v, axis, **out)),
    "add_layer_norm": Rows(lambda x, axis, v: fa.add_layer_norm(*x, v, v, axis)[0], 2, writes=False),
    "zscore.backward": Rows(lambda x, axis, v, **out: fa.zscore.backward(*x, axis, **out), 2),
    "swiglu": Rows(lambda x, axis, v, **out: fa.swiglu(*x, axis=axis, **out), several=False, even=True),
    "glu": Rows(lambda x, axis, v, **out: fa.glu(*x, axis=axis, interleaved=True, **out), several=False, even=True),
    "geglu of two": Rows(lambda x, axis, v, **out: fa.geglu(*x, axis=axis, **out), 2, several=False),
    "bias_activation": Rows(lambda x, axis, v, **out: fa.bias_activation(*x, v, "gelu", axis, **out), several=False),
    "affine_activation": Rows(lambda x, axis, v, **out: fa.affine_activation(*x, v, v, "relu", axis, **out), several=False),
    "crelu": Rows(lambda x, axis, v: fa.crelu(*x, axis), several=False, writes=False),
}


class Place(NamedTuple):
    """Where the elements of an array lie in a buffer of bytes."""

    shape: tuple[int, ...]
    dtype: np.dtype
    offset: int
    strides: tuple[int, ...]
    size: int

    def view(self, buffer: np.ndarray) -> np.ndarray:
        return np.ndarray(self.shape, self.dtype, buffer.data, self.offset, self.strides)


def random_place(rng: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype) -> Place:
    """Return axes in some order, some with gaps, some backwards, the whole perhaps misaligned or byte-swapped."""
    ordinary = rng.random() < 0.5
    order = list(range(len(shape)))
    if rng.random() < 0.3:
        rng.shuffle(order)
    strides, step, offset = [0] * len(shape), dtype.itemsize, 64
    for axis in reversed(order):
        gap = 1 if ordinary else int(rng.choice([1, 1, 1, 2, 3]))
        strides[axis] = step * gap
        step *= gap * max(shape[axis], 1)
        if not ordinary and rng.random() < 0.2:
            offset += strides[axis] * max(shape[axis] - 1, 0)
            strides[axis] = -strides[axis]
        elif not ordinary and rng.random() < 0.2:
            step += dtype.itemsize * int(rng.integers(0, 5))
    if not ordinary and rng.random() < 0.2:
        offset += int(rng.integers(1, dtype.itemsize + 1))
    if not ordinary and rng.random() < 0.1:
        dtype = dtype.newbyteorder()
    return Place(shape, dtype, offset, tuple(strides), step + 256 + offset)


def random_shape(rng: np.random.Generator, even: int | None = None) -> tuple[int, ...]:
    """Return up to four lengths that make no more than MOST elements."""
    room, lengths = MOST, []
    for _ in range(int(rng.integers(1, 5))):
        length = int(rng.choice([n for n in LENGTHS if n <= room]))
        lengths.append(length)
        room //= max(length, 1)
    rng.shuffle(lengths)
    return tuple(n + n % 2 if a == even else n for a, n in enumerate(lengths))


def random_values(rng: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Return normal numbers of some size, now and then with all that is special among them."""
    values = (rng.normal(size=shape) * 10.0 ** rng.integers(-2, 2)).astype(dtype)
    if rng.random() < 0.2 and values.size:
        flat = values.reshape(-1)
        flat[rng.integers(0, flat.size, 1 + flat.size // 20)] = rng.choice(specials(dtype))
    return values


def laid_out(rng: np.random.Generator, values: np.ndarray) -> np.ndarray:
    """Return the values in some layout."""
    place = random_place(rng, values.shape, values.dtype)
    array = place.view(np.empty(place.size, np.uint8))
    array[...] = values
    return array


class Target:
    """Memory for a result in some layout, with canaries around it."""

    def __init__(self, rng: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype) -> None:
        place = random_place(rng, shape, dtype)
        self._place, self._buffer = place, rng.integers(0, 256, place.size, np.uint8)
        self._before = self._buffer.copy()
        self.array = place.view(self._buffer)

    def canaries_alive(self) -> bool:
        expected = self._before.copy()
        self._place.view(expected)[...] = self.array
        return bool((expected == self._buffer).all())


def run_rows(rng: np.random.Generator, name: str) -> str | None:
    """Try an operation along axes, and return what is wrong, if anything."""
    operation = ROWS[name]
    dtype = np.dtype(str(rng.choice(FLOATS)))
    shape = random_shape(rng)
    axis = int(rng.integers(0, len(shape)))
    if operation.even:
        shape = tuple(n + n % 2 if a == axis else n for a, n in enumerate(shape))
    axes: tuple[int, ...] = (axis,)
    if operation.several and len(shape) > 1 and rng.random() < 0.2:
        axes = tuple(sorted(rng.choice(len(shape), 2, replace=False).tolist()))
    row_shape = tuple(shape[a] for a in axes)
    arrays = [random_values(rng, shape, dtype) for _ in range(operation.arrays)]
    row_vector = random_values(rng, row_shape, dtype)
    vector = row_vector
    if name == "softmax of a mask":
        row_vector = row_vector > 0
        vector = row_vector.reshape([n if a == axis else 1 for a, n in enumerate(shape)])
    given = [laid_out(rng, x) for x in arrays]
    threads = int(rng.integers(1, 4))
    along: Any = axes if len(axes) > 1 else axis
    target = None
    with fa.num_threads(threads), np.errstate(all="ignore"):
        result = operation.call(given, along, vector)
        if operation.writes:
            target = Target(rng, result.shape, dtype)
            operation.call(given, along, vector, out=target.array)
            if not same_bits(target.array, result):
                return f"{name} {shape} {dtype} along {axes}, {threads} threads: out= gives another result"
            if not target.canaries_alive():
                return f"{name} {shape} {dtype} along {axes}, {threads} threads: writes beside out"
            if result.shape == shape and given[0].dtype.isnative:
                operation.call(given, along, vector, out=given[0])
                if not same_bits(given[0], result):
                    return f"{name} {shape} {dtype} along {axes}, {threads} threads: another result in place"
    if not arrays[0].size:
        return None
    kept = [a for a in range(len(shape)) if a not in axes]
    by_row = [x.transpose([*kept, *axes]).reshape(-1, *row_shape) for x in arrays]
    results = result.transpose([*kept, *axes]) if result.ndim == len(shape) else result
    results = results.reshape(math.prod(shape[a] for a in kept), -1)
    with fa.num_threads(1), np.errstate(all="ignore"):
        for row in rng.integers(0, len(results), 3):
            alone = operation.call([x[row].reshape(-1) for x in by_row], -1, row_vector.reshape(-1))
            if not same_bits(np.reshape(alone, -1), results[row]):
                return f"{name} {shape} {dtype} along {axes}, {threads} threads: row {row} differs from what it gives alone"
    return None


def run_elements(rng: np.random.Generator, case: Case) -> str | None:
    """Try an activation in its forms, and return what is wrong, if anything."""
    name, activation, required = case.name, case.function, case.required
    dtype = np.dtype(str(rng.choice(FLOATS)))
    shape = random_shape(rng)
    x, grad = random_values(rng, shape, dtype), random_values(rng, shape, dtype)
    given, upstream = laid_out(rng, x), laid_out(rng, grad)
    threads = int(rng.integers(1, 4))
    target = Target(rng, shape, dtype)
    forms: dict[str, Callable[..., Any]] = {
        "value": lambda grad, x, **out: activation(x, *required, **out),
        "derivative": lambda grad, x, **out: activation.derivative(x, *required, **out),
        "backward": lambda grad, x, **out: activation.backward(grad, x, *required),
    }
    for form, call in forms.items():
        with np.errstate(all="ignore"):
            with fa.num_threads(1):
                wanted = call(grad, x)
            with fa.num_threads(threads):
                found = call(upstream, given, out=target.array)
        first, second = (r[0] if isinstance(r, tuple) else r for r in (found, wanted))
        if not same_bits(first, second):
            return f"{name} {form} {shape} {dtype}, {threads} threads: the layout changes the result"
        if not target.canaries_alive():
            return f"{name} {form} {shape} {dtype}, {threads} threads: writes beside out"
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long; default 60")
    parser.add_argument("--seed", type=int, default=0, help="of the random numbers; default 0")
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    operations = list(ROWS)
    print(f"fastact {fa.__version__} from {Path(fa.__file__).parent}, backend {fa.backend}", flush=True)
    end, tried, wrong = time.monotonic() + options.seconds, 0, 0
    while time.monotonic() < end:
        if rng.random() < 0.7:
            complaint = run_rows(rng, operations[rng.integers(len(operations))])
        else:
            complaint = run_elements(rng, CASES[rng.integers(len(CASES))])
        tried += 1
        if complaint is not None:
            wrong += 1
            print(complaint, flush=True)
    print(f"{tried} calls, {wrong} of them wrong")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())

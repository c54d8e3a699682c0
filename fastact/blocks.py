"""Operations of several steps, block by block, so that what one step leaves for the next stays in the caches.

A *body* is a function of NumPy arrays that writes its results by ufuncs with ``out=``.  Run over blocks, it may take ten steps
and still walk through memory once, and all that it needs besides is a few blocks of scratch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from math import prod
from typing import Any

import numpy as np

from ._active import backend_module
from .arrays import Array, cast, computing_dtype, is_direct, same_elements, share_memory
from .steps import recorded
from .threads import get_num_threads

__all__ = [
    "BLOCK",
    "Index",
    "add_over_channels",
    "block_indices",
    "compiled_steps",
    "copied_blocks",
    "part_of",
    "run_blocks",
    "shared_blocks",
]

Index = tuple[slice, ...]

BLOCK = 65536
"""Elements of a block, for which the activations do not start threads: four operands of float32 take 1 MiB of the L2 cache."""

# A backend that cannot run the steps of a body by itself leaves them to NumPy.
_BlockSteps = getattr(backend_module, "BlockSteps", None)

SHARE = 4
"""Blocks for which another thread pays: to start it takes about as long as one."""

SHARED = 1 if _BlockSteps is None else 8
"""Blocks that are worked on together where one step follows the other: compiled steps take several threads each."""


def block_indices(shape: tuple[int, ...], size: int) -> Iterator[Index]:
    """Yield the blocks of an array of this shape, in C order: ranges of one axis, with all of the axes behind it."""
    axis, inner = len(shape), 1
    while axis and inner * shape[axis - 1] <= size:
        axis -= 1
        inner *= shape[axis]
    if axis == 0:
        yield ()
        return
    length = shape[axis - 1]
    # Ranges of about one length, rather than a short one at the end.
    count = -(-length // max(1, size // inner))
    step = -(-length // count)
    for place in np.ndindex(shape[: axis - 1]):
        before = tuple(slice(i, i + 1) for i in place)
        for start in range(0, length, step):
            yield (*before, slice(start, start + step))


def shared_blocks(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Iterator[tuple[Index, Array]]:
    """Yield parts of an array that are worth sharing among threads, with an array that has room for any of them."""
    room = np.empty(min(prod(shape), SHARED * BLOCK), dtype)
    return ((index, room) for index in block_indices(shape, SHARED * BLOCK) if room.size)


def part_of(x: Array, index: Index) -> Array:
    """Return a block of an array; an axis of length one serves all blocks."""
    if not index:
        return x
    if 1 in x.shape:
        index = tuple(slice(None) if n == 1 else s for s, n in zip(index, x.shape, strict=False))
    return x[index]


def run_blocks(
    body: Callable[..., None],
    inputs: Sequence[Array],
    outputs: Sequence[Array],
    dtype: np.dtype[Any],
    scratch: int = 0,
) -> None:
    """Call ``body(*inputs, *outputs, *scratch)`` on one block of the operands after the other.

    The body gets native, aligned arrays of the computing dtype; several threads may call it at a time.  Several outputs it may
    write at any time, and use as scratch.  A single one it writes last: it may be one of the inputs, or the last block of
    scratch.  Floating-point errors are ignored.

    Threads share the blocks out, rather than each of the steps in a block: they meet once, at the end.

    Parameters
    ----------
    body : callable
        It is called just once with the same number of operands, if the backend can run its steps by itself.
    inputs : sequence of ndarray
        Of any dtypes and layouts.  They broadcast to the shape of the outputs and may overlap these, as if they were copies.
    outputs : sequence of ndarray
        Of one shape, any dtypes and layouts; they do not overlap each other.
    dtype : dtype
        That of the results; what is computed in float32 for float16.
    scratch : int
        How many more blocks the body wants.
    """
    if outputs[0].size == 0:
        return
    dtype = computing_dtype(dtype)
    compiled = compiled_steps(body, len(inputs), len(outputs), scratch)
    if compiled is not None and compiled(inputs, outputs, dtype.num):
        return
    shape = outputs[0].shape
    apart: list[Array] = []
    in_place = False
    for x in inputs:
        overlapped = [y for y in outputs if share_memory(x, y)]
        if all(same_elements(x, y) for y in overlapped):
            in_place |= bool(overlapped)
        else:
            x = x.copy()
        apart.append(x if x.shape == shape or is_direct(x, dtype) else cast(x, dtype))
    if compiled is None or not compiled(apart, outputs, dtype.num):
        _walk_in_numpy(body, apart, outputs, dtype, scratch, in_place)


@cache
def compiled_steps(body: Callable[..., None], inputs: int, outputs: int, scratch: int) -> Any:
    """Return the steps of a body as the backend runs them by itself on the operands that it can take, or None if it runs none."""
    if _BlockSteps is None:
        return None
    steps, numbers = recorded(body, inputs, outputs + scratch)
    return _BlockSteps(steps, inputs, numbers, outputs, scratch)


def _walk_in_numpy(
    body: Callable[..., None],
    inputs: Sequence[Array],
    outputs: Sequence[Array],
    dtype: np.dtype[Any],
    scratch: int,
    in_place: bool,
) -> None:
    shape = outputs[0].shape or (1,)
    operands = [x.reshape((1,) * (len(shape) - x.ndim) + x.shape) for x in inputs] + [y.reshape(shape) for y in outputs]
    if not all(x.flags.c_contiguous for x in operands):
        # The order of the memory, not that of the axes.
        full = [x for x in operands if x.shape == shape]
        order = sorted(range(len(shape)), key=lambda axis: -sum(abs(x.strides[axis]) for x in full))
        operands = [x.transpose(order) for x in operands]
        shape = operands[-1].shape
    first, single = len(inputs), len(outputs) == 1
    gathered = [k for k, x in enumerate(operands[:first]) if not is_direct(x, dtype)]
    scattered = [k for k, y in enumerate(operands[first:], first) if not (is_direct(y, dtype) and (single or not in_place))]
    # The output is scratch, too, if it may: one block less in the caches.
    lent = bool(scratch and single and not in_place and not scattered and operands[-1].flags.c_contiguous)

    def walk(indices: Iterable[Index]) -> None:
        size = min(prod(shape), BLOCK)
        buffers = [np.empty(size, dtype) for _ in range(len(gathered) + len(scattered) + scratch - lent)]
        shaped: list[Array] = []
        with np.errstate(all="ignore"):
            for index in indices:
                parts = [part_of(x, index) for x in operands]
                block = parts[-1].shape
                if not shaped or shaped[0].shape != block:
                    shaped = [buffer[: prod(block)].reshape(block) for buffer in buffers]
                ready, free = parts.copy(), iter(shaped)
                for k in gathered:
                    ready[k] = next(free)
                    ready[k][...] = parts[k]
                for k in scattered:
                    ready[k] = next(free)
                body(*ready, *free, *parts[-1:] * lent)
                for k in scattered:
                    np.copyto(parts[k], ready[k], casting="same_kind")

    indices = block_indices(shape, BLOCK)
    threads = min(get_num_threads(), prod(shape) // (SHARE * BLOCK))
    if threads <= 1:
        walk(indices)
        return
    from concurrent.futures import ThreadPoolExecutor

    every = list(indices)
    share = -(-len(every) // threads)
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(walk, every[k : k + share]) for k in range(0, len(every), share)]:
            done.result()


def copied_blocks(x: Array, dtype: np.dtype[Any]) -> Iterator[Array]:
    """Yield the elements of an array in C order, block by block, in a buffer of one dimension that is used again."""
    buffer = np.empty(min(x.size, BLOCK), dtype)
    for index in block_indices(x.shape, BLOCK):
        part = part_of(x, index)
        block = buffer[: part.size]
        block.reshape(part.shape)[...] = part
        yield block


def add_over_channels(total: Array, values: Array, axis: int, factor: Array | None = None) -> None:
    """Add the sums of an array, or of its products with a factor, over all axes but one.

    They are carried in float64 block by block, in an order that the shape decides.
    """
    for index in block_indices(values.shape, BLOCK):
        wide = part_of(values, index).astype(np.float64, order="C")
        if factor is not None:
            wide *= part_of(factor, index)
        of_block = part_of(total, index)
        outer, inner = prod(wide.shape[:axis]), prod(wide.shape[axis + 1 :])
        wide = wide.reshape(outer, wide.shape[axis], inner)
        while outer > 1:
            half = outer // 2
            wide[:half] += wide[outer - half : outer]
            outer -= half
        sums = wide[0, :, 0] if inner == 1 else wide[0].sum(axis=-1)
        of_block += sums.reshape(of_block.shape)

"""The kernels on an emulated processor, as a backend of fastact: memory goes there and back with every call."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

from .emulator import Machine

__all__ = ["Backend"]

_ROOM = 1 << 29
"""Bytes for what a call reads and writes."""

_LINE = 64
"""What lies together in a line of the caches here does so there."""

_MOST_OPERANDS, _DONE, _NEEDS_COPIES = 12, 0, 1
_STORAGES = {"e": 0, "f": 1, "d": 2}
_INNER_LOOP = ctypes.CFUNCTYPE(
    None, ctypes.POINTER(ctypes.c_size_t), ctypes.POINTER(ctypes.c_ssize_t), ctypes.POINTER(ctypes.c_ssize_t), ctypes.c_size_t
)


def _merged(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return ranges of addresses of which those that meet are one."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return found


class _Call:
    """Hands every call to ``self._general``."""

    def _serve_directly(self, *facts: Any) -> None:
        """There is no way around the ufunc."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._general(*args, **kwargs)  # type: ignore[attr-defined]


class Backend:
    """What ``fastact.backends`` asks of a module."""

    Call = _Call

    def __init__(self, program: Path) -> None:
        self._machine = Machine(program)
        functions = struct.unpack("<4Q", self._machine.read(self._machine.offered, 4 * 8))
        self._find_loop, self._find_program, self._inner_loop, self._run_rows = functions
        self._room = self._machine.reserve(_ROOM)
        self._free = self._room
        self._kept: list[Any] = []

    def info(self) -> dict[str, str]:
        return {"isa": "AArch64, emulated", "compiler": "clang"}

    def set_num_threads(self, threads: int) -> None:
        """There is one."""

    def _put(self, data: bytes, place: int = 0) -> int:
        """Copy bytes to the machine, to an address that leaves this rest in its line, and return that."""
        address = -(-self._free // _LINE) * _LINE + place % _LINE
        self._free = address + len(data)
        if self._free > self._room + _ROOM:
            raise MemoryError("the emulated machine has no room for the operands")
        self._machine.write(address, data)
        return address

    def _put_numbers(self, *numbers: int) -> int:
        return self._put(struct.pack(f"<{len(numbers)}q", *numbers))

    def _with_memory(self, read: Sequence[tuple[int, int]], written: Sequence[tuple[int, int]], run: Callable[..., int]) -> int:
        """Copy ranges of addresses there, call ``run(moved)``, which gives an address its counterpart, and copy them back."""
        ranges = _merged([*read, *written])
        there = [self._put(ctypes.string_at(low, high - low), low) for low, high in ranges]

        def moved(address: int) -> int:
            return next(t + address - low for (low, high), t in zip(ranges, there, strict=True) if low <= address < high)

        try:
            result = run(moved)
            for low, high in _merged(written):
                ctypes.memmove(low, self._machine.read(moved(low), high - low), high - low)
        finally:
            self._free = self._room
        return result

    def loops(self, declaration: Any, form: str) -> list[tuple[str, int, int]]:
        """Return the inner loops of one form of an activation."""
        from fastact._kernels import FORMS, loops

        found = []
        for types, _, _ in loops(declaration.name, form):
            # Around float16, parameters are of another type; the first operand never is one.
            name = self._put(declaration.name.encode() + b"\0")
            data = self._machine.call(self._find_loop, name, FORMS.index(form), _STORAGES[types[0]])
            self._free = self._room
            outputs = len(types) - (2 if form.startswith("backward") else 1) - len(declaration.parameters)
            callback = _INNER_LOOP(self._inner_loop_of(types, outputs, data))
            self._kept.append(callback)
            address = ctypes.cast(callback, ctypes.c_void_p).value
            assert address is not None
            found.append((types, address, 0))
        return found

    def _inner_loop_of(self, types: str, outputs: int, data: int) -> Callable[..., None]:
        sizes = [np.dtype(c).itemsize for c in types]

        def loop(args: Any, dimensions: Any, steps: Any, _: int) -> None:
            n = dimensions[0]
            if n == 0:
                return
            operands = list(zip(args[: len(sizes)], steps[: len(sizes)], sizes, strict=True))
            ranges = [(at + min(0, (n - 1) * step), at + max(0, (n - 1) * step) + size) for at, step, size in operands]

            def run(moved: Callable[[int], int]) -> int:
                there = self._put_numbers(*(moved(at) for at, _, _ in operands))
                bytes_between = self._put_numbers(*(step for _, step, _ in operands))
                return self._machine.call(self._inner_loop, there, self._put_numbers(n), bytes_between, data)

            self._with_memory(ranges, ranges[-outputs:], run)
            # The emulator computes with this processor, whose flags the ufunc around this loop would report.
            with np.errstate(all="ignore"):
                np.negative(0.0)

        return loop

    def run_rows(
        self, program: str, inputs: Sequence[Any], outputs: Sequence[Any], axes: tuple[int, ...], settings: Sequence[float]
    ) -> bool:
        """Run a row program; the arguments are those of ``fastact.row_loop.run_rows``."""
        whole, arrays = inputs[0], [*inputs, *outputs]
        if whole.dtype not in (np.float32, np.float64):
            return False
        if any(x.dtype != whole.dtype or not x.flags.aligned for x in arrays):
            return False
        index = self._machine.call(self._find_program, self._put(program.encode() + b"\0"))
        ndim = whole.ndim

        def run(moved: Callable[[int], int]) -> int:
            operands = []
            for x in arrays:
                strides = [0 if length == 1 else stride for length, stride in zip(x.shape, x.strides, strict=True)]
                operands += [moved(x.ctypes.data), self._put_numbers(*strides)]
            operands += [0, self._put_numbers(*[0] * ndim)] * (_MOST_OPERANDS - len(arrays))
            of_row = bytes(a in axes for a in range(ndim))
            status = self._machine.call(
                self._run_rows,
                index,
                whole.dtype == np.float64,
                ndim,
                self._put_numbers(*whole.shape),
                self._put(of_row),
                self._put_numbers(*operands),
                self._put(struct.pack("<4d", *settings, *[0.0] * (4 - len(settings)))),
            )
            return status & 0xFFFFFFFF

        status = self._with_memory([byte_bounds(x) for x in inputs], [byte_bounds(x) for x in outputs], run)
        if status not in (_DONE, _NEEDS_COPIES):
            raise MemoryError("the emulated machine has no memory for the rows")
        return status == _DONE

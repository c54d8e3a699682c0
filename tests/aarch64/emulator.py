"""An AArch64 processor in software, by Unicorn, with as much of Linux around it as a static program needs to start."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, NamedTuple

from unicorn import UC_ARCH_ARM64, UC_HOOK_INTR, UC_MODE_ARM, Uc, arm64_const

__all__ = ["Machine"]

_PAGE = 1 << 16
_HEAP, _STACK, _MAPPED = 1 << 30, 2 << 30, 4 << 30
_HEAP_BYTES, _STACK_BYTES = 1 << 28, 1 << 24
_SYSTEM_CALL, _BREAKPOINT = 2, 7
_WRITE_MANY, _IOCTL, _SET_TID_ADDRESS, _BRK, _UNMAP, _MAP, _PROTECT = 66, 29, 96, 214, 215, 222, 226
_NO_SUCH_CALL, _NO_TERMINAL = -38, -25
_REGISTERS = [getattr(arm64_const, f"UC_ARM64_REG_X{i}") for i in range(9)]


class _Segment(NamedTuple):
    """A part of a program, as its header in the file has it."""

    type: int
    flags: int
    offset: int
    address: int
    physical: int
    bytes_in_file: int
    bytes_in_memory: int
    alignment: int


def _whole_pages(n: int) -> int:
    return -(-n // _PAGE) * _PAGE


class Machine:
    """A processor and its memory, with a program that has run to its first breakpoint.

    Attributes
    ----------
    offered : int
        What the program had in its first register there.
    """

    def __init__(self, program: Path) -> None:
        self._cpu = Uc(UC_ARCH_ARM64, UC_MODE_ARM)
        self._heap_end, self._next_mapped = _HEAP, _MAPPED
        self._stopped = False
        self._cpu.mem_map(_HEAP, _HEAP_BYTES)
        self._cpu.mem_map(_STACK, _STACK_BYTES)
        # Floating-point instructions are not trapped.
        self._cpu.reg_write(arm64_const.UC_ARM64_REG_CPACR_EL1, 3 << 20)
        self._cpu.hook_add(UC_HOOK_INTR, self._on_interrupt)
        self._run(self._load(program.read_bytes()))
        self.offered: int = self._cpu.reg_read(_REGISTERS[0])
        self._return_to = self.reserve(_PAGE)

    def _load(self, elf: bytes) -> int:
        """Copy a program into memory, with the stack that Linux gives it; return where it starts."""
        entry, headers = struct.unpack_from("<QQ", elf, 24)
        size, count = struct.unpack_from("<HH", elf, 54)
        segments = [_Segment(*struct.unpack_from("<IIQQQQQQ", elf, headers + k * size)) for k in range(count)]
        loaded = [s for s in segments if s.type == 1]
        first = min(s.address for s in loaded) // _PAGE * _PAGE
        self._cpu.mem_map(first, _whole_pages(max(s.address + s.bytes_in_memory for s in loaded) - first))
        for s in loaded:
            self.write(s.address, elf[s.offset : s.offset + s.bytes_in_file])
        stack = _STACK + _STACK_BYTES - 4096
        random = stack + 2048
        # Where its headers are, the size of a page, 16 random bytes, and no more.
        known = [(3, first + headers), (4, size), (5, count), (6, 4096), (9, entry), (25, random), (0, 0)]
        words = [0, 0, 0, *(word for pair in known for word in pair)]
        self.write(stack, struct.pack(f"<{len(words)}Q", *words))
        self._cpu.reg_write(arm64_const.UC_ARM64_REG_SP, stack)
        return entry

    def _run(self, address: int, until: int = 0) -> None:
        self._stopped = False
        self._cpu.emu_start(address, until)
        if not self._stopped and self._cpu.reg_read(arm64_const.UC_ARM64_REG_PC) != until:
            raise RuntimeError(f"the program stopped at {self._cpu.reg_read(arm64_const.UC_ARM64_REG_PC):#x}")

    def _on_interrupt(self, cpu: Any, number: int, _: Any) -> None:
        if number == _SYSTEM_CALL:
            arguments = [cpu.reg_read(register) for register in _REGISTERS]
            cpu.reg_write(_REGISTERS[0], self._system_call(arguments[8], *arguments[:2]) & (1 << 64) - 1)
            return
        self._stopped = number == _BREAKPOINT
        cpu.emu_stop()

    def _system_call(self, number: int, first: int, second: int) -> int:
        if number == _BRK:
            if _HEAP <= first <= _HEAP + _HEAP_BYTES:
                self._heap_end = first
            return self._heap_end
        if number == _MAP:
            return self.reserve(second)
        if number == _UNMAP:
            self._cpu.mem_unmap(first, _whole_pages(second))
            return 0
        if number == _IOCTL:
            return _NO_TERMINAL
        return 0 if number in (_SET_TID_ADDRESS, _PROTECT) else _NO_SUCH_CALL

    def reserve(self, size: int) -> int:
        """Return the address of so many bytes of fresh memory."""
        address = self._next_mapped
        self._cpu.mem_map(address, _whole_pages(size))
        self._next_mapped += _whole_pages(size) + _PAGE
        return address

    def write(self, address: int, data: bytes) -> None:
        self._cpu.mem_write(address, data)

    def read(self, address: int, size: int) -> bytes:
        return bytes(self._cpu.mem_read(address, size))

    def call(self, function: int, *arguments: int) -> int:
        """Call a function of up to eight integers and addresses, and return the integer that it returns."""
        for register, value in zip(_REGISTERS, arguments, strict=False):
            self._cpu.reg_write(register, value)
        self._cpu.reg_write(arm64_const.UC_ARM64_REG_LR, self._return_to)
        self._run(function, self._return_to)
        result: int = self._cpu.reg_read(_REGISTERS[0])
        return result

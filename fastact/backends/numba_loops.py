# mypy: disable-error-code="arg-type, attr-defined, call-arg, misc, name-defined, no-any-return"
# mypy: disable-error-code="no-untyped-call, var-annotated"
"""Loops made by Numba, each compiled on its first use.

a) A kernel computes one form of an activation over contiguous operands, a number of whole units long.  The loop over a unit
   is told to LLVM as having independent iterations, which makes packed instructions of it even where an output is an input's
   memory, and its length is known then: nothing is left over for a second loop.
b) One loop around all kernels, :func:`_inner_loop`, makes of them inner loops of NumPy's ufuncs: it gathers what is not
   contiguous or no whole unit into blocks, takes large work to several threads, and leaves no floating-point exception behind.

Numba functions see memory as addresses, which are integers here.
"""

from __future__ import annotations

import ctypes
import hashlib
import inspect
import os
import sys
import types as python_types
from collections.abc import Callable
from functools import cache
from typing import Any

import numba
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from .. import activations, coefficients, elementary, language, rowwise
from . import numba_tables, numba_words

__all__ = ["inner_loop", "scalar_functions", "set_num_threads"]

_FLOATS = {"float32": types.float32, "float64": types.float64}
_MODULES = (elementary, *activations.MODULES, rowwise)
# Bytes of an operand that a kernel works on at a time: four AVX-512 registers, as many as hide the latency of operations that
# wait for each other.
_UNIT = 256
_INTERLEAVED = 4
# How far ahead of the work the caches are asked for inputs and outputs.
_BYTES_AHEAD = 2048
_CACHE_LINE = 64
# What is gathered passes through blocks of so many units.
_UNITS = 16
_BLOCK = _UNITS * _UNIT
_MOST_OPERANDS = 16
_ADDRESSES_SIZE, _BLOCKS_SIZE = 8 * _MOST_OPERANDS, _BLOCK * _MOST_OPERANDS
_WORTH_A_THREAD = 32768
# Results of so many elements are written to whole lines of the caches; for fewer the start costs more than that saves.
_ALIGNED_FROM = 8192


def _compile(decorator: Callable[..., Any], function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Compile a function, and keep the result on disk where Numba finds a place that can be written and read."""
    try:
        return decorator(*arguments, cache=True, **options)(function)
    except Exception:
        # No such place, a full disk, a damaged file: none of them matters.
        return decorator(*arguments, **options)(function)


@cache
def scalar_functions(precision: str) -> dict[str, Any]:
    """Return the elementary functions, the activations and the parts of row programs as Numba functions of scalars."""
    sources = [f for module in _MODULES for f in language.functions_of(module) if f not in rowwise.PROGRAMS + rowwise.SUBPROGRAMS]
    wrap = numba.njit(error_model="numpy", forceinline=True, nogil=True)
    return language.bind(sources, precision, numba_words.WORDS, wrap)


@cache
def arity(name: str) -> tuple[int, int]:
    """Return how many arguments a scalar function takes and how many values it returns."""
    function = scalar_functions("float32")[name]
    inputs = function.py_func.__code__.co_argcount
    call = numba.typeof(function).get_call_type(function.targetctx.typing_context, (types.float32,) * inputs, {})
    return inputs, call.return_type.count if isinstance(call.return_type, types.BaseTuple) else 1


# --- kernels ---------------------------------------------------------------------------------------------------------


class _AccessGroup(ir.MDValue):
    """Marks the accesses of a loop that are independent of those of its other iterations."""

    def descr(self, buffer: list[str]) -> None:
        buffer += ("distinct !{}\n",)


def _new_metadata(module: ir.Module, kind: type[ir.MDValue]) -> ir.MDValue:
    return kind(module, (), name=str(len(module.metadata)))


def _outputs(builder: ir.IRBuilder, form: str, inputs: list[ir.Value], results: list[ir.Value]) -> list[ir.Value]:
    match form:
        case "value":
            return results[:1]
        case "derivative":
            return results[1:2]
        case "value_and_derivative":
            return results[:2]
        case "backward":
            return [builder.fmul(inputs[0], results[1])]
        case "backward_parameters":
            return [builder.fmul(inputs[0], derivative) for derivative in results[1:]]
        case _:
            return results


def _is_gradient(form: str) -> bool:
    return form.startswith("backward")


def _first_parameter(form: str) -> int:
    """Return which input is the first that may be one number for all elements."""
    return 2 if _is_gradient(form) else 1


def _prefetch(builder: ir.IRBuilder, pointer: ir.Value, write: bool) -> None:
    byte, integer = ir.IntType(8).as_pointer(), ir.IntType(32)
    function = builder.module.declare_intrinsic(
        "llvm.prefetch", [byte], ir.FunctionType(ir.VoidType(), [byte, integer, integer, integer])
    )
    everywhere, data = 3, 1
    builder.call(function, [builder.bitcast(pointer, byte), *map(integer, (int(write), everywhere, data))])


def _elementwise(evaluate: Any, form: str, float_: types.Float, inputs: int, outputs: int) -> Any:
    """Return an intrinsic that computes a form over contiguous operands, given an array of their addresses.

    The length is that of whole units.  Parameters are one number each where ``uniform`` is not zero.
    """
    size = float_.bitwidth // 8
    parameter = _first_parameter(form)

    def elementwise(typingctx: Any, operands: types.Type, length: types.Type, uniform: types.Type) -> Any:
        called = numba.typeof(evaluate)
        call = typingctx.resolve_function_type(called, (float_,) * (inputs - _is_gradient(form)), {})

        def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: tuple[ir.Value, ...]) -> ir.Value:
            # LLVM leaves half of an AVX-512 register unused on many processors unless told otherwise.
            set.add(builder.function.attributes, '"prefer-vector-width"="512"')
            # And it takes the stack as it is, so that vectors stored there lie across cache lines, unless told otherwise.
            set.add(builder.function.attributes, '"stackrealign"')
            operands, n, uniform = arguments
            unit = n.type(_UNIT // size)
            element = context.get_value_type(float_).as_pointer()
            addresses = builder.inttoptr(operands, element.as_pointer())
            pointers = [builder.load(cgutils.gep_inbounds(builder, addresses, k)) for k in range(inputs + outputs)]
            targets = pointers[inputs:]
            implementation = context.get_function(called, call)
            context.add_linking_libs(getattr(implementation, "libs", ()))
            group = _new_metadata(builder.module, _AccessGroup)
            hints = (
                ["llvm.loop.parallel_accesses", group],
                ["llvm.loop.vectorize.enable", ir.IntType(1)(1)],
                ["llvm.loop.interleave.count", ir.IntType(32)(_INTERLEAVED)],
                ["llvm.loop.unroll.disable"],
            )

            def loop(sources: list[ir.Value], numbers: list[ir.Value]) -> None:
                name = _new_metadata(builder.module, ir.MDValue)
                name.operands = (name, *map(builder.module.add_metadata, hints))
                with cgutils.for_range_slice(builder, n.type(0), n, unit) as (first, _):
                    for pointer in (*sources, *targets):
                        for ahead in range(_BYTES_AHEAD, _BYTES_AHEAD + _UNIT, _CACHE_LINE):
                            there = builder.gep(pointer, [builder.add(first, n.type(ahead // size))])
                            _prefetch(builder, there, pointer in targets)
                    with cgutils.for_range(builder, unit) as elements:
                        index = builder.add(first, elements.index)
                        loads = [builder.load(builder.gep(p, [index])) for p in sources]
                        values = loads + numbers
                        returned = implementation(builder, values[_is_gradient(form) :])
                        several = isinstance(call.return_type, types.BaseTuple)
                        results = cgutils.unpack_tuple(builder, returned) if several else [returned]
                        written = _outputs(builder, form, values, results)
                        stores = [builder.store(v, builder.gep(p, [index])) for v, p in zip(written, targets, strict=True)]
                        for access in loads + stores:
                            access.set_metadata("llvm.access.group", group)
                        end = builder.block
                    end.terminator.set_metadata("llvm.loop", name)

            with builder.if_else(cgutils.is_not_null(builder, uniform)) as (of_numbers, of_arrays):
                with of_numbers:
                    loop(pointers[:parameter], [builder.load(p) for p in pointers[parameter:inputs]])
                with of_arrays:
                    if parameter < inputs:
                        loop(pointers[:inputs], [])
            return context.get_dummy_value()

        return types.void(*[types.intp] * 3), codegen

    return intrinsic(elementwise)


@cache
def _sources() -> str:
    # Numba knows which file a kernel is written in, and not the files of what it calls.
    modules = (*_MODULES, coefficients, language, numba_tables, numba_words, sys.modules[__name__])
    return hashlib.sha256("".join(map(inspect.getsource, modules)).encode()).hexdigest()


def _kernel_of_version(version: Any) -> Any:
    """Return the code of a kernel: what is closed over is a part of the key under which Numba keeps it on disk."""

    def kernel(operands: int, length: int, uniform: int) -> None:
        version  # noqa: B018
        elementwise(operands, length, uniform)  # noqa: F821

    return kernel


@cache
def _kernel(name: str, form: str, precision: str, inputs: int, outputs: int) -> Any:
    elementwise = _elementwise(scalar_functions(precision)[name], form, _FLOATS[precision], inputs, outputs)
    source = _kernel_of_version((_sources(), precision))
    kernel = python_types.FunctionType(
        source.__code__, {"elementwise": elementwise, "__name__": __name__}, f"{name}_{form}", None, source.__closure__
    )
    kernel.__qualname__ = kernel.__name__
    return _compile(numba.cfunc, kernel, types.void(*[types.intp] * 3), error_model="numpy")


# --- memory, for Numba functions -------------------------------------------------------------------------------------


def _pointer(builder: ir.IRBuilder, address: ir.Value, type_: ir.Type) -> ir.Value:
    return builder.inttoptr(address, type_.as_pointer())


@intrinsic
def _load(typingctx: Any, address: types.Type, index: types.Type) -> Any:
    """Return the integer at an index of an array of integers."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: tuple[ir.Value, ...]) -> ir.Value:
        address, index = arguments
        return builder.load(builder.gep(_pointer(builder, address, address.type), [index]))

    return types.intp(types.intp, types.intp), codegen


@intrinsic
def _store(typingctx: Any, address: types.Type, index: types.Type, value: types.Type) -> Any:
    """Set the integer at an index of an array of integers."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: tuple[ir.Value, ...]) -> ir.Value:
        address, index, value = arguments
        builder.store(value, builder.gep(_pointer(builder, address, address.type), [index]))
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.intp), codegen


@intrinsic
def _exchange(typingctx: Any, address: types.Type, value: types.Type) -> Any:
    """Replace an integer that threads share, and return what it was."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: tuple[ir.Value, ...]) -> ir.Value:
        address, value = arguments
        return builder.atomic_rmw("xchg", _pointer(builder, address, address.type), value, "seq_cst")

    return types.intp(types.intp, types.intp), codegen


@intrinsic(prefer_literal=True)
def _stack(typingctx: Any, size: types.Type) -> Any:
    """Return the address of memory that lives as long as the call of the function."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: tuple[ir.Value, ...]) -> ir.Value:
        with builder.goto_entry_block():
            memory = builder.alloca(ir.ArrayType(ir.IntType(8), size.literal_value))
        memory.align = 64
        return builder.ptrtoint(memory, context.get_value_type(types.intp))

    return types.intp(size), codegen


@intrinsic
def _clear_unit(typingctx: Any, address: types.Type) -> Any:
    """Set the elements of a unit to zero."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: tuple[ir.Value, ...]) -> ir.Value:
        cgutils.memset(builder, _pointer(builder, arguments[0], ir.IntType(8)), ir.IntType(64)(_UNIT), 0)
        return context.get_dummy_value()

    return types.void(types.intp), codegen


def _mover(bits: int) -> Any:
    def move(typingctx: Any, target: types.Type, source: types.Type) -> Any:
        def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: tuple[ir.Value, ...]) -> ir.Value:
            target, source = (_pointer(builder, a, ir.IntType(bits)) for a in arguments)
            builder.store(builder.load(source), target)
            return context.get_dummy_value()

        return types.void(types.intp, types.intp), codegen

    return intrinsic(move)


_move4, _move8 = _mover(32), _mover(64)


@intrinsic
def _call(typingctx: Any, function: types.Type, arguments: types.Type) -> Any:
    """Call the function at an address with a tuple of integers."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, values: tuple[ir.Value, ...]) -> ir.Value:
        integers = cgutils.unpack_tuple(builder, values[1])
        function = ir.FunctionType(ir.VoidType(), [i.type for i in integers])
        builder.call(_pointer(builder, values[0], function), integers)
        return context.get_dummy_value()

    return types.void(types.intp, arguments), codegen


# --- the loop around the kernels -------------------------------------------------------------------------------------

# What stands in the data of an inner loop, and in the memory that all of them share.
_KERNEL, _PARAMETER, _INPUTS, _OPERANDS, _SIZE, _LENGTH, _SHARED = range(7)
_THREADS, _BUSY, _CLEAR, _PARALLEL = range(4)

_helper = numba.njit(nogil=True)


@_helper
def _copy(target: int, target_step: int, source: int, source_step: int, n: int, size: int) -> None:
    if size == 4:
        for i in range(n):
            _move4(target + i * target_step, source + i * source_step)
    else:
        for i in range(n):
            _move8(target + i * target_step, source + i * source_step)


@_helper
def _run(operands: int, steps: int, start: int, n: int, data: int) -> None:
    """Run a kernel over `n` elements from `start` on; what is not contiguous or no whole unit passes through the stack."""
    kernel, parameter, inputs = _load(data, _KERNEL), _load(data, _PARAMETER), _load(data, _INPUTS)
    count, size, unit = _load(data, _OPERANDS), _load(data, _SIZE), _load(data, _LENGTH)
    uniform = 1
    for k in range(parameter, inputs):
        uniform &= _load(steps, k) == 0
    addresses = _stack(_ADDRESSES_SIZE)
    whole = n & -unit
    for k in range(count):
        step = _load(steps, k)
        if step != size and not (uniform and parameter <= k < inputs):
            whole = 0
        _store(addresses, k, _load(operands, k) + start * step)
    if whole:
        _call(kernel, (addresses, whole, uniform))
    blocks = _stack(_BLOCKS_SIZE)
    for first in range(start + whole, start + n, _UNITS * unit):
        length = min(_UNITS * unit, start + n - first)
        padded = (length + unit - 1) & -unit
        for k in range(count):
            step, block = _load(steps, k), blocks + k * _BLOCK
            element = _load(operands, k) + first * step
            if (step == size and length == padded) or (uniform and parameter <= k < inputs):
                _store(addresses, k, element)
                continue
            _store(addresses, k, block)
            if k < inputs and (step != 0 or first == start + whole):
                _clear_unit(block + (padded - unit) * size)
                _copy(block, size, element, step, length, size)
        _call(kernel, (addresses, padded, uniform))
        for k in range(inputs, count):
            step = _load(steps, k)
            if step != size or length != padded:
                _copy(_load(operands, k) + first * step, step, blocks + k * _BLOCK, size, length, size)


@_helper
def _run_aligned(operands: int, steps: int, start: int, n: int, data: int) -> None:
    """Run a kernel over `n` elements from `start` on, the first few by themselves where the others then fill cache lines."""
    inputs, size = _load(data, _INPUTS), _load(data, _SIZE)
    step = _load(steps, inputs)
    head = 0
    if n >= _ALIGNED_FROM and step == size:
        head = (-(_load(operands, inputs) + start * step) & (_CACHE_LINE - 1)) // size
    if head > 0:
        _run(operands, steps, start, head, data)
    _run(operands, steps, start + head, n - head, data)


def _in_chunks(operands: int, steps: int, n: int, data: int, chunks: int) -> None:
    clear = _load(_load(data, _SHARED), _CLEAR)
    chunk = (n + chunks * 64 - 1) // (chunks * 64) * 64
    for c in numba.prange(chunks):
        start = numba.intp(c) * chunk
        length = min(chunk, n - start)
        if length > 0:
            _run_aligned(operands, steps, start, length, data)
            _call(clear, ())


def _inner_loop(operands: int, dimensions: int, steps: int, data: int) -> None:
    n = _load(dimensions, 0)
    shared = _load(data, _SHARED)
    chunks = min(_load(shared, _THREADS), n // _WORTH_A_THREAD)
    # Some of Numba's threading layers die of two callers at a time.
    if chunks > 1 and _exchange(shared + 8 * _BUSY, 1) == 0:
        _call(_load(shared, _PARALLEL), (operands, steps, n, data, chunks))
        _exchange(shared + 8 * _BUSY, 0)
    elif n > 0:
        _run_aligned(operands, steps, 0, n, data)
    _call(_load(shared, _CLEAR), ())


_shared = (ctypes.c_ssize_t * 4)()


def _address_of_clear() -> int:
    # Slot 27 of NumPy's ufunc API is PyUFunc_clearfperr; the order of the slots is part of NumPy's binary interface.
    from numpy._core import _multiarray_umath

    get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
    get_pointer.restype = ctypes.c_void_p
    get_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    return ctypes.cast(get_pointer(_multiarray_umath._UFUNC_API, None), ctypes.POINTER(ctypes.c_ssize_t))[27]


@cache
def _compiled_inner_loop() -> Any:
    _shared[_CLEAR] = _address_of_clear()
    return _compile(numba.cfunc, _inner_loop, types.void(*[types.intp] * 4))


@cache
def _compiled_parallel() -> Any:
    in_chunks = _compile(numba.njit, _in_chunks, types.void(*[types.intp] * 5), parallel=True, nogil=True)

    def parallel(operands: int, steps: int, n: int, data: int, chunks: int) -> None:
        in_chunks(operands, steps, n, data, chunks)

    return numba.cfunc(types.void(*[types.intp] * 5))(parallel)


def set_num_threads(threads: int) -> None:
    """Let loops run on up to this many threads; on one after a fork, which some threading layers die of."""
    _shared[_THREADS] = 0 if _forked else threads
    if _shared[_THREADS] > 1:
        _shared[_PARALLEL] = _compiled_parallel().address


_forked = False


def _after_fork() -> None:
    global _forked
    _forked = True
    _shared[_THREADS] = _shared[_BUSY] = 0


os.register_at_fork(after_in_child=_after_fork)


@cache
def inner_loop(name: str, form: str, precision: str, inputs: int, outputs: int) -> tuple[int, int]:
    """Return the addresses of a ufunc's inner loop and of its data, for one form of a scalar function."""
    kernel = _kernel(name, form, precision, inputs, outputs)
    size = _FLOATS[precision].bitwidth // 8
    operands = _first_parameter(form), inputs, inputs + outputs
    data = (ctypes.c_ssize_t * 7)(kernel.address, *operands, size, _UNIT // size, ctypes.addressof(_shared))
    _keep_alive.append(data)
    return _compiled_inner_loop().address, ctypes.addressof(data)


_keep_alive: list[Any] = []

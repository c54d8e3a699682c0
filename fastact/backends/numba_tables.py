# mypy: disable-error-code="attr-defined, no-untyped-call"
"""The numbers of intervals in the code of Numba, by functions for scalars and for vectors.

LLVM makes no packed instructions of a loop that reads memory at places it cannot foresee.  It does of one that calls a function
of which it is told others for vectors: each table has one for scalars, and one for each size of a register.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import models, register_model, typeof_impl

from ..language import INTERVALS, Rows

__all__ = ["RowsType", "function_of_table"]

_SIZES = (16, 32, 64)
"""Bytes of a register."""

_Find = Callable[[ir.IRBuilder, Any, ir.Value], ir.Value]
"""From a row and the numbers of intervals to what the row has there."""


class RowsType(types.Dummy):
    """The type of one table: Numba compiles with what it knows of a type."""

    def __init__(self, rows: Rows) -> None:
        self.values = rows.values
        self.digest = hashlib.sha256(rows.values.tobytes()).hexdigest()[:16]
        super().__init__(f"Rows({rows.values.dtype}, {self.digest})")


register_model(RowsType)(models.OpaqueModel)


@typeof_impl.register(Rows)
def _type_of_rows(rows: Rows, _context: Any) -> RowsType:
    return RowsType(rows)


class _Operands(NamedTuple):
    """The types of scalars, or of vectors, and what LLVM calls them."""

    number: Any
    integer: Any
    suffix: str


def _operands(bits: int, lanes: int | None) -> _Operands:
    number, integer = (ir.FloatType() if bits == 32 else ir.DoubleType()), ir.IntType(bits)
    if lanes is None:
        return _Operands(number, integer, f"f{bits}")
    return _Operands(ir.VectorType(number, lanes), ir.VectorType(integer, lanes), f"v{lanes}f{bits}")


def function_of_table(context: Any, module: ir.Module, table: RowsType, arguments: int) -> ir.Function:
    """Return the function of an interval's place, and of a number: the table's first row there, or its polynomial.

    The lowest four bits of the place are the interval's number.
    """
    bits = 8 * table.values.itemsize
    name = f"fastact_table_{table.digest}_{arguments}"
    if name in module.globals:
        return module.globals[name]
    function = _define(module, name, _operands(bits, None), table, arguments, _read)
    function.linkage = "linkonce_odr"
    # Inlined, it would be a reading of memory again.
    function.attributes.add("noinline")
    variants = []
    for size in _SIZES:
        lanes = 8 * size // bits
        variant = _define(module, f"{name}_{lanes}", _operands(bits, lanes), table, arguments, _finder(context, bits, size))
        # Nothing but LLVM's vectoriser calls it: it must not be dropped before.
        variant.linkage = "weak_odr"
        variants.append(f"_ZGV_LLVM_N{lanes}{'v' * arguments}_{name}({variant.name})")
    set.add(function.attributes, f'"vector-function-abi-variant"="{",".join(variants)}"')
    return function


def _define(module: ir.Module, name: str, operands: _Operands, table: RowsType, arguments: int, find: _Find) -> ir.Function:
    """Add a function that finds its coefficients, and evaluates the polynomial by Horner's rule."""
    function = ir.Function(module, ir.FunctionType(operands.number, [operands.number] * arguments), name)
    for attribute in ("nounwind", "willreturn", "readnone", '"prefer-vector-width"="512"', '"min-legal-vector-width"="512"'):
        set.add(function.attributes, attribute)
    builder = ir.IRBuilder(function.append_basic_block())
    place, *rest = function.args
    number = builder.and_(builder.bitcast(place, operands.integer), _constant(operands.integer, INTERVALS - 1))
    fma_type = ir.FunctionType(operands.number, [operands.number] * 3)
    fma = cgutils.get_or_insert_function(module, fma_type, f"llvm.fma.{operands.suffix}")
    *lower, result = (find(builder, row, number) for row in table.values[: None if rest else 1])
    for coefficient in reversed(lower):
        result = builder.call(fma, [result, *rest, coefficient])
    builder.ret(result)
    return function


def _constant(type_: Any, value: int) -> ir.Constant:
    return ir.Constant(type_, [value] * type_.count if isinstance(type_, ir.VectorType) else value)


def _numbers(values: Any, container: Any) -> ir.Constant:
    """Return a vector or an array of constants."""
    return ir.Constant(container, [ir.Constant(container.element, float(value)) for value in values])


def _read(builder: ir.IRBuilder, row: Any, number: ir.Value) -> ir.Value:
    """Read the number of one interval from memory."""
    element = ir.FloatType() if row.itemsize == 4 else ir.DoubleType()
    memory = cgutils.global_constant(builder, ".row", _numbers(row, ir.ArrayType(element, INTERVALS)))
    return builder.load(builder.gep(memory, [number.type(0), number], inbounds=True))


def _read_each(builder: ir.IRBuilder, row: Any, number: ir.Value) -> ir.Value:
    """Read the numbers of several intervals from memory."""
    lanes = number.type.count
    found = ir.Constant(_operands(8 * row.itemsize, lanes).number, ir.Undefined)
    for lane in map(ir.IntType(32), range(lanes)):
        found = builder.insert_element(found, _read(builder, row, builder.extract_element(number, lane)), lane)
    return found


def _finder(context: Any, bits: int, size: int) -> _Find:
    """Return what finds numbers for a whole register, with the processor's instruction for that if it has one."""
    features = context.codegen().magic_tuple()[2]
    lanes = 8 * size // bits
    vector, integer, _ = _operands(bits, lanes)

    def permutation(builder: ir.IRBuilder, name: str, *operands: ir.Value) -> ir.Value:
        function_type = ir.FunctionType(vector, [o.type for o in operands])
        return builder.call(cgutils.get_or_insert_function(builder.module, function_type, f"llvm.x86.{name}"), operands)

    def in_one(builder: ir.IRBuilder, row: Any, number: ir.Value) -> ir.Value:
        return permutation(builder, "avx512.permvar.sf.512", _numbers(row, vector), number)

    def in_two(builder: ir.IRBuilder, row: Any, number: ir.Value) -> ir.Value:
        first, second = _numbers(row[:lanes], vector), _numbers(row[lanes:], vector)
        return permutation(builder, "avx512.vpermi2var.pd.512", first, number, second)

    def in_halves(builder: ir.IRBuilder, row: Any, number: ir.Value) -> ir.Value:
        first, second = (permutation(builder, "avx2.permps", _numbers(h, vector), number) for h in (row[:lanes], row[lanes:]))
        return builder.select(builder.icmp_unsigned("<", number, _constant(integer, lanes)), first, second)

    match bits, size:
        case 32, 64 if "+avx512f" in features:
            return in_one
        case 64, 64 if "+avx512f" in features:
            return in_two
        case 32, 32 if "+avx2" in features:
            return in_halves
    return _read_each

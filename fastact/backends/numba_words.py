# mypy: disable-error-code="attr-defined"
"""The words of the restricted language as Numba functions, over scalars of float32 or float64.

Every word is an intrinsic that emits LLVM instructions without branches, so that the loops around them are vectorised.
It refuses operands of two precisions: nothing is promoted silently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from typing import Any

from llvmlite import ir
from llvmlite.binding import llvm_version_info
from numba.core import types
from numba.extending import intrinsic

from .numba_tables import RowsType, function_of_table

__all__ = ["WORDS"]

_SIGNIFICAND = {types.float32: 23, types.float64: 52}
_BIAS = {types.float32: 127, types.float64: 1023}
_CLEARED = {types.float32: 12, types.float64: 27}
_LOWERED = {types.float32: 64, types.float64: 512}
# LLVM 15 does not know its function, and LLVM 20 packs no loop that calls it: everything took twenty times as long.
_PACKS_LDEXP = llvm_version_info >= (22, 0, 0)

_Emit = Callable[[Any, types.Float, tuple[ir.Value, ...]], ir.Value]


def _integer(type_: types.Float) -> ir.IntType:
    return ir.IntType(type_.bitwidth)


def _bits(builder: ir.IRBuilder, type_: types.Float, value: ir.Value) -> ir.Value:
    return builder.bitcast(value, _integer(type_))


def _float(context: Any, builder: ir.IRBuilder, type_: types.Float, bits: ir.Value) -> ir.Value:
    return builder.bitcast(bits, context.get_value_type(type_))


def _one_precision(*operands: types.Type) -> bool:
    return operands[0] in _SIGNIFICAND and all(operand == operands[0] for operand in operands)


def _generate(emit: Callable[..., ir.Value], type_: types.Type) -> Callable[..., ir.Value]:
    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: tuple[ir.Value, ...]) -> ir.Value:
        return emit(context, builder, type_, *arguments)

    return codegen


def _unary(emit: Callable[..., ir.Value]) -> Any:
    def typing(typingctx: Any, x: types.Type) -> Any:
        return (x(x), _generate(emit, x)) if _one_precision(x) else None

    return _named(typing, emit)


def _binary(emit: Callable[..., ir.Value]) -> Any:
    def typing(typingctx: Any, a: types.Type, b: types.Type) -> Any:
        return (a(a, b), _generate(emit, a)) if _one_precision(a, b) else None

    return _named(typing, emit)


def _ternary(emit: Callable[..., ir.Value]) -> Any:
    def typing(typingctx: Any, a: types.Type, b: types.Type, c: types.Type) -> Any:
        return (a(a, b, c), _generate(emit, a)) if _one_precision(a, b, c) else None

    return _named(typing, emit)


def _named(typing: Any, emit: Callable[..., ir.Value]) -> Any:
    typing.__name__ = typing.__qualname__ = emit.__name__
    return intrinsic(typing)


def _llvm(name: str, *operands: str) -> Callable[..., ir.Value]:
    """Return the emitter of one of LLVM's own functions on floats."""

    def emit(context: Any, builder: ir.IRBuilder, type_: types.Float, *arguments: ir.Value) -> ir.Value:
        float_ = context.get_value_type(type_)
        function = builder.module.declare_intrinsic(
            f"llvm.{name}", [float_], ir.FunctionType(float_, [a.type for a in arguments])
        )
        return builder.call(function, arguments)

    emit.__name__ = name
    return emit


_llvm_fma = _llvm("fma")


@intrinsic
def polynomial(typingctx: Any, x: types.Type, coefficients: types.Type) -> Any:
    """Horner's scheme, unrolled over the tuple of coefficients."""
    if not isinstance(coefficients, types.UniTuple) or not _one_precision(x, coefficients.dtype):
        return None

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: tuple[ir.Value, ...]) -> ir.Value:
        at, packed = arguments
        terms = [builder.extract_value(packed, i) for i in reversed(range(coefficients.count))]
        return reduce(lambda sum_, term: _llvm_fma(context, builder, x, sum_, at, term), terms)

    return x(x, coefficients), codegen


@intrinsic
def lookup(typingctx: Any, place: types.Type, table: types.Type) -> Any:
    if not isinstance(table, RowsType) or not _one_precision(place):
        return None

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: tuple[ir.Value, ...]) -> ir.Value:
        return builder.call(function_of_table(context, builder.module, table, 1), arguments[:1])

    return place(place, table), codegen


@intrinsic
def piecewise(typingctx: Any, x: types.Type, place: types.Type, table: types.Type) -> Any:
    if not isinstance(table, RowsType) or not _one_precision(x, place):
        return None

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: tuple[ir.Value, ...]) -> ir.Value:
        return builder.call(function_of_table(context, builder.module, table, 2), arguments[1::-1])

    return x(x, place, table), codegen


@intrinsic
def where(typingctx: Any, condition: types.Type, a: types.Type, b: types.Type) -> Any:
    if condition != types.boolean or not _one_precision(a, b):
        return None

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: tuple[ir.Value, ...]) -> ir.Value:
        return builder.select(*arguments)

    return a(condition, a, b), codegen


@_binary
def minimum(context: Any, builder: ir.IRBuilder, type_: types.Float, x: ir.Value, bound: ir.Value) -> ir.Value:
    return builder.select(builder.fcmp_ordered(">", x, bound), bound, x)


@_binary
def maximum(context: Any, builder: ir.IRBuilder, type_: types.Float, x: ir.Value, bound: ir.Value) -> ir.Value:
    return builder.select(builder.fcmp_ordered("<", x, bound), bound, x)


def _power_of_two(context: Any, builder: ir.IRBuilder, type_: types.Float, n: ir.Value) -> ir.Value:
    integer = _integer(type_)
    wide = builder.sext(n, integer) if type_.bitwidth > 32 else n
    biased = builder.add(wide, integer(_BIAS[type_]))
    return _float(context, builder, type_, builder.shl(biased, integer(_SIGNIFICAND[type_])))


def _scale(
    context: Any,
    builder: ir.IRBuilder,
    type_: types.Float,
    m: ir.Value,
    n: ir.Value,
    factors: Callable[[ir.Value], Iterable[ir.Value]],
) -> ir.Value:
    # A NaN has no integer: freeze makes the conversion some integer, and the NaN in m decides.
    integer = ir.IntType(32)
    power = ir.Instruction(builder.block, integer, "freeze", [builder.fptosi(n, integer)])
    builder._insert(power)
    if _PACKS_LDEXP and "+avx512f" in context.codegen().magic_tuple()[2]:
        function = builder.module.declare_intrinsic("llvm.ldexp", [m.type, integer], ir.FunctionType(m.type, [m.type, integer]))
        return builder.call(function, [m, power])
    # Without AVX-512 LLVM would call the scalar function of the C library.
    return reduce(builder.fmul, factors(power), m)


@_binary
def ldexp(context: Any, builder: ir.IRBuilder, type_: types.Float, m: ir.Value, n: ir.Value) -> ir.Value:
    def factors(power: ir.Value) -> Iterable[ir.Value]:
        half = builder.ashr(power, power.type(1))
        for k in (half, builder.sub(power, half)):
            yield _power_of_two(context, builder, type_, k)

    return _scale(context, builder, type_, m, n, factors)


@_binary
def ldexp_low(context: Any, builder: ir.IRBuilder, type_: types.Float, m: ir.Value, n: ir.Value) -> ir.Value:
    def factors(power: ir.Value) -> Iterable[ir.Value]:
        # The first product is exact.
        yield _power_of_two(context, builder, type_, builder.add(power, power.type(_LOWERED[type_])))
        yield ir.Constant(m.type, 2.0 ** -_LOWERED[type_])

    return _scale(context, builder, type_, m, n, factors)


@_binary
def ldexp_normal(context: Any, builder: ir.IRBuilder, type_: types.Float, m: ir.Value, n: ir.Value) -> ir.Value:
    return _scale(context, builder, type_, m, n, lambda power: [_power_of_two(context, builder, type_, power)])


@_unary
def exponent(context: Any, builder: ir.IRBuilder, type_: types.Float, x: ir.Value) -> ir.Value:
    bits, integer = _bits(builder, type_, x), _integer(type_)
    magnitude = builder.and_(bits, integer((1 << (type_.bitwidth - 1)) - 1))
    biased = builder.trunc if type_.bitwidth > 32 else lambda value, _: value
    power = biased(builder.lshr(magnitude, integer(_SIGNIFICAND[type_])), ir.IntType(32))
    return builder.sitofp(builder.sub(power, ir.IntType(32)(_BIAS[type_])), x.type)


@_unary
def mantissa(context: Any, builder: ir.IRBuilder, type_: types.Float, x: ir.Value) -> ir.Value:
    bits, integer, width = _bits(builder, type_, x), _integer(type_), _SIGNIFICAND[type_]
    fraction = builder.and_(bits, integer((1 << width) - 1))
    return _float(context, builder, type_, builder.or_(fraction, integer(_BIAS[type_] << width)))


@_unary
def truncate(context: Any, builder: ir.IRBuilder, type_: types.Float, x: ir.Value) -> ir.Value:
    kept = _integer(type_)(-1 << _CLEARED[type_])
    return _float(context, builder, type_, builder.and_(_bits(builder, type_, x), kept))


@_unary
def reciprocal(context: Any, builder: ir.IRBuilder, type_: types.Float, x: ir.Value) -> ir.Value:
    return builder.fdiv(ir.Constant(x.type, 1.0), x)


WORDS: dict[str, Any] = {
    "fma": _ternary(_llvm_fma),
    "polynomial": polynomial,
    "reciprocal": reciprocal,
    "round": _unary(_llvm("roundeven")),
    "floor": _unary(_llvm("floor")),
    "ldexp": ldexp,
    "ldexp_low": ldexp_low,
    "ldexp_normal": ldexp_normal,
    "lookup": lookup,
    "piecewise": piecewise,
    "rarely": where,
    "where": where,
    "minimum": minimum,
    "maximum": maximum,
    "absolute": _unary(_llvm("fabs")),
    "copysign": _binary(_llvm("copysign")),
    "sqrt": _unary(_llvm("sqrt")),
    "exponent": exponent,
    "mantissa": mantissa,
    "truncate": truncate,
}
"""The words by name, as :func:`fastact.language.bind` takes them."""

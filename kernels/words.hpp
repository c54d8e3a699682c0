// The words of the restricted language (fastact/language.py) for vectors of one instruction set.
//
// A translation unit defines FASTACT_ISA, the namespace that everything here is put into, and FASTACT_VECTOR_BYTES, the
// width of a vector.  The generic templates define the meaning; an overload below them is an instruction that gives the same
// bits.  Nothing of the standard library's templates is instantiated here: the linker could merge such a body, compiled for
// a newer CPU, into the path of an older one.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define FASTACT_INLINE inline __attribute__((always_inline))
#define FASTACT_LAZY __attribute__((always_inline))

namespace fastact {
namespace FASTACT_ISA {

template <class T> struct Format;

template <> struct Format<float> {
    using Bits = int32_t;
    static constexpr int fraction_bits = 23;
    static constexpr float bias = 127;
    static constexpr float two_to_fraction_bits = 0x1p23f;
    static constexpr float lowered = 64, lower = 0x1p-64f;
    static constexpr Bits truncated = 0xfff;
};

template <> struct Format<double> {
    using Bits = int64_t;
    static constexpr int fraction_bits = 52;
    static constexpr double bias = 1023;
    static constexpr double two_to_fraction_bits = 0x1p52;
    static constexpr double lowered = 512, lower = 0x1p-512;
    static constexpr Bits truncated = 0x7ffffff;
};

template <class V> struct Traits;

typedef float f32 __attribute__((vector_size(FASTACT_VECTOR_BYTES)));
typedef double f64 __attribute__((vector_size(FASTACT_VECTOR_BYTES)));
typedef int32_t i32 __attribute__((vector_size(FASTACT_VECTOR_BYTES)));
typedef int64_t i64 __attribute__((vector_size(FASTACT_VECTOR_BYTES)));

template <> struct Traits<f32> {
    using Scalar = float;
    using Integers = i32;
};

template <> struct Traits<f64> {
    using Scalar = double;
    using Integers = i64;
};

template <class V> using ScalarOf = typename Traits<V>::Scalar;
template <class V> using IntegersOf = typename Traits<V>::Integers;
template <class V> using FormatOf = Format<ScalarOf<V>>;

template <class T> struct VectorOfType;
template <> struct VectorOfType<float> { using type = f32; };
template <> struct VectorOfType<double> { using type = f64; };
template <class T> using VectorOf = typename VectorOfType<T>::type;

template <class V> constexpr int lanes = sizeof(V) / sizeof(ScalarOf<V>);

// A number as an argument that the compiler knows.
template <int n> struct Number {
    static constexpr int value = n;
};

template <class V> FASTACT_INLINE V load(const ScalarOf<V>* from) {
    V v;
    memcpy(&v, from, sizeof v);
    return v;
}

template <class V> FASTACT_INLINE void store(ScalarOf<V>* to, V v) { memcpy(to, &v, sizeof v); }

template <class V> FASTACT_INLINE IntegersOf<V> bits(V v) {
    IntegersOf<V> b;
    memcpy(&b, &v, sizeof v);
    return b;
}

template <class V> FASTACT_INLINE V from_bits(IntegersOf<V> b) {
    V v;
    memcpy(&v, &b, sizeof v);
    return v;
}

// x - 0 is x for every x; x + 0 would turn -0 into +0.
template <class V> FASTACT_INLINE V broadcast(ScalarOf<V> x) { return x - V{}; }

#if FASTACT_VECTOR_BYTES == 64 && defined(__AVX512F__)
FASTACT_INLINE f32 fma(f32 a, f32 b, f32 c) { return (f32)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
FASTACT_INLINE f64 fma(f64 a, f64 b, f64 c) { return (f64)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c); }
FASTACT_INLINE f32 sqrt(f32 x) { return (f32)_mm512_sqrt_ps((__m512)x); }
FASTACT_INLINE f64 sqrt(f64 x) { return (f64)_mm512_sqrt_pd((__m512d)x); }
#elif FASTACT_VECTOR_BYTES == 32 && defined(__FMA__)
FASTACT_INLINE f32 fma(f32 a, f32 b, f32 c) { return (f32)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
FASTACT_INLINE f64 fma(f64 a, f64 b, f64 c) { return (f64)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c); }
FASTACT_INLINE f32 sqrt(f32 x) { return (f32)_mm256_sqrt_ps((__m256)x); }
FASTACT_INLINE f64 sqrt(f64 x) { return (f64)_mm256_sqrt_pd((__m256d)x); }
#elif FASTACT_VECTOR_BYTES == 16 && defined(__aarch64__)
FASTACT_INLINE f32 fma(f32 a, f32 b, f32 c) { return (f32)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }
FASTACT_INLINE f64 fma(f64 a, f64 b, f64 c) { return (f64)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b); }
FASTACT_INLINE f32 sqrt(f32 x) { return (f32)vsqrtq_f32((float32x4_t)x); }
FASTACT_INLINE f64 sqrt(f64 x) { return (f64)vsqrtq_f64((float64x2_t)x); }
#elif FASTACT_VECTOR_BYTES == 16 && defined(__x86_64__)
// No fused instruction here.  Inlining what follows would only take the compiler minutes.

// Rounds a sum to odd, given what rounding to nearest took from it, so that rounding it once more is right (Boldo and Melquiond,
// "Emulation of FMA and correctly rounded sums", 2008).
template <class D> FASTACT_INLINE D to_odd(D sum, D error) {
    typedef int64_t Bits __attribute__((vector_size(sizeof(D))));
    Bits sum_bits;
    memcpy(&sum_bits, &sum, sizeof sum);
    const Bits inexact = (error < 0) | (error > 0);
    const Bits inward = (error < 0) ^ (sum < 0);
    const Bits even = (sum_bits & 1) - 1;
    sum_bits += inexact & even & (inward | 1);
    memcpy(&sum, &sum_bits, sizeof sum);
    return sum;
}

// What rounding takes from a + b, which gives the sum.
template <class D> FASTACT_INLINE D rest_of_sum(D a, D b, D sum) {
    const D b_in_sum = sum - a;
    return (a - (sum - b_in_sum)) + (b - b_in_sum);
}

// The product is exact in double; the sum is rounded to odd there.
inline __attribute__((noinline)) f32 fma_by_odd_sum(f32 a, f32 b, f32 c) {
    typedef double Wide __attribute__((vector_size(32)));
    const Wide product = __builtin_convertvector(a, Wide) * __builtin_convertvector(b, Wide);
    const Wide addend = __builtin_convertvector(c, Wide);
    const Wide sum = product + addend;
    return __builtin_convertvector(to_odd(sum, rest_of_sum(product, addend, sum)), f32);
}

// To round the sum in double to nearest, and then to float, does as well, unless it is halfway between two numbers, whose places are
// others where they are subnormal.
inline __attribute__((noinline)) f32 fma(f32 a, f32 b, f32 c) {
    const auto upper = [](f32 v) { return _mm_cvtps_pd(_mm_movehl_ps((__m128)v, (__m128)v)); };
    const auto lower = [](f32 v) { return _mm_cvtps_pd((__m128)v); };
    const __m128d first = _mm_add_pd(_mm_mul_pd(lower(a), lower(b)), lower(c));
    const __m128d second = _mm_add_pd(_mm_mul_pd(upper(a), upper(b)), upper(c));
    const f32 rounded = (f32)_mm_movelh_ps(_mm_cvtpd_ps(first), _mm_cvtpd_ps(second));
    const i32 last_bits = (i32)_mm_shuffle_ps(_mm_castpd_ps(first), _mm_castpd_ps(second), _MM_SHUFFLE(2, 0, 2, 0)) & 0x1fffffff;
    const i32 magnitude = bits(rounded) & 0x7fffffff;
    const i32 doubtful = (last_bits == 0x10000000) | (magnitude <= 0x00800000);
    return __builtin_expect(_mm_movemask_epi8((__m128i)doubtful), 0) ? fma_by_odd_sum(a, b, c) : rounded;
}

// The product, what rounding takes from it (Dekker), and the addend are added up, what rounding takes from these sums being added to odd.
// A product of zero is left to the addition, for its sign, and what might leave the range to the C library, which takes ten times as
// long where the processor has no such instruction.
inline __attribute__((noinline)) f64 fma(f64 a, f64 b, f64 c) {
    const f64 large = broadcast<f64>(0x1p500), small = broadcast<f64>(0x1p-900), splitter = broadcast<f64>(0x1p27 + 1);
    const auto size = [](f64 x) { return from_bits<f64>(bits(x) & INT64_MAX); };
    const f64 product = a * b;
    const i64 zero = (a == 0) | (b == 0);
    const i64 within = (size(a) < large) & (size(b) < large) & (size(c) < large) & ((size(product) >= small) | zero);
    if (__builtin_expect(_mm_movemask_pd((__m128d)within) != 3, 0))
        return f64{__builtin_fma(a[0], b[0], c[0]), __builtin_fma(a[1], b[1], c[1])};
    const f64 a_split = splitter * a, b_split = splitter * b;
    const f64 a_high = a_split - (a_split - a), b_high = b_split - (b_split - b), a_low = a - a_high, b_low = b - b_high;
    const f64 product_rest = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low;
    const f64 lower = c + product_rest, sum = product + lower;
    const f64 first = rest_of_sum(product, lower, sum), second = rest_of_sum(c, product_rest, lower), rest = first + second;
    const f64 result = sum + to_odd(rest, rest_of_sum(first, second, rest));
    return zero ? product + c : result;
}
FASTACT_INLINE f32 sqrt(f32 x) { return (f32)_mm_sqrt_ps((__m128)x); }
FASTACT_INLINE f64 sqrt(f64 x) { return (f64)_mm_sqrt_pd((__m128d)x); }
#endif

// The same with the sign of the product, of the last argument, or of both.
template <class V> FASTACT_INLINE V fnma(V a, V b, V c) { return fma(-a, b, c); }
template <class V> FASTACT_INLINE V fms(V a, V b, V c) { return fma(a, b, -c); }
template <class V> FASTACT_INLINE V fnms(V a, V b, V c) { return fma(-a, b, -c); }

template <class Mask, class V> FASTACT_INLINE V where(Mask condition, V yes, V no) { return condition ? yes : no; }

template <class Mask> FASTACT_INLINE bool anywhere(Mask condition) {
#if FASTACT_VECTOR_BYTES == 32 && defined(__AVX2__)
    return _mm256_movemask_epi8((__m256i)condition) != 0;
#elif FASTACT_VECTOR_BYTES == 16 && defined(__x86_64__)
    return _mm_movemask_epi8((__m128i)condition) != 0;
#else
    const Mask nowhere = {};
    return memcmp(&condition, &nowhere, sizeof condition) != 0;
#endif
}

// What `rare` gives where x is at least the bound, else `usual`.
template <class V, class F> FASTACT_INLINE V rarely(V x, V bound, const F& rare, V usual) {
    const auto condition = x >= bound;
    return __builtin_expect(anywhere(condition), 0) ? where(condition, rare(), usual) : usual;
}

// A NaN in x fails every comparison and is returned.
template <class V> FASTACT_INLINE V minimum(V x, V limit) { return limit < x ? limit : x; }
template <class V> FASTACT_INLINE V maximum(V x, V limit) { return limit > x ? limit : x; }

template <class V> FASTACT_INLINE IntegersOf<V> sign_bits() { return bits(broadcast<V>(-0.0)); }

template <class V> FASTACT_INLINE V absolute(V x) { return from_bits<V>(bits(x) & ~sign_bits<V>()); }

template <class V> FASTACT_INLINE V copysign(V magnitude, V sign) {
    return from_bits<V>((bits(magnitude) & ~sign_bits<V>()) | (bits(sign) & sign_bits<V>()));
}

// Adding and subtracting 2^fraction_bits leaves an integer; numbers beyond it are integers already.
template <class V> FASTACT_INLINE V round(V x) {
    const V big = broadcast<V>(FormatOf<V>::two_to_fraction_bits);
    const V magnitude = absolute(x);
    return copysign(magnitude < big ? (magnitude + big) - big : magnitude, x);
}

template <class V> FASTACT_INLINE V floor(V x) {
    const V nearest = round(x);
    return copysign(nearest > x ? nearest - broadcast<V>(1) : nearest, x);
}

// 2^(n + more) for integers: adding the shifter leaves their sum with the bias in the low bits.
template <class V> FASTACT_INLINE V power_of_two(V n, ScalarOf<V> more = 0) {
    using F = FormatOf<V>;
    const V shifted = n + broadcast<V>(F::two_to_fraction_bits * ScalarOf<V>(1.5) + F::bias + more);
    return from_bits<V>(bits(shifted) << F::fraction_bits);
}

// Two factors, so that neither overflows and only the last multiplication rounds into the subnormals.
template <class V> FASTACT_INLINE V ldexp(V m, V n) {
    const V half = round(n * broadcast<V>(0.5));
    return m * power_of_two(half) * power_of_two(n - half);
}

// The first product is exact: it is far above the subnormals.
template <class V> FASTACT_INLINE V ldexp_low(V m, V n) {
    using F = FormatOf<V>;
    return m * power_of_two(n, F::lowered) * broadcast<V>(F::lower);
}

template <class V> FASTACT_INLINE V ldexp_normal(V m, V n) { return m * power_of_two(n); }

template <class V> FASTACT_INLINE V exponent(V x) {
    using F = FormatOf<V>;
    const V big = broadcast<V>(F::two_to_fraction_bits);
    const V biased = from_bits<V>((bits(x) >> F::fraction_bits) | bits(big));
    return biased - broadcast<V>(F::two_to_fraction_bits + F::bias);
}

template <class V> FASTACT_INLINE V mantissa(V x) {
    using F = FormatOf<V>;
    using Bits = typename F::Bits;
    return from_bits<V>((bits(x) & ((Bits(1) << F::fraction_bits) - 1)) | bits(broadcast<V>(1)));
}

template <class V> FASTACT_INLINE V truncate(V x) { return from_bits<V>(bits(x) & ~FormatOf<V>::truncated); }

template <class V> FASTACT_INLINE V reciprocal(V x) { return broadcast<V>(1) / x; }

// A store to an aligned address that bypasses the caches, and what makes such stores visible to other threads.
template <class V> FASTACT_INLINE void stream(ScalarOf<V>* to, V v) { store<V>(to, v); }

FASTACT_INLINE void fence() {
#if defined(__x86_64__)
    _mm_sfence();
#endif
}

// ---- one instruction for a word, where the instruction set has it ------------------------------------------------------

#if FASTACT_VECTOR_BYTES == 64 && defined(__AVX512F__)
FASTACT_INLINE f32 fnma(f32 a, f32 b, f32 c) { return (f32)_mm512_fnmadd_ps((__m512)a, (__m512)b, (__m512)c); }
FASTACT_INLINE f64 fnma(f64 a, f64 b, f64 c) { return (f64)_mm512_fnmadd_pd((__m512d)a, (__m512d)b, (__m512d)c); }
FASTACT_INLINE f32 fms(f32 a, f32 b, f32 c) { return (f32)_mm512_fmsub_ps((__m512)a, (__m512)b, (__m512)c); }
FASTACT_INLINE f64 fms(f64 a, f64 b, f64 c) { return (f64)_mm512_fmsub_pd((__m512d)a, (__m512d)b, (__m512d)c); }
FASTACT_INLINE f32 fnms(f32 a, f32 b, f32 c) { return (f32)_mm512_fnmsub_ps((__m512)a, (__m512)b, (__m512)c); }
FASTACT_INLINE f64 fnms(f64 a, f64 b, f64 c) { return (f64)_mm512_fnmsub_pd((__m512d)a, (__m512d)b, (__m512d)c); }
FASTACT_INLINE f32 minimum(f32 x, f32 limit) { return (f32)_mm512_min_ps((__m512)limit, (__m512)x); }
FASTACT_INLINE f64 minimum(f64 x, f64 limit) { return (f64)_mm512_min_pd((__m512d)limit, (__m512d)x); }
FASTACT_INLINE f32 maximum(f32 x, f32 limit) { return (f32)_mm512_max_ps((__m512)limit, (__m512)x); }
FASTACT_INLINE f64 maximum(f64 x, f64 limit) { return (f64)_mm512_max_pd((__m512d)limit, (__m512d)x); }
FASTACT_INLINE f32 round(f32 x) { return (f32)_mm512_roundscale_ps((__m512)x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
FASTACT_INLINE f64 round(f64 x) { return (f64)_mm512_roundscale_pd((__m512d)x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
FASTACT_INLINE f32 floor(f32 x) { return (f32)_mm512_roundscale_ps((__m512)x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
FASTACT_INLINE f64 floor(f64 x) { return (f64)_mm512_roundscale_pd((__m512d)x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
FASTACT_INLINE f32 ldexp(f32 m, f32 n) { return (f32)_mm512_scalef_ps((__m512)m, (__m512)n); }
FASTACT_INLINE f64 ldexp(f64 m, f64 n) { return (f64)_mm512_scalef_pd((__m512d)m, (__m512d)n); }
FASTACT_INLINE f32 ldexp_low(f32 m, f32 n) { return ldexp(m, n); }
FASTACT_INLINE f64 ldexp_low(f64 m, f64 n) { return ldexp(m, n); }
FASTACT_INLINE f32 ldexp_normal(f32 m, f32 n) { return ldexp(m, n); }
FASTACT_INLINE f64 ldexp_normal(f64 m, f64 n) { return ldexp(m, n); }
// Newton's steps leave the divider to others: the first, of third order, has 42 bits, the second is off by half a unit in the
// last place and 2^-30 of one, and the third is rounded right, unless the significand is all ones: it fails where a number
// halfway between two is off by one in 2^106, and no other factor of 2^106 - 1 is so near to 2^53.  What is not normal is left
// to a division.
FASTACT_INLINE f64 reciprocal(f64 x) {
    const __m512d d = (__m512d)x, one = _mm512_set1_pd(1);
    __m512d y = _mm512_rcp14_pd(d);
    __m512d error = _mm512_fnmadd_pd(d, y, one);
    y = _mm512_fmadd_pd(y, _mm512_fmadd_pd(error, error, error), y);
    y = _mm512_fmadd_pd(y, _mm512_fnmadd_pd(d, y, one), y);
    y = _mm512_fmadd_pd(y, _mm512_fnmadd_pd(d, y, one), y);
    const __m512i above = _mm512_add_epi64((__m512i)d, _mm512_set1_epi64(1));
    const __mmask8 ones = _mm512_testn_epi64_mask(above, _mm512_set1_epi64((1LL << 52) - 1));
    const __mmask8 left = ones | _mm512_fpclass_pd_mask(y, 0xbf);
    return (f64)(__builtin_expect(left, 0) ? _mm512_mask_div_pd(y, left, one, d) : y);
}
template <class F> FASTACT_INLINE f32 rarely(f32 x, f32 bound, const F& rare, f32 usual) {
    const __mmask16 condition = _mm512_cmp_ps_mask((__m512)x, (__m512)bound, _CMP_GE_OQ);
    return __builtin_expect(condition, 0) ? (f32)_mm512_mask_mov_ps((__m512)usual, condition, (__m512)rare()) : usual;
}
template <class F> FASTACT_INLINE f64 rarely(f64 x, f64 bound, const F& rare, f64 usual) {
    const __mmask8 condition = _mm512_cmp_pd_mask((__m512d)x, (__m512d)bound, _CMP_GE_OQ);
    return __builtin_expect(condition, 0) ? (f64)_mm512_mask_mov_pd((__m512d)usual, condition, (__m512d)rare()) : usual;
}
// 0xCA takes bits of the second operand where the first has ones, else of the third.
FASTACT_INLINE f32 copysign(f32 magnitude, f32 sign) {
    return (f32)(i32)_mm512_ternarylogic_epi32((__m512i)sign_bits<f32>(), (__m512i)bits(sign), (__m512i)bits(magnitude), 0xCA);
}
FASTACT_INLINE f64 copysign(f64 magnitude, f64 sign) {
    return (f64)(i64)_mm512_ternarylogic_epi64((__m512i)sign_bits<f64>(), (__m512i)bits(sign), (__m512i)bits(magnitude), 0xCA);
}
FASTACT_INLINE void stream(float* to, f32 v) { _mm512_stream_ps(to, (__m512)v); }
FASTACT_INLINE void stream(double* to, f64 v) { _mm512_stream_pd(to, (__m512d)v); }
#elif FASTACT_VECTOR_BYTES == 32 && defined(__AVX2__)
FASTACT_INLINE f32 fnma(f32 a, f32 b, f32 c) { return (f32)_mm256_fnmadd_ps((__m256)a, (__m256)b, (__m256)c); }
FASTACT_INLINE f64 fnma(f64 a, f64 b, f64 c) { return (f64)_mm256_fnmadd_pd((__m256d)a, (__m256d)b, (__m256d)c); }
FASTACT_INLINE f32 fms(f32 a, f32 b, f32 c) { return (f32)_mm256_fmsub_ps((__m256)a, (__m256)b, (__m256)c); }
FASTACT_INLINE f64 fms(f64 a, f64 b, f64 c) { return (f64)_mm256_fmsub_pd((__m256d)a, (__m256d)b, (__m256d)c); }
FASTACT_INLINE f32 fnms(f32 a, f32 b, f32 c) { return (f32)_mm256_fnmsub_ps((__m256)a, (__m256)b, (__m256)c); }
FASTACT_INLINE f64 fnms(f64 a, f64 b, f64 c) { return (f64)_mm256_fnmsub_pd((__m256d)a, (__m256d)b, (__m256d)c); }
FASTACT_INLINE f32 minimum(f32 x, f32 limit) { return (f32)_mm256_min_ps((__m256)limit, (__m256)x); }
FASTACT_INLINE f64 minimum(f64 x, f64 limit) { return (f64)_mm256_min_pd((__m256d)limit, (__m256d)x); }
FASTACT_INLINE f32 maximum(f32 x, f32 limit) { return (f32)_mm256_max_ps((__m256)limit, (__m256)x); }
FASTACT_INLINE f64 maximum(f64 x, f64 limit) { return (f64)_mm256_max_pd((__m256d)limit, (__m256d)x); }
FASTACT_INLINE f32 round(f32 x) { return (f32)_mm256_round_ps((__m256)x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
FASTACT_INLINE f64 round(f64 x) { return (f64)_mm256_round_pd((__m256d)x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
FASTACT_INLINE f32 floor(f32 x) { return (f32)_mm256_floor_ps((__m256)x); }
FASTACT_INLINE f64 floor(f64 x) { return (f64)_mm256_floor_pd((__m256d)x); }
// In integers, which are added outside of the two busiest ports.
FASTACT_INLINE f32 ldexp(f32 m, f32 n) {
    const __m256i whole = _mm256_cvtps_epi32((__m256)n), half = _mm256_srai_epi32(whole, 1), bias = _mm256_set1_epi32(127);
    const __m256i rest = _mm256_sub_epi32(whole, half);
    const f32 factor = (f32)_mm256_slli_epi32(_mm256_add_epi32(half, bias), 23);
    return m * factor * (f32)_mm256_slli_epi32(_mm256_add_epi32(rest, bias), 23);
}
FASTACT_INLINE void stream(float* to, f32 v) { _mm256_stream_ps(to, (__m256)v); }
FASTACT_INLINE void stream(double* to, f64 v) { _mm256_stream_pd(to, (__m256d)v); }
#elif FASTACT_VECTOR_BYTES == 16 && defined(__x86_64__)
FASTACT_INLINE f32 minimum(f32 x, f32 limit) { return (f32)_mm_min_ps((__m128)limit, (__m128)x); }
FASTACT_INLINE f64 minimum(f64 x, f64 limit) { return (f64)_mm_min_pd((__m128d)limit, (__m128d)x); }
FASTACT_INLINE f32 maximum(f32 x, f32 limit) { return (f32)_mm_max_ps((__m128)limit, (__m128)x); }
FASTACT_INLINE f64 maximum(f64 x, f64 limit) { return (f64)_mm_max_pd((__m128d)limit, (__m128d)x); }
FASTACT_INLINE void stream(float* to, f32 v) { _mm_stream_ps(to, (__m128)v); }
FASTACT_INLINE void stream(double* to, f64 v) { _mm_stream_pd(to, (__m128d)v); }
#elif FASTACT_VECTOR_BYTES == 16 && defined(__aarch64__)
FASTACT_INLINE f32 round(f32 x) { return (f32)vrndnq_f32((float32x4_t)x); }
FASTACT_INLINE f64 round(f64 x) { return (f64)vrndnq_f64((float64x2_t)x); }
FASTACT_INLINE f32 floor(f32 x) { return (f32)vrndmq_f32((float32x4_t)x); }
FASTACT_INLINE f64 floor(f64 x) { return (f64)vrndmq_f64((float64x2_t)x); }
#endif

// Horner's scheme from the highest coefficient down; the order is part of the meaning.
template <class V, int N> FASTACT_INLINE V polynomial(V x, const ScalarOf<V> (&coefficients)[N]) {
    V sum = broadcast<V>(coefficients[N - 1]);
#pragma GCC unroll 32
    for (int i = N - 2; i >= 0; i--) sum = fma(sum, x, broadcast<V>(coefficients[i]));
    return sum;
}

}  // namespace FASTACT_ISA
}  // namespace fastact

// Tables of sixteen intervals: the words `lookup` and `piecewise` of the restricted language.
//
// A table holds the bits of numbers, in a row for each coefficient of a polynomial, from the constant term up.  The lowest four
// bits of `place` are the number of an interval.
#pragma once

#include "words.hpp"

namespace fastact {
namespace FASTACT_ISA {

constexpr int INTERVALS = 16;

template <class V> using BitsOf = typename FormatOf<V>::Bits;

template <const auto& table> constexpr int rows_of = sizeof table / sizeof table[0];

// The number of each lane's interval in every row.
template <const auto& table, class V> FASTACT_INLINE void pick(V place, V* picked) {
    BitsOf<V> number[lanes<V>];
    memcpy(number, &place, sizeof place);
    for (int k = 0; k < rows_of<table>; k++) {
        BitsOf<V> values[lanes<V>];
        for (int i = 0; i < lanes<V>; i++) values[i] = table[k][number[i] & (INTERVALS - 1)];
        memcpy(picked + k, values, sizeof place);
    }
}

// The numbers of an interval beside each other, in pairs.
template <int N> struct Turned {
    alignas(16) int64_t pairs[INTERVALS][(N + 1) / 2][2] = {};
    constexpr explicit Turned(const int64_t (&table)[N][INTERVALS]) {
        for (int k = 0; k < N; k++)
            for (int i = 0; i < INTERVALS; i++) pairs[i][k / 2][k % 2] = table[k][i];
    }
};
template <const auto& table> constexpr Turned<rows_of<table>> turned(table);

#if FASTACT_VECTOR_BYTES == 64 && defined(__AVX512F__)
template <const auto& table> FASTACT_INLINE void pick(f32 place, f32* picked) {
#pragma GCC unroll 32
    for (int k = 0; k < rows_of<table>; k++)
        picked[k] = (f32)_mm512_permutexvar_epi32((__m512i)place, _mm512_loadu_si512(table[k]));
}

template <const auto& table> FASTACT_INLINE void pick(f64 place, f64* picked) {
#pragma GCC unroll 32
    for (int k = 0; k < rows_of<table>; k++) {
        const __m512i first = _mm512_loadu_si512(table[k]), second = _mm512_loadu_si512(table[k] + INTERVALS / 2);
        picked[k] = (f64)_mm512_permutex2var_epi64(first, (__m512i)place, second);
    }
}
#elif FASTACT_VECTOR_BYTES == 32 && defined(__AVX2__)
// The first half of each row, and what the second differs by from it.
template <int N> struct Halves {
    alignas(32) int32_t first[N][INTERVALS / 2] = {}, difference[N][INTERVALS / 2] = {};
    constexpr explicit Halves(const int32_t (&table)[N][INTERVALS]) {
        for (int k = 0; k < N; k++)
            for (int i = 0; i < INTERVALS / 2; i++) {
                first[k][i] = table[k][i];
                difference[k][i] = table[k][i] ^ table[k][i + INTERVALS / 2];
            }
    }
};
template <const auto& table> constexpr Halves<rows_of<table>> halves(table);

template <const auto& table> FASTACT_INLINE void pick(f32 place, f32* picked) {
    constexpr auto& of = halves<table>;
    const __m256i number = (__m256i)place;
    const __m256i in_second = _mm256_srai_epi32(_mm256_slli_epi32(number, 28), 31);
#pragma GCC unroll 32
    for (int k = 0; k < rows_of<table>; k++) {
        const __m256i first = _mm256_permutevar8x32_epi32(_mm256_load_si256((const __m256i*)of.first[k]), number);
        const __m256i difference = _mm256_permutevar8x32_epi32(_mm256_load_si256((const __m256i*)of.difference[k]), number);
        picked[k] = (f32)_mm256_xor_si256(first, _mm256_and_si256(difference, in_second));
    }
}

template <const auto& table> FASTACT_INLINE void pick(f64 place, f64* picked) {
    constexpr auto& of = turned<table>;
    constexpr int N = rows_of<table>;
    const i64 number = bits(place) & (INTERVALS - 1);
    const auto pair = [&](int lane, int k) __attribute__((always_inline)) {
        return _mm_load_pd((const double*)of.pairs[number[lane]][k]);
    };
#pragma GCC unroll 32
    for (int k = 0; k < (N + 1) / 2; k++) {
        const __m256d even = _mm256_insertf128_pd(_mm256_castpd128_pd256(pair(0, k)), pair(2, k), 1);
        const __m256d odd = _mm256_insertf128_pd(_mm256_castpd128_pd256(pair(1, k)), pair(3, k), 1);
        picked[2 * k] = (f64)_mm256_unpacklo_pd(even, odd);
        if (2 * k + 1 < N) picked[2 * k + 1] = (f64)_mm256_unpackhi_pd(even, odd);
    }
}
#elif FASTACT_VECTOR_BYTES == 16 && defined(__aarch64__)
// A row of 64 bytes is in four registers, of which one instruction takes sixteen bytes by their numbers.
template <const auto& table> FASTACT_INLINE void pick(f32 place, f32* picked) {
    const i32 number = bits(place) & (INTERVALS - 1);
    const uint8x16_t bytes = (uint8x16_t)(number * 0x04040404 + 0x03020100);
#pragma GCC unroll 32
    for (int k = 0; k < rows_of<table>; k++) {
        const uint8_t* row = (const uint8_t*)table[k];
        const uint8x16x4_t registers = {{vld1q_u8(row), vld1q_u8(row + 16), vld1q_u8(row + 32), vld1q_u8(row + 48)}};
        picked[k] = (f32)vqtbl4q_u8(registers, bytes);
    }
}

template <const auto& table> FASTACT_INLINE void pick(f64 place, f64* picked) {
    constexpr auto& of = turned<table>;
    constexpr int N = rows_of<table>;
    const i64 number = bits(place) & (INTERVALS - 1);
#pragma GCC unroll 32
    for (int k = 0; k < (N + 1) / 2; k++) {
        const float64x2_t first = vld1q_f64((const double*)of.pairs[number[0]][k]);
        const float64x2_t second = vld1q_f64((const double*)of.pairs[number[1]][k]);
        picked[2 * k] = (f64)vzip1q_f64(first, second);
        if (2 * k + 1 < N) picked[2 * k + 1] = (f64)vzip2q_f64(first, second);
    }
}
#endif

template <const auto& table, class V> FASTACT_INLINE V lookup(V place) {
    V picked[1];
    pick<table>(place, picked);
    return picked[0];
}

template <const auto& table, class V> FASTACT_INLINE V piecewise(V x, V place) {
    constexpr int N = rows_of<table>;
    V coefficients[N];
    pick<table>(place, coefficients);
    V sum = coefficients[N - 1];
#pragma GCC unroll 32
    for (int k = N - 2; k >= 0; k--) sum = fma(sum, x, coefficients[k]);
    return sum;
}

}  // namespace FASTACT_ISA
}  // namespace fastact

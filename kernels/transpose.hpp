// Rows to columns and back.
#pragma once

#include "lanes.hpp"
#include "rows_table.hpp"

namespace fastact {
namespace FASTACT_ISA {

// Rows are cut into parts of 16 bytes, which go to and from memory wherever they are in a vector; lanes are exchanged within parts only.
template <class V> constexpr int PART = 16 / sizeof(ScalarOf<V>);

// Which lanes of a pair of rows, k apart in a square, make their transposed rows: those of the first, or of the second.
template <class V, int k> struct Exchange {
    using Bits = typename FormatOf<V>::Bits;
    Bits first[lanes<V>], second[lanes<V>];
    constexpr Exchange() : first(), second() {
        for (int i = 0; i < lanes<V>; i++) {
            first[i] = i & k ? lanes<V> + i - k : i;
            second[i] = i & k ? lanes<V> + i : i + k;
        }
    }
};

template <class V, int k> static constexpr Exchange<V, k> exchange = {};

template <class V> FASTACT_INLINE V lanes_of_two(V a, V b, const typename FormatOf<V>::Bits* numbers) {
#if defined(__GNUC__) && !defined(__clang__)
    IntegersOf<V> from;
    memcpy(&from, numbers, sizeof from);
    return __builtin_shuffle(a, b, from);
#else
    ScalarOf<V> both[2 * lanes<V>], picked[lanes<V>];
    store<V>(both, a);
    store<V>(both + lanes<V>, b);
    for (int i = 0; i < lanes<V>; i++) picked[i] = both[numbers[i]];
    return load<V>(picked);
#endif
}

// Transposes the squares that lie side by side in some vectors, one in each part.
template <class V, int k = 1> FASTACT_INLINE void transpose(V* squares) {
    if constexpr (k < PART<V>) {
#pragma GCC unroll 4
        for (int i = 0; i < PART<V>; i++) {
            if ((i & k) == 0) {
                const V a = squares[i], b = squares[i + k];
                squares[i] = lanes_of_two(a, b, exchange<V, k>.first);
                squares[i + k] = lanes_of_two(a, b, exchange<V, k>.second);
            }
        }
        transpose<V, 2 * k>(squares);
    }
}

// The parts of a vector are in memory `pitch` bytes apart.
template <class V> FASTACT_INLINE V load_parts(const char* from, ptrdiff_t pitch) {
#if FASTACT_VECTOR_BYTES == 64 && defined(__AVX512F__)
    const auto part = [&](int number) { return _mm_loadu_ps(reinterpret_cast<const float*>(from + number * pitch)); };
    const __m512 half = _mm512_insertf32x4(_mm512_castps128_ps512(part(0)), part(1), 1);
    return (V)_mm512_insertf32x4(_mm512_insertf32x4(half, part(2), 2), part(3), 3);
#elif FASTACT_VECTOR_BYTES == 32 && defined(__AVX2__)
    const auto part = [&](int number) { return _mm_loadu_ps(reinterpret_cast<const float*>(from + number * pitch)); };
    return (V)_mm256_insertf128_ps(_mm256_castps128_ps256(part(0)), part(1), 1);
#else
    (void)pitch;
    V v;
    memcpy(&v, from, sizeof v);
    return v;
#endif
}

template <class V> FASTACT_INLINE void store_parts(char* to, ptrdiff_t pitch, V v) {
#if FASTACT_VECTOR_BYTES == 64 && defined(__AVX512F__)
    const auto put = [&](int number, __m128 part) { _mm_storeu_ps(reinterpret_cast<float*>(to + number * pitch), part); };
    put(0, _mm512_castps512_ps128((__m512)v));
    put(1, _mm512_extractf32x4_ps((__m512)v, 1));
    put(2, _mm512_extractf32x4_ps((__m512)v, 2));
    put(3, _mm512_extractf32x4_ps((__m512)v, 3));
#elif FASTACT_VECTOR_BYTES == 32 && defined(__AVX2__)
    _mm_storeu_ps(reinterpret_cast<float*>(to), _mm256_castps256_ps128((__m256)v));
    _mm_storeu_ps(reinterpret_cast<float*>(to + pitch), _mm256_extractf128_ps((__m256)v, 1));
#else
    (void)pitch;
    memcpy(to, &v, sizeof v);
#endif
}

// Calls square(r, i) for the first row and element of squares that cover some rows, the last ones overlapping those before them, or
// element(r, i) for each where there are too few for that.
template <class V, class Square, class Element>
FASTACT_INLINE void cover(const RowsAt& rows, ptrdiff_t n, const Square& square, const Element& element) {
    const auto within = [](ptrdiff_t place, ptrdiff_t size, ptrdiff_t all) { return place + size <= all ? place : all - size; };
    if (rows.stride == sizeof(ScalarOf<V>) && n >= PART<V> && rows.count >= lanes<V>) {
        for (ptrdiff_t r = 0; r < rows.count; r += lanes<V>)
            for (ptrdiff_t i = 0; i < n; i += PART<V>) square(within(r, lanes<V>, rows.count), within(i, PART<V>, n));
    } else {
        for (ptrdiff_t r = 0; r < rows.count; r++)
            for (ptrdiff_t i = 0; i < n; i++) element(r, i);
    }
}

template <class T> void gather_rows(const RowsAt& rows, ptrdiff_t n, void* buffer, ptrdiff_t width) {
    using V = VectorOf<T>;
    const char* const from = static_cast<const char*>(rows.first);
    T* const to = static_cast<T*>(buffer);
    const auto square = [&](ptrdiff_t r, ptrdiff_t i) __attribute__((always_inline)) {
        V squares[PART<V>];
#pragma GCC unroll 4
        for (int k = 0; k < PART<V>; k++)
            squares[k] = load_parts<V>(from + (r + k) * rows.pitch + i * sizeof(T), PART<V> * rows.pitch);
        transpose(squares);
#pragma GCC unroll 4
        for (int k = 0; k < PART<V>; k++) store<V>(to + (i + k) * width + r, squares[k]);
    };
    cover<V>(rows, n, square, [&](ptrdiff_t r, ptrdiff_t i) {
        memcpy(to + i * width + r, from + r * rows.pitch + i * rows.stride, sizeof(T));
    });
}

template <class T> void scatter_rows(const void* buffer, ptrdiff_t width, const RowsAt& rows, ptrdiff_t n) {
    using V = VectorOf<T>;
    const T* const from = static_cast<const T*>(buffer);
    char* const to = static_cast<char*>(rows.first);
    const auto square = [&](ptrdiff_t r, ptrdiff_t i) __attribute__((always_inline)) {
        V squares[PART<V>];
#pragma GCC unroll 4
        for (int k = 0; k < PART<V>; k++) squares[k] = load<V>(from + (i + k) * width + r);
        transpose(squares);
#pragma GCC unroll 4
        for (int k = 0; k < PART<V>; k++)
            store_parts<V>(to + (r + k) * rows.pitch + i * sizeof(T), PART<V> * rows.pitch, squares[k]);
    };
    cover<V>(rows, n, square, [&](ptrdiff_t r, ptrdiff_t i) {
        memcpy(to + r * rows.pitch + i * rows.stride, from + i * width + r, sizeof(T));
    });
}

}  // namespace FASTACT_ISA
}  // namespace fastact

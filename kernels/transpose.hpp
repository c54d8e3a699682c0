// Rows to columns and back, a square of lanes at a time.
#pragma once

#include "lanes.hpp"

namespace fastact {
namespace FASTACT_ISA {

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
    if constexpr (lanes<V> > 1) {
        IntegersOf<V> from;
        memcpy(&from, numbers, sizeof from);
        return __builtin_shuffle(a, b, from);
    }
#endif
    ScalarOf<V> both[2 * lanes<V>], picked[lanes<V>];
    store<V>(both, a);
    store<V>(both + lanes<V>, b);
    for (int i = 0; i < lanes<V>; i++) picked[i] = both[numbers[i]];
    return load<V>(picked);
}

template <class V, int k = 1> FASTACT_INLINE void transpose(V* square) {
    if constexpr (k < lanes<V>) {
#pragma GCC unroll 16
        for (int i = 0; i < lanes<V>; i++) {
            if ((i & k) == 0) {
                const V a = square[i], b = square[i + k];
                square[i] = lanes_of_two(a, b, exchange<V, k>.first);
                square[i + k] = lanes_of_two(a, b, exchange<V, k>.second);
            }
        }
        transpose<V, 2 * k>(square);
    }
}

// Element i of row r goes to buffer[i * width + r], and back.
template <class T> void gather_rows(const void* const* rows, ptrdiff_t count, ptrdiff_t n, void* buffer, ptrdiff_t width) {
    using V = VectorOf<T>;
    constexpr int W = lanes<V>;
    for (ptrdiff_t r = 0; r < count; r += W)
        for (ptrdiff_t i = 0; i < n; i += W) {
            V square[W];
#pragma GCC unroll 16
            for (int k = 0; k < W; k++) {
                const T* const from = static_cast<const T*>(rows[r + k < count ? r + k : r]) + i;
                square[k] = i + W <= n ? load<V>(from) : load_some<V>(from, n - i);
            }
            transpose(square);
            T* const to = static_cast<T*>(buffer) + i * width + r;
#pragma GCC unroll 16
            for (int k = 0; k < W; k++)
                if (i + k < n) store<V>(to + k * width, square[k]);
        }
}

template <class T> void scatter_rows(const void* buffer, ptrdiff_t width, void* const* rows, ptrdiff_t count, ptrdiff_t n) {
    using V = VectorOf<T>;
    constexpr int W = lanes<V>;
    for (ptrdiff_t r = 0; r < count; r += W)
        for (ptrdiff_t i = 0; i < n; i += W) {
            V square[W];
            const T* const from = static_cast<const T*>(buffer) + i * width + r;
#pragma GCC unroll 16
            for (int k = 0; k < W; k++) square[k] = load<V>(from + (i + k < n ? k : 0) * width);
            transpose(square);
#pragma GCC unroll 16
            for (int k = 0; k < W; k++) {
                if (r + k >= count) break;
                T* const to = static_cast<T*>(rows[r + k]) + i;
                if (i + W <= n) store<V>(to, square[k]);
                else store_some<V>(to, square[k], n - i);
            }
        }
}

}  // namespace FASTACT_ISA
}  // namespace fastact

// The lanes of a vector: one of them, the first few of them, all of them in another order.
#pragma once

#include "words.hpp"

namespace fastact {
namespace FASTACT_ISA {

template <class V> struct Numbers {
    static constexpr typename FormatOf<V>::Bits whole[] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                                           16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
    static constexpr ScalarOf<V> real[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
};

template <class V> FASTACT_INLINE V lane_numbers() { return load<V>(Numbers<V>::real); }

template <class V> FASTACT_INLINE ScalarOf<V> lane(const V& v, int number) {
    ScalarOf<V> x;
    memcpy(&x, reinterpret_cast<const char*>(&v) + number * sizeof x, sizeof x);
    return x;
}

template <class V> FASTACT_INLINE void set_lane(V& v, int number, ScalarOf<V> x) {
    memcpy(reinterpret_cast<char*>(&v) + number * sizeof x, &x, sizeof x);
}

// `by` is less than the number of lanes.
template <class V> FASTACT_INLINE V rotate(V v, int by) {
#if defined(__GNUC__) && !defined(__clang__)
    IntegersOf<V> from;
    memcpy(&from, Numbers<V>::whole + by, sizeof from);
    return __builtin_shuffle(v, from);  // takes the numbers modulo the number of lanes
#else
    ScalarOf<V> twice[2 * lanes<V>];
    store<V>(twice, v);
    store<V>(twice + lanes<V>, v);
    return load<V>(twice + by);
#endif
}

// The lanes from `first` to before `end` of what would begin at `at`, where nothing else is touched; the others are zero.
template <class V> FASTACT_INLINE V load_some(const ScalarOf<V>* at, ptrdiff_t first, ptrdiff_t end) {
    ScalarOf<V> padded[lanes<V>] = {};
    memcpy(padded + first, at + first, (end - first) * sizeof(ScalarOf<V>));
    return load<V>(padded);
}

template <class V> FASTACT_INLINE void store_some(ScalarOf<V>* at, V v, ptrdiff_t first, ptrdiff_t end) {
    ScalarOf<V> padded[lanes<V>];
    store<V>(padded, v);
    memcpy(at + first, padded + first, (end - first) * sizeof(ScalarOf<V>));
}

#if FASTACT_VECTOR_BYTES == 64 && defined(__AVX512F__)
FASTACT_INLINE unsigned lanes_between(ptrdiff_t first, ptrdiff_t end) { return (1u << end) - (1u << first); }
template <> FASTACT_INLINE f32 load_some<f32>(const float* at, ptrdiff_t first, ptrdiff_t end) {
    return (f32)_mm512_maskz_loadu_ps(lanes_between(first, end), at);
}
template <> FASTACT_INLINE f64 load_some<f64>(const double* at, ptrdiff_t first, ptrdiff_t end) {
    return (f64)_mm512_maskz_loadu_pd(lanes_between(first, end), at);
}
template <> FASTACT_INLINE void store_some<f32>(float* at, f32 v, ptrdiff_t first, ptrdiff_t end) {
    _mm512_mask_storeu_ps(at, lanes_between(first, end), (__m512)v);
}
template <> FASTACT_INLINE void store_some<f64>(double* at, f64 v, ptrdiff_t first, ptrdiff_t end) {
    _mm512_mask_storeu_pd(at, lanes_between(first, end), (__m512d)v);
}
#elif FASTACT_VECTOR_BYTES == 32 && defined(__AVX2__)
template <class V> FASTACT_INLINE __m256i lanes_between(ptrdiff_t first, ptrdiff_t end) {
    const V number = lane_numbers<V>();
    return (__m256i)((number >= broadcast<V>(ScalarOf<V>(first))) & (number < broadcast<V>(ScalarOf<V>(end))));
}
template <> FASTACT_INLINE f32 load_some<f32>(const float* at, ptrdiff_t first, ptrdiff_t end) {
    return (f32)_mm256_maskload_ps(at, lanes_between<f32>(first, end));
}
template <> FASTACT_INLINE f64 load_some<f64>(const double* at, ptrdiff_t first, ptrdiff_t end) {
    return (f64)_mm256_maskload_pd(at, lanes_between<f64>(first, end));
}
template <> FASTACT_INLINE void store_some<f32>(float* at, f32 v, ptrdiff_t first, ptrdiff_t end) {
    _mm256_maskstore_ps(at, lanes_between<f32>(first, end), (__m256)v);
}
template <> FASTACT_INLINE void store_some<f64>(double* at, f64 v, ptrdiff_t first, ptrdiff_t end) {
    _mm256_maskstore_pd(at, lanes_between<f64>(first, end), (__m256d)v);
}
#endif

}  // namespace FASTACT_ISA
}  // namespace fastact

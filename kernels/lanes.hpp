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
    if constexpr (lanes<V> == 1) {
        return v;
    } else {
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
}

// The first `count` lanes; the others are zero.
template <class V> FASTACT_INLINE V load_some(const ScalarOf<V>* from, ptrdiff_t count) {
    ScalarOf<V> padded[lanes<V>] = {};
    memcpy(padded, from, count * sizeof(ScalarOf<V>));
    return load<V>(padded);
}

template <class V> FASTACT_INLINE void store_some(ScalarOf<V>* to, V v, ptrdiff_t count) {
    ScalarOf<V> padded[lanes<V>];
    store<V>(padded, v);
    memcpy(to, padded, count * sizeof(ScalarOf<V>));
}

#if FASTACT_VECTOR_BYTES == 64 && defined(__AVX512F__)
FASTACT_INLINE unsigned first_lanes(ptrdiff_t count) { return (1u << count) - 1; }
template <> FASTACT_INLINE f32 load_some<f32>(const float* from, ptrdiff_t count) {
    return (f32)_mm512_maskz_loadu_ps(first_lanes(count), from);
}
template <> FASTACT_INLINE f64 load_some<f64>(const double* from, ptrdiff_t count) {
    return (f64)_mm512_maskz_loadu_pd(first_lanes(count), from);
}
template <> FASTACT_INLINE void store_some<f32>(float* to, f32 v, ptrdiff_t count) {
    _mm512_mask_storeu_ps(to, first_lanes(count), (__m512)v);
}
template <> FASTACT_INLINE void store_some<f64>(double* to, f64 v, ptrdiff_t count) {
    _mm512_mask_storeu_pd(to, first_lanes(count), (__m512d)v);
}
#elif FASTACT_VECTOR_BYTES == 32 && defined(__AVX2__)
template <class V> FASTACT_INLINE __m256i first_lanes(ptrdiff_t count) {
    return (__m256i)(lane_numbers<V>() < broadcast<V>(ScalarOf<V>(count)));
}
template <> FASTACT_INLINE f32 load_some<f32>(const float* from, ptrdiff_t count) {
    return (f32)_mm256_maskload_ps(from, first_lanes<f32>(count));
}
template <> FASTACT_INLINE f64 load_some<f64>(const double* from, ptrdiff_t count) {
    return (f64)_mm256_maskload_pd(from, first_lanes<f64>(count));
}
template <> FASTACT_INLINE void store_some<f32>(float* to, f32 v, ptrdiff_t count) {
    _mm256_maskstore_ps(to, first_lanes<f32>(count), (__m256)v);
}
template <> FASTACT_INLINE void store_some<f64>(double* to, f64 v, ptrdiff_t count) {
    _mm256_maskstore_pd(to, first_lanes<f64>(count), (__m256d)v);
}
#endif

}  // namespace FASTACT_ISA
}  // namespace fastact

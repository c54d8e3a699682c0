// Sums in twice the working precision: of float in double, of double in pairs.
#pragma once

#include "lanes.hpp"

namespace fastact {
namespace FASTACT_ISA {

// How many vectors of double hold as many elements as one of float.
constexpr int PARTS = 2;

FASTACT_INLINE void widen(f32 x, f64* parts) {
#if FASTACT_VECTOR_BYTES == 64 && defined(__AVX512F__)
    parts[0] = (f64)_mm512_cvtps_pd(_mm512_castps512_ps256((__m512)x));
    parts[1] = (f64)_mm512_cvtps_pd(_mm512_extractf32x8_ps((__m512)x, 1));
#elif FASTACT_VECTOR_BYTES == 32 && defined(__AVX2__)
    parts[0] = (f64)_mm256_cvtps_pd(_mm256_castps256_ps128((__m256)x));
    parts[1] = (f64)_mm256_cvtps_pd(_mm256_extractf128_ps((__m256)x, 1));
#elif FASTACT_VECTOR_BYTES == 16 && defined(__x86_64__)
    parts[0] = (f64)_mm_cvtps_pd((__m128)x);
    parts[1] = (f64)_mm_cvtps_pd(_mm_movehl_ps((__m128)x, (__m128)x));
#elif FASTACT_VECTOR_BYTES == 16 && defined(__aarch64__)
    parts[0] = (f64)vcvt_f64_f32(vget_low_f32((float32x4_t)x));
    parts[1] = (f64)vcvt_high_f64_f32((float32x4_t)x);
#endif
}

// Halves are widened as they are loaded, in one operation each; to take them from a register costs two or three.
FASTACT_INLINE void widen_from(const float* from, f64* parts) {
#if FASTACT_VECTOR_BYTES == 64 && defined(__AVX512F__)
    for (int p = 0; p < PARTS; p++) parts[p] = (f64)_mm512_cvtps_pd(_mm256_loadu_ps(from + p * lanes<f64>));
#elif FASTACT_VECTOR_BYTES == 32 && defined(__AVX2__)
    for (int p = 0; p < PARTS; p++) parts[p] = (f64)_mm256_cvtps_pd(_mm_loadu_ps(from + p * lanes<f64>));
#else
    widen(load<f32>(from), parts);
#endif
}

// What a reduction adds up: a value of each lane, which is input `input` of the program as it is if that is not negative.
template <class V, int input, class Here> struct Operand {
    const V& value;
    const Here& here;
    FASTACT_INLINE operator V() const { return value; }
};

template <int input, class V, class Here> FASTACT_INLINE Operand<V, input, Here> operand(const V& value, const Here& here) {
    return {value, here};
}

// Where terms are that lie in memory.
struct InMemory {};

template <int input, class Here> FASTACT_INLINE void widen(const Operand<f32, input, Here>& x, f64* parts) {
    if constexpr (input < 0) widen(x.value, parts);
    else x.here.widen_input(input, x.value, parts);
}
template <int input> FASTACT_INLINE void widen(const Operand<f32, input, InMemory>& x, f64* parts) {
    widen_from(reinterpret_cast<const float*>(&x.value), parts);
}

FASTACT_INLINE f32 narrow(const f64* parts) {
#if FASTACT_VECTOR_BYTES == 64 && defined(__AVX512F__)
    return (f32)_mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps((__m512d)parts[0])), _mm512_cvtpd_ps((__m512d)parts[1]), 1);
#elif FASTACT_VECTOR_BYTES == 32 && defined(__AVX2__)
    return (f32)_mm256_insertf128_ps(_mm256_castps128_ps256(_mm256_cvtpd_ps((__m256d)parts[0])), _mm256_cvtpd_ps((__m256d)parts[1]), 1);
#elif FASTACT_VECTOR_BYTES == 16 && defined(__x86_64__)
    return (f32)_mm_movelh_ps(_mm_cvtpd_ps((__m128d)parts[0]), _mm_cvtpd_ps((__m128d)parts[1]));
#elif FASTACT_VECTOR_BYTES == 16 && defined(__aarch64__)
    return (f32)vcvt_high_f32_f64(vcvt_f32_f64((float64x2_t)parts[0]), (float64x2_t)parts[1]);
#endif
}

// One partial sum for each lane of V.
template <class V> struct Wide;

template <> struct Wide<f32> {
    f64 parts[PARTS];

    template <class X> FASTACT_INLINE void add(const X& x) {
        f64 wide[PARTS];
        widen(x, wide);
        for (int p = 0; p < PARTS; p++) parts[p] += wide[p];
    }
    // The products are exact.
    template <class X, class Y> FASTACT_INLINE void add_product(const X& x, const Y& y) {
        f64 a[PARTS], b[PARTS];
        widen(x, a);
        widen(y, b);
        for (int p = 0; p < PARTS; p++) parts[p] += a[p] * b[p];
    }
    FASTACT_INLINE void add(const Wide& other) {
        for (int p = 0; p < PARTS; p++) parts[p] += other.parts[p];
    }
    FASTACT_INLINE void merge_lanes() {
        f64 sum = parts[0] + parts[1];
#pragma GCC unroll 8
        for (int k = lanes<f64> / 2; k > 0; k /= 2) sum += rotate(sum, k);
        parts[0] = sum;
    }
    FASTACT_INLINE void set_lane_to_first(int number, const Wide& other) {
        set_lane(parts[number / lanes<f64>], number % lanes<f64>, lane(other.parts[0], 0));
    }
    FASTACT_INLINE f32 rounded() const { return narrow(parts); }
    FASTACT_INLINE f32 rounded_root() const {
        f64 roots[PARTS];
        for (int p = 0; p < PARTS; p++) roots[p] = sqrt(parts[p]);
        return narrow(roots);
    }
    FASTACT_INLINE void in_parts(f32* results) const {
        f64 rest[PARTS];
        results[0] = narrow(parts);
        widen(results[0], rest);
        for (int p = 0; p < PARTS; p++) rest[p] = parts[p] - rest[p];
        results[1] = narrow(rest);
    }
    FASTACT_INLINE void mean(double n, f32* results) const {
        Wide quotient;
        for (int p = 0; p < PARTS; p++) quotient.parts[p] = parts[p] / broadcast<f64>(n);
        quotient.in_parts(results);
    }
};

template <> struct Wide<f64> {
    f64 high, low;

    FASTACT_INLINE void add(f64 x) {
        const f64 sum = high + x;
        const f64 of_x = sum - high;
        low += (high - (sum - of_x)) + (x - of_x);
        high = sum;
    }
    FASTACT_INLINE void add_product(f64 x, f64 y) {
        const f64 product = x * y;
        add(product);
        low += fma(x, y, -product);
    }
    FASTACT_INLINE void add(const Wide& other) {
        low += other.low;
        add(other.high);
    }
    FASTACT_INLINE void merge_lanes() {
#pragma GCC unroll 8
        for (int k = lanes<f64> / 2; k > 0; k /= 2) add(Wide{rotate(high, k), rotate(low, k)});
    }
    FASTACT_INLINE void set_lane_to_first(int number, const Wide& other) {
        set_lane(high, number, lane(other.high, 0));
        set_lane(low, number, lane(other.low, 0));
    }
    // The low part is NaN where an infinity was added.
    FASTACT_INLINE f64 rounded() const { return where(low == low, high + low, high); }
    FASTACT_INLINE f64 rounded_root() const { return sqrt(rounded()); }
    FASTACT_INLINE void in_parts(f64* results) const {
        results[0] = rounded();
        results[1] = (high - results[0]) + low;
    }
    FASTACT_INLINE void mean(double n, f64* results) const {
        const f64 length = broadcast<f64>(n);
        f64 sum[2];
        in_parts(sum);
        results[0] = sum[0] / length;
        results[1] = (fma(-results[0], length, sum[0]) + sum[1]) / length;
    }
};

// Adds x * (y - origin).
template <class X, class Y, class Z>
FASTACT_INLINE void add_product_with_distance(Wide<f32>& sum, const X& x, const Y& y, const Z& origin) {
    f64 a[PARTS], b[PARTS], c[PARTS];
    widen(x, a);
    widen(y, b);
    widen(origin, c);
    for (int p = 0; p < PARTS; p++) sum.parts[p] += a[p] * (b[p] - c[p]);
}
// What rounding x - origin to `distance` has lost.
FASTACT_INLINE f64 rest_of_distance(f64 x, f64 origin, f64 distance) {
    const f64 back = distance + origin;
    return (x - back) - (origin - (back - distance));
}
FASTACT_INLINE void add_product_with_distance(Wide<f64>& sum, f64 x, f64 y, f64 origin) {
    const f64 distance = y - origin, product = x * distance;
    sum.add(product);
    sum.low += fma(x, rest_of_distance(y, origin, distance), fma(x, distance, -product));
}

// Adds x - origin and its square.
template <class X, class Y> FASTACT_INLINE void add_distance(Wide<f32>& sum, Wide<f32>& squares, const X& x, const Y& origin) {
    f64 a[PARTS], b[PARTS];
    widen(x, a);
    widen(origin, b);
    for (int p = 0; p < PARTS; p++) {
        const f64 distance = a[p] - b[p];
        sum.parts[p] += distance;
        squares.parts[p] += distance * distance;
    }
}
FASTACT_INLINE void add_distance(Wide<f64>& sum, Wide<f64>& squares, f64 x, f64 origin) {
    const f64 distance = x - origin, rest = rest_of_distance(x, origin, distance);
    sum.add(distance);
    sum.low += rest;
    squares.add_product(distance, distance);
    squares.low += (distance + distance) * rest;
}

// sqrt(squares - sum**2 / n)
FASTACT_INLINE f32 rounded_deviation(const Wide<f32>& sum, const Wide<f32>& squares, double n) {
    f64 roots[PARTS];
    for (int p = 0; p < PARTS; p++) {
        const f64 difference = squares.parts[p] - sum.parts[p] * sum.parts[p] / broadcast<f64>(n);
        roots[p] = sqrt(where(difference < f64{}, f64{}, difference));
    }
    return narrow(roots);
}
FASTACT_INLINE f64 rounded_deviation(const Wide<f64>& sum, const Wide<f64>& squares, double n) {
    f64 parts[2], mean[2];
    sum.in_parts(parts);
    sum.mean(n, mean);
    Wide<f64> difference = squares;
    difference.add_product(-parts[0], mean[0]);
    difference.low -= parts[0] * mean[1] + parts[1] * mean[0];
    const f64 rounded = difference.rounded();
    return sqrt(where(rounded < f64{}, f64{}, rounded));
}

}  // namespace FASTACT_ISA
}  // namespace fastact

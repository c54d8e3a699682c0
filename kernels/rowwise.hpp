// The engine that runs row programs (rows.inc, printed from fastact/rowwise.py) over the vectors of one instruction set.
//
// A sum is carried in a fixed number of partial sums, in twice the working precision: sum l has the elements i with
// i % SUMS == l, starts from +0, and is merged with sum l + SUMS / 2 and so on, in halves.  Along a row, a partial sum is a lane
// of a vector; across columns it is a vector of its own.  So neither layout nor width of the vectors changes a bit of a result.
#pragma once

#include "rows_table.hpp"
#include "words.hpp"

namespace fastact {
namespace FASTACT_ISA {

template <class V> constexpr int SUMS = 128 / sizeof(ScalarOf<V>);

// Terms of a partial sum that `Count` adds in the working precision.
constexpr ptrdiff_t SETTLED = 4096;

// Vectors of columns that are worked on together; their partial sums stay in L1.
template <class V> constexpr int BLOCK_VECTORS = sizeof(V) >= 32 ? 256 / sizeof(V) : 4;

// Elements between the one at work and the one that is fetched: the next row is, which the processor does not do by itself where
// a row ends with a page.
template <class V> constexpr int AHEAD = 1024 / sizeof(ScalarOf<V>);

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

// ---- twice the working precision ---------------------------------------------------------------------------------------

// How many vectors of double hold as many elements as one of float.
constexpr int PARTS = lanes<f32> / lanes<f64>;

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
#else
    parts[0] = x;
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
    V value;
    const Here& here;
    FASTACT_INLINE operator V() const { return value; }
};

template <int input, class V, class Here> FASTACT_INLINE Operand<V, input, Here> operand(V value, const Here& here) {
    return {value, here};
}

template <int input, class Here> FASTACT_INLINE void widen(const Operand<f32, input, Here>& x, f64* parts) {
    if constexpr (input < 0) widen(x.value, parts);
    else x.here.widen_input(input, x.value, parts);
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
#else
    return f32(parts[0]);
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
        if constexpr (PARTS == 2) {
            f64 sum = parts[0] + parts[1];
#pragma GCC unroll 8
            for (int k = lanes<f64> / 2; k > 0; k /= 2) sum += rotate(sum, k);
            parts[0] = sum;
        }
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
    const f64 distance = x - origin, back = distance + origin;
    const f64 rest = (x - back) - (origin - (back - distance));
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

// ---- reductions --------------------------------------------------------------------------------------------------------

// A reduction is a template over the numbers of the inputs that its operands are as they stand, -1 for others.  In `merge_lanes`
// the first lane ends as the whole; `blank` makes terms without effect of lanes beyond the end of a row; `settle` is called after
// SETTLED terms of a partial sum, if not before, and after its last.
template <int x> struct Sum {
    static constexpr int terms = 1, results = 1;
    static constexpr bool settles = false, in_order = true;
    template <class V> using State = Wide<V>;
    template <class V> static FASTACT_INLINE Wide<V> start() { return Wide<V>(); }
    template <class V, class Here> static FASTACT_INLINE void accumulate(Wide<V>& sum, const V* terms, const Here& here) {
        sum.add(operand<x>(terms[0], here));
    }
    template <class V> static FASTACT_INLINE void settle(Wide<V>&) {}
    template <class V> static FASTACT_INLINE void merge(Wide<V>& sum, const Wide<V>& other) { sum.add(other); }
    template <class V> static FASTACT_INLINE void merge_lanes(Wide<V>& sum) { sum.merge_lanes(); }
    template <class V> static FASTACT_INLINE void set_lane_to_first(Wide<V>& sums, int number, const Wide<V>& sum) {
        sums.set_lane_to_first(number, sum);
    }
    template <class V> static FASTACT_INLINE void finish(const Wide<V>& sum, double, V* results) { results[0] = sum.rounded(); }
    template <class V> static FASTACT_INLINE V blank() { return V{}; }
};

template <int x> struct SumParts : Sum<x> {
    static constexpr int results = 2;
    template <class V> static FASTACT_INLINE void finish(const Wide<V>& sum, double, V* results) { sum.in_parts(results); }
};

template <int x, int y> struct Dot : Sum<x> {
    static constexpr int terms = 2;
    template <class V, class Here> static FASTACT_INLINE void accumulate(Wide<V>& sum, const V* terms, const Here& here) {
        sum.add_product(operand<x>(terms[0], here), operand<y>(terms[1], here));
    }
};

template <int x> struct Norm : Sum<x> {
    template <class V, class Here> static FASTACT_INLINE void accumulate(Wide<V>& sum, const V* terms, const Here& here) {
        sum.add_product(operand<x>(terms[0], here), operand<x>(terms[0], here));
    }
    template <class V> static FASTACT_INLINE void finish(const Wide<V>& sum, double, V* results) {
        results[0] = sum.rounded_root();
    }
};

// Of zeros and ones, whose sums are exact in the working precision up to SETTLED of them.
template <int> struct Count {
    static constexpr int terms = 1, results = 1;
    static constexpr bool settles = true, in_order = false;
    template <class V> struct State {
        Wide<V> sum;
        V recent;
    };
    template <class V> static FASTACT_INLINE State<V> start() { return {Wide<V>(), V{}}; }
    template <class V, class Here> static FASTACT_INLINE void accumulate(State<V>& state, const V* terms, const Here&) {
        state.recent += terms[0];
    }
    template <class V> static FASTACT_INLINE void settle(State<V>& state) {
        state.sum.add(state.recent);
        state.recent = V{};
    }
    template <class V> static FASTACT_INLINE void merge(State<V>& state, const State<V>& other) { state.sum.add(other.sum); }
    template <class V> static FASTACT_INLINE void merge_lanes(State<V>& state) { state.sum.merge_lanes(); }
    template <class V> static FASTACT_INLINE void set_lane_to_first(State<V>& states, int number, const State<V>& state) {
        states.sum.set_lane_to_first(number, state.sum);
    }
    template <class V> static FASTACT_INLINE void finish(const State<V>& state, double, V* results) {
        results[0] = state.sum.rounded();
    }
    template <class V> static FASTACT_INLINE V blank() { return V{}; }
};

// Of distances from an element of the row, which differ from those from the mean by so little that nothing cancels: the square of
// that difference is at most n - 1 times the variance.
template <int x, int> struct Moments {
    static constexpr int terms = 2, results = 3;
    static constexpr bool settles = false, in_order = true;
    template <class V> struct State {
        Wide<V> sum, squares;
    };
    template <class V> static FASTACT_INLINE State<V> start() {
        State<V> state;
        state.sum = state.squares = Wide<V>{};
        return state;
    }
    template <class V, class Here> static FASTACT_INLINE void accumulate(State<V>& state, const V* terms, const Here& here) {
        add_distance(state.sum, state.squares, operand<x>(terms[0], here), terms[1]);
    }
    template <class V> static FASTACT_INLINE void settle(State<V>&) {}
    template <class V> static FASTACT_INLINE void merge(State<V>& state, const State<V>& other) {
        state.sum.add(other.sum);
        state.squares.add(other.squares);
    }
    template <class V> static FASTACT_INLINE void merge_lanes(State<V>& state) {
        state.sum.merge_lanes();
        state.squares.merge_lanes();
    }
    template <class V> static FASTACT_INLINE void set_lane_to_first(State<V>& states, int number, const State<V>& state) {
        states.sum.set_lane_to_first(number, state.sum);
        states.squares.set_lane_to_first(number, state.squares);
    }
    template <class V> static FASTACT_INLINE void finish(const State<V>& state, double n, V* results) {
        state.sum.mean(n, results);
        results[2] = rounded_deviation(state.sum, state.squares, n);
    }
    template <class V> static FASTACT_INLINE V blank() { return V{}; }
};

template <int> struct Fmax {
    static constexpr int terms = 1, results = 1;
    static constexpr bool settles = false, in_order = false;
    template <class V> using State = V;
    template <class V> static FASTACT_INLINE V start() { return broadcast<V>(-__builtin_inf()); }
    // A NaN compares false and is left aside.
    template <class V, class Here> static FASTACT_INLINE void accumulate(V& largest, const V* terms, const Here&) {
        largest = maximum(largest, terms[0]);
    }
    template <class V> static FASTACT_INLINE void settle(V&) {}
    template <class V> static FASTACT_INLINE void merge(V& largest, const V& other) { largest = maximum(largest, other); }
    template <class V> static FASTACT_INLINE void merge_lanes(V& largest) {
#pragma GCC unroll 8
        for (int k = lanes<V> / 2; k > 0; k /= 2) largest = maximum(largest, rotate(largest, k));
    }
    template <class V> static FASTACT_INLINE void set_lane_to_first(V& all, int number, const V& largest) {
        set_lane(all, number, lane(largest, 0));
    }
    // Which of two zeros was met first must not show.
    template <class V> static FASTACT_INLINE void finish(const V& largest, double, V* results) { results[0] = largest + V{}; }
    template <class V> static FASTACT_INLINE V blank() { return start<V>(); }
};

template <int> struct Maximum {
    static constexpr int terms = 1, results = 1;
    static constexpr bool settles = false, in_order = false;
    template <class V> using State = V;
    template <class V> static FASTACT_INLINE V start() { return broadcast<V>(-__builtin_inf()); }
    template <class V> static FASTACT_INLINE void merge(V& largest, const V& other) {
        largest = where(largest == largest, where(other <= largest, largest, other), largest);
    }
    template <class V, class Here> static FASTACT_INLINE void accumulate(V& largest, const V* terms, const Here&) {
        merge(largest, terms[0]);
    }
    template <class V> static FASTACT_INLINE void settle(V&) {}
    template <class V> static FASTACT_INLINE void merge_lanes(V& largest) {
#pragma GCC unroll 8
        for (int k = lanes<V> / 2; k > 0; k /= 2) merge(largest, rotate(largest, k));
    }
    template <class V> static FASTACT_INLINE void set_lane_to_first(V& all, int number, const V& largest) {
        set_lane(all, number, lane(largest, 0));
    }
    // Which of two zeros was met first must not show.
    template <class V> static FASTACT_INLINE void finish(const V& largest, double, V* results) { results[0] = largest + V{}; }
    template <class V> static FASTACT_INLINE V blank() { return start<V>(); }
};

template <class... R> struct Reductions {
    static constexpr int terms = 0, results = 0;
    static constexpr bool settles = false, in_order = false;
    template <class V> struct State {};
    template <class V> static FASTACT_INLINE void start(State<V>&) {}
    template <class V, class Here> static FASTACT_INLINE void accumulate(State<V>&, const V*, const Here&) {}
    template <class V> static FASTACT_INLINE void settle(State<V>&) {}
    template <class V> static FASTACT_INLINE void merge(State<V>&, const State<V>&) {}
    template <class V> static FASTACT_INLINE void merge_lanes(State<V>&) {}
    template <class V> static FASTACT_INLINE void set_lane_to_first(State<V>&, int, const State<V>&) {}
    template <class V> static FASTACT_INLINE void finish(const State<V>&, double, V*) {}
    template <class V, class Mask> static FASTACT_INLINE void blank(V*, Mask) {}
};

template <class R, class... Rest> struct Reductions<R, Rest...> {
    using Others = Reductions<Rest...>;
    static constexpr int terms = R::terms + Others::terms, results = R::results + Others::results;
    static constexpr bool settles = R::settles || Others::settles, in_order = R::in_order || Others::in_order;
    // A base class without members takes no space, which a member would.
    template <class V> struct State : Others::template State<V> {
        typename R::template State<V> first;
        FASTACT_INLINE typename Others::template State<V>& others() { return *this; }
        FASTACT_INLINE const typename Others::template State<V>& others() const { return *this; }
    };
    template <class V> static FASTACT_INLINE void start(State<V>& state) {
        state.first = R::template start<V>();
        Others::template start<V>(state.others());
    }
    template <class V, class Here> static FASTACT_INLINE void accumulate(State<V>& state, const V* terms, const Here& here) {
        R::template accumulate<V>(state.first, terms, here);
        Others::template accumulate<V>(state.others(), terms + R::terms, here);
    }
    template <class V> static FASTACT_INLINE void settle(State<V>& state) {
        R::template settle<V>(state.first);
        Others::template settle<V>(state.others());
    }
    template <class V> static FASTACT_INLINE void merge(State<V>& state, const State<V>& other) {
        R::template merge<V>(state.first, other.first);
        Others::template merge<V>(state.others(), other.others());
    }
    template <class V> static FASTACT_INLINE void merge_lanes(State<V>& state) {
        R::template merge_lanes<V>(state.first);
        Others::template merge_lanes<V>(state.others());
    }
    template <class V> static FASTACT_INLINE void set_lane_to_first(State<V>& states, int number, const State<V>& state) {
        R::template set_lane_to_first<V>(states.first, number, state.first);
        Others::template set_lane_to_first<V>(states.others(), number, state.others());
    }
    template <class V> static FASTACT_INLINE void finish(const State<V>& state, double n, V* results) {
        R::template finish<V>(state.first, n, results);
        Others::template finish<V>(state.others(), n, results + R::results);
    }
    template <class V, class Mask> static FASTACT_INLINE void blank(V* terms, Mask beyond) {
        for (int t = 0; t < R::terms; t++) terms[t] = where(beyond, R::template blank<V>(), terms[t]);
        Others::template blank<V>(terms + R::terms, beyond);
    }
};

// ---- along rows -------------------------------------------------------------------------------------------------------

template <class P, class T> struct Pointers {
    const T* inputs[P::inputs];
    T* outputs[P::outputs + 1];

    Pointers() = default;
    FASTACT_INLINE Pointers(const RowArguments& arguments, ptrdiff_t offset) {
        for (int k = 0; k < P::inputs; k++) inputs[k] = static_cast<const T*>(arguments.inputs[k]) + offset;
        for (int k = 0; k < P::outputs; k++) outputs[k] = static_cast<T*>(arguments.outputs[k]) + offset;
    }
};

template <class P, class V> FASTACT_INLINE void read_settings(const RowArguments& arguments, V* settings) {
    for (int k = 0; k < P::settings; k++) settings[k] = broadcast<V>(ScalarOf<V>(arguments.settings[k]));
}

// What a stage does with the elements of one vector.
template <class P, int stage, class V, class Load, class Store>
FASTACT_INLINE void work_on_elements(const Load& get, const Store& put, const V* settings, const V* row, V* terms) {
    using S = typename P::template Stage<stage>;
    V x[P::inputs], kept[P::outputs + 1], stored[P::outputs + 1];
    for (int k = 0; k < P::inputs; k++) x[k] = get.input(k);
    for (int k = 0; k < P::outputs; k++) kept[k] = get.output(k);
    S::template element<V>(x, kept, settings, row, terms, stored);
    for (int k = 0; k < P::outputs; k++)
        if (S::stores >> k & 1) put(k, stored[k]);
}

// A whole vector of elements, from element i of a row on.
template <class P, class V> struct Whole {
    const Pointers<P, ScalarOf<V>>& at;
    ptrdiff_t i;
    FASTACT_INLINE V input(int k) const { return load<V>(at.inputs[k] + i); }
    FASTACT_INLINE V output(int k) const { return load<V>(at.outputs[k] + i); }
    FASTACT_INLINE void operator()(int k, V v) const { store<V>(at.outputs[k] + i, v); }
    template <class Parts> FASTACT_INLINE void widen_input(int k, V, Parts* parts) const { widen_from(at.inputs[k] + i, parts); }
};

// The first elements of a vector, where a row ends within it.
template <class P, class V> struct Some {
    const Pointers<P, ScalarOf<V>>& at;
    ptrdiff_t i, count;
    FASTACT_INLINE V input(int k) const { return load_some<V>(at.inputs[k] + i, count); }
    FASTACT_INLINE V output(int k) const { return load_some<V>(at.outputs[k] + i, count); }
    FASTACT_INLINE void operator()(int k, V v) const { store_some<V>(at.outputs[k] + i, v, count); }
    template <class Parts> FASTACT_INLINE void widen_input(int, V v, Parts* parts) const { widen(v, parts); }
};

// Runs a stage along row `r`, and sets that lane to what it reduces.  A function of its own, so that the registers are those of its
// loop.
template <class P, int stage, class V, class State>
__attribute__((noinline)) void work_on_row(const Pointers<P, ScalarOf<V>> at, int r, ptrdiff_t n, const V* settings,
                                           const V* values, State& reduced) {
    using S = typename P::template Stage<stage>;
    using R = typename S::Reduced;
    constexpr int W = lanes<V>, VECTORS = SUMS<V> / W;
    V row[P::values + 1];
    for (int k = 0; k < P::values; k++) row[k] = broadcast<V>(lane(values[k], r));
    State states[VECTORS];
    for (int v = 0; v < VECTORS; v++) R::template start<V>(states[v]);

    ptrdiff_t i = 0;
    for (; i + SUMS<V> <= n; i += SUMS<V>) {
        if (R::settles && i % (SETTLED * SUMS<V>) == 0)
            for (int v = 0; v < VECTORS; v++) R::template settle<V>(states[v]);
#pragma GCC unroll 4
        for (int v = 0; v < VECTORS; v++) {
            V terms[R::terms + 1];
            const Whole<P, V> here = {at, i + v * W};
            if constexpr (stage == 0)
                for (int k = 0; k < P::inputs; k++) __builtin_prefetch(at.inputs[k] + here.i + AHEAD<V>);
            if constexpr (stage + 1 == P::stages)
                for (int k = 0; k < P::outputs; k++) __builtin_prefetch(at.outputs[k] + here.i + AHEAD<V>, 1);
            work_on_elements<P, stage, V>(here, here, settings, row, terms);
            R::template accumulate<V>(states[v], terms, here);
        }
    }
    if (R::settles && i % (SETTLED * SUMS<V>) == 0)
        for (int v = 0; v < VECTORS; v++) R::template settle<V>(states[v]);
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS; v++) {
        if (i >= n) break;
        const ptrdiff_t count = n - i < W ? n - i : W;
        V terms[R::terms + 1];
        const Some<P, V> here = {at, i, count};
        work_on_elements<P, stage, V>(here, here, settings, row, terms);
        R::template blank<V>(terms, lane_numbers<V>() >= broadcast<V>(ScalarOf<V>(count)));
        R::template accumulate<V>(states[v], terms, here);
        i += count;
    }
    for (int v = 0; v < VECTORS; v++) R::template settle<V>(states[v]);
    for (int k = VECTORS / 2; k > 0; k /= 2)
        for (int v = 0; v < k; v++) R::template merge<V>(states[v], states[v + k]);
    R::template merge_lanes<V>(states[0]);
    R::template set_lane_to_first<V>(reduced, r, states[0]);
}

// What is done once a row is done for all rows at once, which have a lane each.
template <class P, int stage, class V>
FASTACT_INLINE void row_stages(const Pointers<P, ScalarOf<V>>* at, int rows, ptrdiff_t n, const V* settings, V* values) {
    using S = typename P::template Stage<stage>;
    using R = typename S::Reduced;
    using State = typename R::template State<V>;
    State reduced;
    R::template start<V>(reduced);
    for (int r = 0; r < rows; r++) work_on_row<P, stage, V>(at[r], r, n, settings, values, reduced);
    if constexpr (S::ends) {
        V results[R::results + 1];
        R::template finish<V>(reduced, double(n), results);
        S::template row<V>(results, broadcast<V>(ScalarOf<V>(n)), settings, values);
    }
    if constexpr (stage + 1 < P::stages) row_stages<P, stage + 1, V>(at, rows, n, settings, values);
}

template <class P, class T> void run_rows(const RowArguments* arguments, int count, ptrdiff_t n) {
    using V = VectorOf<T>;
    constexpr int W = lanes<V>;
    V settings[P::settings + 1];
    read_settings<P, V>(arguments[0], settings);
    for (int begin = 0; begin < count; begin += W) {
        const int rows = count - begin < W ? count - begin : W;
        const RowArguments* const of = arguments + begin;
        Pointers<P, T> at[W];
        V values[P::values + 1] = {};
        for (int r = 0; r < rows; r++) {
            at[r] = Pointers<P, T>(of[r], 0);
            for (int k = 0; k < P::row_inputs; k++) set_lane(values[k], r, *static_cast<const T*>(of[r].row_inputs[k]));
            for (int k = 0; k < P::firsts; k++) set_lane(values[P::row_inputs + k], r, *at[r].inputs[P::first[k]]);
        }
        row_stages<P, 0, V>(at, rows, n, settings, values);
        for (int r = 0; r < rows; r++)
            for (int k = 0; k < P::row_outputs; k++) *static_cast<T*>(of[r].row_outputs[k]) = lane(values[P::returned[k]], r);
    }
}

// ---- across columns ----------------------------------------------------------------------------------------------------

// Where the vectors of a block of columns are, and how they are read: `count` is the number of columns in the last one where
// that is not full, else 0.
template <class P, class V> struct Columns {
    Pointers<P, ScalarOf<V>> at;
    const ColumnSteps& steps;
    int vectors;
    ptrdiff_t count;

    FASTACT_INLINE bool full(int v) const { return count == 0 || v + 1 < vectors; }
    FASTACT_INLINE V get(const ScalarOf<V>* from, int v) const { return full(v) ? load<V>(from) : load_some<V>(from, count); }
};

// A vector of the elements i of neighbouring columns.
template <class P, class V> struct ElementOfColumns {
    const Columns<P, V>& columns;
    ptrdiff_t i;
    int v;
    FASTACT_INLINE V input(int k) const {
        const ScalarOf<V>* const from = columns.at.inputs[k] + i * columns.steps.inputs[k];
        if (k > 0 && columns.steps.same_in_all_columns[k]) return broadcast<V>(*from);
        return columns.get(from + v * lanes<V>, v);
    }
    FASTACT_INLINE V output(int k) const { return columns.get(to(k), v); }
    FASTACT_INLINE void operator()(int k, V value) const {
        if (columns.full(v)) store<V>(to(k), value);
        else store_some<V>(to(k), value, columns.count);
    }
    template <class Parts> FASTACT_INLINE void widen_input(int k, V value, Parts* parts) const {
        if ((k > 0 && columns.steps.same_in_all_columns[k]) || !columns.full(v)) widen(value, parts);
        else widen_from(columns.at.inputs[k] + i * columns.steps.inputs[k] + v * lanes<V>, parts);
    }
    FASTACT_INLINE ScalarOf<V>* to(int k) const { return columns.at.outputs[k] + i * columns.steps.outputs[k] + v * lanes<V>; }
};

// A partial sum stays in registers for this many of its elements.
constexpr ptrdiff_t RUN = 8;

template <class P, int stage, class V>
FASTACT_INLINE void column_stages(const Columns<P, V>& columns, ptrdiff_t n, const V* settings, V (*row)[P::values + 1]) {
    using S = typename P::template Stage<stage>;
    using R = typename S::Reduced;
    constexpr ptrdiff_t PARTIAL = R::in_order ? SUMS<V> : 1;
    typename R::template State<V> states[PARTIAL][BLOCK_VECTORS<V>];
    for (ptrdiff_t begin = 0; begin < n; begin += RUN * PARTIAL) {
        const ptrdiff_t end = begin + RUN * PARTIAL < n ? begin + RUN * PARTIAL : n;
        for (ptrdiff_t l = 0; l < PARTIAL && begin + l < end; l++)
            for (int v = 0; v < columns.vectors; v++) {
                typename R::template State<V> state;
                if (begin == 0) R::template start<V>(state);
                else state = states[l][v];
                for (ptrdiff_t i = begin + l; i < end; i += PARTIAL) {
                    V terms[R::terms + 1];
                    const ElementOfColumns<P, V> here = {columns, i, v};
                    work_on_elements<P, stage, V>(here, here, settings, row[v], terms);
                    R::template accumulate<V>(state, terms, here);
                }
                R::template settle<V>(state);
                states[l][v] = state;
            }
    }
    if constexpr (S::ends) {
        for (int v = 0; v < columns.vectors; v++) {
            // Partial sums without an element are +0, and adding them would change nothing.
            for (ptrdiff_t k = PARTIAL / 2; k > 0; k /= 2)
                for (ptrdiff_t l = 0; l < k && l + k < n; l++) R::template merge<V>(states[l][v], states[l + k][v]);
            V results[R::results + 1];
            R::template finish<V>(states[0][v], double(n), results);
            S::template row<V>(results, broadcast<V>(ScalarOf<V>(n)), settings, row[v]);
        }
    }
    if constexpr (stage + 1 < P::stages) column_stages<P, stage + 1, V>(columns, n, settings, row);
}

template <class P, class T>
void run_columns(const RowArguments& arguments, const ColumnSteps& steps, ptrdiff_t n, ptrdiff_t columns) {
    using V = VectorOf<T>;
    constexpr int W = lanes<V>, BLOCK = BLOCK_VECTORS<V>;
    V settings[P::settings + 1];
    read_settings<P, V>(arguments, settings);
    for (ptrdiff_t column = 0; column < columns; column += BLOCK * W) {
        const ptrdiff_t width = columns - column < BLOCK * W ? columns - column : BLOCK * W;
        Columns<P, V> here = {Pointers<P, T>(arguments, column), steps, int((width + W - 1) / W), width % W};
        for (int k = 1; k < P::inputs; k++)
            if (steps.same_in_all_columns[k]) here.at.inputs[k] -= column;
        V row[BLOCK][P::values + 1];
        for (int v = 0; v < here.vectors; v++) {
            for (int k = 0; k < P::row_inputs; k++) row[v][k] = load<V>(static_cast<const T*>(arguments.row_inputs[k]) + column + v * W);
            for (int k = 0; k < P::firsts; k++) row[v][P::row_inputs + k] = here.get(here.at.inputs[P::first[k]] + v * W, v);
        }
        column_stages<P, 0, V>(here, n, settings, row);
        for (int k = 0; k < P::row_outputs; k++)
            for (int v = 0; v < here.vectors; v++)
                store<V>(static_cast<T*>(arguments.row_outputs[k]) + column + v * W, row[v][P::returned[k]]);
    }
}

// ---- rows to columns and back ------------------------------------------------------------------------------------------

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

template <class T, class... P> struct RowPrograms {
    static constexpr RowProgram all[] = {{P::name, P::inputs, P::row_inputs, P::outputs, P::row_outputs, P::settings,
                                          run_rows<P, T>, run_columns<P, T>}...};
    static constexpr int count = sizeof...(P);
};

}  // namespace FASTACT_ISA
}  // namespace fastact

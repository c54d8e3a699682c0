// Runs row programs along rows: a partial sum is a lane of a vector.
#pragma once

#include "stages.hpp"

namespace fastact {
namespace FASTACT_ISA {

// Elements between the one at work and the one that is fetched: the next row is, which the processor does not do by itself where
// a row ends with a page.
template <class V> constexpr int AHEAD = 1024 / sizeof(ScalarOf<V>);

constexpr ptrdiff_t LINE = 64;

// Shorter rows are worked on from their first element, wherever that is.
template <class V> constexpr int LONG_ENOUGH = 16 * SUMS<V>;

// Of longer rows the next one would not wait in the second-level cache until its turn: 160 KB worked on in three stages still do, 200 KB
// do not.
template <class P> constexpr ptrdiff_t FETCHED_BYTES = P::stages > 2 ? 3 << 16 : 1 << 16;

// Measured on a Xeon with 48 KiB of first-level cache, 16, 32 and 64 KiB: softmax of 1024 x 1024 takes 398, 397 and 432 us, layer_norm of
// 128 x 768 takes 0.50, 0.47 and 0.45 ns an element.
template <class P> constexpr ptrdiff_t BYTES_TOGETHER = P::stages > 2 ? 1 << 15 : 1 << 16;

// A whole vector of elements, from element i of a row on.
template <class P, class V> struct Whole {
    const Pointers<P, ScalarOf<V>>& at;
    ptrdiff_t i;
    FASTACT_INLINE V input(int k) const { return load<V>(at.inputs[k] + i); }
    FASTACT_INLINE V output(int k) const { return load<V>(at.outputs[k] + i); }
    FASTACT_INLINE void put(int k, V v) const { store<V>(at.outputs[k] + i, v); }
    template <class Parts> FASTACT_INLINE void widen_input(int k, V, Parts* parts) const { widen_from(at.inputs[k] + i, parts); }
};

// The lanes of a vector from `first` to before `end`, where a row begins or ends within it.
template <class P, class V> struct Some {
    const Pointers<P, ScalarOf<V>>& at;
    ptrdiff_t i, first, end;
    FASTACT_INLINE V input(int k) const { return load_some<V>(at.inputs[k] + i, first, end); }
    FASTACT_INLINE V output(int k) const { return load_some<V>(at.outputs[k] + i, first, end); }
    FASTACT_INLINE void put(int k, V v) const { store_some<V>(at.outputs[k] + i, v, first, end); }
    template <class Parts> FASTACT_INLINE void widen_input(int, V v, Parts* parts) const { widen(v, parts); }
};

// How far the rows that come next are from those at work, in bytes.
template <class P> struct Distances {
    ptrdiff_t input, outputs[P::outputs + 1];

    Distances(const RowPitches& pitches, int rows) {
        input = rows * pitches.inputs[0];
        for (int k = 0; k < P::outputs; k++) outputs[k] = rows * pitches.outputs[k];
    }
};

// Asks the caches for what will be needed after the vector at work: the first-level cache for what is ahead in the row, and the
// second-level cache for the rows that come next, as the first one waits for each line that it is asked for.
template <class P, int stage, class V>
FASTACT_INLINE void fetch(const Pointers<P, ScalarOf<V>>& at, ptrdiff_t i, const Distances<P>& next) {
    constexpr int writes = stage == BOTH ? BOTH : P::stages > 2 ? LONGEST_STAGE<P> : P::stages - 1;
    if constexpr (stage == 0 || stage == BOTH)
#pragma GCC unroll 16
        for (int k = 0; k < (P::stages > 2 ? P::inputs : 1); k++) __builtin_prefetch(at.inputs[k] + i + AHEAD<V>);
    if constexpr (FETCHES_NEXT<P> && (stage == LONGEST_STAGE<P> || stage == BOTH))
        __builtin_prefetch(reinterpret_cast<const char*>(at.inputs[0] + i) + next.input, 0, 2);
    for (int k = 0; k < P::outputs; k++) {
        if constexpr (P::stages <= 2 && stage == writes) __builtin_prefetch(at.outputs[k] + i + AHEAD<V>, 1);
        if constexpr (FETCHES_NEXT<P> && stage == writes)
            __builtin_prefetch(reinterpret_cast<char*>(at.outputs[k] + i) + next.outputs[k], 0, 2);
    }
}

// How many elements before a row the vectors along it begin, so that those as long as a line of the cache lie within one: what a
// stage writes, or else reads.  Lanes are partial sums in turn, so that this changes neither what a partial sum has nor, as the
// halves that merge are as far apart, how they merge.
template <class P, int stage, class V> FASTACT_INLINE ptrdiff_t elements_before(const Pointers<P, ScalarOf<V>>& at, ptrdiff_t n) {
    constexpr unsigned stored = P::template Stage<stage>::stores;
    if (sizeof(V) < LINE || n < LONG_ENOUGH<V>) return 0;
    uintptr_t address;
    if constexpr (stored != 0) address = reinterpret_cast<uintptr_t>(at.outputs[__builtin_ctz(stored)]);
    else address = reinterpret_cast<uintptr_t>(at.inputs[0]);
    return address % sizeof(V) / sizeof(ScalarOf<V>);
}

// Runs a stage along row `r`, and sets that lane to what it reduces.  A function of its own, so that the registers are those of its
// loop.  `zero` if the value that is mostly zero is.
template <class P, int stage, bool zero, class V, class State>
__attribute__((noinline)) void work_on_row(const Pointers<P, ScalarOf<V>> at, int r, ptrdiff_t n, const Distances<P> next,
                                           const V* settings, const V* values, State& reduced) {
    using S = typename P::template Stage<stage>;
    using R = typename S::Reduced;
    constexpr int W = lanes<V>, VECTORS = SUMS<V> / W;
    V row[P::values + 1];
#pragma GCC unroll 32
    for (int k = 0; k < P::values; k++) row[k] = zero && k == S::mostly_zero ? V{} : broadcast<V>(lane(values[k], r));
    State states[VECTORS];
    for (int v = 0; v < VECTORS; v++) R::template start<V>(states[v]);
    const auto of_row = [&](int) __attribute__((always_inline)) { return row; };
    const auto work_on_some = [&](State& state, ptrdiff_t i, ptrdiff_t first, ptrdiff_t end) __attribute__((always_inline)) {
        const auto here = [&](int) __attribute__((always_inline)) { return Some<P, V>{at, i, first, end}; };
        const V number = lane_numbers<V>();
        const auto outside = (number < broadcast<V>(ScalarOf<V>(first))) | (number >= broadcast<V>(ScalarOf<V>(end)));
        work_on_vectors<P, stage, 1>(settings, here, of_row, [&](int, V* terms, const auto& some) __attribute__((always_inline)) {
            R::template blank<V>(terms, outside);
            R::template accumulate<V>(state, terms, some);
        });
    };
    // Neighbouring vectors from element i on; the first of them goes to partial sums `first`.
    const auto work_on_whole = [&](ptrdiff_t i, int first, auto count) __attribute__((always_inline)) {
        constexpr int N = decltype(count)::value;
        const auto here = [&](int j) __attribute__((always_inline)) { return Whole<P, V>{at, i + j * W}; };
#pragma GCC unroll 8
        for (int j = 0; j < N; j++) fetch<P, stage, V>(at, i + j * W, next);
        work_on_vectors<P, stage, N>(settings, here, of_row, [&](int j, const V* terms, const auto& whole) __attribute__((always_inline)) {
            R::template accumulate<V>(states[(first + j) % VECTORS], terms, whole);
        });
    };
    const auto settle = [&] {
        for (int v = 0; v < VECTORS; v++) R::template settle<V>(states[v]);
    };

    const ptrdiff_t before = elements_before<P, stage, V>(at, n);
    ptrdiff_t i = -before;
    if (before > 0) {
        work_on_some(states[0], i, before, W);
#pragma GCC unroll 8
        for (int v = 1; v < VECTORS; v++) work_on_whole(i + v * W, v, Number<1>{});
        i += SUMS<V>;
    }
    constexpr int STEP = VECTORS > MIXED<V> ? VECTORS : MIXED<V>;
    constexpr ptrdiff_t UNSETTLED = SETTLED / 2 * SUMS<V>;
    do {
        const ptrdiff_t end = R::settles && n - i > UNSETTLED ? i + UNSETTLED : n;
        for (; i + STEP * W <= end; i += STEP * W)
#pragma GCC unroll 8
            for (int v = 0; v < STEP; v += MIXED<V>) work_on_whole(i + v * W, v, Number<MIXED<V>>{});
        if (R::settles) settle();
    } while (i + STEP * W <= n);
    if constexpr (STEP > VECTORS)
        if (i + SUMS<V> <= n) {
            work_on_whole(i, 0, Number<VECTORS>{});
            i += SUMS<V>;
        }
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS; v++) {
        if (i >= n) break;
        const ptrdiff_t count = n - i < W ? n - i : W;
        work_on_some(states[v], i, 0, count);
        i += count;
    }
    settle();
    for (int k = VECTORS / 2; k > 0; k /= 2)
        for (int v = 0; v < k; v++) R::template merge<V>(states[v], states[v + k]);
    R::template merge_lanes<V>(states[0]);
    R::template set_lane_to_first<V>(reduced, r, states[0]);
}

// Tells whether a value is zero for the first rows.
template <class V> FASTACT_INLINE bool zero_in(const V& value, int rows) {
    for (int r = 0; r < rows; r++)
        if (lane(value, r) != 0) return false;
    return true;
}

// What is done once a row is done for all rows at once, which have a lane each.
template <class P, int stage, class V>
FASTACT_INLINE void row_stages(const Pointers<P, ScalarOf<V>>* at, int rows, ptrdiff_t n, const Distances<P>& next, const V* settings,
                               V* values) {
    using S = typename P::template Stage<stage>;
    using R = typename S::Reduced;
    using State = typename R::template State<V>;
    State reduced;
    R::template start<V>(reduced);
    for (int r = 0; r < rows; r++) {
        if (S::condition >= 0 && lane(values[S::condition], r) == 0) continue;
        if (S::mostly_zero >= 0 && lane(values[S::mostly_zero], r) == 0)
            work_on_row<P, stage, (S::mostly_zero >= 0)>(at[r], r, n, next, settings, values, reduced);
        else
            work_on_row<P, stage, false>(at[r], r, n, next, settings, values, reduced);
    }
    if constexpr (S::ends) {
        V results[R::results + 1];
        R::template finish<V>(reduced, double(n), results);
        S::template row<V>(results, broadcast<V>(ScalarOf<V>(n)), settings, values);
    }
    if constexpr (stage + 1 < P::stages) row_stages<P, stage + 1, V>(at, rows, n, next, settings, values);
}

// Runs the first two stages in one pass, on the presumption that the value of the row that is mostly zero will be, and the second
// one once more on rows where it is not.
template <class P, class V>
FASTACT_INLINE void first_two_at_once(const Pointers<P, ScalarOf<V>>* at, int rows, ptrdiff_t n, const Distances<P>& next,
                                      const V* settings, V* values) {
    using First = typename P::template Stage<0>;
    using Second = typename P::template Stage<1>;
    using R = typename P::template Stage<BOTH>::Reduced;
    using Again = typename Second::Reduced;
    typename R::template State<V> reduced;
    R::template start<V>(reduced);
    for (int r = 0; r < rows; r++) work_on_row<P, BOTH, true>(at[r], r, n, next, settings, values, reduced);
    const V length = broadcast<V>(ScalarOf<V>(n));
    V results[R::results];
    R::template finish<V>(reduced, double(n), results);
    First::template row<V>(results, length, settings, values);
    V* const of_second = results + First::Reduced::results;
    if (const V presumed = values[Second::mostly_zero]; !zero_in(presumed, rows)) {
        typename Again::template State<V> once_more;
        Again::template start<V>(once_more);
        for (int r = 0; r < rows; r++)
            if (lane(presumed, r) != 0) work_on_row<P, 1, false>(at[r], r, n, next, settings, values, once_more);
        V others[Again::results];
        Again::template finish<V>(once_more, double(n), others);
        for (int k = 0; k < Again::results; k++) of_second[k] = where(presumed == V{}, of_second[k], others[k]);
    }
    Second::template row<V>(of_second, length, settings, values);
}

template <class V> FASTACT_INLINE ScalarOf<V> early_maximum(const ScalarOf<V>* row, ptrdiff_t n) {
    V largest = Fmax<0>::start<V>();
    if (n <= 2 * EARLY) {
        Fmax<0>::merge<V>(largest, broadcast<V>(*row));
        return lane(largest, 0);
    }
    for (ptrdiff_t i = 0; i < EARLY; i += lanes<V>) Fmax<0>::merge<V>(largest, load<V>(row + i));
    Fmax<0>::merge_lanes<V>(largest);
    return lane(largest, 0);
}

template <class P, class V>
FASTACT_INLINE void all_stages(const Pointers<P, ScalarOf<V>>* at, int rows, ptrdiff_t n, const Distances<P>& next, const V* settings,
                               V* values) {
    if constexpr (P::presumes)
        if (zero_in(P::template known<V>(settings, values), rows) && !writes_over_inputs<P>(at[0])) {
            first_two_at_once<P, V>(at, rows, n, next, settings, values);
            row_stages<P, 2, V>(at, rows, n, next, settings, values);
            return;
        }
    row_stages<P, 0, V>(at, rows, n, next, settings, values);
}

template <class P, class T>
void run_rows(const RowArguments& first, const RowPitches& pitches, int count, ptrdiff_t n, bool more) {
    using V = VectorOf<T>;
    constexpr int W = lanes<V>;
    V settings[P::settings + 1];
    read_settings<P, V>(first, settings);
    const bool fetches = more && count * n * ptrdiff_t(sizeof(T)) <= FETCHED_BYTES<P>;
    const Distances<P> next(pitches, fetches ? count : 0);
    for (int begin = 0; begin < count; begin += W) {
        const int rows = count - begin < W ? count - begin : W;
        Pointers<P, T> at[W];
        V values[P::values + 1] = {};
        for (int r = 0; r < rows; r++) {
            at[r] = Pointers<P, T>(first, pitches, begin + r);
            for (int k = 0; k < P::row_inputs; k++)
                set_lane(values[k], r, *beyond<T>(first.row_inputs[k], (begin + r) * pitches.row_inputs[k]));
            for (int k = 0; k < P::firsts; k++) {
                const T* const from = at[r].inputs[P::first[k].input];
                set_lane(values[P::row_inputs + k], r, P::first[k].several ? early_maximum<V>(from, n) : *from);
            }
        }
        all_stages<P, V>(at, rows, n, next, settings, values);
        for (int r = 0; r < rows; r++)
            for (int k = 0; k < P::row_outputs; k++)
                *beyond<T>(first.row_outputs[k], (begin + r) * pitches.row_outputs[k]) = lane(values[P::returned[k]], r);
    }
}

}  // namespace FASTACT_ISA
}  // namespace fastact

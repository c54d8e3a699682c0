// The engine that runs row programs (rows.inc, printed from fastact/rowwise.py) over the vectors of one instruction set.
//
// A sum is carried in a fixed number of partial sums, in twice the working precision: sum l has the elements i with
// i % SUMS == l, starts from +0, and is merged with sum l + SUMS / 2 and so on, in halves.  Along a row, a partial sum is a lane
// of a vector; across columns it is a vector of its own.  So neither layout nor width of the vectors changes a bit of a result.
#pragma once

#include "reductions.hpp"
#include "rows_table.hpp"

namespace fastact {
namespace FASTACT_ISA {

template <class V> constexpr int SUMS = SUMS_BYTES / sizeof(ScalarOf<V>);

// Neighbouring vectors that are worked on at a time, so that their chains of instructions mix.
template <class V> constexpr int MIXED = sizeof(V) == 64 ? 4 : sizeof(V) == 32 ? 2 : 1;

// Elements between the one at work and the one that is fetched: the next row is, which the processor does not do by itself where
// a row ends with a page.
template <class V> constexpr int AHEAD = 1024 / sizeof(ScalarOf<V>);

constexpr ptrdiff_t LINE = 64;

// Shorter rows are worked on from their first element, wherever that is.
template <class V> constexpr int LONG_ENOUGH = 16 * SUMS<V>;

// A program of more than two stages computes so much that the memory would rest meanwhile: its second stage fetches the rows that come
// next.
template <class P> constexpr bool FETCHES_NEXT = P::stages > 2;

// Measured on a Xeon with 48 KiB of first-level cache, 16, 32 and 64 KiB: softmax of 1024 x 1024 takes 464, 466 and 500 us, layer_norm of
// 128 x 768 takes 0.50, 0.47 and 0.45 ns an element.
template <class P> constexpr ptrdiff_t BYTES_TOGETHER = FETCHES_NEXT<P> ? 1 << 15 : 1 << 16;

// ---- along rows -------------------------------------------------------------------------------------------------------

template <class T> FASTACT_INLINE const T* beyond(const void* from, ptrdiff_t bytes) {
    return reinterpret_cast<const T*>(static_cast<const char*>(from) + bytes);
}
template <class T> FASTACT_INLINE T* beyond(void* from, ptrdiff_t bytes) { return reinterpret_cast<T*>(static_cast<char*>(from) + bytes); }

template <class P, class T> struct Pointers {
    const T* inputs[P::inputs];
    T* outputs[P::outputs + 1];

    Pointers() = default;
    // Of a row behind the first one.
    FASTACT_INLINE Pointers(const RowArguments& first, const RowPitches& pitches, ptrdiff_t row) {
        for (int k = 0; k < P::inputs; k++) inputs[k] = beyond<T>(first.inputs[k], row * pitches.inputs[k]);
        for (int k = 0; k < P::outputs; k++) outputs[k] = beyond<T>(first.outputs[k], row * pitches.outputs[k]);
    }
};

template <class P, class V> FASTACT_INLINE void read_settings(const RowArguments& arguments, V* settings) {
    for (int k = 0; k < P::settings; k++) settings[k] = broadcast<V>(ScalarOf<V>(arguments.settings[k]));
}

// What a stage does with the elements of N vectors, which are all read before any is written: `here(j)` tells where vector j is,
// `row(j)` the values of its row, and take(j, terms, here) gets what is reduced.
template <class P, int stage, int N, class V, class Here, class Row, class Take>
FASTACT_INLINE void work_on_vectors(const V* settings, const Here& here, const Row& row, const Take& take) {
    using S = typename P::template Stage<stage>;
    V x[N][P::inputs], kept[N][P::outputs + 1], stored[N][P::outputs + 1], terms[N][S::Reduced::terms + 1];
    // At -O2 GCC would keep these loops where there are more than three operands, and the arrays in memory.
#pragma GCC unroll 8
    for (int j = 0; j < N; j++) {
#pragma GCC unroll 16
        for (int k = 0; k < P::inputs; k++) x[j][k] = here(j).input(k);
#pragma GCC unroll 16
        for (int k = 0; k < P::outputs; k++) kept[j][k] = here(j).output(k);
    }
#pragma GCC unroll 8
    for (int j = 0; j < N; j++) S::template element<V>(x[j], kept[j], settings, row(j), terms[j], stored[j]);
#pragma GCC unroll 8
    for (int j = 0; j < N; j++) take(j, terms[j], here(j));
#pragma GCC unroll 8
    for (int j = 0; j < N; j++)
#pragma GCC unroll 16
        for (int k = 0; k < P::outputs; k++)
            if (S::stores >> k & 1) here(j).put(k, stored[j][k]);
}

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

// Asks the caches for what will be needed after the vector at work.
template <class P, int stage, class V>
FASTACT_INLINE void fetch(const Pointers<P, ScalarOf<V>>& at, ptrdiff_t i, const Distances<P>& next) {
    if constexpr (stage == 0)
#pragma GCC unroll 16
        for (int k = 0; k < P::inputs; k++) __builtin_prefetch(at.inputs[k] + i + AHEAD<V>);
    // Into the second-level cache, as the first one waits for each line that it is asked for.
    if constexpr (FETCHES_NEXT<P> && stage == 1) {
        __builtin_prefetch(reinterpret_cast<const char*>(at.inputs[0] + i) + next.input, 0, 2);
        for (int k = 0; k < P::outputs; k++) __builtin_prefetch(reinterpret_cast<char*>(at.outputs[k] + i) + next.outputs[k], 0, 2);
    }
    if constexpr (!FETCHES_NEXT<P> && stage + 1 == P::stages)
        for (int k = 0; k < P::outputs; k++) __builtin_prefetch(at.outputs[k] + i + AHEAD<V>, 1);
}

// How many elements before a row the vectors along it begin, so that those as long as a line of the cache lie within one: what a
// stage writes, or else reads.  Lanes are partial sums in turn, so that this changes neither what a partial sum has nor, as the halves that merge
// are as far apart, how they merge.
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
#pragma GCC unroll 16
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

template <class P, class T>
void run_rows(const RowArguments& first, const RowPitches& pitches, int count, ptrdiff_t n, bool more) {
    using V = VectorOf<T>;
    constexpr int W = lanes<V>;
    V settings[P::settings + 1];
    read_settings<P, V>(first, settings);
    const Distances<P> next(pitches, more ? count : 0);
    for (int begin = 0; begin < count; begin += W) {
        const int rows = count - begin < W ? count - begin : W;
        Pointers<P, T> at[W];
        V values[P::values + 1] = {};
        for (int r = 0; r < rows; r++) {
            at[r] = Pointers<P, T>(first, pitches, begin + r);
            for (int k = 0; k < P::row_inputs; k++)
                set_lane(values[k], r, *beyond<T>(first.row_inputs[k], (begin + r) * pitches.row_inputs[k]));
            for (int k = 0; k < P::firsts; k++) set_lane(values[P::row_inputs + k], r, *at[r].inputs[P::first[k]]);
        }
        row_stages<P, 0, V>(at, rows, n, next, settings, values);
        for (int r = 0; r < rows; r++)
            for (int k = 0; k < P::row_outputs; k++)
                *beyond<T>(first.row_outputs[k], (begin + r) * pitches.row_outputs[k]) = lane(values[P::returned[k]], r);
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
};

// A vector of the elements i of neighbouring columns; `whole` if it is known to be full.
template <class P, class V, bool whole> struct ElementOfColumns {
    const Columns<P, V>& columns;
    ptrdiff_t i;
    int v;
    FASTACT_INLINE bool full() const { return whole || columns.full(v); }
    FASTACT_INLINE V get(const ScalarOf<V>* from) const { return full() ? load<V>(from) : load_some<V>(from, 0, columns.count); }
    FASTACT_INLINE V input(int k) const {
        const ScalarOf<V>* const from = columns.at.inputs[k] + i * columns.steps.inputs[k];
        if (k > 0 && columns.steps.same_in_all_columns[k]) return broadcast<V>(*from);
        return get(from + v * lanes<V>);
    }
    FASTACT_INLINE V output(int k) const { return get(to(k)); }
    FASTACT_INLINE void put(int k, V value) const {
        if (full()) store<V>(to(k), value);
        else store_some<V>(to(k), value, 0, columns.count);
    }
    template <class Parts> FASTACT_INLINE void widen_input(int k, V value, Parts* parts) const {
        if ((k > 0 && columns.steps.same_in_all_columns[k]) || !full()) widen(value, parts);
        else widen_from(columns.at.inputs[k] + i * columns.steps.inputs[k] + v * lanes<V>, parts);
    }
    FASTACT_INLINE ScalarOf<V>* to(int k) const { return columns.at.outputs[k] + i * columns.steps.outputs[k] + v * lanes<V>; }
};

// A partial sum stays in registers for this many of its elements.
constexpr ptrdiff_t RUN = 8;

// Runs a stage on the elements begin, begin + step, ... of N neighbouring vectors, and gives the terms of vector `first + j` to
// take(j, terms, element).
template <class P, int stage, int N, bool zero, class V, class Take>
FASTACT_INLINE void work_on_columns(const Columns<P, V>& columns, int first, ptrdiff_t begin, ptrdiff_t end, ptrdiff_t step,
                                    const V* settings, const V (*row)[P::values + 1], const Take& take) {
    using S = typename P::template Stage<stage>;
    using Element = ElementOfColumns<P, V, (N > 1)>;
    V of_row[N][P::values + 1];
#pragma GCC unroll 8
    for (int j = 0; j < N; j++)
#pragma GCC unroll 16
        for (int k = 0; k < P::values; k++) of_row[j][k] = zero && k == S::mostly_zero ? V{} : row[first + j][k];
    for (ptrdiff_t i = begin; i < end; i += step) {
        const auto here = [&](int j) __attribute__((always_inline)) { return Element{columns, i, first + j}; };
        const auto values = [&](int j) __attribute__((always_inline)) { return of_row[j]; };
        work_on_vectors<P, stage, N>(settings, here, values, take);
    }
}

// Calls work(first, count) for the vectors of a block of columns, some neighbours at a time.
template <class P, class V, class Work> FASTACT_INLINE void in_groups(const Columns<P, V>& columns, const Work& work) {
    int v = 0;
    if constexpr (MIXED<V> > 1)
        for (; v + MIXED<V> <= columns.vectors && columns.full(v + MIXED<V> - 1); v += MIXED<V>) work(v, Number<MIXED<V>>{});
    for (; v < columns.vectors; v++) work(v, Number<1>{});
}

// Reduces all elements of a block of columns.  The state of partial sum l and vector v is states[l * columns.vectors + v], and so
// are they merged.
template <class P, int stage, bool zero, class V, class State>
FASTACT_INLINE void reduce_columns(const Columns<P, V>& columns, ptrdiff_t n, const V* settings, const V (*row)[P::values + 1],
                                   State* states) {
    using R = typename P::template Stage<stage>::Reduced;
    constexpr ptrdiff_t PARTIAL = R::in_order ? SUMS<V> : 1;
    for (ptrdiff_t begin = 0; begin < n; begin += RUN * PARTIAL) {
        const ptrdiff_t end = begin + RUN * PARTIAL < n ? begin + RUN * PARTIAL : n;
        for (ptrdiff_t l = 0; l < PARTIAL && begin + l < end; l++) {
            in_groups(columns, [&](int first, auto count) __attribute__((always_inline)) {
                constexpr int N = decltype(count)::value;
                State* const at = states + l * columns.vectors + first;
                State some[N];
#pragma GCC unroll 8
                for (int j = 0; j < N; j++) {
                    if (begin == 0) R::template start<V>(some[j]);
                    else some[j] = at[j];
                }
                const auto accumulate = [&](int j, const V* terms, const auto& element) __attribute__((always_inline)) {
                    R::template accumulate<V>(some[j], terms, element);
                };
                work_on_columns<P, stage, N, zero, V>(columns, first, begin + l, end, PARTIAL, settings, row, accumulate);
#pragma GCC unroll 8
                for (int j = 0; j < N; j++) {
                    R::template settle<V>(some[j]);
                    at[j] = some[j];
                }
            });
        }
    }
    for (int v = 0; v < columns.vectors; v++)
        // Partial sums without an element are +0, and adding them would change nothing.
        for (ptrdiff_t k = PARTIAL / 2; k > 0; k /= 2)
            for (ptrdiff_t l = 0; l < k && l + k < n; l++)
                R::template merge<V>(states[l * columns.vectors + v], states[(l + k) * columns.vectors + v]);
}

// Merges the partial sums l, l + step, l + 2 * step, ... of n, which have one term each; those of the elements are `pitch` apart.
template <class R, int step, class V, class State>
FASTACT_INLINE void merge_terms(State& state, const V* terms, ptrdiff_t pitch, ptrdiff_t l, ptrdiff_t n) {
    if constexpr (step == SUMS<V>) {
        R::template start<V>(state);
        R::template accumulate<V>(state, terms + l * pitch, InMemory{});
    } else {
        merge_terms<R, 2 * step, V>(state, terms, pitch, l, n);
        if (l + step >= n) return;
        State other;
        merge_terms<R, 2 * step, V>(other, terms, pitch, l + step, n);
        R::template merge<V>(state, other);
    }
}

// All of them, for the terms of neighbouring vectors from one on.
template <class R, class V, class State>
__attribute__((noinline)) void merge_all_terms(State& merged, const V* terms, ptrdiff_t pitch, ptrdiff_t n) {
    State state;
    merge_terms<R, 1, V>(state, terms, pitch, 0, n);
    R::template settle<V>(state);
    merged = state;
}

// Runs a stage on a block of columns and keeps the terms: those of element i and vector v are kept[(i * columns.vectors + v) * R::terms].
template <class P, int stage, bool zero, class V>
FASTACT_INLINE void keep_terms(const Columns<P, V>& columns, ptrdiff_t n, const V* settings, const V (*row)[P::values + 1], V* kept) {
    using R = typename P::template Stage<stage>::Reduced;
    in_groups(columns, [&](int first, auto count) __attribute__((always_inline)) {
        constexpr int N = decltype(count)::value;
        const auto keep = [&](int, const V* terms, const auto& element) __attribute__((always_inline)) {
            for (int t = 0; t < R::terms; t++) kept[(element.i * columns.vectors + element.v) * R::terms + t] = terms[t];
        };
        work_on_columns<P, stage, N, zero, V>(columns, first, 0, n, 1, settings, row, keep);
    });
}

// Tells whether a value is zero for all columns.
template <int k, class V, int values> FASTACT_INLINE bool zero_in_all(const V (*row)[values], int vectors) {
    IntegersOf<V> set = {};
    const IntegersOf<V> none = {};
    for (int v = 0; v < vectors; v++) set |= bits(absolute(row[v][k]));
    return memcmp(&set, &none, sizeof set) == 0;
}

template <class P, int stage, class V>
FASTACT_INLINE void column_stages(const Columns<P, V>& columns, ptrdiff_t n, const V* settings, V (*row)[P::values + 1], void* sums) {
    using S = typename P::template Stage<stage>;
    using R = typename S::Reduced;
    using State = typename R::template State<V>;
    State* const states = static_cast<State*>(sums);
    V* const kept = static_cast<V*>(sums);
    // No partial sum has more than one element then.
    const bool keeps_terms = R::in_order && n <= SUMS<V>;
    const auto work = [&](auto zero) __attribute__((always_inline)) {
        constexpr bool is_zero = decltype(zero)::value;
        if (keeps_terms) keep_terms<P, stage, is_zero, V>(columns, n, settings, row, kept);
        else reduce_columns<P, stage, is_zero, V>(columns, n, settings, row, states);
    };
    constexpr bool may_be_zero = S::mostly_zero >= 0;
    if (may_be_zero && zero_in_all<may_be_zero ? S::mostly_zero : 0>(row, columns.vectors)) work(Number<may_be_zero>{});
    else work(Number<false>{});
    if constexpr (S::ends) {
        for (int v = 0; v < columns.vectors; v++) {
            State state;
            if (keeps_terms) merge_all_terms<R>(state, kept + v * R::terms, columns.vectors * R::terms, n);
            else state = states[v];
            V results[R::results + 1];
            R::template finish<V>(state, double(n), results);
            S::template row<V>(results, broadcast<V>(ScalarOf<V>(n)), settings, row[v]);
        }
    }
    if constexpr (stage + 1 < P::stages) column_stages<P, stage + 1, V>(columns, n, settings, row, sums);
}

// The vectors that a partial sum takes, in the stage where it takes most.
template <class P, class V, int stage = 0> constexpr ptrdiff_t vectors_of_sums() {
    using R = typename P::template Stage<stage>::Reduced;
    constexpr ptrdiff_t state = sizeof(typename R::template State<V>) / sizeof(V), own = state > R::terms ? state : R::terms;
    if constexpr (stage + 1 == P::stages) {
        return own;
    } else {
        constexpr ptrdiff_t others = vectors_of_sums<P, V, stage + 1>();
        return own > others ? own : others;
    }
}

template <class P, class T>
void run_columns(const RowArguments& arguments, const ColumnSteps& steps, ptrdiff_t n, ptrdiff_t width, void* workspace) {
    using V = VectorOf<T>;
    constexpr int W = lanes<V>;
    V settings[P::settings + 1];
    read_settings<P, V>(arguments, settings);
    const Columns<P, V> columns = {Pointers<P, T>(arguments, RowPitches(), 0), steps, int((width + W - 1) / W), width % W};
    V* const sums = static_cast<V*>(workspace);
    V* const values = sums + vectors_of_sums<P, V>() * (n < SUMS<V> ? n : SUMS<V>) * columns.vectors;
    V(*const row)[P::values + 1] = reinterpret_cast<V(*)[P::values + 1]>(values);
    for (int v = 0; v < columns.vectors; v++) {
        for (int k = 0; k < P::row_inputs; k++) row[v][k] = load<V>(static_cast<const T*>(arguments.row_inputs[k]) + v * W);
        for (int k = 0; k < P::firsts; k++) row[v][P::row_inputs + k] = ElementOfColumns<P, V, false>{columns, 0, v}.input(P::first[k]);
    }
    column_stages<P, 0, V>(columns, n, settings, row, sums);
    for (int k = 0; k < P::row_outputs; k++)
        for (int v = 0; v < columns.vectors; v++)
            store<V>(static_cast<T*>(arguments.row_outputs[k]) + v * W, row[v][P::returned[k]]);
}

template <class T, class... P> struct RowPrograms {
    static constexpr RowProgram all[] = {{P::name, P::inputs, P::row_inputs, P::outputs, P::row_outputs, P::settings,
                                          BYTES_TOGETHER<P>, P::values + 1, vectors_of_sums<P, VectorOf<T>>(), run_rows<P, T>,
                                          run_columns<P, T>}...};
    static constexpr int count = sizeof...(P);
};

}  // namespace FASTACT_ISA
}  // namespace fastact

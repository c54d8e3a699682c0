// Runs row programs across neighbouring columns, each of them a row: a partial sum is a vector.
#pragma once

#include "stages.hpp"

namespace fastact {
namespace FASTACT_ISA {

// A block of columns and its results stay in the second-level cache together if they are not larger.
constexpr ptrdiff_t CACHED_BYTES = 3 << 19;

// Where the vectors of a block of columns are, and how they are read: `count` is the number of columns in the last one where
// that is not full, else 0; `cached` whether the block stays in the second-level cache.
template <class P, class V> struct Columns {
    Pointers<P, ScalarOf<V>> at;
    const ColumnSteps& steps;
    int vectors;
    ptrdiff_t count;
    bool cached;

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
#pragma GCC unroll 32
        for (int k = 0; k < P::values; k++) of_row[j][k] = zero && k == S::mostly_zero ? V{} : row[first + j][k];
    for (ptrdiff_t i = begin; i < end; i += step) {
        const auto here = [&](int j) __attribute__((always_inline)) { return Element{columns, i, first + j}; };
        const auto values = [&](int j) __attribute__((always_inline)) { return of_row[j]; };
        if constexpr (P::stages > 2 && S::stores == 0 && (stage == LONGEST_STAGE<P> || stage == BOTH))
            if (columns.cached)
#pragma GCC unroll 8
                for (int j = 0; j < N; j++)
                    for (int k = 0; k < P::outputs; k++) __builtin_prefetch(here(j).to(k), 1, 2);
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

template <class Bits> FASTACT_INLINE bool all_zero(const Bits& set) {
    const Bits none = {};
    return memcmp(&set, &none, sizeof set) == 0;
}

// Makes the terms of a stage of those that the stage before has kept, over which they are written.
template <class P, int stage, class V>
FASTACT_INLINE void make_terms_again(const Columns<P, V>& columns, ptrdiff_t n, const V* settings, const V (*row)[P::values + 1], V* kept) {
    using S = typename P::template Stage<stage>;
    constexpr int TERMS = S::Reduced::terms, BEFORE = P::template Stage<stage - 1>::Reduced::terms;
    static_assert(TERMS <= BEFORE, "or terms would be written over before they are read");
    for (ptrdiff_t i = 0; i < n; i++)
        for (int v = 0; v < columns.vectors; v++) {
            const ptrdiff_t place = i * columns.vectors + v;
            S::template again<V>(kept + place * BEFORE, settings, row[v], kept + place * TERMS);
        }
}

// Tells whether a value is zero for all columns.
template <int k, class V, int values> FASTACT_INLINE bool zero_in_all(const V (*row)[values], int vectors) {
    IntegersOf<V> set = {};
    for (int v = 0; v < vectors; v++) set |= bits(absolute(row[v][k]));
    return all_zero(set);
}

// Runs the first two stages in one pass, on the presumption that the value of the row that is mostly zero will be; tells whether it
// is.  If not, what the second stage did counts for nothing.
template <class P, class V>
FASTACT_INLINE bool first_two_at_once(const Columns<P, V>& columns, ptrdiff_t n, const V* settings, V (*row)[P::values + 1], void* sums) {
    using First = typename P::template Stage<0>;
    using Second = typename P::template Stage<1>;
    using R = typename P::template Stage<BOTH>::Reduced;
    using State = typename R::template State<V>;
    State* const states = static_cast<State*>(sums);
    const V length = broadcast<V>(ScalarOf<V>(n));
    V results[R::results];
    reduce_columns<P, BOTH, true, V>(columns, n, settings, row, states);
    for (int v = 0; v < columns.vectors; v++) {
        R::template finish<V>(states[v], double(n), results);
        First::template row<V>(results, length, settings, row[v]);
    }
    if (!zero_in_all<Second::mostly_zero>(row, columns.vectors)) return false;
    for (int v = 0; v < columns.vectors; v++) {
        R::template finish<V>(states[v], double(n), results);
        Second::template row<V>(results + First::Reduced::results, length, settings, row[v]);
    }
    return true;
}

template <class P, int stage, class V>
FASTACT_INLINE void column_stages(const Columns<P, V>& columns, ptrdiff_t n, const V* settings, V (*row)[P::values + 1], void* sums) {
    using S = typename P::template Stage<stage>;
    using R = typename S::Reduced;
    using State = typename R::template State<V>;
    State* const states = static_cast<State*>(sums);
    V* const kept = static_cast<V*>(sums);
    constexpr bool conditional = S::condition >= 0;
    const bool skipped = conditional && zero_in_all<conditional ? S::condition : 0>(row, columns.vectors);
    // No partial sum has more than one element then.
    const bool keeps_terms = R::in_order && R::template merges_kept_terms<V> && n <= SUMS<V>;
    const auto work = [&](auto zero) __attribute__((always_inline)) {
        constexpr bool is_zero = decltype(zero)::value;
        if constexpr (conditional)
            if (keeps_terms) return make_terms_again<P, stage, V>(columns, n, settings, row, kept);
        if (keeps_terms) keep_terms<P, stage, is_zero, V>(columns, n, settings, row, kept);
        else reduce_columns<P, stage, is_zero, V>(columns, n, settings, row, states);
    };
    constexpr bool may_be_zero = S::mostly_zero >= 0;
    if (skipped) {
    } else if (may_be_zero && zero_in_all<may_be_zero ? S::mostly_zero : 0>(row, columns.vectors)) work(Number<may_be_zero>{});
    else work(Number<false>{});
    if constexpr (S::ends) {
        for (int v = 0; v < columns.vectors; v++) {
            V results[R::results + 1] = {};
            if (!skipped) {
                State state;
                if (keeps_terms) merge_all_terms<R>(state, kept + v * R::terms, columns.vectors * R::terms, n);
                else state = states[v];
                R::template finish<V>(state, double(n), results);
            }
            S::template row<V>(results, broadcast<V>(ScalarOf<V>(n)), settings, row[v]);
        }
    }
    if constexpr (stage + 1 < P::stages) column_stages<P, stage + 1, V>(columns, n, settings, row, sums);
}

template <class P, class V>
FASTACT_INLINE void all_stages(const Columns<P, V>& columns, ptrdiff_t n, const V* settings, V (*row)[P::values + 1], void* sums) {
    if constexpr (P::presumes)
        if (n >= 2 * SUMS<V> && !writes_over_inputs<P>(columns.at)) {
            IntegersOf<V> known = {};
            for (int v = 0; v < columns.vectors; v++) known |= bits(P::template known<V>(settings, row[v]));
            if (all_zero(known)) {
                if (first_two_at_once<P, V>(columns, n, settings, row, sums)) column_stages<P, 2, V>(columns, n, settings, row, sums);
                else column_stages<P, 1, V>(columns, n, settings, row, sums);
                return;
            }
        }
    column_stages<P, 0, V>(columns, n, settings, row, sums);
}

// The vectors that a partial sum takes, in the stage where it takes most.
template <class P, class V, int stage = P::presumes ? BOTH : 0> constexpr ptrdiff_t vectors_of_sums() {
    using R = typename P::template Stage<stage>::Reduced;
    constexpr ptrdiff_t state = sizeof(typename R::template State<V>) / sizeof(V), own = state > R::terms ? state : R::terms;
    if constexpr (stage + 1 == P::stages) {
        return own;
    } else {
        constexpr ptrdiff_t others = vectors_of_sums<P, V, stage + 1>();
        return own > others ? own : others;
    }
}

template <class P, class V>
FASTACT_INLINE V first_elements(const Columns<P, V>& columns, int v, ptrdiff_t n, const FirstElements& first) {
    const auto element = [&](ptrdiff_t i) { return ElementOfColumns<P, V, false>{columns, i, v}.input(first.input); };
    if (!first.several) return element(0);
    V largest = Fmax<0>::start<V>();
    for (ptrdiff_t i = 0; i < (n > 2 * EARLY ? EARLY : 1); i++) Fmax<0>::merge<V>(largest, element(i));
    return largest;
}

template <class P, class T>
void run_columns(const RowArguments& arguments, const ColumnSteps& steps, ptrdiff_t n, ptrdiff_t width, void* workspace) {
    using V = VectorOf<T>;
    constexpr int W = lanes<V>;
    V settings[P::settings + 1];
    read_settings<P, V>(arguments, settings);
    const bool cached = n * width * ptrdiff_t(sizeof(T)) * (1 + P::outputs) <= CACHED_BYTES;
    const Columns<P, V> columns = {Pointers<P, T>(arguments, RowPitches(), 0), steps, int((width + W - 1) / W), width % W, cached};
    V* const sums = static_cast<V*>(workspace);
    V* const values = sums + vectors_of_sums<P, V>() * (n < SUMS<V> ? n : SUMS<V>) * columns.vectors;
    V(*const row)[P::values + 1] = reinterpret_cast<V(*)[P::values + 1]>(values);
    for (int v = 0; v < columns.vectors; v++) {
        for (int k = 0; k < P::row_inputs; k++) row[v][k] = load<V>(static_cast<const T*>(arguments.row_inputs[k]) + v * W);
        for (int k = 0; k < P::firsts; k++) row[v][P::row_inputs + k] = first_elements(columns, v, n, P::first[k]);
    }
    all_stages<P, V>(columns, n, settings, row, sums);
    for (int k = 0; k < P::row_outputs; k++)
        for (int v = 0; v < columns.vectors; v++)
            store<V>(static_cast<T*>(arguments.row_outputs[k]) + v * W, row[v][P::returned[k]]);
}

}  // namespace FASTACT_ISA
}  // namespace fastact

// What a stage of a row program adds up or compares, over the lanes of vectors and over vectors.
#pragma once

#include "wide.hpp"

namespace fastact {
namespace FASTACT_ISA {

// Terms of a partial sum that `Count` adds in the working precision.
constexpr ptrdiff_t SETTLED = 4096;

// A reduction is a template over the numbers of the inputs that its operands are as they stand, -1 for others.  In `merge_lanes`
// the first lane ends as the whole; `blank` makes terms without effect of lanes beyond the end of a row; `settle` is called after
// SETTLED terms of a partial sum, if not before, and after its last.  `takes_long` tells whether memory is read in less time than it
// takes, `merges_kept_terms` whether partial sums of one term each are made of kept terms in less time than from the start.
template <int x> struct Sum {
    static constexpr int terms = 1, results = 1;
    static constexpr bool settles = false, in_order = true, takes_long = false;
    template <class V> static constexpr bool merges_kept_terms = true;
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

template <int x, int y, int> struct DistanceDot : SumParts<x> {
    static constexpr int terms = 3;
    template <class V, class Here> static FASTACT_INLINE void accumulate(Wide<V>& sum, const V* terms, const Here& here) {
        add_product_with_distance(sum, operand<x>(terms[0], here), operand<y>(terms[1], here), terms[2]);
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
    static constexpr bool settles = true, in_order = false, takes_long = false;
    template <class V> static constexpr bool merges_kept_terms = true;
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
    template <class V> static FASTACT_INLINE void merge(State<V>& state, const State<V>& other) {
        state.sum.add(other.sum);
        state.recent += other.recent;
    }
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
    static constexpr bool settles = false, in_order = true, takes_long = true;
    // In float, with 16 registers, layer_norm of rows of ten takes 1.6 of the time so; with 32, or in double, 0.8 to 1.0.
    template <class V> static constexpr bool merges_kept_terms = sizeof(V) == 64 || sizeof(ScalarOf<V>) == sizeof(double);
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
    static constexpr bool settles = false, in_order = false, takes_long = false;
    template <class V> static constexpr bool merges_kept_terms = true;
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
    static constexpr bool settles = false, in_order = false, takes_long = false;
    template <class V> static constexpr bool merges_kept_terms = true;
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
    static constexpr bool settles = false, in_order = false, takes_long = false;
    template <class V> static constexpr bool merges_kept_terms = true;
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
    static constexpr bool takes_long = R::takes_long || Others::takes_long;
    template <class V>
    static constexpr bool merges_kept_terms = R::template merges_kept_terms<V> && Others::template merges_kept_terms<V>;
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

}  // namespace FASTACT_ISA
}  // namespace fastact

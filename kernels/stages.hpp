// What a stage of a row program does with the elements of some vectors, wherever they are.
#pragma once

#include "reductions.hpp"
#include "rows_table.hpp"

namespace fastact {
namespace FASTACT_ISA {

template <class V> constexpr int SUMS = SUMS_BYTES / sizeof(ScalarOf<V>);

// A bound of what rounding takes from the two parts of a sum of n positive terms, as a share of it.
FASTACT_INLINE f32 sum_error(f32 n) { return n * broadcast<f32>(0x1p-53f / SUMS<f32>) + broadcast<f32>(0x1p-48f); }
FASTACT_INLINE f64 sum_error(f64 n) { return n * broadcast<f64>(0x1p-104); }

// Neighbouring vectors that are worked on at a time, so that their chains of instructions mix.
template <class V> constexpr int MIXED = sizeof(V) == 64 ? 4 : sizeof(V) == 32 ? 2 : 1;

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

// What a program asks of the first elements of an input: the first one, or the largest of the first EARLY of more than twice as many.
struct FirstElements {
    bool several;
    int input;
};
constexpr ptrdiff_t EARLY = 16;

template <class P, class V> FASTACT_INLINE void read_settings(const RowArguments& arguments, V* settings) {
    for (int k = 0; k < P::settings; k++) settings[k] = broadcast<V>(ScalarOf<V>(arguments.settings[k]));
}

// The stage that computes most.
template <class P> constexpr int LONGEST_STAGE = P::stages > 2 ? 1 : 0;

// Whether it computes so much that the memory would rest meanwhile: then it fetches what is needed later.
template <class P> constexpr bool FETCHES_NEXT = P::stages > 2 || P::template Stage<0>::Reduced::takes_long;

// The number of the stage that is the first two at once, for programs that presume what the first one finds.
constexpr int BOTH = -1;

// Tells whether what the first two stages store is written where inputs are.
template <class P, class T> FASTACT_INLINE bool writes_over_inputs(const Pointers<P, T>& at) {
    bool same = false;
    for (int o = 0; o < P::outputs; o++)
        for (int k = 0; k < P::inputs; k++) same |= (P::template Stage<BOTH>::stores >> o & 1) && at.outputs[o] == at.inputs[k];
    return same;
}

// What a stage does with the elements of N vectors, which are all read before any is written: `here(j)` tells where vector j is,
// `row(j)` the values of its row, and take(j, terms, here) gets what is reduced.
template <class P, int stage, int N, class V, class Here, class Row, class Take>
FASTACT_INLINE void work_on_vectors(const V* settings, const Here& here, const Row& row, const Take& take) {
    using S = typename P::template Stage<stage>;
    static_assert(P::values <= 32, "so many values of a row are unrolled where they are read");
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

}  // namespace FASTACT_ISA
}  // namespace fastact

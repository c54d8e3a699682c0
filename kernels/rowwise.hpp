// The engine that runs row programs (rows.inc, printed from fastact/rowwise.py) over the vectors of one instruction set.
//
// A sum is carried in a fixed number of partial sums, in twice the working precision: sum l has the elements i with
// i % SUMS == l, starts from +0, and is merged with sum l + SUMS / 2 and so on, in halves.  Along a row, a partial sum is a lane
// of a vector; across columns it is a vector of its own.  So neither layout nor width of the vectors changes a bit of a result.
#pragma once

#include "across_columns.hpp"
#include "along_rows.hpp"

namespace fastact {
namespace FASTACT_ISA {

template <class T, class... P> struct RowPrograms {
    static constexpr RowProgram all[] = {{P::name, P::inputs, P::row_inputs, P::outputs, P::row_outputs, P::settings,
                                          BYTES_TOGETHER<P>, P::values + 1, vectors_of_sums<P, VectorOf<T>>(), run_rows<P, T>,
                                          run_columns<P, T>}...};
    static constexpr int count = sizeof...(P);
};

}  // namespace FASTACT_ISA
}  // namespace fastact

// The body of every kernels/rows_*.cpp: all row programs for one instruction set (FASTACT_ISA).
#include "intervals.hpp"
#include "rowwise.hpp"
#include "transpose.hpp"

#include "mathematics.inc"
#include "rows.inc"

#define FASTACT_JOIN_(a, b) a##_##b
#define FASTACT_JOIN(a, b) FASTACT_JOIN_(a, b)
#define FASTACT_TEXT_(a) #a
#define FASTACT_TEXT(a) FASTACT_TEXT_(a)

namespace fastact {
namespace FASTACT_ISA {
using RowsOfFloat = RowPrograms<float, FASTACT_ROW_PROGRAMS>;
using RowsOfDouble = RowPrograms<double, FASTACT_ROW_PROGRAMS>;
}  // namespace FASTACT_ISA
extern const RowTable FASTACT_JOIN(row_table, FASTACT_ISA);
const RowTable FASTACT_JOIN(row_table, FASTACT_ISA) = {
    FASTACT_TEXT(FASTACT_ISA),
    FASTACT_ISA::RowsOfFloat::count,
    {FASTACT_ISA::RowsOfFloat::all, FASTACT_ISA::RowsOfDouble::all},
    {FASTACT_ISA::gather_rows<float>, FASTACT_ISA::gather_rows<double>},
    {FASTACT_ISA::scatter_rows<float>, FASTACT_ISA::scatter_rows<double>},
};
}  // namespace fastact

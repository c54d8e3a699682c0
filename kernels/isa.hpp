// The body of every kernels/isa_*.cpp: all activations in one precision (FASTACT_REAL) for one instruction set (FASTACT_ISA).
#include "half.hpp"
#include "intervals.hpp"
#include "loops.hpp"

#include "mathematics.inc"

#define FASTACT_JOIN_(a, b, c) a##_##b##_##c
#define FASTACT_JOIN(a, b, c) FASTACT_JOIN_(a, b, c)

namespace fastact {
extern const Table FASTACT_JOIN(table, FASTACT_ISA, FASTACT_REAL);
namespace FASTACT_ISA {
using All = Activations<FASTACT_REAL, FASTACT_ACTIVATIONS>;
}
const Table FASTACT_JOIN(table, FASTACT_ISA, FASTACT_REAL) = {FASTACT_ISA::All::all, FASTACT_ISA::All::count,
                                                             FASTACT_ISA::widen, FASTACT_ISA::narrow};
}  // namespace fastact

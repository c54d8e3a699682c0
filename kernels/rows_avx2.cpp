#define FASTACT_ISA avx2
#define FASTACT_VECTOR_BYTES 32
#include "rows_isa.hpp"

#define FASTACT_ISA avx512
#define FASTACT_VECTOR_BYTES 64
#include "rows_isa.hpp"

#define FASTACT_ISA scalar
#define FASTACT_VECTOR_BYTES 0
#include "rows_isa.hpp"

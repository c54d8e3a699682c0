#define FASTACT_ISA baseline
#define FASTACT_VECTOR_BYTES 16
#include "isa.hpp"

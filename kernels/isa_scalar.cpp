#define FASTACT_ISA scalar
#define FASTACT_VECTOR_BYTES 0
#include "isa.hpp"

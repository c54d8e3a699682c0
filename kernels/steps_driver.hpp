// Several inner loops one after the other on each block of some arrays, so that what one leaves for the next stays in the caches.
#pragma once

#include <stddef.h>

#include "axes.hpp"

namespace fastact {

constexpr int MAX_STEP_OPERANDS = 40, MAX_STEPS = 40, MAX_LOOP_OPERANDS = 8;

// As NumPy declares those of its ufuncs.
typedef void (*InnerLoop)(char** args, const ptrdiff_t* dimensions, const ptrdiff_t* steps, void* data);

struct Step {
    InnerLoop loop;
    void* data;
    int count;
    int operands[MAX_LOOP_OPERANDS];
};

// The operands are numbered: inputs, outputs, blocks of scratch.
struct Steps {
    int inputs, outputs, scratch;
    int count;
    Step steps[MAX_STEPS];
};

// A stride of zero repeats an input.  Arrays of float16, and outputs whose elements may only change at the end of a block, go through
// a buffer; one whose elements may change at any time is lent as the last block of scratch.
struct StepArray {
    char* data;
    ptrdiff_t strides[MAX_AXES];
    bool half;
    bool buffered;
    bool lent;
};

// `arrays` are the inputs and the outputs.  False if there is no memory for the blocks.
bool run_steps(const Steps& steps, const StepArray* arrays, int axes, const ptrdiff_t* shape, bool wide);

}  // namespace fastact

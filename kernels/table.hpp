// What an instruction set's translation units offer to the driver: plain function pointers, one table a precision.
#pragma once

#include <stddef.h>

namespace fastact {

// Of inputs a and b the last two forms are f(a + b), and a * f(b).
enum Form {
    VALUE,
    DERIVATIVE,
    VALUE_AND_DERIVATIVE,
    DERIVATIVE_FROM_OUTPUT,
    BACKWARD,
    BACKWARD_PARAMETERS,
    VALUE_OF_SUM,
    VALUE_TIMES,
    FORMS
};

// Works on n contiguous elements.  `parameters` point to one element each, or to n in an ARRAYS kernel.  An output may be an
// input, but may not overlap one otherwise.  With `streaming`, the outputs bypass the caches.
typedef void (*Kernel)(const void* const* inputs, const void* const* parameters, void* const* outputs, ptrdiff_t n,
                       bool streaming);

enum ParameterKind { SCALARS, ARRAYS, PARAMETER_KINDS };

struct Activation {
    const char* name;
    int parameters;
    int trainable;
    Kernel kernels[FORMS][PARAMETER_KINDS];  // null: a form that the activation has not, and ARRAYS of the last two
};

struct Table {
    const Activation* activations;
    int count;
    // Of float16 elements, which are held as their bits.
    void (*widen)(const unsigned short* from, float* to, ptrdiff_t n);
    void (*narrow)(const float* from, unsigned short* to, ptrdiff_t n);
};

constexpr int MAX_INPUTS = 2;
constexpr int MAX_PARAMETERS = 4;
constexpr int MAX_OUTPUTS = 1 + MAX_PARAMETERS;
constexpr ptrdiff_t BLOCK = 512;  // elements that go through a buffer in L1 at a time

}  // namespace fastact

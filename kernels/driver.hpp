// From NumPy's inner loops and the direct calls to the kernels of the instruction set in use.
#pragma once

#include <stddef.h>

#include "table.hpp"

namespace fastact {

enum Storage { HALF, SINGLE, DOUBLE, STORAGES };

// One form of one activation for one type of elements: the `data` of a NumPy inner loop.
struct Loop {
    Kernel kernels[PARAMETER_KINDS];
    Storage storage;
    int inputs;
    int parameters;
    int outputs;
};

// The instruction sets that were compiled and that this CPU has, from the narrowest to the widest.
int available_isas();
const char* isa_name(int index);

// Takes the widest one not above `limit`; call it once, before `activations` or `loop`.
void choose_isa(int limit);
int chosen_isa();

int activations();
const Activation& activation(int index);
const Loop& loop(int activation, Form form, Storage storage);

// The loop of another form of the activation whose values are computed by an inner loop with this `data`; null if it is none.
const Loop* other_form(const void* data, Form form);

// Bring up to BLOCK elements together, and take them back to where they belong; those of float16 are float32 in the buffer.  What
// lies together already stays where it is.
const char* gather(Storage storage, const char* from, ptrdiff_t step, char* buffer, ptrdiff_t n);
void scatter(Storage storage, const char* buffer, char* to, ptrdiff_t step, ptrdiff_t n);

// NumPy's inner loop: inputs, parameters, outputs in `args`; `data` is a Loop.
void inner_loop(char** args, const ptrdiff_t* dimensions, const ptrdiff_t* steps, void* data);

// n contiguous elements with scalar parameters.
void run_contiguous(const Loop& loop, const void* const* inputs, const void* const* parameters, void* const* outputs,
                    ptrdiff_t n);

// n contiguous elements of float16 to float32, or back if they are SINGLE.
void copy_halves(Storage from_storage, const char* from, char* to, ptrdiff_t n);

void set_threads(int threads);
int get_threads();
bool has_openmp();

// Call it before every parallel region.  A pool of threads that a parent has used hangs its forked child; from the first call on
// it is ended before every fork, and both start a new one.
void watch_forks();

void clear_floating_point_flags();

}  // namespace fastact

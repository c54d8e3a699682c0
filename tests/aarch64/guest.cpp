// What runs on the emulated processor: the kernels, behind functions that are told by name what to do.
#include <string.h>

#include "driver.hpp"
#include "rows_driver.hpp"

namespace fastact {
namespace {

const Loop* find_loop(const char* name, Form form, Storage storage) {
    for (int a = 0; a < activations(); a++)
        if (strcmp(activation(a).name, name) == 0) return &loop(a, form, storage);
    return nullptr;
}

int find_program(const char* name) {
    for (int p = 0; p < row_programs(); p++)
        if (strcmp(row_program(p, false).name, name) == 0) return p;
    return -1;
}

// In the order of tests/aarch64/kernels.py.
const void* const functions[] = {
    reinterpret_cast<const void*>(find_loop),
    reinterpret_cast<const void*>(find_program),
    reinterpret_cast<const void*>(inner_loop),
    reinterpret_cast<const void*>(run_rows),
};

}  // namespace
}  // namespace fastact

int main() {
    fastact::choose_isa(0);
    register const void* offered __asm__("x0") = fastact::functions;
    __asm__ volatile("brk #0" : : "r"(offered) : "memory");
}

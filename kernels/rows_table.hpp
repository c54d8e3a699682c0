// What an instruction set's translation unit offers for rows: plain function pointers.
#pragma once

#include <stddef.h>

namespace fastact {

constexpr int MAX_ROW_INPUTS = 2;

// n contiguous elements to a row.  The output may be an input.
typedef void (*RowKernel)(const void* const* inputs, void* output, ptrdiff_t n, const double* settings);

// Neighbouring columns, each of them a row whose elements are `steps` elements apart: one step an input, then the output's.
typedef void (*ColumnKernel)(const void* const* inputs, void* output, const ptrdiff_t* steps, ptrdiff_t n, ptrdiff_t columns,
                             const double* settings);

struct RowProgram {
    const char* name;
    int inputs;
    int settings;
    RowKernel row;
    ColumnKernel columns;
};

// Element i of row r, whose elements are neighbours, goes to buffer[i * width + r], and back.  The width is at least the count
// rounded up to a multiple of 16.
typedef void (*GatherRows)(const void* const* rows, ptrdiff_t count, ptrdiff_t n, void* buffer, ptrdiff_t width);
typedef void (*ScatterRows)(const void* buffer, ptrdiff_t width, void* const* rows, ptrdiff_t count, ptrdiff_t n);

// Of float and of double.
struct RowTable {
    const char* isa;
    int count;
    const RowProgram* programs[2];
    GatherRows gather[2];
    ScatterRows scatter[2];
};

}  // namespace fastact

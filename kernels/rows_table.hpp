// What an instruction set's translation unit offers for rows: plain function pointers.
#pragma once

#include <stddef.h>

namespace fastact {

constexpr int MAX_ROW_OPERANDS = 12, MAX_ROW_SETTINGS = 4;

// A sum is carried in as many partial sums as numbers of the working precision fit into this.
constexpr ptrdiff_t SUMS_BYTES = 128;

// Inputs and outputs have elements, row inputs and row outputs one value a row.  An output may be an input.
struct RowArguments {
    const void* inputs[MAX_ROW_OPERANDS];
    const void* row_inputs[MAX_ROW_OPERANDS];
    void* outputs[MAX_ROW_OPERANDS];
    void* row_outputs[MAX_ROW_OPERANDS];
    const double* settings;
};

// Elements between the neighbours of a column.  Inputs but the first may have one column that serves for all.
struct ColumnSteps {
    ptrdiff_t inputs[MAX_ROW_OPERANDS];
    ptrdiff_t outputs[MAX_ROW_OPERANDS];
    bool same_in_all_columns[MAX_ROW_OPERANDS];
};

// Bytes between the operands of a row and of the next.
struct RowPitches {
    ptrdiff_t inputs[MAX_ROW_OPERANDS];
    ptrdiff_t row_inputs[MAX_ROW_OPERANDS];
    ptrdiff_t outputs[MAX_ROW_OPERANDS];
    ptrdiff_t row_outputs[MAX_ROW_OPERANDS];
};

// Some rows of n contiguous elements each.  `more` tells that the caller will ask for those behind them then.
typedef void (*RowKernel)(const RowArguments& first, const RowPitches& pitches, int count, ptrdiff_t n, bool more);

// Neighbouring columns, each of them a row.  The memory of row inputs and outputs reaches to the next multiple of 16 columns; it and
// the workspace are aligned to 64 bytes.
typedef void (*ColumnKernel)(const RowArguments& arguments, const ColumnSteps& steps, ptrdiff_t n, ptrdiff_t columns, void* workspace);

struct RowProgram {
    const char* name;
    int inputs, row_inputs, outputs, row_outputs;
    int settings;
    // Rows are worked on together as far as their elements fit into this.
    ptrdiff_t bytes_together;
    // Columns of n elements need a workspace of values + sums * (n or the number of partial sums, whichever is less) numbers each.
    ptrdiff_t values, sums;
    RowKernel rows;
    ColumnKernel columns;
};

// Some rows among others in memory: element i of row r is at first + r * pitch + i * stride.
struct RowsAt {
    void* first;
    ptrdiff_t pitch, stride, count;
};

// That element goes to buffer[i * width + r], and back.
typedef void (*GatherRows)(const RowsAt& rows, ptrdiff_t n, void* buffer, ptrdiff_t width);
typedef void (*ScatterRows)(const void* buffer, ptrdiff_t width, const RowsAt& rows, ptrdiff_t n);

// Of float and of double.
struct RowTable {
    const char* isa;
    int count;
    const RowProgram* programs[2];
    GatherRows gather[2];
    ScatterRows scatter[2];
};

}  // namespace fastact

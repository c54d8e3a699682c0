// From strided arrays to the row kernels of the instruction set in use.
#pragma once

#include <stddef.h>

#include "rows_table.hpp"

namespace fastact {

// An array: where its first element is, and the bytes between neighbours along each axis.
struct RowOperand {
    char* data;
    const ptrdiff_t* strides;
};

enum RowStatus { ROWS_DONE, ROWS_NEED_COPIES, ROWS_NO_MEMORY };

int row_programs();
const RowProgram& row_program(int index, bool wide);

// `operands` are the inputs, the row inputs, the outputs and the row outputs: of float, or of double if `wide`, aligned, in native
// byte order.  Row operands do not move along the axes of a row.  An output may be an input and overlaps nothing otherwise.  The
// last of the row outputs may be null, with strides of zero: nobody asks for them.
// ROWS_NEED_COPIES, before anything is done: the axes of a row do not follow each other with one stride, so the caller must bring
// the elements of a row together.
RowStatus run_rows(int program, bool wide, int axes, const ptrdiff_t* shape, const bool* of_row, const RowOperand* operands,
                   const double* settings);

// An operand of dense rows: elements of float16 behind each other, or float with so many bytes between rows and between elements.
struct HalfRowOperand {
    char* data;
    bool half;
    ptrdiff_t strides[2];
};

// The same for some dense rows of n elements, of which those of float16 are worked on as float.
RowStatus run_rows_of_halves(int program, ptrdiff_t rows, ptrdiff_t n, const HalfRowOperand* operands, const double* settings);

}  // namespace fastact

# The row programs, for fastact/row_operations.py; included by _kernels.pyx.

import numpy as np

from libcpp cimport bool as cpp_bool

cdef extern from "rows_driver.hpp" namespace "fastact" nogil:
    cdef int MAX_AXES
    cdef int MAX_ROW_INPUTS
    cdef struct RowProgram:
        const char* name
        int inputs
        int settings
    cdef struct RowOperand:
        char* data
        const ptrdiff_t* strides
    enum RowStatus:
        ROWS_DONE
        ROWS_NEED_COPIES
        ROWS_NO_MEMORY
    int row_programs()
    const RowProgram& row_program(int, bint)
    RowStatus c_run_rows "fastact::run_rows"(int, bint, int, const ptrdiff_t*, const cpp_bool*, const RowOperand*, const double*)

cdef dict ROW_INDEX = {row_program(i, False).name.decode(): i for i in range(row_programs())}


def run_rows(str program, inputs, cnp.ndarray out not None, tuple axes, tuple settings):
    """Run a row program; the arguments are those of ``fastact.row_loop.run_rows``."""
    cdef int index = ROW_INDEX[program]
    cdef bint wide = cnp.PyArray_TYPE(out) == cnp.NPY_FLOAT64
    cdef int ndim = cnp.PyArray_NDIM(out), count = row_program(index, wide).inputs
    cdef cpp_bool of_row[64]
    cdef double values[8]
    cdef RowOperand operands[4]
    cdef cnp.ndarray x
    cdef int k
    cdef RowStatus status
    for k in range(ndim):
        of_row[k] = False
    for axis in axes:
        of_row[<int>axis] = True
    for k in range(row_program(index, wide).settings):
        values[k] = settings[k]
    for k in range(count + 1):
        x = inputs[k] if k < count else out
        operands[k].data = <char*>cnp.PyArray_DATA(x)
        operands[k].strides = <const ptrdiff_t*>cnp.PyArray_STRIDES(x)
    with nogil:
        status = c_run_rows(index, wide, ndim, <const ptrdiff_t*>cnp.PyArray_DIMS(out), of_row, operands, values)
    if status == ROWS_NO_MEMORY:
        raise MemoryError(f"there is no memory for the rows of an array of shape {(<object>out).shape}")
    if status == ROWS_NEED_COPIES:
        order = [a for a in range(ndim) if a not in axes] + list(axes)
        together = [np.ascontiguousarray(x.transpose(order)) for x in inputs]
        result = np.empty_like(together[0])
        last = tuple(range(ndim - len(axes), ndim))
        run_rows(program, together, result, last, settings)
        (<object>out).transpose(order)[...] = result

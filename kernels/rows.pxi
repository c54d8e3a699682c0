# The row programs, for fastact/row_calls.py; included by _kernels.pyx.

from libc.math cimport INFINITY, NAN
from libcpp cimport bool as cpp_bool

cdef extern from "rows_driver.hpp" namespace "fastact" nogil:
    cdef struct RowProgram:
        const char* name
        int inputs
        int row_inputs
        int outputs
        int row_outputs
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
    cdef struct HalfRowOperand:
        char* data
        bint half
        ptrdiff_t[2] strides
    RowStatus run_rows_of_halves(int, ptrdiff_t, ptrdiff_t, const HalfRowOperand*, const double*)

cdef enum:
    # As in kernels/rows_driver.hpp and kernels/rows_table.hpp.
    MAX_AXES = 64
    MAX_ROW_OPERANDS = 12
    MAX_ROW_SETTINGS = 4

cdef dict ROW_INDEX = {row_program(i, False).name.decode(): i for i in range(row_programs())}


cdef void broadcast_strides(cnp.ndarray x, int ndim, ptrdiff_t* strides):
    """Set the strides of an array as one of so many axes, among which are those along which it is repeated."""
    cdef int a, missing = ndim - cnp.PyArray_NDIM(x)
    for a in range(ndim):
        strides[a] = 0 if a < missing or cnp.PyArray_DIM(x, a - missing) == 1 else cnp.PyArray_STRIDE(x, a - missing)


cdef bint of_one_row(cnp.ndarray x, int ndim, int kept):
    """Tell whether an array, as one of so many axes, has one element only along the axes before that number."""
    cdef int a, missing = ndim - cnp.PyArray_NDIM(x)
    for a in range(missing, kept):
        if cnp.PyArray_DIM(x, a - missing) != 1:
            return False
    return missing >= 0


cdef bint of_rows(cnp.ndarray x, int ndim, int kept):
    """Tell whether an array has so many axes, and one element only along those from that number on."""
    cdef int a
    for a in range(kept, cnp.PyArray_NDIM(x)):
        if cnp.PyArray_DIM(x, a) != 1:
            return False
    return cnp.PyArray_NDIM(x) == ndim


cdef cnp.ndarray empty_without_axis(cnp.ndarray x, int along, ptrdiff_t* strides):
    """Return an array of the shape of another without one axis, and set its strides as one that has the length 1 there."""
    cdef cnp.npy_intp[MAX_AXES] shape
    cdef cnp.ndarray y
    cdef int a, ndim = cnp.PyArray_NDIM(x)
    for a in range(ndim - 1):
        shape[a] = cnp.PyArray_DIM(x, a if a < along else a + 1)
    y = cnp.PyArray_EMPTY(ndim - 1, shape, cnp.PyArray_TYPE(x), 0)
    for a in range(ndim):
        strides[a] = 0 if a == along else cnp.PyArray_STRIDE(y, a if a < along else a - 1)
    return y


cdef bint run_dense_rows(int index, tuple arrays, tuple axes, const double* settings):
    """Run a row program on rows along the last axes, of which some are of float16; return False if they are not all dense."""
    cdef cnp.ndarray whole = arrays[0], x
    cdef HalfRowOperand[MAX_ROW_OPERANDS] operands
    cdef int k, number, ndim = cnp.PyArray_NDIM(whole), kept = ndim - <int>len(axes)
    cdef ptrdiff_t length = 1
    cdef RowStatus status
    if kept == ndim or <int>axes[0] != kept:
        return False
    for k in range(kept, ndim):
        length *= cnp.PyArray_DIM(whole, k)
    for k in range(MAX_ROW_OPERANDS):
        operands[k].data = NULL
        operands[k].half = False
    for k in range(<int>len(arrays)):
        x = arrays[k]
        number = cnp.PyArray_TYPE(x)
        operands[k].data = cnp.PyArray_BYTES(x)
        operands[k].half = number == cnp.NPY_FLOAT16
        if not dense(x, cnp.NPY_FLOAT16 if operands[k].half else cnp.NPY_FLOAT32):
            return False
        operands[k].strides[0] = operands[k].strides[1] = 0
        if same_shape(x, whole):
            operands[k].strides[0] = length * sizeof(float)
            operands[k].strides[1] = sizeof(float)
        elif operands[k].half:
            return False
        elif of_rows(x, ndim, kept) and cnp.PyArray_SIZE(x) * length == cnp.PyArray_SIZE(whole):
            operands[k].strides[0] = sizeof(float)
        elif of_one_row(x, ndim, kept) and cnp.PyArray_SIZE(x) == length:
            operands[k].strides[1] = sizeof(float)
        elif cnp.PyArray_SIZE(x) != 1:
            return False
    with nogil:
        status = run_rows_of_halves(index, cnp.PyArray_SIZE(whole) // length, length, operands, settings)
    if status == ROWS_NO_MEMORY:
        raise MemoryError(f"there is no memory for the rows of an array of shape {(<object>whole).shape}")
    return status == ROWS_DONE


def run_rows(str program, inputs, outputs, tuple axes, settings):
    """Run a row program; the arguments are those of ``fastact.row_loop.run_rows``, of which some may be of float16.

    Return False, before anything is done, also if the axes of a row do not follow each other with one step, and if rows with elements of
    float16 are not along the last axes of dense arrays.
    """
    cdef int index = ROW_INDEX[program], k, a
    cdef cnp.ndarray whole = inputs[0], x
    cdef int number = cnp.PyArray_TYPE(whole), ndim = cnp.PyArray_NDIM(whole)
    cdef bint wide = number == cnp.NPY_FLOAT64
    cdef cpp_bool[MAX_AXES] of_row
    cdef double[MAX_ROW_SETTINGS] values
    cdef RowOperand[MAX_ROW_OPERANDS] operands
    cdef ptrdiff_t[MAX_ROW_OPERANDS][MAX_AXES] strides
    cdef ptrdiff_t[MAX_AXES] nothing
    cdef RowStatus status
    cdef tuple arrays = (*inputs, *outputs)
    for k in range(row_program(index, wide).settings):
        values[k] = settings[k]
    for operand in arrays:
        x = operand
        if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT16:
            return run_dense_rows(index, arrays, axes, values)
    if not wide and number != cnp.NPY_FLOAT32:
        return False
    for a in range(ndim):
        of_row[a] = False
        nothing[a] = 0
    for axis in axes:
        of_row[<int>axis] = True
    k = 0
    for operand in arrays:
        x = operand
        if cnp.PyArray_TYPE(x) != number or not cnp.PyArray_ISNOTSWAPPED(x) or not cnp.PyArray_CHKFLAGS(x, cnp.NPY_ARRAY_ALIGNED):
            return False
        if cnp.PyArray_NDIM(x) != ndim:
            raise ValueError(f"operand {k} of {program} has {cnp.PyArray_NDIM(x)} axes, the first one has {ndim}")
        broadcast_strides(x, ndim, strides[k])
        operands[k].data = <char*>cnp.PyArray_DATA(x)
        operands[k].strides = strides[k]
        k += 1
    for k in range(k, MAX_ROW_OPERANDS):
        operands[k].data = NULL
        operands[k].strides = nothing
    with nogil:
        status = c_run_rows(index, wide, ndim, <const ptrdiff_t*>cnp.PyArray_DIMS(whole), of_row, operands, values)
    if status == ROWS_NO_MEMORY:
        raise MemoryError(f"there is no memory for the rows of an array of shape {(<object>whole).shape}")
    return status == ROWS_DONE


cdef cnp.ndarray vector_of(double constant, int number, cnp.npy_intp length):
    cdef cnp.ndarray vector = cnp.PyArray_EMPTY(1, &length, number, 0)
    cdef Py_ssize_t i
    if number == cnp.NPY_FLOAT32:
        for i in range(length):
            (<float*>cnp.PyArray_DATA(vector))[i] = <float>constant
    else:
        for i in range(length):
            (<double*>cnp.PyArray_DATA(vector))[i] = constant
    return vector


cdef cnp.ndarray zeros_and_infinities(cnp.ndarray mask, int number):
    """Return what a mask of booleans adds to the elements: zero for True, -inf for False."""
    cdef cnp.ndarray added = cnp.PyArray_EMPTY(cnp.PyArray_NDIM(mask), cnp.PyArray_DIMS(mask), number, 0)
    cdef const cnp.npy_bool* shown = <const cnp.npy_bool*>cnp.PyArray_DATA(mask)
    cdef float* singles = <float*>cnp.PyArray_DATA(added)
    cdef double* doubles = <double*>cnp.PyArray_DATA(added)
    cdef Py_ssize_t i
    if number == cnp.NPY_FLOAT32:
        for i in range(cnp.PyArray_SIZE(mask)):
            singles[i] = 0.0 if shown[i] else -INFINITY
    else:
        for i in range(cnp.PyArray_SIZE(mask)):
            doubles[i] = 0.0 if shown[i] else -INFINITY
    return added


cdef cnp.ndarray added_by(object mask, cnp.ndarray x, int number, Py_ssize_t most):
    """Return what a mask adds to the elements, or None for one that is not the ordinary one or has more booleans than that."""
    cdef cnp.ndarray m
    cdef int a, ndim = cnp.PyArray_NDIM(x), missing
    if mask is None:
        return vector_of(0.0, number, 1)
    if not cnp.PyArray_CheckExact(mask):
        return None
    m = mask
    missing = ndim - cnp.PyArray_NDIM(m)
    if missing < 0 or not cnp.PyArray_CHKFLAGS(m, cnp.NPY_ARRAY_C_CONTIGUOUS):
        return None
    for a in range(missing, ndim):
        if cnp.PyArray_DIM(m, a - missing) != 1 and cnp.PyArray_DIM(m, a - missing) != cnp.PyArray_DIM(x, a):
            return None
    if cnp.PyArray_TYPE(m) == cnp.NPY_BOOL:
        return zeros_and_infinities(m, number) if cnp.PyArray_SIZE(m) <= most else None
    return m if dense(m, number) else None


cdef class RowCall:
    """A callable that serves the ordinary case by itself and hands all other calls to ``self._general``.

    The ordinary case: a C-contiguous, aligned, native array of float32 or float64 that is not empty, vectors along the axis or None for
    what else the program reads, of the same kind, an axis, and at most ``out=``, of the same kind and shape, and settings besides; a
    scale and a mask, of booleans or of the same kind.  Or such an array of float16 and its last axis, without a scale or a mask;
    vectors may be of float32 then.  Where the result is one value a row, no ``out=`` and no float16.
    """

    cdef int index
    cdef bint in_place
    cdef bint reduces
    cdef double[2][MAX_ROW_SETTINGS] settings
    cdef tuple vectors
    cdef tuple numbers
    cdef int masked_index
    cdef double masked_value
    cdef Py_ssize_t most_masked

    def __cinit__(self, *args, **kwargs):
        self.index = self.masked_index = -1

    def _serve_rows(self, run, bint in_place):
        """Serve a ``fastact.operation.RowRun``, whose first result is what the call returns."""
        for wide, values in enumerate((run.settings, run.settings if run.wide_settings is None else run.wide_settings)):
            for i, value in enumerate(values):
                self.settings[wide][i] = value
        self.vectors = run.vectors
        self.numbers = run.numbers
        self.in_place = in_place
        self.reduces = run.reduces
        if run.masked is not None:
            program, self.masked_value, self.most_masked = run.masked
            self.masked_index = ROW_INDEX[program]
        self.index = ROW_INDEX[run.program]

    def __call__(self, *args, **kwargs):
        if self.index >= 0:
            served = self.serve(args, kwargs)
            if served is not None:
                return served
        return self._general(*args, **kwargs)

    cdef object serve(self, tuple args, dict kwargs):
        """Return the result, or None for a call that is not the ordinary case."""
        cdef Py_ssize_t given = len(args), used = 0, vectors = len(self.vectors), operands_read = 1 + vectors
        cdef cnp.ndarray x, y, v, added = None
        cdef object axis = -1, out = None, value, name, mask = None
        cdef list read = []
        cdef int number, computed, ndim, a, k, along, index = self.index
        cdef cpp_bool[MAX_AXES] of_row
        cdef RowOperand[MAX_ROW_OPERANDS] operands
        cdef ptrdiff_t[MAX_AXES] strides_of_vector
        cdef ptrdiff_t[MAX_AXES] strides_of_added
        cdef ptrdiff_t[MAX_AXES] strides_of_values
        cdef ptrdiff_t[MAX_AXES] nothing
        cdef double[MAX_ROW_SETTINGS] settings
        cdef const void* sources[MAX_ROW_OPERANDS]
        cdef bint wide, half
        cdef RowStatus status
        if given < 1 or given > 2 + vectors or not cnp.PyArray_CheckExact(args[0]):
            return None
        x = args[0]
        number = cnp.PyArray_TYPE(x)
        ndim = cnp.PyArray_NDIM(x)
        wide = number == cnp.NPY_FLOAT64
        half = number == cnp.NPY_FLOAT16
        if not (wide or half or number == cnp.NPY_FLOAT32) or ndim == 0 or cnp.PyArray_SIZE(x) == 0 or not dense(x, number):
            return None
        computed = cnp.NPY_FLOAT32 if half else number
        settings = self.settings[wide]
        if given == 2 + vectors:
            axis = args[1 + vectors]
        elif "axis" in kwargs:
            axis = kwargs["axis"]
            used += 1
        if type(axis) is not int or not -ndim <= axis < ndim:
            return None
        along = axis if axis >= 0 else axis + ndim
        if half and (self.reduces or along != ndim - 1):
            return None
        for k in range(vectors):
            name, constant = self.vectors[k]
            if k + 1 < given:
                value = args[k + 1]
            elif name in kwargs:
                value = kwargs[name]
                used += 1
            else:
                value = None
            if value is None:
                value = vector_of(constant, computed, cnp.PyArray_DIM(x, along))
            if not cnp.PyArray_CheckExact(value):
                return None
            v = value
            if cnp.PyArray_NDIM(v) != 1 or cnp.PyArray_DIM(v, 0) != cnp.PyArray_DIM(x, along):
                return None
            if half and dense(v, cnp.NPY_FLOAT16):
                v = cnp.PyArray_EMPTY(1, cnp.PyArray_DIMS(v), cnp.NPY_FLOAT32, 0)
                copy_halves(value, v)
            if not dense(v, computed):
                return None
            read.append(v)
            operands[k + 1].data = cnp.PyArray_BYTES(v)
            operands[k + 1].strides = strides_of_vector
        if used < len(kwargs):
            if not self.in_place and not self.reduces and "out" in kwargs:
                out = kwargs["out"]
                used += 1
            for k in range(len(self.numbers)):
                value = kwargs.get(self.numbers[k])
                if type(value) is float and 0 <= value < INFINITY:
                    settings[k] = value
                    used += 1
            if self.masked_index >= 0 and used < len(kwargs) and not half:
                settings[0] = 1.0
                if "scale" in kwargs:
                    value = kwargs["scale"]
                    if type(value) is not float or not -INFINITY < value < INFINITY:
                        return None
                    settings[0] = value
                    used += 1
                if "mask" in kwargs:
                    mask = kwargs["mask"]
                    used += 1
                if mask is not None or settings[0] != 1:
                    index = self.masked_index
                    settings[1] = NAN if mask is None else self.masked_value
                    added = added_by(mask, x, number, self.most_masked)
                    if added is None:
                        return None
            if used != len(kwargs):
                return None
        if self.in_place:
            if not cnp.PyArray_ISWRITEABLE(x):
                return None
            y = x
        elif self.reduces:
            y = empty_without_axis(x, along, strides_of_values)
        elif out is None:
            y = cnp.PyArray_EMPTY(ndim, cnp.PyArray_DIMS(x), number, 0)
        else:
            if not cnp.PyArray_CheckExact(out):
                return None
            y = out
            if not dense(y, number) or not cnp.PyArray_ISWRITEABLE(y) or not same_shape(x, y):
                return None
        sources[0] = cnp.PyArray_DATA(x)
        for k in range(vectors):
            sources[k + 1] = operands[k + 1].data
            if ndim > 1 and sources[k + 1] == cnp.PyArray_DATA(y):
                return None
        if not apart_or_same(y, sources, 1 + vectors):
            return None
        if added is not None:
            if overlap(y, added):
                return None
            broadcast_strides(added, ndim, strides_of_added)
            operands[1].data = cnp.PyArray_BYTES(added)
            operands[1].strides = strides_of_added
            operands_read = 2
        if half:
            return y if run_dense_rows(index, (x, *read, y), (along,), settings) else None
        for a in range(ndim):
            of_row[a] = a == along
            strides_of_vector[a] = cnp.PyArray_ITEMSIZE(x) if a == along else 0
            nothing[a] = 0
        operands[0].data = cnp.PyArray_BYTES(x)
        operands[0].strides = <const ptrdiff_t*>cnp.PyArray_STRIDES(x)
        operands[operands_read].data = cnp.PyArray_BYTES(y)
        operands[operands_read].strides = &strides_of_values[0] if self.reduces else <ptrdiff_t*>cnp.PyArray_STRIDES(y)
        # The values of rows that the program returns besides are not asked for.
        for k in range(operands_read + 1, MAX_ROW_OPERANDS):
            operands[k].data = NULL
            operands[k].strides = nothing
        if cnp.PyArray_SIZE(x) < RELEASE_GIL:
            status = c_run_rows(index, wide, ndim, <const ptrdiff_t*>cnp.PyArray_DIMS(x), of_row, operands, settings)
        else:
            with nogil:
                status = c_run_rows(index, wide, ndim, <const ptrdiff_t*>cnp.PyArray_DIMS(x), of_row, operands, settings)
        return y if status == ROWS_DONE else None

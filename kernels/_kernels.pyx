# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=True
"""The compiled kernels: the instruction set in use, inner loops for ufuncs, and calls that skip the ufunc machinery."""

import os

import numpy as np

from fastact._settings import SettingError
from fastact.arrays import overlaps_itself

cimport cython
cimport numpy as cnp
from libc.stdint cimport uintptr_t

cnp.import_array()


cdef extern from "driver.hpp" namespace "fastact" nogil:
    enum Form:
        VALUE_OF_SUM
        VALUE_TIMES
    enum Storage:
        HALF
        SINGLE
        DOUBLE
    cdef struct Activation:
        const char* name
        int parameters
        int trainable
    cdef struct Loop:
        int inputs
        int parameters
        int outputs
    int c_available_isas "fastact::available_isas"()
    const char* isa_name(int)
    void choose_isa(int)
    int chosen_isa()
    int activations()
    const Activation& activation(int)
    const Loop& loop(int, Form, Storage)
    const Loop* other_form(const void*, Form)
    void inner_loop(char**, const ptrdiff_t*, const ptrdiff_t*, void*)
    void run_contiguous(const Loop&, const void* const*, const void* const*, void* const*, ptrdiff_t)
    void c_copy_halves "fastact::copy_halves"(Storage, const char*, char*, ptrdiff_t)
    void set_threads(int)
    int get_threads()
    bint c_has_openmp "fastact::has_openmp"()

cdef extern from *:
    """
    #if defined(__clang__)
    #define FASTACT_COMPILER "clang " __clang_version__
    #elif defined(__GNUC__)
    #define FASTACT_COMPILER "gcc " __VERSION__
    #else
    #define FASTACT_COMPILER "unknown"
    #endif
    """
    const char* FASTACT_COMPILER

cdef enum:
    # As in kernels/table.hpp.
    MAX_INPUTS = 2
    MAX_PARAMETERS = 4

FORMS = ("value", "derivative", "value_and_derivative", "derivative_from_output", "backward", "backward_parameters")
COMPILER = FASTACT_COMPILER.decode()

# Below this many elements handing the GIL over costs more than the work.
cdef Py_ssize_t RELEASE_GIL = 2048


def available_isas():
    """Return the names of the instruction sets that were compiled and that this CPU has, narrowest first."""
    return tuple(isa_name(i).decode() for i in range(c_available_isas()))


def isa():
    """Return the name of the instruction set in use."""
    return isa_name(chosen_isa()).decode()


def has_openmp():
    """Tell whether the kernels were built with OpenMP."""
    return bool(c_has_openmp())


def set_num_threads(int threads):
    """Let kernels use up to this many threads."""
    set_threads(threads)


def get_num_threads():
    """Return the number of threads that kernels may use."""
    return get_threads()


cdef _choose():
    names = available_isas()
    limit = os.environ.get("FASTACT_MAX_ISA", "").lower()
    known = ("baseline", "avx2", "avx512")
    if not limit:
        choose_isa(len(names) - 1)
    elif limit not in known:
        raise SettingError(f"FASTACT_MAX_ISA is {limit!r}; it must be one of {', '.join(known)}")
    else:
        choose_isa(max(i for i, name in enumerate(names) if known.index(name) <= known.index(limit)))


_choose()

cdef dict INDEX = {activation(i).name.decode(): i for i in range(activations())}


def loops(str name, str form):
    """Return (type characters, address of the inner loop, address of its data) for each type of element."""
    cdef const Loop* entry
    found = []
    for storage, character in ((HALF, "e"), (SINGLE, "f"), (DOUBLE, "d")):
        entry = &loop(INDEX[name], <Form><int>FORMS.index(form), storage)
        # Around float16, parameters and the gradients by them are float32.
        other = "f" if storage == HALF else character
        results = entry.outputs if form != "backward_parameters" else 1
        types = character * entry.inputs + other * entry.parameters + character * results + other * (entry.outputs - results)
        found.append((types, <uintptr_t>&inner_loop, <uintptr_t>entry))
    return found


cdef inline bint dense(cnp.ndarray x, int number):
    # C order only: so that two dense operands of one shape agree element by element.
    return (cnp.PyArray_TYPE(x) == number
            and cnp.PyArray_CHKFLAGS(x, cnp.NPY_ARRAY_C_CONTIGUOUS | cnp.NPY_ARRAY_ALIGNED)
            and cnp.PyArray_ISNOTSWAPPED(x))


cdef inline bint same_shape(cnp.ndarray x, cnp.ndarray y):
    cdef int i
    if cnp.PyArray_NDIM(x) != cnp.PyArray_NDIM(y):
        return False
    for i in range(cnp.PyArray_NDIM(x)):
        if cnp.PyArray_DIM(x, i) != cnp.PyArray_DIM(y, i):
            return False
    return True


cdef inline bint overlap(cnp.ndarray x, cnp.ndarray y):
    """Tell whether the memory between the first and the last element of two C-contiguous arrays has a byte in common."""
    return (cnp.PyArray_BYTES(x) < cnp.PyArray_BYTES(y) + cnp.PyArray_NBYTES(y)
            and cnp.PyArray_BYTES(y) < cnp.PyArray_BYTES(x) + cnp.PyArray_NBYTES(x))


cdef inline bint apart_or_same(cnp.ndarray y, const void** inputs, int count):
    cdef int i
    cdef const char* a = cnp.PyArray_BYTES(y)
    cdef const char* b
    cdef Py_ssize_t size = cnp.PyArray_NBYTES(y)
    for i in range(count):
        b = <const char*>inputs[i]
        if a != b and a < b + size and b < a + size:
            return False
    return True


def copy_halves(cnp.ndarray source, cnp.ndarray target):
    """Copy an array of float16 to one of float32, or back; return False, before anything is done, unless they are dense."""
    cdef Storage storage
    if dense(source, cnp.NPY_FLOAT16) and dense(target, cnp.NPY_FLOAT32):
        storage = HALF
    elif dense(source, cnp.NPY_FLOAT32) and dense(target, cnp.NPY_FLOAT16):
        storage = SINGLE
    else:
        return False
    if not same_shape(source, target):
        return False
    with nogil:
        c_copy_halves(storage, cnp.PyArray_BYTES(source), cnp.PyArray_BYTES(target), cnp.PyArray_SIZE(source))
    return True


cdef class Call:
    """A callable that serves the ordinary case by itself and hands all other calls to ``self._general``.

    The ordinary case: arrays of float16, float32 or float64 and of one shape, or a float or a list of floats; Python numbers as
    parameters, and at most ``out=`` besides.  Arrays of float32 and float64 that are C-contiguous, aligned and native are run over; the others go to ``self.ufunc``.
    """

    cdef const Loop* single
    cdef const Loop* double
    cdef bint in_place
    cdef tuple names
    cdef bint[MAX_PARAMETERS] required
    cdef double[MAX_PARAMETERS] defaults
    cdef double[MAX_PARAMETERS] low
    cdef double[MAX_PARAMETERS] high
    cdef int lower
    cdef int upper

    def _serve_directly(self, str name, str form, dict parameters, dict domain, tuple ordered, bint in_place):
        """Serve one form of one activation.

        `parameters` gives their defaults, None for a required one; `domain` the bounds of those that have any; `ordered` two
        of them of which the first may not be above the second.
        """
        self.in_place = in_place
        self.names = tuple(parameters)
        self.lower, self.upper = (self.names.index(p) for p in ordered) if ordered else (0, 0)
        for i, (parameter, default) in enumerate(parameters.items()):
            self.required[i] = default is None
            self.defaults[i] = 0.0 if default is None else default
            self.low[i], self.high[i] = domain.get(parameter, (float("-inf"), float("inf")))
        self.double = &loop(INDEX[name], <Form><int>FORMS.index(form), DOUBLE)
        self.single = &loop(INDEX[name], <Form><int>FORMS.index(form), SINGLE)

    def __call__(self, *args, **kwargs):
        if self.single is not NULL:
            served = self.serve(args, kwargs)
            if served is not None:
                return served
        return self._general(*args, **kwargs)

    cdef bint read_number(self, object value, int i, double* to):
        if type(value) is float:
            to[0] = <double>value
        elif type(value) is int:
            try:
                to[0] = <double>value
            except OverflowError:
                return False
        else:
            return False
        return self.low[i] <= to[0] <= self.high[i]

    cdef object serve(self, tuple args, dict kwargs):
        """Return the result, or None for a call that is not the ordinary case."""
        cdef cnp.ndarray x, y, second
        cdef int number, i, inputs_given = self.single.inputs, position
        cdef bint direct
        cdef Py_ssize_t used = 0, given = len(args)
        cdef object out = None, value
        cdef const Loop* chosen
        cdef double[MAX_PARAMETERS] numbers
        cdef float[MAX_PARAMETERS] singles
        cdef const void* inputs[MAX_INPUTS]
        cdef const void* parameters[MAX_PARAMETERS]
        cdef void* outputs[2]

        if given < inputs_given or given > inputs_given + self.single.parameters:
            return None
        if not self.in_place and inputs_given == 1 and (type(args[0]) is float or type(args[0]) is list):
            args = (np.asarray(args[0]), *args[1:])
        if not cnp.PyArray_CheckExact(args[0]):
            return None
        x = args[0]
        number = cnp.PyArray_TYPE(x)
        if number == cnp.NPY_FLOAT32 or number == cnp.NPY_FLOAT16:
            chosen = self.single
        elif number == cnp.NPY_FLOAT64:
            chosen = self.double
        else:
            return None
        direct = number != cnp.NPY_FLOAT16 and cnp.PyArray_NDIM(x) > 0 and dense(x, number)
        inputs[0] = cnp.PyArray_DATA(x)
        if inputs_given == 2:
            if not cnp.PyArray_CheckExact(args[1]):
                return None
            second = args[1]
            if cnp.PyArray_TYPE(second) != number or not same_shape(x, second):
                return None
            direct = direct and dense(second, number)
            inputs[1] = cnp.PyArray_DATA(second)

        if kwargs:
            out = kwargs.get("out")
            if out is not None:
                used = 1
        for i in range(chosen.parameters):
            position = inputs_given + i
            if position < given:
                value = args[position]
            elif kwargs and self.names[i] in kwargs:
                value = kwargs[self.names[i]]
                used += 1
            elif self.required[i]:
                return None
            else:
                value = self.defaults[i]
            if not self.read_number(value, i, &numbers[i]):
                return None
            singles[i] = <float>numbers[i]
            parameters[i] = <const void*>&singles[i] if chosen is self.single else <const void*>&numbers[i]
        if used != len(kwargs):
            return None
        if self.lower != self.upper and numbers[self.lower] > numbers[self.upper]:
            return None

        if self.in_place:
            if out is not None or not cnp.PyArray_ISWRITEABLE(x):
                return None
        if not direct:
            return self.serve_by_ufunc(args[:inputs_given], x, number, numbers, x if self.in_place else out)

        if self.in_place:
            result = x
            outputs[0] = cnp.PyArray_DATA(x)
        elif out is None:
            results = []
            for i in range(chosen.outputs):
                y = cnp.PyArray_EMPTY(cnp.PyArray_NDIM(x), cnp.PyArray_DIMS(x), number, 0)
                outputs[i] = cnp.PyArray_DATA(y)
                if chosen.outputs == 1:
                    result = y
                    break
                results.append(y)
            else:
                result = tuple(results)
        else:
            result = out
            if chosen.outputs == 1:
                if type(out) is tuple and len(out) == 1:
                    result = out[0]
            elif type(out) is not tuple or len(out) != 2:
                return None
            for i in range(chosen.outputs):
                value = result if chosen.outputs == 1 else result[i]
                if not cnp.PyArray_CheckExact(value):
                    return None
                y = value
                if (not dense(y, number) or not cnp.PyArray_ISWRITEABLE(y) or not same_shape(x, y)
                        or not apart_or_same(y, inputs, inputs_given)):
                    return None
                outputs[i] = cnp.PyArray_DATA(y)
                if i == 1 and (outputs[0] == outputs[1] or not apart_or_same(y, <const void**>outputs, 1)):
                    return None
        if cnp.PyArray_SIZE(x) < RELEASE_GIL:
            run_contiguous(chosen[0], inputs, parameters, outputs, cnp.PyArray_SIZE(x))
        else:
            with nogil:
                run_contiguous(chosen[0], inputs, parameters, outputs, cnp.PyArray_SIZE(x))
        return result

    cdef object serve_by_ufunc(self, tuple inputs, cnp.ndarray x, int number, const double* numbers, object out):
        """Return the result of the ufunc, or None if it may not write to `out`."""
        cdef cnp.ndarray y
        cdef int i
        scalar = np.float64 if number == cnp.NPY_FLOAT64 else np.float32
        values = tuple([scalar(numbers[i]) for i in range(self.single.parameters)])
        if out is None:
            return self.ufunc(*inputs, *values)
        if self.single.outputs > 1 or not cnp.PyArray_CheckExact(out):
            return None
        y = out
        if (cnp.PyArray_TYPE(y) != number or not cnp.PyArray_ISWRITEABLE(y) or not same_shape(x, y) or overlaps_itself(y)):
            return None
        return self.ufunc(*inputs, *values, out=y)


include "rows.pxi"
include "steps.pxi"

# Several ufuncs one after the other on blocks of some arrays, for fastact/blocks.py; included by _kernels.pyx.

cdef extern from "steps_driver.hpp" namespace "fastact" nogil:
    ctypedef void (*InnerLoop)(char**, const ptrdiff_t*, const ptrdiff_t*, void*)
    cdef struct Step:
        InnerLoop loop
        void* data
        int count
        int* operands
    cdef struct Steps:
        int inputs
        int outputs
        int scratch
        int count
        Step* steps
    cdef struct StepArray:
        char* data
        ptrdiff_t* strides
        bint half
        bint buffered
        bint lent
    bint c_run_steps "fastact::run_steps"(const Steps&, const StepArray*, int, const ptrdiff_t*, bint)

cdef extern from "numpy/arrayobject.h":
    ctypedef struct PyArray_Descr:
        pass
    PyArray_Descr* PyArray_DescrFromType(int)
    object PyArray_NewLikeArray(cnp.ndarray, cnp.NPY_ORDER, PyArray_Descr*, int)

cdef enum:
    # As in kernels/steps_driver.hpp.
    MAX_STEP_OPERANDS = 40
    MAX_STEPS = 40
    MAX_LOOP_OPERANDS = 8


cdef int loop_of(cnp.ufunc function, int number):
    """Return which of a ufunc's inner loops has all operands of this type, -1 if none."""
    cdef int i, k
    for i in range(function.ntypes):
        for k in range(function.nargs):
            if function.types[i * function.nargs + k] != number:
                break
        else:
            return i if function.functions != NULL and function.functions[i] != NULL else -1
    return -1


cdef class BlockSteps:
    """Runs ufuncs one after the other on blocks of some arrays.

    `steps` are pairs of a ufunc and the numbers of its operands: `inputs` arrays, `numbers`, `outputs` arrays, blocks of scratch.
    Where the parameters of an activation are the same for all elements, it is joined with an addition before it or a multiplication
    after it.
    """

    cdef Steps of_single
    cdef Steps of_double
    cdef Steps joined_of_single
    cdef Steps joined_of_double
    cdef bint[MAX_STEP_OPERANDS] uniform
    cdef bint available
    cdef int inputs
    cdef int numbers
    cdef float[MAX_STEP_OPERANDS] singles
    cdef double[MAX_STEP_OPERANDS] doubles

    def __init__(self, list steps, int inputs, list numbers, int outputs, int scratch):
        self.inputs, self.numbers = inputs, len(numbers)
        self.available = inputs + len(numbers) + outputs + scratch <= MAX_STEP_OPERANDS and len(steps) <= MAX_STEPS
        if self.available:
            for i, x in enumerate(numbers):
                self.singles[i] = self.doubles[i] = x
            self.available = (self.resolve(&self.of_single, steps, outputs, scratch, cnp.NPY_FLOAT32)
                              and self.resolve(&self.of_double, steps, outputs, scratch, cnp.NPY_FLOAT64))
        if self.available:
            ufuncs = [ufunc for ufunc, _ in steps]
            self.join(&self.of_single, &self.joined_of_single, ufuncs)
            self.join(&self.of_double, &self.joined_of_double, ufuncs)

    cdef bint resolve(self, Steps* program, list steps, int outputs, int scratch, int number):
        """Find the inner loops for a type; return False if a ufunc has none."""
        cdef cnp.ufunc function
        cdef Step* step
        cdef int i, k
        program.inputs, program.outputs, program.scratch = self.inputs + self.numbers, outputs, scratch
        program.count = len(steps)
        for k, (ufunc, operands) in enumerate(steps):
            function = ufunc
            i = loop_of(function, number)
            if i < 0 or len(operands) > MAX_LOOP_OPERANDS:
                return False
            step = &program.steps[k]
            step.loop, step.data, step.count = <InnerLoop><void*>function.functions[i], function.data[i], len(operands)
            for i, operand in enumerate(operands):
                step.operands[i] = operand
        return True

    cdef void join(self, const Steps* program, Steps* joined, list ufuncs):
        """Join neighbouring steps that a loop of an activation does at once."""
        cdef int k = 0
        joined[0] = program[0]
        joined.count = 0
        while k < program.count:
            if k + 1 < program.count and self.join_two(program, k, ufuncs, &joined.steps[joined.count]):
                k += 2
            else:
                joined.steps[joined.count] = program.steps[k]
                k += 1
            joined.count += 1

    cdef bint join_two(self, const Steps* program, int k, list ufuncs, Step* both):
        """Make one step of the step k and the next; return False if no loop does both."""
        cdef const Step* first = &program.steps[k]
        cdef const Step* second = &program.steps[k + 1]
        cdef const Step* activation
        cdef const Loop* loop
        cdef int between = first.operands[first.count - 1], i
        if between < program.inputs + program.outputs:
            return False
        for later in range(k + 2, program.count):
            for i in range(program.steps[later].count):
                if program.steps[later].operands[i] == between:
                    return False
        if ufuncs[k] is np.add and second.operands[0] == between:
            activation, loop = second, other_form(second.data, VALUE_OF_SUM)
            both.operands[0], both.operands[1] = first.operands[0], first.operands[1]
        elif ufuncs[k + 1] is np.multiply and (second.operands[0] == between) != (second.operands[1] == between):
            activation, loop = first, other_form(first.data, VALUE_TIMES)
            both.operands[0] = second.operands[0 if second.operands[1] == between else 1]
            both.operands[1] = first.operands[0]
        else:
            return False
        if loop == NULL:
            return False
        for i in range(loop.parameters):
            if activation.operands[1 + i] >= program.inputs:
                return False
        both.loop, both.data, both.count = inner_loop, <void*>loop, 3 + loop.parameters
        for i in range(loop.parameters):
            both.operands[2 + i] = activation.operands[1 + i]
            self.uniform[activation.operands[1 + i]] = True
        both.operands[both.count - 1] = second.operands[second.count - 1]
        return True

    def __call__(self, inputs, outputs, int number):
        """Run the steps in float32 or float64; return False, before anything is done, unless the arrays are ordinary."""
        cdef cnp.ndarray whole = outputs[0]
        return self.run(inputs, outputs, number, cnp.PyArray_NDIM(whole) - 1)

    def served(self, list inputs, int whole, int vectors, axis, cnp.ndarray like, out):
        """Return the one result of an ordinary call, and None, before anything is done, for any other.

        In an ordinary call operands are arrays, and `like` is one of float32 or float64 that is not empty.  Inputs are some of its
        shape, vectors along the axis, and numbers, in this order.  `out`, if it is given, is C-contiguous.
        """
        cdef cnp.ndarray x, y
        cdef int number = cnp.PyArray_TYPE(like), ndim = cnp.PyArray_NDIM(like), along, k
        if (number != cnp.NPY_FLOAT32 and number != cnp.NPY_FLOAT64) or cnp.PyArray_SIZE(like) == 0:
            return None
        if type(axis) is not int or not -ndim <= axis < ndim:
            return None
        along = axis if axis >= 0 else axis + ndim
        for k, operand in enumerate(inputs):
            if not cnp.PyArray_CheckExact(operand):
                return None
            x = operand
            if k < whole:
                if not same_shape(x, like):
                    return None
            elif k < whole + vectors:
                if cnp.PyArray_NDIM(x) != 1 or cnp.PyArray_DIM(x, 0) != cnp.PyArray_DIM(like, along):
                    return None
            elif cnp.PyArray_NDIM(x) != 0:
                return None
        if out is None:
            y = PyArray_NewLikeArray(like, cnp.NPY_KEEPORDER, PyArray_DescrFromType(number), 0)
        elif cnp.PyArray_CheckExact(out):
            y = out
            if not dense(y, number) or not cnp.PyArray_ISWRITEABLE(y) or not same_shape(y, like):
                return None
        else:
            return None
        return y if self.run(inputs, (y,), number, along) else None

    cdef bint run(self, inputs, outputs, int number, int along) except -1:
        """Run the steps; return False, before anything is done, unless the arrays are ordinary.

        Ordinary arrays are aligned and native, and of the type that is computed in, or for float32 of float16 and the
        shape of the outputs.  Inputs broadcast to the outputs, those of a single axis along the axis `along`; outputs have one
        shape, and each input is an output or apart from it.
        """
        cdef StepArray[MAX_STEP_OPERANDS] arrays
        cdef const Steps* program = &self.joined_of_double if number == cnp.NPY_FLOAT64 else &self.joined_of_single
        cdef cnp.ndarray x, y, whole = outputs[0]
        cdef int ndim = cnp.PyArray_NDIM(whole), a, k, own, first
        cdef bint in_place = False, repeated, done
        if not self.available:
            return False
        for k in range(program.inputs + program.outputs):
            arrays[k].half = arrays[k].buffered = False
            if self.inputs <= k < program.inputs:
                arrays[k].data = (<char*>&self.doubles[k - self.inputs] if number == cnp.NPY_FLOAT64
                                  else <char*>&self.singles[k - self.inputs])
                for a in range(ndim):
                    arrays[k].strides[a] = 0
                continue
            x = inputs[k] if k < self.inputs else outputs[k - program.inputs]
            arrays[k].data = cnp.PyArray_BYTES(x)
            own = cnp.PyArray_NDIM(x)
            first = along if own == 1 and k < self.inputs else ndim - own
            if not cnp.PyArray_CHKFLAGS(x, cnp.NPY_ARRAY_ALIGNED) or not cnp.PyArray_ISNOTSWAPPED(x):
                return False
            if cnp.PyArray_TYPE(x) != number:
                if cnp.PyArray_TYPE(x) != cnp.NPY_FLOAT16 or number != cnp.NPY_FLOAT32 or not same_shape(x, whole):
                    return False
                arrays[k].half = True
            for a in range(ndim):
                repeated = a < first or a >= first + own or cnp.PyArray_DIM(x, a - first) == 1
                arrays[k].strides[a] = 0 if repeated else cnp.PyArray_STRIDE(x, a - first)
                if self.uniform[k] and arrays[k].strides[a] != 0:
                    program = &self.of_double if number == cnp.NPY_FLOAT64 else &self.of_single
        for x in inputs:
            for y in outputs:
                if extents_meet(x, y):
                    if not same_elements(x, y):
                        return False
                    in_place = True
        for k in range(program.inputs, program.inputs + program.outputs):
            # A later step may still read what an earlier one would have written over.
            arrays[k].buffered = in_place and program.outputs > 1
            arrays[k].lent = not in_place and program.outputs == 1
        if cnp.PyArray_SIZE(whole) < RELEASE_GIL:
            done = c_run_steps(program[0], arrays, ndim, <const ptrdiff_t*>cnp.PyArray_DIMS(whole), number == cnp.NPY_FLOAT64)
        else:
            with nogil:
                done = c_run_steps(program[0], arrays, ndim, <const ptrdiff_t*>cnp.PyArray_DIMS(whole), number == cnp.NPY_FLOAT64)
        if not done:
            raise MemoryError(f"there is no memory for some blocks of {self.inputs + program.outputs} arrays")
        return True


cdef bint extents_meet(cnp.ndarray x, cnp.ndarray y):
    """Tell whether the memory between the first and the last byte of one array meets that of another."""
    cdef char* x_first
    cdef char* x_end
    cdef char* y_first
    cdef char* y_end
    extent(x, &x_first, &x_end)
    extent(y, &y_first, &y_end)
    return x_first < y_end and y_first < x_end


cdef void extent(cnp.ndarray x, char** first, char** end):
    cdef Py_ssize_t reach
    cdef int a
    first[0] = cnp.PyArray_BYTES(x)
    end[0] = first[0] + cnp.PyArray_ITEMSIZE(x)
    for a in range(cnp.PyArray_NDIM(x)):
        reach = (cnp.PyArray_DIM(x, a) - 1) * cnp.PyArray_STRIDE(x, a)
        if reach < 0:
            first[0] += reach
        else:
            end[0] += reach


cdef bint same_elements(cnp.ndarray x, cnp.ndarray y):
    cdef int a
    if cnp.PyArray_BYTES(x) != cnp.PyArray_BYTES(y) or cnp.PyArray_TYPE(x) != cnp.PyArray_TYPE(y) or not same_shape(x, y):
        return False
    for a in range(cnp.PyArray_NDIM(x)):
        if cnp.PyArray_DIM(x, a) != 1 and cnp.PyArray_STRIDE(x, a) != cnp.PyArray_STRIDE(y, a):
            return False
    return True

// Chooses how the rows of strided arrays reach the kernels, and splits them among threads.  Compiled for the baseline; it
// instantiates nothing of an instruction set's namespace.
#include "rows_driver.hpp"

#include <stdlib.h>
#include <string.h>

#include "axes.hpp"
#include "share.hpp"

namespace fastact {

#define FASTACT_DECLARE(isa) extern const RowTable row_table_##isa;
FASTACT_DECLARE(scalar)
#if defined(FASTACT_HAVE_BASELINE)
FASTACT_DECLARE(baseline)
#endif
#if defined(FASTACT_HAVE_AVX2)
FASTACT_DECLARE(avx2)
#endif
#if defined(FASTACT_HAVE_AVX512)
FASTACT_DECLARE(avx512)
#endif

namespace {

// Elements for which a second thread pays.
constexpr ptrdiff_t GRAIN = 32768;

// Columns are worked on in blocks of this many bytes across, which is what a kernel takes at once.
constexpr ptrdiff_t BLOCK_BYTES = 256;

// Rows are worked on together, up to so many; what is done once a row is then done for all at once.
constexpr ptrdiff_t MOST_TOGETHER = 16;

// Rows up to this length are transposed, so that the lanes of a vector belong to different rows.
constexpr ptrdiff_t SHORT = 32;

// A block of columns up to this size is copied to lie together in the second-level cache.
constexpr ptrdiff_t COPIED_BYTES = 1 << 19;

// How many rows ahead of its use a part of a column is fetched: the caches wait for so few at a time that only a long start helps.
constexpr ptrdiff_t AHEAD = 64;

// Fewer neighbouring columns than this would leave vectors half empty.
constexpr ptrdiff_t FEW_COLUMNS = 8;

const RowTable& table() {
    static const RowTable* const tables[] = {
        &row_table_scalar,
#if defined(FASTACT_HAVE_BASELINE)
        &row_table_baseline,
#endif
#if defined(FASTACT_HAVE_AVX2)
        &row_table_avx2,
#endif
#if defined(FASTACT_HAVE_AVX512)
        &row_table_avx512,
#endif
    };
    static const RowTable& chosen = [&]() -> const RowTable& {
        for (const RowTable* t : tables)
            if (strcmp(t->isa, isa_name(chosen_isa())) == 0) return *t;
        return row_table_scalar;
    }();
    return chosen;
}

using RowAxis = Axis<MAX_ROW_OPERANDS>;

// The operands as rows along one axis, at all positions of the other axes: first the inputs, then the row inputs, the outputs and
// the row outputs.
struct Plan {
    const RowProgram* program;
    const double* settings;
    ptrdiff_t size;  // of an element
    int row_inputs, outputs, row_outputs, operands;  // where the kinds begin, and all of them end
    int asked;                                       // how many of the row outputs have memory, the first ones
    char* data[MAX_ROW_OPERANDS];
    RowAxis row;
    Axes<MAX_ROW_OPERANDS> kept;

    ptrdiff_t positions() const { return kept.positions(); }
    void locate(ptrdiff_t position, char** pointers) const { kept.locate(position, data, pointers); }

    // Where the operands are at `count` positions one after the other.
    template <ptrdiff_t MOST> void locate_all(ptrdiff_t first, ptrdiff_t count, void* (*at)[MOST]) const {
        char* one[MAX_ROW_OPERANDS];
        if (kept.count == 1) {
            locate(first, one);
            for (int k = 0; k < operands; k++)
                for (ptrdiff_t r = 0; r < count; r++) at[k][r] = one[k] + r * kept.axes[0].strides[k];
            return;
        }
        for (ptrdiff_t r = 0; r < count; r++) {
            locate(first + r, one);
            for (int k = 0; k < operands; k++) at[k][r] = one[k];
        }
    }

    // Whether all rows have this input in common, element by element.
    bool common(int input) const {
        for (int a = 0; a < kept.count; a++)
            if (kept.axes[a].strides[input] != 0) return false;
        return row.strides[input] % size == 0;
    }

    bool has_elements(int operand) const { return operand < row_inputs || (operand >= outputs && operand < row_outputs); }

    bool dense(const RowAxis& axis) const {
        for (int k = 0; k < operands; k++)
            if (has_elements(k) && axis.strides[k] != size) return false;
        return true;
    }

    // Inputs but the first may have one column that serves for all.
    bool neighbours(const RowAxis& axis) const {
        for (int k = 0; k < operands; k++)
            if (has_elements(k) && axis.strides[k] != size && (k == 0 || k >= row_inputs || axis.strides[k] != 0)) return false;
        return true;
    }

    // What is not asked for goes to `unused`, which holds one value.
    RowArguments arguments(char* const* at, void* unused) const {
        RowArguments a;
        for (int k = 0; k < row_inputs; k++) a.inputs[k] = at[k];
        for (int k = row_inputs; k < outputs; k++) a.row_inputs[k - row_inputs] = at[k];
        for (int k = outputs; k < row_outputs; k++) a.outputs[k - outputs] = at[k];
        for (int k = row_outputs; k < operands; k++) a.row_outputs[k - row_outputs] = k - row_outputs < asked ? at[k] : unused;
        a.settings = settings;
        return a;
    }
};

// False if the axes of a row do not make one.
bool make_plan(Plan& plan, int axes, const ptrdiff_t* shape, const bool* of_row, const RowOperand* operands) {
    plan.row = {1, {}};
    for (int k = 0; k < plan.operands; k++) {
        plan.data[k] = operands[k].data;
        plan.row.strides[k] = plan.size;
    }
    plan.kept.operands = plan.operands;
    for (int a = axes - 1; a >= 0; a--) {
        if (shape[a] == 1) continue;
        RowAxis axis = {shape[a], {}};
        for (int k = 0; k < plan.operands; k++) axis.strides[k] = operands[k].strides[a];
        if (!of_row[a]) {
            // In the order of the first output, or of the first input if none has elements.
            plan.kept.insert(axis, plan.outputs < plan.row_outputs ? plan.outputs : 0);
        } else if (plan.row.length == 1) {
            plan.row = axis;
        } else if (axis.continues(plan.row, plan.operands)) {
            plan.row.length *= axis.length;
        } else {
            return false;
        }
    }
    plan.kept.merge();
    return true;
}

void run_contiguous_rows(const Plan& plan) {
    const ptrdiff_t n = plan.row.length, rows = plan.positions();
    const ptrdiff_t arrays = plan.row_inputs + plan.row_outputs - plan.outputs;
    const ptrdiff_t fit = plan.program->bytes_together / (arrays * n * plan.size);
    const ptrdiff_t together = fit < 1 ? 1 : fit < MOST_TOGETHER ? fit : MOST_TOGETHER;
    share(threads_for(rows, rows * n, GRAIN), rows, [&](ptrdiff_t first, ptrdiff_t last, ptrdiff_t) {
        char* at[MAX_ROW_OPERANDS];
        double unused;
        RowArguments arguments[MOST_TOGETHER];
        for (ptrdiff_t begin = first; begin < last; begin += together) {
            const int count = int(last - begin < together ? last - begin : together);
            for (int r = 0; r < count; r++) {
                plan.locate(begin + r, at);
                arguments[r] = plan.arguments(at, &unused);
            }
            RowArguments next = arguments[0];
            if (begin + together < last) {
                plan.locate(begin + together, at);
                next = plan.arguments(at, &unused);
            }
            plan.program->rows(arguments, count, n, next);
        }
    });
}

// Memory for each thread's copies of the elements of some rows; input k and output k share it.  A little is at hand without asking.
struct Buffers {
    ptrdiff_t bytes;  // of one copy
    int copies;
    char* memory;
    alignas(64) char at_hand[4096];

    Buffers(ptrdiff_t threads, ptrdiff_t wanted, const RowProgram& program)
        : bytes((wanted + 63) / 64 * 64), copies(program.inputs > program.outputs ? program.inputs : program.outputs) {
        const ptrdiff_t all = threads * copies * bytes;
        memory = all <= ptrdiff_t(sizeof at_hand) ? at_hand : static_cast<char*>(aligned_alloc(64, all));
    }
    ~Buffers() {
        if (memory != at_hand) free(memory);
    }
    Buffers(const Buffers&) = delete;
    Buffers& operator=(const Buffers&) = delete;
    char* of(ptrdiff_t thread, int copy) const { return memory + (thread * copies + copy) * bytes; }
};

// The values of some columns, brought together.
struct ValuesOfRows {
    alignas(64) char inputs[MAX_ROW_OPERANDS][BLOCK_BYTES];
    alignas(64) char outputs[MAX_ROW_OPERANDS][BLOCK_BYTES];

    // `locate(column, at)` gives the pointers of a column.
    template <class Locate> void read(const Plan& plan, ptrdiff_t columns, RowArguments& arguments, const Locate& locate) {
        const int count = plan.outputs - plan.row_inputs;
        for (int k = 0; k < count; k++) arguments.row_inputs[k] = inputs[k];
        for (int k = 0; k < plan.operands - plan.row_outputs; k++) arguments.row_outputs[k] = outputs[k];
        if (count == 0) return;
        char* at[MAX_ROW_OPERANDS];
        for (ptrdiff_t c = 0; c < columns; c++) {
            locate(c, at);
            for (int k = 0; k < count; k++) memcpy(inputs[k] + c * plan.size, at[plan.row_inputs + k], plan.size);
        }
    }

    template <class Locate> void write(const Plan& plan, ptrdiff_t columns, const Locate& locate) const {
        if (plan.asked == 0) return;
        char* at[MAX_ROW_OPERANDS];
        for (ptrdiff_t c = 0; c < columns; c++) {
            locate(c, at);
            for (int k = 0; k < plan.asked; k++) memcpy(at[plan.row_outputs + k], outputs[k] + c * plan.size, plan.size);
        }
    }
};

// Copies `count` parts of `bytes` bytes each, fetching those AHEAD of their use.
template <int write> void copy_parts(const char* from, ptrdiff_t from_stride, char* to, ptrdiff_t to_stride, ptrdiff_t bytes,
                                     ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i++) {
        const char* const next = write ? to + AHEAD * to_stride : from + AHEAD * from_stride;
        if (i + AHEAD < count)
            for (ptrdiff_t byte = 0; byte < bytes; byte += 64) __builtin_prefetch(next + byte, 0, 2);
        if (bytes == BLOCK_BYTES) memcpy(to, from, BLOCK_BYTES);
        else memcpy(to, from, bytes);
        from += from_stride;
        to += to_stride;
    }
}

// The last of the kept axes is dense.  Blocks of long columns are copied, because columns whose elements are a power of two apart
// would compete for a few places in the caches.
RowStatus run_neighbouring_columns(Plan& plan) {
    const RowAxis across = plan.kept.axes[--plan.kept.count];
    const ptrdiff_t n = plan.row.length, size = plan.size;
    const ptrdiff_t width = BLOCK_BYTES / size;
    const bool copied = n > SHORT && n * BLOCK_BYTES <= COPIED_BYTES;
    const ptrdiff_t blocks = (across.length + width - 1) / width, items = plan.positions() * blocks;
    const int inputs = plan.row_inputs, outputs = plan.row_outputs - plan.outputs;
    const ptrdiff_t threads = threads_for(items, plan.positions() * across.length * n, GRAIN);
    const Buffers buffers(threads, copied ? n * BLOCK_BYTES : 0, *plan.program);
    if (buffers.memory == nullptr) return ROWS_NO_MEMORY;
    ColumnSteps steps;
    for (int k = 0; k < inputs; k++) {
        steps.same_in_all_columns[k] = k > 0 && across.strides[k] == 0;
        steps.inputs[k] = copied && !steps.same_in_all_columns[k] ? width : plan.row.strides[k] / size;
    }
    for (int k = 0; k < outputs; k++) steps.outputs[k] = copied ? width : plan.row.strides[plan.outputs + k] / size;
    share(threads, items, [&](ptrdiff_t first, ptrdiff_t last, ptrdiff_t thread) {
        char* at[MAX_ROW_OPERANDS];
        ValuesOfRows values;
        const auto locate = [&](ptrdiff_t column, char** column_at) {
            for (int k = 0; k < plan.operands; k++) column_at[k] = at[k] + column * across.strides[k];
        };
        for (ptrdiff_t item = first; item < last; item++) {
            const ptrdiff_t column = item % blocks * width;
            const ptrdiff_t columns = across.length - column < width ? across.length - column : width;
            plan.locate(item / blocks, at);
            for (int k = 0; k < plan.operands; k++) at[k] += column * across.strides[k];
            RowArguments arguments = plan.arguments(at, nullptr);
            values.read(plan, columns, arguments, locate);
            if (copied) {
                for (int k = 0; k < inputs; k++) {
                    if (steps.same_in_all_columns[k]) continue;
                    copy_parts<0>(at[k], plan.row.strides[k], buffers.of(thread, k), BLOCK_BYTES, columns * size, n);
                    arguments.inputs[k] = buffers.of(thread, k);
                }
                for (int k = 0; k < outputs; k++) arguments.outputs[k] = buffers.of(thread, k);
            }
            plan.program->columns(arguments, steps, n, columns);
            for (int k = 0; copied && k < outputs; k++)
                copy_parts<1>(buffers.of(thread, k), BLOCK_BYTES, at[plan.outputs + k], plan.row.strides[plan.outputs + k],
                              columns * size, n);
            values.write(plan, columns, locate);
        }
    });
    return ROWS_DONE;
}

template <class T> void gather(const void* const* rows, ptrdiff_t stride, ptrdiff_t count, ptrdiff_t n, T* to, ptrdiff_t width) {
    if (stride == sizeof(T)) return table().gather[sizeof(T) == sizeof(double)](rows, count, n, to, width);
    for (ptrdiff_t r = 0; r < count; r++)
        for (ptrdiff_t i = 0; i < n; i++) memcpy(to + i * width + r, static_cast<const char*>(rows[r]) + i * stride, sizeof(T));
}

template <class T> void scatter(const T* from, ptrdiff_t width, void* const* rows, ptrdiff_t stride, ptrdiff_t count, ptrdiff_t n) {
    if (stride == sizeof(T)) return table().scatter[sizeof(T) == sizeof(double)](from, width, rows, count, n);
    for (ptrdiff_t r = 0; r < count; r++)
        for (ptrdiff_t i = 0; i < n; i++) memcpy(static_cast<char*>(rows[r]) + i * stride, from + i * width + r, sizeof(T));
}

// Brings some rows at a time together as the columns of a buffer, works there, and takes the results back.
template <class T> RowStatus run_through_buffers(const Plan& plan) {
    constexpr ptrdiff_t MOST = BLOCK_BYTES / sizeof(T);
    const ptrdiff_t n = plan.row.length, rows = plan.positions();
    const ptrdiff_t width = n * BLOCK_BYTES <= COPIED_BYTES ? MOST : n * BLOCK_BYTES <= 8 * COPIED_BYTES ? 16 : 1;
    const ptrdiff_t tiles = (rows + width - 1) / width;
    const int inputs = plan.row_inputs, outputs = plan.row_outputs - plan.outputs;
    const ptrdiff_t threads = threads_for(tiles, rows * n, GRAIN);
    const Buffers buffers(threads, n * width * sizeof(T), *plan.program);
    if (buffers.memory == nullptr) return ROWS_NO_MEMORY;
    ColumnSteps steps = {};
    for (int k = 0; k < inputs; k++) {
        steps.same_in_all_columns[k] = k > 0 && width > 1 && plan.common(k);
        steps.inputs[k] = steps.same_in_all_columns[k] ? plan.row.strides[k] / ptrdiff_t(sizeof(T)) : width;
    }
    for (int k = 0; k < outputs; k++) steps.outputs[k] = width;
    // A single row that is dense is worked on where it is: the transposing copies write whole vectors, more than it has.
    const auto direct = [&](int operand) { return width == 1 && plan.row.strides[operand] == sizeof(T); };
    share(threads, tiles, [&](ptrdiff_t first, ptrdiff_t last, ptrdiff_t thread) {
        ValuesOfRows values;
        for (ptrdiff_t tile = first; tile < last; tile++) {
            const ptrdiff_t begin = tile * width, count = rows - begin < width ? rows - begin : width;
            const auto locate = [&](ptrdiff_t row, char** at) { plan.locate(begin + row, at); };
            void* at[MAX_ROW_OPERANDS][MOST];
            char* of_row[MAX_ROW_OPERANDS];
            double unused;
            plan.locate_all(begin, count, at);
            locate(0, of_row);
            RowArguments arguments = plan.arguments(of_row, &unused);
            const auto buffer = [&](int copy) { return reinterpret_cast<T*>(buffers.of(thread, copy)); };
            for (int k = 0; k < inputs; k++) {
                if (steps.same_in_all_columns[k] || direct(k)) continue;
                gather(at[k], plan.row.strides[k], count, n, buffer(k), width);
                arguments.inputs[k] = buffer(k);
            }
            for (int k = 0; k < outputs; k++)
                if (!direct(plan.outputs + k)) arguments.outputs[k] = buffer(k);
            if (width == 1) {
                plan.program->rows(&arguments, 1, n, arguments);
            } else {
                values.read(plan, count, arguments, locate);
                plan.program->columns(arguments, steps, n, count);
                values.write(plan, count, locate);
            }
            for (int k = 0; k < outputs; k++)
                if (!direct(plan.outputs + k))
                    scatter(buffer(k), width, at[plan.outputs + k], plan.row.strides[plan.outputs + k], count, n);
        }
    });
    return ROWS_DONE;
}

}  // namespace

int row_programs() { return table().count; }
const RowProgram& row_program(int index, bool wide) { return table().programs[wide][index]; }

RowStatus run_rows(int program, bool wide, int axes, const ptrdiff_t* shape, const bool* of_row, const RowOperand* operands,
                   const double* settings) {
    Plan plan;
    plan.program = &row_program(program, wide);
    plan.settings = settings;
    plan.size = wide ? sizeof(double) : sizeof(float);
    plan.row_inputs = plan.program->inputs;
    plan.outputs = plan.row_inputs + plan.program->row_inputs;
    plan.row_outputs = plan.outputs + plan.program->outputs;
    plan.operands = plan.row_outputs + plan.program->row_outputs;
    plan.asked = 0;
    while (plan.row_outputs + plan.asked < plan.operands && operands[plan.row_outputs + plan.asked].data != nullptr) plan.asked++;
    for (int a = 0; a < axes; a++)
        if (shape[a] == 0) return ROWS_DONE;
    if (!make_plan(plan, axes, shape, of_row, operands)) return ROWS_NEED_COPIES;
    RowStatus status = ROWS_DONE;
    const RowAxis* const last = plan.kept.count > 0 ? &plan.kept.axes[plan.kept.count - 1] : nullptr;
    if (last != nullptr && plan.neighbours(*last) && last->length >= FEW_COLUMNS)
        status = run_neighbouring_columns(plan);
    else if (plan.dense(plan.row) && (plan.row.length > SHORT || plan.positions() < FEW_COLUMNS))
        run_contiguous_rows(plan);
    else
        status = wide ? run_through_buffers<double>(plan) : run_through_buffers<float>(plan);
    clear_floating_point_flags();
    return status;
}

}  // namespace fastact

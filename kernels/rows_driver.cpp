// Chooses how the rows of strided arrays reach the kernels, and splits them among threads.  Compiled for the baseline; it
// instantiates nothing of an instruction set's namespace.
#include "rows_driver.hpp"

#include <stdlib.h>
#include <string.h>

#include "axes.hpp"
#include "share.hpp"

namespace fastact {

#define FASTACT_DECLARE(isa) extern const RowTable row_table_##isa;
FASTACT_DECLARE(baseline)
#if defined(FASTACT_HAVE_AVX2)
FASTACT_DECLARE(avx2)
#endif
#if defined(FASTACT_HAVE_AVX512)
FASTACT_DECLARE(avx512)
#endif

namespace {

// Elements for which a second thread pays.
constexpr ptrdiff_t GRAIN = 32768;

// Rows are worked on together, up to so many; what is done once a row is then done for all at once.
constexpr ptrdiff_t MOST_TOGETHER = 16;

// Rows up to this length are transposed, so that the lanes of a vector belong to different rows.
constexpr ptrdiff_t SHORT = 32;

// Columns are worked on in blocks of about so many bytes across.  A block of short columns stays in the first-level cache from stage to
// stage, one of columns up to LONG in the second-level cache; with longer ones a block is as wide as a page, as the processor fetches
// ahead within pages.  If an operand has no more bytes than SMALL nothing has to be fetched, and blocks of columns up to LONG are narrow, too,
// so that their partial sums stay in the first-level cache.
constexpr ptrdiff_t NARROW = 256, MIDDLING = 1024, PAGE = 4096, LONG = 256, SMALL = 1 << 20;

// Rows that are brought together as columns make narrow blocks, narrower still if one would not fit into this.
constexpr ptrdiff_t COPIED_BYTES = 1 << 19;

// Fewer neighbouring columns than this would leave vectors half empty.
constexpr ptrdiff_t FEW_COLUMNS = 8;

// Rows of float16 are widened as many at a time as have about so many elements, 32 KiB.  softmax of 1024 x 1024 takes 570 us with
// 4096 and 8192 elements, 630 to 670 us with 12288 to 65536.
constexpr ptrdiff_t WIDENED = 8192, HALF_SIZE = 2;

// Fewer rows than a vector has lanes are brought together element by element, which pays for rows up to this length.
constexpr ptrdiff_t FEW_ROWS = 16, VERY_SHORT = 8;

const RowTable& table() {
    static const RowTable* const tables[] = {
        &row_table_baseline,
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
        return row_table_baseline;
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

    // Calls work(done, at, number) for the positions first..first+count-1, as many at a time as follow each other with one stride.
    template <class Work> void in_lines(ptrdiff_t first, ptrdiff_t count, const Work& work) const {
        const ptrdiff_t length = kept.count > 0 ? kept.axes[kept.count - 1].length : 1;
        char* at[MAX_ROW_OPERANDS];
        for (ptrdiff_t done = 0; done < count;) {
            const ptrdiff_t rest = length - (first + done) % length, number = rest < count - done ? rest : count - done;
            locate(first + done, at);
            work(done, at, number);
            done += number;
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
        for (int k = row_outputs; k < operands; k++) a.row_outputs[k - row_outputs] = is_asked(k) ? at[k] : unused;
        a.settings = settings;
        return a;
    }

    bool is_asked(int row_output) const { return row_output - row_outputs < asked; }

    // Between neighbouring positions of a line.
    ptrdiff_t pitch(int operand) const { return kept.count > 0 ? kept.axes[kept.count - 1].strides[operand] : 0; }

    RowPitches pitches() const {
        RowPitches p;
        for (int k = 0; k < row_inputs; k++) p.inputs[k] = pitch(k);
        for (int k = row_inputs; k < outputs; k++) p.row_inputs[k - row_inputs] = pitch(k);
        for (int k = outputs; k < row_outputs; k++) p.outputs[k - outputs] = pitch(k);
        for (int k = row_outputs; k < operands; k++) p.row_outputs[k - row_outputs] = is_asked(k) ? pitch(k) : 0;
        return p;
    }

    // An operand's rows at some positions in line.
    RowsAt rows_at(char* const* at, int operand, ptrdiff_t number) const {
        return {at[operand], pitch(operand), row.strides[operand], number};
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
    const RowPitches pitches = plan.pitches();
    share(threads_for(rows, rows * n, GRAIN), rows, [&](ptrdiff_t first, ptrdiff_t last, ptrdiff_t) {
        plan.in_lines(first, last - first, [&](ptrdiff_t, char** at, ptrdiff_t number) {
            double unused;
            for (ptrdiff_t done = 0; done < number; done += together) {
                const ptrdiff_t rest = number - done;
                plan.program->rows(plan.arguments(at, &unused), pitches, int(rest < together ? rest : together), n, rest > together);
                for (int k = 0; k < plan.operands; k++) at[k] += together * plan.pitch(k);
            }
        });
    });
}

// Bytes that whole lines of the cache have.
ptrdiff_t up_to_lines(ptrdiff_t bytes) { return (bytes + 63) / 64 * 64; }

template <class T> void copy_each(char* to, ptrdiff_t to_stride, const char* from, ptrdiff_t from_stride, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i++) memcpy(to + i * to_stride, from + i * from_stride, sizeof(T));
}

// Copies numbers that have `size` bytes each.
void copy_line(char* to, ptrdiff_t to_stride, const char* from, ptrdiff_t from_stride, ptrdiff_t count, ptrdiff_t size) {
    if (to_stride == size && from_stride == size) memcpy(to, from, count * size);
    else if (size == sizeof(float)) copy_each<float>(to, to_stride, from, from_stride, count);
    else copy_each<double>(to, to_stride, from, from_stride, count);
}

// Each thread's memory for a block of columns: copies of the elements, where those are copied, input k and output k in the same; the
// values of the rows, brought together; and the workspace of the kernel.  A little is at hand without asking.
struct Memory {
    const Plan& plan;
    ptrdiff_t across, copy, copies, bytes;
    char* begin;
    alignas(64) char at_hand[1 << 15];

    Memory(const Plan& plan, ptrdiff_t threads, ptrdiff_t bytes_across, bool copied) : plan(plan), across(up_to_lines(bytes_across)) {
        const RowProgram& program = *plan.program;
        const ptrdiff_t n = plan.row.length, most = SUMS_BYTES / plan.size;
        copies = !copied ? 0 : program.inputs > program.outputs ? program.inputs : program.outputs;
        copy = up_to_lines(n * bytes_across);
        const ptrdiff_t workspace = program.values + program.sums * (n < most ? n : most);
        bytes = copies * copy + (program.row_inputs + program.row_outputs + workspace) * across;
        begin = threads * bytes <= ptrdiff_t(sizeof at_hand) ? at_hand : static_cast<char*>(aligned_alloc(64, threads * bytes));
    }
    ~Memory() {
        if (begin != at_hand) free(begin);
    }
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;

    char* copy_of(ptrdiff_t thread, int k) const { return begin + thread * bytes + k * copy; }
    char* values(ptrdiff_t thread, int k) const { return copy_of(thread, copies) + k * across; }

    // Runs the kernel, with the values of the rows brought together and taken back; `lines(work)` calls work(done, at, number, strides)
    // for the rows, as many at a time as follow each other with one stride.
    template <class Lines>
    void run(ptrdiff_t thread, RowArguments& arguments, const ColumnSteps& steps, ptrdiff_t columns, const Lines& lines) const {
        const int inputs = plan.program->row_inputs, outputs = plan.program->row_outputs;
        const ptrdiff_t size = plan.size;
        for (int k = 0; k < inputs; k++) arguments.row_inputs[k] = values(thread, k);
        for (int k = 0; k < outputs; k++) arguments.row_outputs[k] = values(thread, inputs + k);
        if (inputs > 0)
            lines([&](ptrdiff_t done, char* const* at, ptrdiff_t number, const ptrdiff_t* strides) {
                for (int k = 0, from = plan.row_inputs; k < inputs; k++, from++)
                    copy_line(values(thread, k) + done * size, size, at[from], strides[from], number, size);
            });
        plan.program->columns(arguments, steps, plan.row.length, columns, values(thread, inputs + outputs));
        if (plan.asked > 0)
            lines([&](ptrdiff_t done, char* const* at, ptrdiff_t number, const ptrdiff_t* strides) {
                for (int k = 0, to = plan.row_outputs; k < plan.asked; k++, to++)
                    copy_line(at[to], strides[to], values(thread, inputs + k) + done * size, size, number, size);
            });
    }
};

// The bytes across a block of columns; of as many equal ones that each of the threads has about as much to do.
ptrdiff_t width_of_blocks(ptrdiff_t n, ptrdiff_t bytes, ptrdiff_t positions, ptrdiff_t threads) {
    const bool narrow = n <= SHORT || (n <= LONG && positions * n * bytes <= SMALL);
    const ptrdiff_t wanted = narrow ? NARROW : n <= LONG ? MIDDLING : PAGE;
    ptrdiff_t blocks = bytes < wanted ? 1 : (bytes + wanted / 2) / wanted;
    while (positions * blocks % threads > 0 && positions * blocks < 8 * threads && bytes > blocks * NARROW) blocks++;
    return up_to_lines((bytes + blocks - 1) / blocks);
}

// The last of the kept axes is dense.
RowStatus run_neighbouring_columns(Plan& plan) {
    const RowAxis across = plan.kept.axes[--plan.kept.count];
    const ptrdiff_t n = plan.row.length, size = plan.size, positions = plan.positions();
    const ptrdiff_t bytes = across.length * size;
    const ptrdiff_t threads = threads_for(positions * (1 + bytes / NARROW), positions * across.length * n, GRAIN);
    const ptrdiff_t width = width_of_blocks(n, bytes, positions, threads) / size;
    const ptrdiff_t blocks = (across.length + width - 1) / width;
    const int inputs = plan.row_inputs, outputs = plan.row_outputs - plan.outputs;
    const Memory memory(plan, threads, width * size, false);
    if (memory.begin == nullptr) return ROWS_NO_MEMORY;
    ColumnSteps steps;
    for (int k = 0; k < inputs; k++) {
        steps.same_in_all_columns[k] = k > 0 && across.strides[k] == 0;
        steps.inputs[k] = plan.row.strides[k] / size;
    }
    for (int k = 0; k < outputs; k++) steps.outputs[k] = plan.row.strides[plan.outputs + k] / size;
    share(threads, positions * blocks, [&](ptrdiff_t first, ptrdiff_t last, ptrdiff_t thread) {
        char* at[MAX_ROW_OPERANDS];
        for (ptrdiff_t item = first; item < last; item++) {
            const ptrdiff_t column = item % blocks * width;
            const ptrdiff_t columns = across.length - column < width ? across.length - column : width;
            plan.locate(item / blocks, at);
            for (int k = 0; k < plan.operands; k++) at[k] += column * across.strides[k];
            RowArguments arguments = plan.arguments(at, nullptr);
            memory.run(thread, arguments, steps, columns, [&](const auto& work) { work(0, at, columns, across.strides); });
        }
    });
    return ROWS_DONE;
}

// Brings some rows at a time together as the columns of a buffer, works there, and takes the results back.
RowStatus run_through_buffers(const Plan& plan) {
    const ptrdiff_t n = plan.row.length, rows = plan.positions();
    const ptrdiff_t enough = (rows + 15) / 16 * 16, most = NARROW / plan.size < enough ? NARROW / plan.size : enough;
    const ptrdiff_t width = n * NARROW <= COPIED_BYTES ? most : n * NARROW <= 8 * COPIED_BYTES ? 16 : 1;
    const ptrdiff_t tiles = (rows + width - 1) / width;
    const bool wide = plan.size == sizeof(double);
    const ptrdiff_t threads = threads_for(tiles, rows * n, GRAIN);
    const Memory memory(plan, threads, width * plan.size, true);
    if (memory.begin == nullptr) return ROWS_NO_MEMORY;
    // What all rows have in common stays where it is, and so does a single row that is dense.
    bool stays[MAX_ROW_OPERANDS] = {};
    ColumnSteps steps = {};
    for (int k = 0; k < plan.row_inputs; k++) {
        steps.same_in_all_columns[k] = k > 0 && width > 1 && plan.common(k);
        steps.inputs[k] = steps.same_in_all_columns[k] ? plan.row.strides[k] / plan.size : width;
        stays[k] = steps.same_in_all_columns[k] || (width == 1 && plan.row.strides[k] == plan.size);
    }
    for (int k = plan.outputs; k < plan.row_outputs; k++) {
        steps.outputs[k - plan.outputs] = width;
        stays[k] = width == 1 && plan.row.strides[k] == plan.size;
    }
    const RowPitches pitches = plan.pitches();
    ptrdiff_t strides[MAX_ROW_OPERANDS];
    for (int k = 0; k < plan.operands; k++) strides[k] = plan.pitch(k);
    share(threads, tiles, [&](ptrdiff_t first, ptrdiff_t last, ptrdiff_t thread) {
        for (ptrdiff_t tile = first; tile < last; tile++) {
            const ptrdiff_t begin = tile * width, count = rows - begin < width ? rows - begin : width;
            char* of_first[MAX_ROW_OPERANDS];
            double unused;
            plan.locate(begin, of_first);
            RowArguments arguments = plan.arguments(of_first, &unused);
            for (int k = 0; k < plan.row_inputs; k++)
                if (!stays[k]) arguments.inputs[k] = memory.copy_of(thread, k);
            for (int k = plan.outputs; k < plan.row_outputs; k++)
                if (!stays[k]) arguments.outputs[k - plan.outputs] = memory.copy_of(thread, k - plan.outputs);
            const auto lines = [&](const auto& work) {
                plan.in_lines(begin, count, [&](ptrdiff_t done, char** at, ptrdiff_t number) { work(done, at, number, strides); });
            };
            plan.in_lines(begin, count, [&](ptrdiff_t done, char** at, ptrdiff_t number) {
                for (int k = 0; k < plan.row_inputs; k++)
                    if (!stays[k])
                        table().gather[wide](plan.rows_at(at, k, number), n, memory.copy_of(thread, k) + done * plan.size, width);
            });
            if (width == 1) plan.program->rows(arguments, pitches, 1, n, false);
            else memory.run(thread, arguments, steps, count, lines);
            plan.in_lines(begin, count, [&](ptrdiff_t done, char** at, ptrdiff_t number) {
                for (int k = plan.outputs; k < plan.row_outputs; k++)
                    if (!stays[k])
                        table().scatter[wide](memory.copy_of(thread, k - plan.outputs) + done * plan.size, width,
                                              plan.rows_at(at, k, number), n);
            });
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
    const ptrdiff_t n = plan.row.length;
    const RowAxis* const last = plan.kept.count > 0 ? &plan.kept.axes[plan.kept.count - 1] : nullptr;
    if (last != nullptr && plan.neighbours(*last) && last->length >= FEW_COLUMNS)
        status = run_neighbouring_columns(plan);
    else if (plan.dense(plan.row) && (n > SHORT || plan.positions() < (n > VERY_SHORT ? FEW_ROWS : FEW_COLUMNS)))
        run_contiguous_rows(plan);
    else
        status = run_through_buffers(plan);
    clear_floating_point_flags();
    return status;
}

RowStatus run_rows_of_halves(int program, ptrdiff_t rows, ptrdiff_t n, const HalfRowOperand* operands, const double* settings) {
    const RowProgram& p = row_program(program, false);
    const int outputs = p.inputs + p.row_inputs, count = outputs + p.outputs + p.row_outputs;
    const ptrdiff_t fit = WIDENED / n < 1 ? 1 : WIDENED / n, together = fit < rows ? fit : rows;
    const ptrdiff_t blocks = (rows + together - 1) / together, buffer = up_to_lines(together * n * sizeof(float));
    const ptrdiff_t threads = threads_for(blocks, rows * n, GRAIN);
    ptrdiff_t bytes = 0;  // of a thread
    for (int k = 0; k < count; k++) bytes += operands[k].half ? buffer : 0;
    alignas(64) char at_hand[1 << 15];
    char* const memory = threads * bytes <= ptrdiff_t(sizeof at_hand) ? at_hand : static_cast<char*>(aligned_alloc(64, threads * bytes));
    if (memory == nullptr) return ROWS_NO_MEMORY;
    const ptrdiff_t dense[] = {n * ptrdiff_t(sizeof(float)), sizeof(float)}, nowhere[] = {0, 0};
    const bool of_row[] = {false, true};
    int status = ROWS_DONE;
    share(threads, blocks, [&](ptrdiff_t first, ptrdiff_t last, ptrdiff_t thread) {
        RowOperand widened[MAX_ROW_OPERANDS];
        for (int k = 0; k < MAX_ROW_OPERANDS; k++) widened[k] = {nullptr, nowhere};
        for (ptrdiff_t block = first; block < last; block++) {
            const ptrdiff_t begin = block * together, number = rows - begin < together ? rows - begin : together;
            const ptrdiff_t shape[] = {number, n}, offset = begin * n * HALF_SIZE;
            char* free_memory = memory + thread * bytes;
            for (int k = 0; k < count; k++) {
                const HalfRowOperand& operand = operands[k];
                if (operand.half) {
                    widened[k] = {free_memory, dense};
                    free_memory += buffer;
                    if (k < outputs) copy_halves(HALF, operand.data + offset, widened[k].data, number * n);
                } else if (operand.data != nullptr) {
                    widened[k] = {operand.data + begin * operand.strides[0], operand.strides};
                }
            }
            const RowStatus of_block = run_rows(program, false, 2, shape, of_row, widened, settings);
            if (of_block != ROWS_DONE) __atomic_store_n(&status, int(of_block), __ATOMIC_RELAXED);
            for (int k = outputs; k < count; k++)
                if (operands[k].half) copy_halves(SINGLE, widened[k].data, operands[k].data + offset, number * n);
        }
    });
    if (memory != at_hand) free(memory);
    clear_floating_point_flags();
    return RowStatus(status);
}

}  // namespace fastact

// Everything between a call and a kernel: choosing the instruction set, splitting among threads, gathering strided operands.
// Compiled for the baseline; it instantiates nothing of an instruction set's namespace.
#include "share.hpp"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <atomic>
#include <vector>

#if defined(_OPENMP)
#include <omp.h>
#include <pthread.h>
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#else
#include <cfenv>
#endif

namespace fastact {

#define FASTACT_DECLARE(isa) extern const Table table_##isa##_float, table_##isa##_double;
FASTACT_DECLARE(baseline)
#if defined(FASTACT_HAVE_AVX2)
FASTACT_DECLARE(avx2)
#endif
#if defined(FASTACT_HAVE_AVX512)
FASTACT_DECLARE(avx512)
#endif

namespace {

struct InstructionSet {
    const char* name;
    const Table* tables[2];
};

std::vector<InstructionSet> detect() {
    std::vector<InstructionSet> found = {{"baseline", {&table_baseline_float, &table_baseline_double}}};
#if defined(FASTACT_HAVE_AVX2)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c"))
        found.push_back({"avx2", {&table_avx2_float, &table_avx2_double}});
#endif
#if defined(FASTACT_HAVE_AVX512)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
        found.push_back({"avx512", {&table_avx512_float, &table_avx512_double}});
#endif
    return found;
}

const std::vector<InstructionSet>& instruction_sets() {
    static const std::vector<InstructionSet> sets = detect();
    return sets;
}

int chosen = 0;
std::vector<Loop> loops;
std::atomic<int> threads{1};

const Table& table(bool wide) { return *instruction_sets()[chosen].tables[wide]; }

int outputs_of(Form form, const Activation& a) {
    return form == VALUE_AND_DERIVATIVE ? 2 : form == BACKWARD_PARAMETERS ? 1 + a.trainable : 1;
}

size_t element_size(Storage storage) { return storage == HALF ? 2 : storage == SINGLE ? 4 : 8; }

// Above this many bytes a result would only push out of the caches what the next reader wants there.  A last-level cache that
// is larger than this limit is shared with other programs, or other virtual machines; see
// docs/decisions/2026-11-21-stores-that-bypass-the-caches.md.
ptrdiff_t streaming_bytes() {
    static const ptrdiff_t bytes = [] {
        constexpr long LIMIT = 32l << 20;
        long cache = -1;
#if defined(_SC_LEVEL3_CACHE_SIZE)
        cache = sysconf(_SC_LEVEL3_CACHE_SIZE);
#endif
        return ptrdiff_t(cache > 0 && cache < LIMIT ? cache : LIMIT);
    }();
    return bytes;
}

// Elements for which another thread pays; see docs/decisions/2026-11-21-threads.md.
constexpr ptrdiff_t GRAIN = 65536;

void advance(const void** pointers, const void* const* from, int count, ptrdiff_t bytes) {
    for (int k = 0; k < count; k++) pointers[k] = static_cast<const char*>(from[k]) + bytes;
}

// All inputs, outputs and, in an ARRAYS kernel, parameters contiguous.
void run_threaded(const Loop& loop, ParameterKind kind, const void* const* inputs, const void* const* parameters,
                  void* const* outputs, ptrdiff_t n) {
    const ptrdiff_t size = element_size(loop.storage);
    bool streaming = n * size >= streaming_bytes();
    for (int i = 0; i < loop.inputs; i++)
        for (int o = 0; o < loop.outputs; o++) streaming &= inputs[i] != outputs[o];
    const auto chunk = [&](ptrdiff_t begin, ptrdiff_t end) {
        const void* in[MAX_INPUTS];
        const void* par[MAX_PARAMETERS];
        const void* out[MAX_OUTPUTS];
        advance(in, inputs, loop.inputs, begin * size);
        advance(par, parameters, loop.parameters, kind == ARRAYS ? begin * size : 0);
        advance(out, outputs, loop.outputs, begin * size);
        loop.kernels[kind](in, par, const_cast<void* const*>(out), end - begin, streaming);
    };
    constexpr ptrdiff_t ALIGNED = 64;  // elements: whole cache lines for every type
    const ptrdiff_t items = (n + ALIGNED - 1) / ALIGNED;
    share(threads_for(items, n, GRAIN), items, [&](ptrdiff_t first, ptrdiff_t last, ptrdiff_t) {
        chunk(first * ALIGNED, last * ALIGNED < n ? last * ALIGNED : n);
    });
}

template <class T> void copy_strided(const char* from, ptrdiff_t from_step, char* to, ptrdiff_t to_step, ptrdiff_t n) {
    constexpr ptrdiff_t size = sizeof(T);
    const auto copy = [&](ptrdiff_t from_step, ptrdiff_t to_step) __attribute__((always_inline)) {
        for (ptrdiff_t i = 0; i < n; i++) memcpy(to + i * to_step, from + i * from_step, size);
    };
    // Of steps that the compiler knows it makes whole vectors.
    if (to_step == size && from_step == size) memcpy(to, from, n * size);
    else if (to_step == size && from_step == 0) copy(0, size);
    else if (to_step == size && from_step == 2 * size) copy(2 * size, size);
    else copy(from_step, to_step);
}

// Around float16 values, parameters and the gradients by them are float32.
Storage storage_of(const Loop& loop, int operand) {
    const int first_output = loop.inputs + loop.parameters;
    const bool parameter = operand >= loop.inputs && operand < first_output;
    const bool parameter_gradient = loop.inputs == 2 && operand > first_output;
    return loop.storage == HALF && (parameter || parameter_gradient) ? SINGLE : loop.storage;
}

// Any strides and float16: block by block through buffers that stay in L1.
void run_blocks(const Loop& loop, char* const* args, const ptrdiff_t* steps, ptrdiff_t n) {
    const int operands = loop.inputs + loop.parameters;
    bool scalars = true;
    for (int k = loop.inputs; k < operands; k++) scalars &= steps[k] == 0;
    alignas(64) char buffers[MAX_INPUTS + MAX_PARAMETERS + MAX_OUTPUTS][BLOCK * sizeof(double)];
    const void* from[MAX_INPUTS + MAX_PARAMETERS];
    void* to[MAX_OUTPUTS];
    for (ptrdiff_t done = 0; done < n; done += BLOCK) {
        const ptrdiff_t count = n - done < BLOCK ? n - done : BLOCK;
        for (int k = 0; k < operands; k++)
            from[k] = gather(storage_of(loop, k), args[k] + done * steps[k], steps[k], buffers[k],
                             scalars && k >= loop.inputs ? 1 : count);
        for (int k = 0; k < loop.outputs; k++) {
            const int operand = operands + k;
            const Storage storage = storage_of(loop, operand);
            const bool direct = storage != HALF && steps[operand] == ptrdiff_t(element_size(storage));
            to[k] = direct ? args[operand] + done * steps[operand] : buffers[operand];
        }
        loop.kernels[scalars ? SCALARS : ARRAYS](from, from + loop.inputs, to, count, false);
        for (int k = 0; k < loop.outputs; k++) {
            const int operand = operands + k;
            scatter(storage_of(loop, operand), static_cast<char*>(to[k]), args[operand] + done * steps[operand], steps[operand], count);
        }
    }
}

void run_blocks_threaded(const Loop& loop, char* const* args, const ptrdiff_t* steps, ptrdiff_t n) {
    const int operands = loop.inputs + loop.parameters + loop.outputs;
    const ptrdiff_t blocks = (n + BLOCK - 1) / BLOCK;
    share(threads_for(blocks, n, GRAIN), blocks, [&](ptrdiff_t first, ptrdiff_t last, ptrdiff_t) {
        const ptrdiff_t begin = first * BLOCK, end = last * BLOCK < n ? last * BLOCK : n;
        char* at[MAX_INPUTS + MAX_PARAMETERS + MAX_OUTPUTS];
        for (int k = 0; k < operands; k++) at[k] = args[k] + begin * steps[k];
        run_blocks(loop, at, steps, end - begin);
    });
}

}  // namespace

const char* gather(Storage storage, const char* from, ptrdiff_t step, char* buffer, ptrdiff_t n) {
    const ptrdiff_t size = element_size(storage);
    if (storage == HALF) {
        uint16_t together[BLOCK];
        const bool direct = step == size;
        if (!direct) copy_strided<uint16_t>(from, step, reinterpret_cast<char*>(together), size, n);
        table(false).widen(direct ? reinterpret_cast<const uint16_t*>(from) : together, reinterpret_cast<float*>(buffer), n);
        return buffer;
    }
    if (step == size) return from;
    if (storage == SINGLE) copy_strided<float>(from, step, buffer, size, n);
    else copy_strided<double>(from, step, buffer, size, n);
    return buffer;
}

void scatter(Storage storage, const char* buffer, char* to, ptrdiff_t step, ptrdiff_t n) {
    const ptrdiff_t size = element_size(storage);
    if (storage == HALF) {
        uint16_t together[BLOCK];
        const bool direct = step == size;
        table(false).narrow(reinterpret_cast<const float*>(buffer), direct ? reinterpret_cast<uint16_t*>(to) : together, n);
        if (!direct) copy_strided<uint16_t>(reinterpret_cast<char*>(together), size, to, step, n);
    } else if (buffer != to) {
        if (storage == SINGLE) copy_strided<float>(buffer, size, to, step, n);
        else copy_strided<double>(buffer, size, to, step, n);
    }
}

int available_isas() { return int(instruction_sets().size()); }
const char* isa_name(int index) { return instruction_sets()[index].name; }
int chosen_isa() { return chosen; }

void choose_isa(int limit) {
    chosen = limit;
    loops.clear();
    for (int a = 0; a < activations(); a++)
        for (int form = 0; form < FORMS; form++)
            for (int storage = 0; storage < STORAGES; storage++) {
                const Activation& entry = table(storage == DOUBLE).activations[a];
                Loop loop = {{}, Storage(storage), form >= BACKWARD ? 2 : 1, entry.parameters,
                             outputs_of(Form(form), entry)};
                memcpy(loop.kernels, entry.kernels[form], sizeof loop.kernels);
                loops.push_back(loop);
            }
}

int activations() { return table(false).count; }
const Activation& activation(int index) { return table(false).activations[index]; }
const Loop& loop(int activation, Form form, Storage storage) {
    return loops[(size_t(activation) * FORMS + form) * STORAGES + storage];
}

const Loop* other_form(const void* data, Form form) {
    for (const Loop& loop : loops) {
        const size_t place = &loop - loops.data();
        if (&loop == data && place / STORAGES % FORMS == VALUE) return &loop + (form - VALUE) * STORAGES;
    }
    return nullptr;
}

void inner_loop(char** args, const ptrdiff_t* dimensions, const ptrdiff_t* steps, void* data) {
    const Loop& loop = *static_cast<const Loop*>(data);
    const ptrdiff_t n = dimensions[0], size = element_size(loop.storage);
    const int operands = loop.inputs + loop.parameters;
    bool dense = loop.storage != HALF;
    for (int k = 0; k < loop.inputs; k++) dense &= steps[k] == size;
    // The results of a reduction have one place.
    bool apart = true;
    for (int k = 0; k < loop.outputs; k++) {
        dense &= steps[operands + k] == size;
        apart &= steps[operands + k] != 0;
    }
    bool scalars = true, arrays = true;
    for (int k = loop.inputs; k < operands; k++) {
        scalars &= steps[k] == 0;
        arrays &= steps[k] == size;
    }
    if (dense && (scalars || arrays))
        run_threaded(loop, scalars ? SCALARS : ARRAYS, const_cast<const void* const*>(reinterpret_cast<void**>(args)),
                     const_cast<const void* const*>(reinterpret_cast<void**>(args + loop.inputs)),
                     reinterpret_cast<void**>(args + operands), n);
    else if (apart)
        run_blocks_threaded(loop, args, steps, n);
    else
        run_blocks(loop, args, steps, n);
    clear_floating_point_flags();
}

void run_contiguous(const Loop& loop, const void* const* inputs, const void* const* parameters, void* const* outputs,
                    ptrdiff_t n) {
    run_threaded(loop, SCALARS, inputs, parameters, outputs, n);
    clear_floating_point_flags();
}

void copy_halves(Storage from_storage, const char* from, char* to, ptrdiff_t n) {
    const ptrdiff_t blocks = (n + BLOCK - 1) / BLOCK;
    share(threads_for(blocks, n, GRAIN), blocks, [&](ptrdiff_t first, ptrdiff_t last, ptrdiff_t) {
        const ptrdiff_t begin = first * BLOCK, count = (last * BLOCK < n ? last * BLOCK : n) - begin;
        if (from_storage == HALF)
            table(false).widen(reinterpret_cast<const uint16_t*>(from) + begin, reinterpret_cast<float*>(to) + begin, count);
        else
            table(false).narrow(reinterpret_cast<const float*>(from) + begin, reinterpret_cast<uint16_t*>(to) + begin, count);
    });
}

void set_threads(int n) { threads = n; }
int get_threads() { return threads; }

#if defined(_OPENMP)
void watch_forks() {
    static const int registered = pthread_atfork([] { omp_pause_resource_all(omp_pause_hard); }, nullptr, nullptr);
    (void)registered;
}
#endif

bool has_openmp() {
#if defined(_OPENMP)
    return true;
#else
    return false;
#endif
}

void clear_floating_point_flags() {
#if defined(__x86_64__)
    const unsigned status = _mm_getcsr();
    if (status & _MM_EXCEPT_MASK) _mm_setcsr(status & ~_MM_EXCEPT_MASK);
#else
    feclearexcept(FE_ALL_EXCEPT);
#endif
}

}  // namespace fastact

// The loop over contiguous elements that every form of every activation runs in.
#pragma once

#include "table.hpp"
#include "words.hpp"

namespace fastact {
namespace FASTACT_ISA {

constexpr int inputs_of(Form form) { return form >= BACKWARD ? 2 : 1; }

constexpr int outputs_of(Form form, int trainable) {
    return form == VALUE_AND_DERIVATIVE ? 2 : form == BACKWARD_PARAMETERS ? 1 + trainable : 1;
}

// Vectors that are worked on at a time, as many as the registers of the instruction set allow, and where results bypass the caches.
// Measured on a Cascade Lake Xeon, gelu in float32 with AVX-512: 1.70, 1.19 and 1.02 ns an element for 1, 2 and 3; on a Zen 3 EPYC, silu
// with AVX2: 0.98, 0.82, 0.80 and 0.76 for 1 to 4, and of 64 MiB past the caches 1.27 and 1.03 for 1 and 4.  With AVX-512 several vectors
// were slower there: sigmoid of 256 MiB took 0.57 in place of 0.44.
constexpr int INTERLEAVED = FASTACT_VECTOR_BYTES == 64 ? 3 : FASTACT_VECTOR_BYTES == 32 ? 4 : 1;
constexpr bool INTERLEAVED_PAST_CACHES = FASTACT_VECTOR_BYTES < 64;

// How far ahead of the work the caches are asked for inputs and outputs.  Measured on a Xeon with AVX-512, 262 144 float32, which together
// with the result just exceed the second-level cache: with 1 KiB relu, sigmoid, silu and gelu take 0.85, 0.96, 0.95 and 0.95 of the time;
// with 2 KiB sigmoid and silu of 1 to 16 MiB another 0.93, the others as much.
constexpr ptrdiff_t BYTES_AHEAD = 2048;

// The same where results bypass the caches: into the second-level cache, as the first one waits for each line that it is asked for.
constexpr ptrdiff_t BYTES_FAR_AHEAD = 8192;

// From the inputs of a form at one vector to its outputs there.  What a form does not use of `result` is never computed.
template <class A, Form form, class V> FASTACT_INLINE void evaluate(const V* inputs, const V* parameters, V* outputs) {
    V result[2 + A::trainable];
    if constexpr (form == DERIVATIVE_FROM_OUTPUT) outputs[0] = A::from_output(inputs[0], parameters);
    else if constexpr (form == VALUE_OF_SUM) A::evaluate(inputs[0] + inputs[1], parameters, result);
    else A::evaluate(inputs[inputs_of(form) - 1], parameters, result);
    if constexpr (form == VALUE || form == VALUE_OF_SUM) {
        outputs[0] = result[0];
    } else if constexpr (form == VALUE_TIMES) {
        outputs[0] = inputs[0] * result[0];
    } else if constexpr (form == DERIVATIVE) {
        outputs[0] = result[1];
    } else if constexpr (form == VALUE_AND_DERIVATIVE) {
        outputs[0] = result[0];
        outputs[1] = result[1];
    } else if constexpr (form >= BACKWARD) {
        for (int i = 0; i < outputs_of(form, A::trainable); i++) outputs[i] = inputs[0] * result[1 + i];
    }
}

// Whole vectors only.
template <class A, Form form, ParameterKind kind, class T>
void whole_vectors(const void* const* input_pointers, const void* const* parameter_pointers, void* const* output_pointers,
                   ptrdiff_t n, bool streaming) {
    using V = VectorOf<T>;
    constexpr int W = lanes<V>;
    constexpr int I = inputs_of(form), P = A::parameters, O = outputs_of(form, A::trainable);
    const T* in[I];
    const T* par[P + 1];
    T* out[O];
    for (int k = 0; k < I; k++) in[k] = static_cast<const T*>(input_pointers[k]);
    for (int k = 0; k < P; k++) par[k] = static_cast<const T*>(parameter_pointers[k]);
    for (int k = 0; k < O; k++) out[k] = static_cast<T*>(output_pointers[k]);

    V scalars[P + 1] = {};
    if constexpr (kind == SCALARS)
        for (int k = 0; k < P; k++) scalars[k] = broadcast<V>(*par[k]);

    // N neighbouring vectors, whose chains of instructions the compiler interleaves.
    const auto vectors = [&](ptrdiff_t first, auto put, auto count) __attribute__((always_inline)) {
        constexpr int N = decltype(count)::value;
        V x[N][I], p[N][P + 1] = {}, y[N][O];
        for (int j = 0; j < N; j++) {
            const ptrdiff_t i = first + j * W;
            for (int k = 0; k < I; k++) x[j][k] = load<V>(in[k] + i);
            for (int k = 0; k < P; k++) p[j][k] = kind == SCALARS ? scalars[k] : load<V>(par[k] + i);
        }
        // Of long functions GCC would keep this loop, and mix nothing: smu in float32 took 1.75 ns an element in place of 1.09, serf in
        // float64 9.6 in place of 6.7.
#pragma GCC unroll 8
        for (int j = 0; j < N; j++) evaluate<A, form, V>(x[j], p[j], y[j]);
        for (int j = 0; j < N; j++)
            for (int k = 0; k < O; k++) put(out[k] + first + j * W, y[j][k]);
    };
    ptrdiff_t i = 0;
    constexpr int N = kind == SCALARS ? INTERLEAVED : 1;
    const auto put = [streaming](T* to, V v) __attribute__((always_inline)) {
        if (streaming) stream(to, v);
        else store<V>(to, v);
    };
    const auto fetch_from_memory = [&](ptrdiff_t first) __attribute__((always_inline)) {
        for (int k = 0; k < I; k++) __builtin_prefetch(in[k] + first + BYTES_FAR_AHEAD / ptrdiff_t(sizeof(T)), 0, 2);
    };
    if constexpr (N > 1) {
        for (; (INTERLEAVED_PAST_CACHES || !streaming) && i + N * W <= n; i += N * W) {
            for (int j = 0; j < N; j++) {
                if (streaming) {
                    fetch_from_memory(i + j * W);
                    continue;
                }
                const ptrdiff_t ahead = i + j * W + BYTES_AHEAD / ptrdiff_t(sizeof(T));
                for (int k = 0; k < I; k++) __builtin_prefetch(in[k] + ahead);
                for (int k = 0; k < O; k++) __builtin_prefetch(out[k] + ahead, 1);
            }
            vectors(i, put, Number<N>{});
        }
    }
    for (; i < n; i += W) {
        if (streaming) fetch_from_memory(i);
        vectors(i, put, Number<1>{});
    }
    if (streaming) fence();
}

struct Operands {
    Kernel whole_vectors;
    int inputs, parameters, outputs;
    bool arrays;  // of parameters
};

template <class T> const void* beyond(const void* from, ptrdiff_t elements) { return static_cast<const T*>(from) + elements; }

// Fewer elements than a vector holds, from the element `first` on: the same arithmetic on padded vectors.
template <class T>
void part(const Operands& operands, const void* const* inputs, const void* const* parameters, void* const* outputs,
          ptrdiff_t first, ptrdiff_t count) {
    constexpr int W = lanes<VectorOf<T>>;
    T padded[MAX_INPUTS + MAX_PARAMETERS + MAX_OUTPUTS][W] = {};
    const void* in[MAX_INPUTS];
    const void* par[MAX_PARAMETERS];
    void* out[MAX_OUTPUTS];
    int used = 0;
    for (int k = 0; k < operands.inputs; k++) in[k] = memcpy(padded[used++], beyond<T>(inputs[k], first), count * sizeof(T));
    for (int k = 0; k < operands.parameters; k++)
        par[k] = operands.arrays ? memcpy(padded[used++], beyond<T>(parameters[k], first), count * sizeof(T)) : parameters[k];
    for (int k = 0; k < operands.outputs; k++) out[k] = padded[used++];
    operands.whole_vectors(in, par, out, W, false);
    for (int k = 0; k < operands.outputs; k++) memcpy(static_cast<T*>(outputs[k]) + first, out[k], count * sizeof(T));
}

// Results of so many elements are written to whole lines of the caches; for fewer the start costs more than that saves.
constexpr ptrdiff_t ALIGNED_FROM = 4096;

// Splits n elements into whole vectors, aligned ones if they are streamed or many, and what is before and behind them.
template <class T>
void in_vectors(const Operands& operands, const void* const* inputs, const void* const* parameters, void* const* outputs,
                ptrdiff_t n, bool streaming) {
    using V = VectorOf<T>;
    constexpr int W = lanes<V>;
    const uintptr_t misaligned = reinterpret_cast<uintptr_t>(outputs[0]) % sizeof(V);
    bool alike = true;
    for (int k = 1; k < operands.outputs; k++) alike &= reinterpret_cast<uintptr_t>(outputs[k]) % sizeof(V) == misaligned;
    ptrdiff_t head = 0;
    if (alike && n >= (streaming ? W : ALIGNED_FROM)) head = (sizeof(V) - misaligned) % sizeof(V) / sizeof(T);
    else streaming = false;
    if (head > 0) part<T>(operands, inputs, parameters, outputs, 0, head);
    const ptrdiff_t whole = (n - head) / W * W;
    if (whole > 0) {
        const void* in[MAX_INPUTS];
        const void* par[MAX_PARAMETERS];
        void* out[MAX_OUTPUTS];
        for (int k = 0; k < operands.inputs; k++) in[k] = beyond<T>(inputs[k], head);
        for (int k = 0; k < operands.parameters; k++) par[k] = operands.arrays ? beyond<T>(parameters[k], head) : parameters[k];
        for (int k = 0; k < operands.outputs; k++) out[k] = static_cast<T*>(outputs[k]) + head;
        operands.whole_vectors(in, par, out, whole, streaming);
    }
    if (head + whole < n) part<T>(operands, inputs, parameters, outputs, head + whole, n - head - whole);
}

template <class A, Form form, ParameterKind kind, class T>
void contiguous(const void* const* inputs, const void* const* parameters, void* const* outputs, ptrdiff_t n, bool streaming) {
    static constexpr Operands operands = {whole_vectors<A, form, kind, T>, inputs_of(form), A::parameters,
                                          outputs_of(form, A::trainable), kind == ARRAYS};
    in_vectors<T>(operands, inputs, parameters, outputs, n, streaming);
}

template <class A, Form form, class T> constexpr void fill(Activation& activation) {
    activation.kernels[form][SCALARS] = contiguous<A, form, SCALARS, T>;
    activation.kernels[form][ARRAYS] = contiguous<A, form, A::parameters != 0 ? ARRAYS : SCALARS, T>;
}

template <class A, class T> constexpr Activation describe() {
    Activation activation = {A::name, A::parameters, A::trainable, {}};
    fill<A, VALUE, T>(activation);
    fill<A, DERIVATIVE, T>(activation);
    fill<A, VALUE_AND_DERIVATIVE, T>(activation);
    if constexpr (A::has_from_output) fill<A, DERIVATIVE_FROM_OUTPUT, T>(activation);
    fill<A, BACKWARD, T>(activation);
    if constexpr (A::trainable != 0) fill<A, BACKWARD_PARAMETERS, T>(activation);
    activation.kernels[VALUE_OF_SUM][SCALARS] = contiguous<A, VALUE_OF_SUM, SCALARS, T>;
    activation.kernels[VALUE_TIMES][SCALARS] = contiguous<A, VALUE_TIMES, SCALARS, T>;
    return activation;
}

template <class T, class... A> struct Activations {
    static constexpr Activation all[] = {describe<A, T>()...};
    static constexpr int count = sizeof...(A);
};

}  // namespace FASTACT_ISA
}  // namespace fastact

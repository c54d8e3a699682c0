// The axes of strided operands, as few as their layout allows.
#pragma once

#include <stddef.h>
#include <stdlib.h>

namespace fastact {

constexpr int MAX_AXES = 64;

template <int MAX_OPERANDS> struct Axis {
    ptrdiff_t length;
    ptrdiff_t strides[MAX_OPERANDS];

    // Whether this axis and one inside it are one axis together.
    bool continues(const Axis& inner, int operands) const {
        for (int k = 0; k < operands; k++)
            if (strides[k] != inner.strides[k] * inner.length) return false;
        return true;
    }
};

template <int MAX_OPERANDS> struct Axes {
    int operands;
    int count = 0;
    Axis<MAX_OPERANDS> axes[MAX_AXES];

    // Keeps the axes in the order from the longest to the shortest stride of the operand `leading`.
    void insert(const Axis<MAX_OPERANDS>& axis, int leading) {
        int place = count++;
        for (; place > 0 && labs(axes[place - 1].strides[leading]) < labs(axis.strides[leading]); place--) axes[place] = axes[place - 1];
        axes[place] = axis;
    }

    void merge() {
        int used = 0;
        for (int a = 0; a < count; a++) {
            Axis<MAX_OPERANDS>& last = axes[used > 0 ? used - 1 : 0];
            if (used > 0 && last.continues(axes[a], operands)) {
                const ptrdiff_t length = last.length * axes[a].length;
                last = axes[a];
                last.length = length;
            } else {
                axes[used++] = axes[a];
            }
        }
        count = used;
    }

    ptrdiff_t positions() const {
        ptrdiff_t product = 1;
        for (int a = 0; a < count; a++) product *= axes[a].length;
        return product;
    }

    void step(char** pointers, int axis, ptrdiff_t index) const {
        for (int k = 0; k < operands; k++) pointers[k] += index * axes[axis].strides[k];
    }

    // The operands at one of the positions, counted in the order of the axes.
    void locate(ptrdiff_t position, char* const* data, char** pointers) const {
        for (int k = 0; k < operands; k++) pointers[k] = data[k];
        for (int a = count - 1; a > 0; a--) {
            step(pointers, a, position % axes[a].length);
            position /= axes[a].length;
        }
        if (count > 0) step(pointers, 0, position);
    }
};

}  // namespace fastact

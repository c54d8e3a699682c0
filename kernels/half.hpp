// float16 elements to float32 and back, rounding to nearest even.
#pragma once

#include "words.hpp"

namespace fastact {
namespace FASTACT_ISA {

FASTACT_INLINE float float_from_bits(uint32_t b) {
    float f;
    memcpy(&f, &b, sizeof f);
    return f;
}

FASTACT_INLINE uint32_t bits_of_float(float f) {
    uint32_t b;
    memcpy(&b, &f, sizeof b);
    return b;
}

// Moving exponent and fraction into place leaves a number 2^112 too small; the multiplication also normalises subnormals.
FASTACT_INLINE float widen_one(uint16_t h) {
    const uint32_t magnitude = uint32_t(h & 0x7fff) << 13;
    const float scaled = float_from_bits(magnitude) * 0x1p112f;
    const uint32_t special = scaled >= 0x1p16f ? 0x7f800000u : 0;
    return float_from_bits(bits_of_float(scaled) | special | uint32_t(h & 0x8000) << 16);
}

FASTACT_INLINE uint16_t narrow_one(float f) {
    const uint32_t all = bits_of_float(f);
    const uint32_t sign = all >> 16 & 0x8000, magnitude = all & 0x7fffffff;
    if (magnitude > 0x7f800000) return uint16_t(sign | 0x7e00 | (magnitude >> 13 & 0x3ff));
    if (magnitude >= 0x477ff000) return uint16_t(sign | 0x7c00);
    if (magnitude < 0x38800000) {
        // Below 2^-14 the spacing is 2^-24: adding 0.5 rounds to it.
        const float rounded = float_from_bits(magnitude) + 0.5f;
        return uint16_t(sign | (bits_of_float(rounded) - 0x3f000000));
    }
    const uint32_t odd = magnitude >> 13 & 1;
    return uint16_t(sign | ((magnitude - 0x38000000 + 0xfff + odd) >> 13));
}

inline void widen(const unsigned short* from, float* to, ptrdiff_t n) {
    ptrdiff_t i = 0;
#if defined(__F16C__)
    for (; i + 8 <= n; i += 8)
        _mm256_storeu_ps(to + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i))));
#endif
    for (; i < n; i++) to[i] = widen_one(from[i]);
}

inline void narrow(const float* from, unsigned short* to, ptrdiff_t n) {
    ptrdiff_t i = 0;
#if defined(__F16C__)
    for (; i + 8 <= n; i += 8)
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i),
                         _mm256_cvtps_ph(_mm256_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT));
#endif
    for (; i < n; i++) to[i] = narrow_one(from[i]);
}

}  // namespace FASTACT_ISA
}  // namespace fastact

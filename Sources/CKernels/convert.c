#include "convert.h"
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static float half_to_float(uint16_t h) {
    uint32_t sign = (uint32_t)(h & 0x8000u) << 16, exponent = (h >> 10) & 31u, fraction = h & 1023u, bits;
    if (exponent == 31) {
        bits = sign | 0x7f800000u | (fraction << 13);
    } else if (exponent != 0) {
        bits = sign | ((exponent + 112) << 23) | (fraction << 13);
    } else {
        // Subnormal: the value is fraction * 2^-24, which float32 holds exactly.
        float value = (float)fraction * 5.9604644775390625e-8f;
        memcpy(&bits, &value, 4);
        bits |= sign;
    }
    float out;
    memcpy(&out, &bits, 4);
    return out;
}

static uint16_t float_to_half(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    uint32_t sign = (bits >> 16) & 0x8000u, magnitude = bits & 0x7fffffffu;
    if (magnitude >= 0x7f800000u) {
        return (uint16_t)(sign | 0x7c00u | (magnitude > 0x7f800000u ? 0x200u | ((magnitude >> 13) & 0x3ffu) : 0));
    }
    if (magnitude >= 0x477ff000u) return (uint16_t)(sign | 0x7c00u);
    if (magnitude < 0x38800000u) {
        // Adding 0.5 puts the subnormal's last bit at the float's last bit, so the addition itself rounds to even.
        float shifted;
        memcpy(&shifted, &magnitude, 4);
        shifted += 0.5f;
        uint32_t out;
        memcpy(&out, &shifted, 4);
        return (uint16_t)(sign | (out - 0x3f000000u));
    }
    uint32_t rounded = magnitude + 0xfffu + ((magnitude >> 13) & 1u);
    return (uint16_t)(sign | ((rounded - 0x38000000u) >> 13));
}

#if defined(__x86_64__)
__attribute__((target("avx,f16c"))) static void f16_to_f32_f16c(float *out, const uint8_t *in, size_t count) {
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        _mm256_storeu_ps(out + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(in + 2 * i))));
    }
    for (; i < count; i++) {
        uint16_t h;
        memcpy(&h, in + 2 * i, 2);
        out[i] = half_to_float(h);
    }
}

__attribute__((target("avx,f16c"))) static void f32_to_f16_f16c(uint16_t *out, const float *in, size_t count) {
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        _mm_storeu_si128((__m128i *)(out + i), _mm256_cvtps_ph(_mm256_loadu_ps(in + i), 0));
    }
    for (; i < count; i++) out[i] = float_to_half(in[i]);
}

// `f16c` is no name that __builtin_cpu_supports accepts in every clang; each processor with AVX2 has it.
static int has_f16c(void) { return __builtin_cpu_supports("avx2"); }
#endif

void ckernels_f16_to_f32(float *out, const void *in, size_t count) {
#if defined(__x86_64__)
    if (has_f16c()) {
        f16_to_f32_f16c(out, in, count);
        return;
    }
#endif
    for (size_t i = 0; i < count; i++) {
        uint16_t h;
        memcpy(&h, (const uint8_t *)in + 2 * i, 2);
        out[i] = half_to_float(h);
    }
}

void ckernels_f32_to_f16(uint16_t *out, const float *in, size_t count) {
#if defined(__x86_64__)
    if (has_f16c()) {
        f32_to_f16_f16c(out, in, count);
        return;
    }
#endif
    for (size_t i = 0; i < count; i++) out[i] = float_to_half(in[i]);
}

void ckernels_bf16_to_f32(float *out, const void *in, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint16_t h;
        memcpy(&h, (const uint8_t *)in + 2 * i, 2);
        uint32_t bits = (uint32_t)h << 16;
        memcpy(out + i, &bits, 4);
    }
}

void ckernels_f32_to_bf16(uint16_t *out, const float *in, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, in + i, 4);
        uint32_t nan = (bits & 0x7fffffffu) > 0x7f800000u;
        uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
        out[i] = (uint16_t)(nan ? (bits >> 16) | 0x40u : rounded);
    }
}

void ckernels_f64_to_f32(float *out, const void *in, size_t count) {
    for (size_t i = 0; i < count; i++) {
        double value;
        memcpy(&value, (const uint8_t *)in + 8 * i, 8);
        out[i] = (float)value;
    }
}

#define CKERNELS_ALL_FINITE(NAME, TYPE, MASK)                                                                         \
    int ckernels_all_finite_##NAME(const void *in, size_t count) {                                                    \
        TYPE bad = 0;                                                                                                 \
        for (size_t i = 0; i < count; i++) {                                                                          \
            TYPE bits;                                                                                                \
            memcpy(&bits, (const uint8_t *)in + sizeof(TYPE) * i, sizeof(TYPE));                                      \
            bad |= (TYPE)((bits & (TYPE)(MASK)) == (TYPE)(MASK));                                                     \
        }                                                                                                             \
        return bad == 0;                                                                                              \
    }

CKERNELS_ALL_FINITE(f16, uint16_t, 0x7c00u)
CKERNELS_ALL_FINITE(bf16, uint16_t, 0x7f80u)
CKERNELS_ALL_FINITE(f32, uint32_t, 0x7f800000u)
CKERNELS_ALL_FINITE(f64, uint64_t, 0x7ff0000000000000ull)

void ckernels_swap_bytes(void *values, size_t count, size_t width) {
    uint8_t *bytes = values;
    for (size_t i = 0; i < count; i++, bytes += width) {
        for (size_t b = 0; b < width / 2; b++) {
            uint8_t kept = bytes[b];
            bytes[b] = bytes[width - 1 - b];
            bytes[width - 1 - b] = kept;
        }
    }
}

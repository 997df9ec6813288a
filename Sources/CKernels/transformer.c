#include "transformer.h"
#include "quantised.h"

#include <math.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

// One template, three instruction sets. WIDTH: floats of a vector; TILE_ROWS x TILE_VECTORS: accumulators of the product.

#define NAME_(base, suffix) base##_##suffix
#define NAME__(base, suffix) NAME_(base, suffix)
#define NAME(base) NAME__(base, SUFFIX)

#define SUFFIX portable
#define TARGET
#define WIDTH 4
#define TILE_ROWS 4
#define TILE_VECTORS 2
#include "transformer.inc.h"

#if defined(__x86_64__)
#define SUFFIX avx2
#define TARGET __attribute__((target("avx2,fma")))
#define WIDTH 8
#define TILE_ROWS 6
#define TILE_VECTORS 2
#include "transformer.inc.h"

#define SUFFIX avx512
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")))
#define WIDTH 16
#define TILE_ROWS 6
#define TILE_VECTORS 4
#include "transformer.inc.h"

static int is_supported(enum ckernels_instructions set) {
    switch (set) {
    case CKERNELS_PORTABLE: return 1;
    case CKERNELS_AVX2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case CKERNELS_AVX512:
        return is_supported(CKERNELS_AVX2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
            && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    }
    return 0;
}
#else
static int is_supported(enum ckernels_instructions set) { return set == CKERNELS_PORTABLE; }
#endif

#define FUNCTIONS(suffix) \
    {layer_norm_##suffix,    combine_normalised_##suffix, quick_gelu_##suffix, \
     matrix_vector_##suffix, softmax_##suffix,            transpose_keys_##suffix, \
     attend_##suffix,        quantise_rows_##suffix,      finish_sums_##suffix}

static const struct ckernels_functions functions[] = {
    FUNCTIONS(portable),
#if defined(__x86_64__)
    FUNCTIONS(avx2),
    FUNCTIONS(avx512),
#endif
};

const struct ckernels_functions *ckernels_functions_of(enum ckernels_instructions set) {
    return is_supported(set) ? &functions[set] : NULL;
}

// Threads that ask for the first time together find the same.
static enum ckernels_instructions best(void) {
    static atomic_int known = -1;
    int found = atomic_load_explicit(&known, memory_order_relaxed);
    if (found < 0) {
        found = is_supported(CKERNELS_AVX512) ? CKERNELS_AVX512 : is_supported(CKERNELS_AVX2) ? CKERNELS_AVX2 : CKERNELS_PORTABLE;
        atomic_store_explicit(&known, found, memory_order_relaxed);
    }
    return (enum ckernels_instructions)found;
}

const char *ckernels_instruction_set(void) {
    static const char *const names[] = {"portable", "AVX2", "AVX-512"};
    return names[best()];
}

void ckernels_layer_norm(
    float *out, const float *in, size_t in_stride, const float *weight, const float *bias, size_t rows, size_t width,
    float epsilon
) {
    functions[best()].layer_norm(out, in, in_stride, weight, bias, rows, width, epsilon);
}

void ckernels_combine_normalised(
    float *out, const float *kept, const float *slot, const float *ones, const float *bias, const float *x, size_t rows,
    size_t width, size_t columns, float epsilon
) {
    functions[best()].combine_normalised(out, kept, slot, ones, bias, x, rows, width, columns, epsilon);
}

void ckernels_quick_gelu(float *x, size_t stride, size_t rows, size_t columns) {
    functions[best()].quick_gelu(x, stride, rows, columns);
}

void ckernels_set_rows(float *out, size_t stride, const float *bias, size_t rows, size_t columns) {
    for (size_t row = 0; row < rows; row++) memcpy(out + row * stride, bias, columns * sizeof(float));
}

void ckernels_add_rows(float *out, size_t stride, const float *bias, size_t rows, size_t columns) {
    for (size_t row = 0; row < rows; row++)
        for (size_t column = 0; column < columns; column++) out[row * stride + column] += bias[column];
}

void ckernels_matrix_vector(float *out, const float *matrix, const float *vector, size_t rows, size_t columns) {
    functions[best()].matrix_vector(out, matrix, vector, rows, columns);
}

void ckernels_softmax(float *scores, size_t count, float scale) {
    functions[best()].softmax(scores, count, scale);
}

float ckernels_length(const float *row, size_t count) {
    float square = 0;
    ckernels_matrix_vector(&square, row, row, 1, count);
    float length = sqrtf(square);
    return length > 1e-12f ? length : 1e-12f;
}

float ckernels_exp(float x) {
    return expf(x);
}

void ckernels_transpose_keys(
    float *transposed, size_t transposed_stride, const float *keys, size_t key_stride, size_t count
) {
    functions[best()].transpose_keys(transposed, transposed_stride, keys, key_stride, count);
}

void ckernels_attend(const struct ckernels_attention *task) {
    functions[best()].attend(task);
}

void ckernels_quantise_rows(
    uint8_t *out, float *scales, int32_t *zeros, const float *x, size_t rows, size_t columns
) {
    functions[best()].quantise_rows(out, scales, zeros, x, rows, columns);
}

void ckernels_finish_sums(
    float *out, const int32_t *sums, const struct ckernels_quantised *by, size_t rows, size_t columns,
    enum ckernels_finish finish
) {
    functions[best()].finish_sums(out, sums, by, rows, columns, finish);
}

void ckernels_quantise_weights(
    int8_t *out, float *scales, int32_t *sums, const float *weights, size_t rows, size_t columns
) {
    for (size_t row = 0; row < rows; row++, weights += columns, out += columns) {
        float largest = 0;
        for (size_t i = 0; i < columns; i++) {
            float size = fabsf(weights[i]);
            // A NaN becomes the scale, and so every result.
            if (!(size <= largest)) largest = size;
        }
        float scale = largest > 0 ? largest / CKERNELS_LARGEST_WEIGHT : largest == 0 ? 1 : largest;
        int is_finite = isfinite(scale);
        int32_t sum = 0;
        for (size_t i = 0; i < columns; i++) {
            out[i] = is_finite ? (int8_t)lrintf(weights[i] / scale) : 0;
            sum += out[i];
        }
        scales[row] = is_finite ? scale : NAN;
        sums[row] = sum;
    }
}

// Four lanes of multiply and rotate, then both folded: as fast as memory, and a single flipped bit changes it.
uint64_t ckernels_checksum(const void *bytes, size_t count) {
    const uint64_t factor = 0x9e3779b97f4a7c15u;
    uint64_t lanes[4] = {1, 2, 3, 4};
    const uint8_t *from = bytes;
    size_t rest = count;
    for (; rest >= 32; rest -= 32, from += 32)
        for (int lane = 0; lane < 4; lane++) {
            uint64_t word;
            memcpy(&word, from + 8 * lane, 8);
            lanes[lane] = (lanes[lane] ^ word) * factor;
            lanes[lane] ^= lanes[lane] >> 29;
        }
    uint64_t all = count;
    for (int lane = 0; lane < 4; lane++) all = (all ^ lanes[lane]) * factor, all ^= all >> 32;
    for (; rest > 0; rest--, from++) all = (all ^ *from) * factor, all ^= all >> 32;
    return all;
}

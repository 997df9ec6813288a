#include "bfloat16_functions.h"
#include "convert.h"
#include "transformer.h"

#include <math.h>
#include <string.h>

static float float_of(uint16_t half) {
    float x;
    ckernels_bf16_to_f32(&x, &half, 1);
    return x;
}

static void rows_portable(uint16_t *out, const float *in, size_t count) {
    ckernels_f32_to_bf16(out, in, count);
}

static void layer_norm_portable(
    uint16_t *out, const float *in, size_t in_stride, const float *weight, const float *bias, size_t rows, size_t width,
    float epsilon
) {
    for (size_t row = 0; row < rows; row++, in += in_stride, out += width) {
        double mean = 0, variance = 0;
        for (size_t i = 0; i < width; i++) mean += in[i];
        mean /= (double)width;
        for (size_t i = 0; i < width; i++) variance += (in[i] - mean) * (in[i] - mean);
        const float factor = 1.0f / sqrtf((float)(variance / (double)width) + epsilon);
        for (size_t i = 0; i < width; i++) {
            const float value = (in[i] - (float)mean) * factor * weight[i] + bias[i];
            ckernels_f32_to_bf16(out + i, &value, 1);
        }
    }
}

static void combine_normalised_portable(
    uint16_t *out, const float *kept, const float *slot, const float *ones, const float *bias, const float *x, size_t rows,
    size_t width, size_t columns, float epsilon
) {
    for (size_t row = 0; row < rows; row++, kept += columns, x += width, out += columns) {
        double mean = 0, variance = 0;
        for (size_t i = 0; i < width; i++) mean += x[i];
        mean /= (double)width;
        for (size_t i = 0; i < width; i++) variance += (x[i] - mean) * (x[i] - mean);
        const float factor = 1.0f / sqrtf((float)(variance / (double)width) + epsilon);
        for (size_t i = 0; i < columns; i++) {
            const float value = (kept[i] + slot[i] - (float)mean * ones[i]) * factor + bias[i];
            ckernels_f32_to_bf16(out + i, &value, 1);
        }
    }
}

static void quick_gelu_portable(uint16_t *x, size_t stride, size_t rows, size_t columns) {
    for (size_t row = 0; row < rows; row++, x += stride)
        for (size_t i = 0; i < columns; i++) {
            const float value = float_of(x[i]), result = value / (1 + expf(-1.702f * value));
            ckernels_f32_to_bf16(x + i, &result, 1);
        }
}

// A value at a time, so that no memory is needed for the row as numbers.
static void quantise_row_portable(uint8_t *out, float *scale, int32_t *zero, const uint16_t *x, size_t columns) {
    float extremes[2] = {0, 0}, doubt = 0;
    for (size_t i = 0; i < columns; i++) {
        const float value = float_of(x[i]);
        if (value < extremes[0]) extremes[0] = value;
        if (value > extremes[1]) extremes[1] = value;
        doubt += value * 0.0f;
    }
    uint8_t ends[2];
    extremes[0] += doubt;
    ckernels_quantise_rows(ends, scale, zero, extremes, 1, 2);
    for (size_t i = 0; i < columns; i++) {
        const float value = rintf(float_of(x[i]) * (1 / *scale) + (float)*zero);
        out[i] = doubt == doubt ? (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value) : 0;
    }
}

static void pack_keys_portable(uint32_t *packed_keys, const uint16_t *keys, size_t stride, size_t count) {
    for (size_t begin = 0; begin < count; begin += CKERNELS_HALF_BLOCK)
        for (size_t pair = 0; pair < CKERNELS_HEAD / 2; pair++)
            for (size_t key = begin; key < begin + CKERNELS_HALF_BLOCK; key++, packed_keys++) {
                *packed_keys = 0;
                if (key < count) memcpy(packed_keys, keys + key * stride + 2 * pair, sizeof *packed_keys);
            }
}

static void pack_values_portable(uint32_t *packed_values, const uint16_t *values, size_t stride, size_t count) {
    const size_t padded = (count + CKERNELS_HALF_BLOCK - 1) / CKERNELS_HALF_BLOCK * CKERNELS_HALF_BLOCK;
    for (size_t key = 0; key < padded; key += 2)
        for (size_t i = 0; i < CKERNELS_HEAD; i++, packed_values++) {
            const uint16_t pair[] = {
                key < count ? values[key * stride + i] : 0, key + 1 < count ? values[(key + 1) * stride + i] : 0};
            memcpy(packed_values, pair, sizeof pair);
        }
}

static float score_of(const struct ckernels_half_attention *t, size_t row, size_t key) {
    const uint16_t *query = t->queries + row * t->query_stride, *other = t->keys + key * t->key_stride;
    float sum = 0;
    for (int i = 0; i < CKERNELS_HEAD; i++) sum += float_of(query[i]) * float_of(other[i]);
    return sum;
}

// Reads keys and values where they lie: the packed ones are the same numbers.
static void attend_portable(const struct ckernels_half_attention *t) {
    for (size_t row = 0; row < t->rows; row++) {
        size_t first_end = t->first_end;
        if (t->causal && t->causal_first + row + 1 < first_end) first_end = t->causal_first + row + 1;
        const size_t own = t->own_first >= 0 ? (size_t)t->own_first + row : 0;
        float largest = t->own_first >= 0 ? score_of(t, row, own) : -INFINITY;
        float *scores = t->scores + row * t->score_stride;
        for (size_t key = 0; key < t->second_end || key < first_end; key++) {
            scores[key] = key < first_end || key >= t->second_begin ? score_of(t, row, key) : -INFINITY;
            if (!(scores[key] <= largest)) largest = scores[key];
        }
        float sum = 0, sums[CKERNELS_HEAD] = {0};
        for (size_t key = 0; key < t->second_end || key < first_end; key++) {
            const float weight = expf((scores[key] - largest) * t->scale);
            sum += weight;
            for (int i = 0; i < CKERNELS_HEAD; i++) sums[i] += weight * float_of(t->values[key * t->key_stride + i]);
        }
        if (t->own_first >= 0) {
            const float weight = expf((score_of(t, row, own) - largest) * t->scale);
            sum += weight;
            for (int i = 0; i < CKERNELS_HEAD; i++) sums[i] += weight * float_of(t->values[own * t->key_stride + i]);
        }
        for (int i = 0; i < CKERNELS_HEAD; i++) {
            const float value = sums[i] / sum;
            ckernels_f32_to_bf16(t->out + row * t->out_stride + i, &value, 1);
        }
    }
}

static const struct ckernels_half_functions portable = {
    rows_portable,       layer_norm_portable,  combine_normalised_portable, quick_gelu_portable,
    quantise_row_portable, pack_keys_portable, pack_values_portable,        attend_portable};

const struct ckernels_half_functions *ckernels_half_functions_of(enum ckernels_instructions set) {
    if (set == CKERNELS_PORTABLE) return &portable;
#if defined(__x86_64__)
    if (set == CKERNELS_AVX512) return ckernels_half_avx512();
#endif
    return NULL;
}

int ckernels_half_gains(void) {
#if defined(__x86_64__)
    return ckernels_half_avx512() && !__builtin_cpu_is("intel");
#else
    return 0;
#endif
}

static const struct ckernels_half_functions *best(void) {
    const struct ckernels_half_functions *found = ckernels_half_functions_of(CKERNELS_AVX512);
    return found ? found : &portable;
}

void ckernels_half_rows(uint16_t *out, const float *in, size_t count) { best()->rows(out, in, count); }

void ckernels_half_layer_norm(
    uint16_t *out, const float *in, size_t in_stride, const float *weight, const float *bias, size_t rows, size_t width,
    float epsilon
) {
    best()->layer_norm(out, in, in_stride, weight, bias, rows, width, epsilon);
}

void ckernels_half_combine_normalised(
    uint16_t *out, const float *kept, const float *slot, const float *ones, const float *bias, const float *x, size_t rows,
    size_t width, size_t columns, float epsilon
) {
    best()->combine_normalised(out, kept, slot, ones, bias, x, rows, width, columns, epsilon);
}

void ckernels_half_quick_gelu(uint16_t *x, size_t stride, size_t rows, size_t columns) {
    best()->quick_gelu(x, stride, rows, columns);
}

void ckernels_half_quantise_row(uint8_t *out, float *scale, int32_t *zero, const uint16_t *x, size_t columns) {
    best()->quantise_row(out, scale, zero, x, columns);
}

void ckernels_half_pack_keys(uint32_t *packed_keys, const uint16_t *keys, size_t stride, size_t count) {
    best()->pack_keys(packed_keys, keys, stride, count);
}

void ckernels_half_pack_values(uint32_t *packed_values, const uint16_t *values, size_t stride, size_t count) {
    best()->pack_values(packed_values, values, stride, count);
}

void ckernels_half_attend(const struct ckernels_half_attention *task) { best()->attend(task); }

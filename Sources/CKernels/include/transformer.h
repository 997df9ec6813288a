#ifndef CKERNELS_TRANSFORMER_H
#define CKERNELS_TRANSFORMER_H
#include "quantised.h"
#include <stddef.h>

// The parts of a transformer block that are not matrix products with weights, in float32. Each has an AVX-512, an AVX2
// and a portable form; `ckernels_instruction_set` says which one runs. Rows are contiguous unless a stride is given.

enum { CKERNELS_HEAD = 64 };

// Extra columns that a transposed key matrix and a score row need behind their last valid one.
enum { CKERNELS_SCORE_PADDING = 64 };

// Most query rows of one task.
enum { CKERNELS_ATTENTION_ROWS = 256 };

const char *ckernels_instruction_set(void);

// What a thread does that waits for another one: leaves the core's resources to others for some ten nanoseconds.
static inline void ckernels_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

struct ckernels_attention;

// The vectorised functions for one instruction set, as declared below.
struct ckernels_functions {
    void (*layer_norm)(
        float *out, const float *in, size_t in_stride, const float *weight, const float *bias, size_t rows, size_t width,
        float epsilon);
    void (*combine_normalised)(
        float *out, const float *kept, const float *slot, const float *ones, const float *bias, const float *x, size_t rows,
        size_t width, size_t columns, float epsilon);
    void (*quick_gelu)(float *x, size_t stride, size_t rows, size_t columns);
    void (*matrix_vector)(float *out, const float *matrix, const float *vector, size_t rows, size_t columns);
    void (*softmax)(float *scores, size_t count, float scale);
    void (*transpose_keys)(
        float *transposed, size_t transposed_stride, const float *keys, size_t key_stride, size_t count);
    void (*attend)(const struct ckernels_attention *task);
    void (*quantise_rows)(
        uint8_t *out, float *scales, int32_t *zeros, const float *x, size_t rows, size_t columns);
    void (*finish_sums)(
        float *out, const int32_t *sums, const struct ckernels_quantised *by, size_t rows, size_t columns,
        enum ckernels_finish finish);
};

enum ckernels_instructions { CKERNELS_PORTABLE, CKERNELS_AVX2, CKERNELS_AVX512 };

// Null where this processor lacks the instructions.
const struct ckernels_functions *ckernels_functions_of(enum ckernels_instructions set);

// out = (in - mean) / sqrt(variance + epsilon) * weight + bias for each row of `width` values.
void ckernels_layer_norm(
    float *out, const float *in, size_t in_stride, const float *weight, const float *bias, size_t rows, size_t width,
    float epsilon);

// out = (kept + slot - mean * ones) / sqrt(variance + epsilon) + bias for each of `rows` rows of `columns` values, where mean and
// variance are those of the row's `width` values in x: the product of a normalised row, from products made beforehand.
void ckernels_combine_normalised(
    float *out, const float *kept, const float *slot, const float *ones, const float *bias, const float *x, size_t rows,
    size_t width, size_t columns, float epsilon);

// x = x * sigmoid(1.702 x) on `rows` rows of `columns` values.
void ckernels_quick_gelu(float *x, size_t stride, size_t rows, size_t columns);

// Sets each row to `bias`.
void ckernels_set_rows(float *out, size_t stride, const float *bias, size_t rows, size_t columns);

// Adds `bias` to each row.
void ckernels_add_rows(float *out, size_t stride, const float *bias, size_t rows, size_t columns);

// out[row] = matrix[row] . vector for `rows` contiguous rows of `columns` values.
void ckernels_matrix_vector(float *out, const float *matrix, const float *vector, size_t rows, size_t columns);

// Turns raw scores into softmax(scale * scores) in place. A score that is not finite makes them all NaN, minus infinity excepted.
void ckernels_softmax(float *scores, size_t count, float scale);

// Euclidean length of a row, at least 1e-12.
float ckernels_length(const float *row, size_t count);

float ckernels_exp(float x);

// transposed[d][key] = keys[key][d] for 64 values a key; the padding behind `count` is zeroed.
void ckernels_transpose_keys(
    float *transposed, size_t transposed_stride, const float *keys, size_t key_stride, size_t count);

// Attention of some query rows of one head.
//
// A query sees the keys of two contiguous ranges, in order, and then, if `own_first` is not negative, the key number
// `own_first + row * own_step` besides. With `causal` it sees only the keys below `causal_first + row + 1` of the first range.
struct ckernels_attention {
    float *out;                 // (rows, 64), `out_stride` apart
    size_t out_stride;
    const float *queries;       // (rows, 64), `query_stride` apart
    size_t query_stride;
    const float *transposed;    // (64, keys + padding), `transposed_stride` apart
    size_t transposed_stride;
    const float *keys;          // (keys, 64), `key_stride` apart; read for own keys only
    size_t key_stride;
    const float *values;        // (keys, 64), `value_stride` apart
    size_t value_stride;
    size_t rows;
    size_t first_begin, first_end;
    size_t second_begin, second_end;
    long own_first;
    size_t own_step;
    int causal;
    size_t causal_first;
    float scale;
    float *scores;              // scratch, (rows, keys seen + 1 + padding), `score_stride` apart
    size_t score_stride;
};
void ckernels_attend(const struct ckernels_attention *task);
#endif

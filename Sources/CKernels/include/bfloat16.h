#ifndef CKERNELS_BFLOAT16_H
#define CKERNELS_BFLOAT16_H
#include "transformer.h"
#include <stddef.h>
#include <stdint.h>

// Loops whose rows are bfloat16, for processors that multiply such numbers (AVX512_BF16). The portable form is slow: elsewhere
// rows stay float32.

enum { CKERNELS_HALF_BLOCK = 16 };

struct ckernels_half_attention;

// The functions for one instruction set, as declared below.
struct ckernels_half_functions {
    void (*rows)(uint16_t *out, const float *in, size_t count);
    void (*layer_norm)(
        uint16_t *out, const float *in, size_t in_stride, const float *weight, const float *bias, size_t rows, size_t width,
        float epsilon);
    void (*combine_normalised)(
        uint16_t *out, const float *kept, const float *slot, const float *ones, const float *bias, const float *x,
        size_t rows, size_t width, size_t columns, float epsilon);
    void (*quick_gelu)(uint16_t *x, size_t stride, size_t rows, size_t columns);
    void (*quantise_row)(uint8_t *out, float *scale, int32_t *zero, const uint16_t *x, size_t columns);
    void (*pack_keys)(uint32_t *packed_keys, const uint16_t *keys, size_t stride, size_t count);
    void (*pack_values)(uint32_t *packed_values, const uint16_t *values, size_t stride, size_t count);
    void (*attend)(const struct ckernels_half_attention *task);
};

// Whether AVX512_BF16 multiplies faster than float32 does: twice as fast on Zen 4, a quarter slower on Intel's Emerald Rapids
// (docs/performance.md).
int ckernels_half_gains(void);

// Null where this processor lacks the instructions; there is no form for AVX2.
const struct ckernels_half_functions *ckernels_half_functions_of(enum ckernels_instructions set);

// Round to nearest, ties to even. AVX-512 makes what is too small for a normal number zero, as its products do.
void ckernels_half_rows(uint16_t *out, const float *in, size_t count);

// As ckernels_layer_norm and ckernels_combine_normalised; sums and differences are float32.
void ckernels_half_layer_norm(
    uint16_t *out, const float *in, size_t in_stride, const float *weight, const float *bias, size_t rows, size_t width,
    float epsilon);
void ckernels_half_combine_normalised(
    uint16_t *out, const float *kept, const float *slot, const float *ones, const float *bias, const float *x, size_t rows,
    size_t width, size_t columns, float epsilon);

// x = x * sigmoid(1.702 x) on `rows` rows of `columns` values, the sigmoid to a part in 16,000.
void ckernels_half_quick_gelu(uint16_t *x, size_t stride, size_t rows, size_t columns);

// As ckernels_quantise_rows, on one row.
void ckernels_half_quantise_row(uint8_t *out, float *scale, int32_t *zero, const uint16_t *x, size_t columns);

// Lays the keys and values of one head out for ckernels_half_attend. `count` rows of 64 values, `stride` apart.
//
// packed_keys: [key / 16][pair of values][key % 16], a pair in 32 bits. packed_values: [pair of keys][value]. Both are padded with
// zeros to a multiple of 16 keys: 64 values of each.
void ckernels_half_pack_keys(uint32_t *packed_keys, const uint16_t *keys, size_t stride, size_t count);
void ckernels_half_pack_values(uint32_t *packed_values, const uint16_t *values, size_t stride, size_t count);

// Attention of some query rows of one head; which keys a query sees is as in struct ckernels_attention. Scores, their
// exponentials' sums and the weighted sums of values are float32.
struct ckernels_half_attention {
    uint16_t *out;              // (rows, 64), `out_stride` apart
    size_t out_stride;
    const uint16_t *queries;    // (rows, 64), `query_stride` apart
    size_t query_stride;
    const uint32_t *packed_keys;
    const uint32_t *packed_values;
    const uint16_t *keys;       // (keys, 64), `key_stride` apart; read for own keys only, and likewise the values
    const uint16_t *values;
    size_t key_stride;
    size_t rows;
    size_t first_end;           // the first range begins at key 0
    size_t second_begin, second_end;
    long own_first;
    int causal;
    size_t causal_first;
    float scale;
    float *scores;              // scratch, (rows, keys rounded up to 16), `score_stride` apart
    size_t score_stride;
};
void ckernels_half_attend(const struct ckernels_half_attention *task);
#endif

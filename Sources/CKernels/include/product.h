#ifndef CKERNELS_PRODUCT_H
#define CKERNELS_PRODUCT_H
#include "quantised.h"
#include <stddef.h>
#include <stdint.h>

// Products of rows with a layer's packed weights on AVX-512, and what the layer does with the sums.
//
// Rows and weights are read in words of 32 bits: one float32, two bfloat16 or four bytes. Rows of bytes are unsigned, weights signed.
// Sums are float32, of bytes whole numbers. Each is added up along its row in one order, whatever else is computed with it.

enum ckernels_product_type { CKERNELS_PRODUCT_FLOAT, CKERNELS_PRODUCT_HALF, CKERNELS_PRODUCT_BYTES };

// Outputs of a panel of packed weights.
enum { CKERNELS_PRODUCT_PANEL = 32 };

struct ckernels_product {
    void *out;                          // (rows, columns), `out_stride` values apart: float32, or bfloat16
    size_t out_stride;
    int out_is_half;
    const uint32_t *x;                  // (rows, words), `x_stride` words apart
    size_t x_stride;
    size_t words;
    const uint32_t *packed;             // the columns' panels
    size_t rows, columns;
    const float *bias;                  // (columns), or null
    enum ckernels_finish finish;        // accumulate: float32 only
    struct ckernels_quantised quantised; // for bytes; its bias is not read
};

// 1 where the processor has the instructions.
int ckernels_product_runs(enum ckernels_product_type type);

// Lays weights (outputs, words) out for `ckernels_product_multiply`.
//
// packed: [output / 32][word][output % 32], zeros behind the last output; 64-byte aligned.
void ckernels_product_pack(uint32_t *packed, const uint32_t *weights, size_t outputs, size_t words);

// Only where the type runs.
void ckernels_product_multiply(enum ckernels_product_type type, const struct ckernels_product *task);
#endif

#ifndef CKERNELS_QUANTISED_H
#define CKERNELS_QUANTISED_H
#include <stddef.h>
#include <stdint.h>

// Products of bytes: rows as 0...255 with a scale and a zero of each row's own, weights as -63...63 with a scale for each output.
//
// Processors without VNNI add two products of bytes in 16 bits. 2 * 255 * 63 still fits, so every processor gives the same
// sums; with weights to 127 it would not.
enum { CKERNELS_LARGEST_WEIGHT = 63 };

// x is about scale * (out - zero) for each of `rows` contiguous rows, zero itself exactly. A row with a value that is not
// finite gets the scale NaN.
void ckernels_quantise_rows(
    uint8_t *out, float *scales, int32_t *zeros, const float *x, size_t rows, size_t columns);

// weights is about scale * out for each of `rows` contiguous rows; `sums` are those of out's rows. As above for NaN.
void ckernels_quantise_weights(
    int8_t *out, float *scales, int32_t *sums, const float *weights, size_t rows, size_t columns);

// What turns sums of products of bytes back into numbers.
struct ckernels_quantised {
    const float *row_scales;         // (rows)
    const int32_t *row_zeros;        // (rows)
    const float *weight_scales;      // (columns)
    const int32_t *weight_sums;      // (columns)
    const float *bias;               // (columns), or null
};

enum ckernels_finish { CKERNELS_FINISH_STORE, CKERNELS_FINISH_QUICK_GELU, CKERNELS_FINISH_ACCUMULATE };

// result = (sums - row_zero * weight_sum) * row_scale * weight_scale + bias, then out = result, out = quickGELU(result) or
// out += result. Rows are contiguous.
void ckernels_finish_sums(
    float *out, const int32_t *sums, const struct ckernels_quantised *by, size_t rows, size_t columns,
    enum ckernels_finish finish);

// Tells a damaged copy of some bytes from the original; no protection against intent.
uint64_t ckernels_checksum(const void *bytes, size_t count);
#endif

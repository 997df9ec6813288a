#ifndef CKERNELS_PREPROCESS_H
#define CKERNELS_PREPROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Instructions a call may use. Every variant writes the same bytes.
///
/// There is none for AVX-512: the time goes into gathering taps, which is not faster with 16 lanes.
typedef enum { PREPROCESS_PORTABLE = 0, PREPROCESS_AVX2 = 1 } preprocess_variant;

bool preprocess_supports(preprocess_variant variant);

/// Samples of a line are a multiple of this.
enum { PREPROCESS_LINE_MULTIPLE = 16 };

/// Luma, one chroma or one colour of a picture, and where its samples of an output line come from.
typedef struct {
    const uint8_t *base;
    ptrdiff_t stride_bytes;
    /// 1 where the component has half the rows, otherwise 0.
    int32_t row_shift;
    /// (length) Byte of a row where the four bytes begin that hold both taps.
    const int32_t *windows;
    /// (length) Places of the taps in these four bytes: bytes 0 and 2 are `place + 4 * (index % 4)`, bytes 1 and 3 are 0x80.
    const uint32_t *selectors;
} preprocess_component;

/// YCbCr to RGB: weights in 1/8192, the luma of black in eighths of a level.
typedef struct {
    int16_t luma_offset, luma;
    int16_t red_cr, green_cb, green_cr, blue_cb;
} preprocess_colour;

/// A picture, and the bilinear filter that makes `lines` lines of it. All weights are in 1/2048.
typedef struct {
    preprocess_component components[3];
    /// Samples of a line: a multiple of PREPROCESS_LINE_MULTIPLE, `lines` or more.
    int32_t length;
    int32_t lines;
    /// (length, 2) Weights of the taps along a line.
    const int16_t *along;
    /// (lines, 2) Rows that a line lies between, equal or next to each other, and their weights.
    const int32_t *rows;
    const int16_t *across;
    /// Null where the components are red, green and blue.
    const preprocess_colour *colour;
} preprocess_source;

/// Scales, and converts to RGB: out (3, lines, length). Where `transposed`, line i becomes column i, of `lines` samples.
///
/// scratch: 8 * length values. With PREPROCESS_AVX2 every row holds all four bytes of each window.
void preprocess_scale(
    uint8_t *out, const preprocess_source *source, bool transposed, int16_t *scratch, preprocess_variant variant);

/// out (N, 3, patch, patch): the patches of picture (3, size, pitch), row-major, each value `(v - mean) / deviation`.
void preprocess_normalise(
    float *out, const uint8_t *picture, int32_t size, int32_t pitch, int32_t patch, const float mean[3],
    const float deviation[3], preprocess_variant variant);

#endif

#ifndef CKERNELS_PREPROCESS_LINES_H
#define CKERNELS_PREPROCESS_LINES_H

#include "preprocess.h"

/// Work on one line; `rows[c]` are the two filtered rows of component c, `across` their weights.
typedef struct {
    /// out (length): the row between its taps, in 1/128 of a level.
    void (*filter)(int16_t *out, const uint8_t *row, const preprocess_component *component, const int16_t *along, int32_t length);
    /// out[c] (length): red, green, blue from red, green, blue.
    void (*blend_colours)(uint8_t *const out[3], const int16_t *const rows[3][2], const int16_t across[2], int32_t length);
    /// out[c] (length): red, green, blue from luma and chroma.
    void (*blend_luma_chroma)(
        uint8_t *const out[3], const int16_t *const rows[3][2], const int16_t across[2], const preprocess_colour *colour,
        int32_t length);
    /// out (count)
    void (*normalise)(float *out, const uint8_t *values, int32_t count, float mean, float deviation);
} preprocess_lines;

/// The second row's weight in 1/32768, which with 1 itself would not fit.
static inline int16_t preprocess_fraction(const int16_t across[2]) {
    return (int16_t)(across[1] < 2048 ? across[1] * 16 : 32767);
}

extern const preprocess_lines preprocess_lines_portable;
#if defined(__x86_64__)
extern const preprocess_lines preprocess_lines_avx2;
#endif

#endif

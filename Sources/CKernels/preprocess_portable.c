#include "preprocess_lines.h"

// OpenCV's fixed point, whose truncations these functions repeat: 11-bit weights, the row kept in 1/128, the two rows in 1/4.

static void filter(
    int16_t *out, const uint8_t *row, const preprocess_component *component, const int16_t *along, int32_t length) {
    for (int32_t j = 0; j < length; j++) {
        const uint8_t *window = row + component->windows[j];
        const uint32_t selector = component->selectors[j];
        const int32_t sum = window[selector & 3] * along[2 * j] + window[selector >> 16 & 3] * along[2 * j + 1];
        out[j] = (int16_t)(sum >> 4);
    }
}

static uint8_t clamped(int32_t value) { return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value); }

static int32_t high(int32_t a, int32_t b) { return a * b >> 16; }

static int32_t quarters(const int16_t *const rows[2], const int16_t across[2], int32_t j) {
    return high(rows[0][j], across[0]) + high(rows[1][j], across[1]);
}

static void blend_colours(uint8_t *const out[3], const int16_t *const rows[3][2], const int16_t across[2], int32_t length) {
    for (int c = 0; c < 3; c++)
        for (int32_t j = 0; j < length; j++) out[c][j] = clamped((quarters(rows[c], across, j) + 2) >> 2);
}

// In 1/128. Rounded, and exact where both rows are equal: truncation would tint the picture, and above all what is grey.
static int32_t chroma(const int16_t *const rows[2], int32_t fraction, int32_t j) {
    return rows[0][j] + (((rows[1][j] - rows[0][j]) * fraction + 0x4000) >> 15) - 128 * 128;
}

// Each product is truncated on its own, as libav's and (more coarsely) GStreamer's converters do: their colours are a level
// darker than exact arithmetic's, and models are trained on theirs.
static void blend_luma_chroma(
    uint8_t *const out[3], const int16_t *const rows[3][2], const int16_t across[2], const preprocess_colour *colour,
    int32_t length) {
    const int32_t fraction = preprocess_fraction(across);
    for (int32_t j = 0; j < length; j++) {
        const int32_t luma = high(2 * quarters(rows[0], across, j) - colour->luma_offset, colour->luma);
        const int32_t cb = chroma(rows[1], fraction, j), cr = chroma(rows[2], fraction, j);
        out[0][j] = clamped(luma + (high(cr, colour->red_cr) >> 4));
        out[1][j] = clamped(luma + (high(cb, colour->green_cb) >> 4) + (high(cr, colour->green_cr) >> 4));
        out[2][j] = clamped(luma + (high(cb, colour->blue_cb) >> 4));
    }
}

static void normalise(float *out, const uint8_t *values, int32_t count, float mean, float deviation) {
    for (int32_t j = 0; j < count; j++) out[j] = ((float)values[j] - mean) / deviation;
}

const preprocess_lines preprocess_lines_portable = {filter, blend_colours, blend_luma_chroma, normalise};

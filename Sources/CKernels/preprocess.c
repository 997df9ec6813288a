#include "preprocess.h"

#include <stdlib.h>

#include "preprocess_lines.h"

bool preprocess_supports(preprocess_variant variant) {
#if defined(__x86_64__)
    if (variant == PREPROCESS_AVX2) return __builtin_cpu_supports("avx2");
#endif
    return variant == PREPROCESS_PORTABLE;
}

static const preprocess_lines *lines_of(preprocess_variant variant) {
#if defined(__x86_64__)
    if (variant == PREPROCESS_AVX2) return &preprocess_lines_avx2;
#endif
    (void)variant;
    return &preprocess_lines_portable;
}

// Rows far apart are a pattern that processors do not foresee.
static void prefetch(const preprocess_source *source, const preprocess_component *component, int32_t line) {
    const int32_t first = component->windows[0], last = component->windows[source->lines - 1];
    for (int tap = 0; tap < 2; tap++) {
        const ptrdiff_t row = source->rows[2 * line + tap] >> component->row_shift;
        const uint8_t *begin = component->base + row * component->stride_bytes + (first < last ? first : last);
        for (int32_t at = 0; at <= abs(last - first); at += 64) __builtin_prefetch(begin + at);
    }
}

void preprocess_scale(
    uint8_t *out, const preprocess_source *source, bool transposed, int16_t *scratch, preprocess_variant variant) {
    const preprocess_lines *lines = lines_of(variant);
    const int32_t length = source->length;
    const ptrdiff_t plane = (ptrdiff_t)length * source->lines;
    // A line's two rows are equal or neighbours, so the row's parity names its place among the filtered rows.
    int32_t held[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
    uint8_t *line = (uint8_t *)(scratch + 6 * length);
    for (int32_t i = 0; i < source->lines; i++) {
        const int16_t *rows[3][2];
        uint8_t *colours[3];
        for (int c = 0; c < 3; c++) {
            const preprocess_component *component = &source->components[c];
            if (i + 1 < source->lines) prefetch(source, component, i + 1);
            for (int tap = 0; tap < 2; tap++) {
                const int32_t row = source->rows[2 * i + tap] >> component->row_shift;
                int16_t *filtered = scratch + (2 * c + (row & 1)) * length;
                if (held[c][row & 1] != row) {
                    lines->filter(filtered, component->base + row * component->stride_bytes, component, source->along, length);
                    held[c][row & 1] = row;
                }
                rows[c][tap] = filtered;
            }
            colours[c] = transposed ? line + c * length : out + c * plane + (ptrdiff_t)i * length;
        }
        if (source->colour)
            lines->blend_luma_chroma(colours, rows, source->across + 2 * i, source->colour, length);
        else
            lines->blend_colours(colours, rows, source->across + 2 * i, length);
        if (transposed)
            for (int c = 0; c < 3; c++)
                for (int32_t j = 0; j < source->lines; j++) out[c * plane + (ptrdiff_t)j * length + i] = colours[c][j];
    }
}

void preprocess_normalise(
    float *out, const uint8_t *picture, int32_t size, int32_t pitch, int32_t patch, const float mean[3],
    const float deviation[3], preprocess_variant variant) {
    const preprocess_lines *lines = lines_of(variant);
    const int32_t across = size / patch;
    const ptrdiff_t area = (ptrdiff_t)patch * patch;
    for (int32_t y = 0; y < size; y++)
        for (int c = 0; c < 3; c++) {
            const uint8_t *row = picture + ((ptrdiff_t)c * size + y) * pitch;
            float *at = out + (ptrdiff_t)(y / patch) * across * 3 * area + c * area + (ptrdiff_t)(y % patch) * patch;
            for (int32_t p = 0; p < across; p++)
                lines->normalise(at + p * 3 * area, row + p * patch, patch, mean[c], deviation[c]);
        }
}

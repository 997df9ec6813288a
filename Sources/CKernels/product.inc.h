// Included by product_avx512.c once for each type: SUM, NO_SUM, ADD_PRODUCT, and IS_QUANTISED for bytes.
#include "vector.inc.h"
#include "swish_avx512.inc.h"

// The sums of `rows` rows of x with a panel; `rows` is a constant after inlining. Fetches `near` and `far`, which move on by
// `stride` bytes a word: what the next tiles read, while the second-level cache has little to do.
INLINE void NAME(tile)(
    SUM *out, const uint32_t *x, size_t x_stride, const uint32_t *panel, size_t words, const char *near, const char *far,
    size_t stride, const int rows
) {
    SUM sums[TILE_ROWS][TILE_VECTORS];
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < TILE_VECTORS; j++) sums[i][j] = NO_SUM;
    for (size_t word = 0; word < words; word++) {
        __m512i right[TILE_VECTORS];
        for (int j = 0; j < TILE_VECTORS; j++)
            right[j] = _mm512_load_si512(panel + word * CKERNELS_PRODUCT_PANEL + j * WIDTH);
        _mm_prefetch(near + word * stride, _MM_HINT_T1);
        _mm_prefetch(far + word * stride, _MM_HINT_T1);
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) {
            __m512i left = _mm512_set1_epi32((int)x[i * x_stride + word]);
            for (int j = 0; j < TILE_VECTORS; j++) sums[i][j] = ADD_PRODUCT(sums[i][j], left, right[j]);
        }
    }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < TILE_VECTORS; j++) out[i * TILE_VECTORS + j] = sums[i][j];
}

// What the layer does with one row's sums of 16 columns from `column` on; those in `mask` are there.
INLINE void NAME(finish)(
    const struct ckernels_product *t, SUM sums, size_t row, size_t column, __mmask16 mask, __m512 bias
) {
#ifdef IS_QUANTISED
    const struct ckernels_quantised *by = &t->quantised;
    const __m512i from_zero = _mm512_mullo_epi32(
        _mm512_set1_epi32(by->row_zeros[row]), _mm512_maskz_loadu_epi32(mask, by->weight_sums + column));
    const __m512 scale = _mm512_mul_ps(
        _mm512_maskz_loadu_ps(mask, by->weight_scales + column), _mm512_set1_ps(by->row_scales[row]));
    __m512 v = _mm512_fmadd_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(sums, from_zero)), scale, bias);
#else
    __m512 v = _mm512_add_ps(sums, bias);
#endif
    if (t->out_is_half) {
        if (t->finish == CKERNELS_FINISH_QUICK_GELU) v = NAME(quick_swish)(v);
        uint16_t *out = (uint16_t *)t->out + row * t->out_stride + column;
        _mm256_mask_storeu_epi16(out, mask, (__m256i)_mm512_cvtneps_pbh(v));
        return;
    }
    float *out = (float *)t->out + row * t->out_stride + column;
    if (t->finish == CKERNELS_FINISH_QUICK_GELU) v = (__m512)NAME(swish)((VECTOR)v);
    if (t->finish == CKERNELS_FINISH_ACCUMULATE) v = _mm512_add_ps(_mm512_maskz_loadu_ps(mask, out), v);
    _mm512_mask_storeu_ps(out, mask, v);
}

TARGET static void NAME(finish_tile)(const struct ckernels_product *t, const SUM *sums, size_t first, size_t rows, size_t begin) {
    for (size_t j = 0; j < TILE_VECTORS && begin + j * WIDTH < t->columns; j++) {
        const size_t column = begin + j * WIDTH, left = t->columns - column;
        const __mmask16 mask = (__mmask16)(left < WIDTH ? (1u << left) - 1 : 0xffff);
        const __m512 bias = t->bias ? _mm512_maskz_loadu_ps(mask, t->bias + column) : _mm512_setzero_ps();
        for (size_t i = 0; i < rows; i++) NAME(finish)(t, sums[i * TILE_VECTORS + j], first + i, column, mask, bias);
    }
}

TARGET static void NAME(multiply)(const struct ckernels_product *t) {
    // Tiles of the same height, or nearly.
    const size_t tiles = (t->rows + TILE_ROWS - 1) / TILE_ROWS, line = 64;
    const size_t panel_words = t->words * CKERNELS_PRODUCT_PANEL;
    SUM sums[TILE_ROWS * TILE_VECTORS];
    for (size_t column = 0; column < t->columns; column += CKERNELS_PRODUCT_PANEL) {
        const uint32_t *panel = t->packed + column / CKERNELS_PRODUCT_PANEL * panel_words;
        const int is_last = column + CKERNELS_PRODUCT_PANEL >= t->columns;
        size_t row = 0;
        for (size_t tile = 0; tile < tiles; tile++) {
            const size_t rows = (t->rows - row + tiles - tile - 1) / (tiles - tile);
            const uint32_t *x = t->x + row * t->x_stride;
            // The next panel's two lines a word: with the first two tiles, or both with the only one.
            const int fetches = !is_last && tile < 2;
            const char *next = (const char *)(panel + panel_words);
            const char *near = fetches ? next + tile * t->words * line : (const char *)panel;
            const char *far = fetches && tiles == 1 ? next + t->words * line : near;
#define TILE(count) \
    case count: NAME(tile)(sums, x, t->x_stride, panel, t->words, near, far, fetches ? line : 0, count); break;
            switch (rows) {
                TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6) TILE(7) TILE(8) TILE(9) TILE(10) TILE(11) TILE(12)
            default: NAME(tile)(sums, x, t->x_stride, panel, t->words, near, far, fetches ? line : 0, TILE_ROWS);
            }
#undef TILE
            NAME(finish_tile)(t, sums, row, rows, column);
            row += rows;
        }
    }
}

#undef SUFFIX
#undef TARGET
#undef VECTOR
#undef LOAD
#undef STORE
#undef INLINE
#undef SUM
#undef NO_SUM
#undef ADD_PRODUCT
#undef IS_QUANTISED

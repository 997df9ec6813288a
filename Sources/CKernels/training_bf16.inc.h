// Included by training.c after the AVX-512 form of training.inc.h. Contracts: training.h.
//
// The products of training.inc.h on bfloat16: both sides rounded to even as they are packed, sums in float32. The instruction takes
// two steps of the depth at once, so what follows calls such a pair a step; the second half of an odd depth's last one is zero.
// What the table calls floats of a panel holds these pairs.

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma")))
#define INLINE static inline __attribute__((always_inline)) TARGET
#define PANEL 64
#define LANES 16
#define TILE_ROWS 6
#define TILE_VECTORS (PANEL / LANES)

// 16 values of each side, side by side: first[0], second[0], first[1], ...
INLINE __m512i pair_bf16(__m512 first, __m512 second) {
    __m512i low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(first));
    __m512i high = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(second));
    return _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
}

// 32 values in their order, the first `count` of them.
INLINE __m512i line_bf16(const float *in, size_t count) {
    if (count >= 32) return (__m512i)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(in + 16), _mm512_loadu_ps(in));
    __mmask32 mask = ((__mmask32)1 << count) - 1;
    __m512 low = _mm512_maskz_loadu_ps((__mmask16)mask, in);
    __m512 high = mask >> 16 ? _mm512_maskz_loadu_ps((__mmask16)(mask >> 16), in + 16) : _mm512_setzero_ps();
    return (__m512i)_mm512_cvtne2ps_pbh(high, low);
}

// Rows become columns: four rounds that interleave the first half of the vectors with the second.
INLINE void transpose_bf16(__m512i rows[LANES]) {
    const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i high = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#pragma clang loop unroll(full)
    for (int round = 0; round < 4; round++) {
        __m512i next[LANES];
        for (int i = 0; i < LANES / 2; i++) {
            next[2 * i] = _mm512_permutex2var_epi32(rows[i], low, rows[i + LANES / 2]);
            next[2 * i + 1] = _mm512_permutex2var_epi32(rows[i], high, rows[i + LANES / 2]);
        }
        for (int i = 0; i < LANES; i++) rows[i] = next[i];
    }
}

// A panel whose rows are contiguous in `b`.
INLINE void pack_rows_bf16(float *panel, const float *b, size_t row_stride, size_t depth, int streams) {
    for (size_t k = 0; k < depth; k += 2, panel += PANEL) {
        const float *first = b + k * row_stride, *second = first + row_stride;
        for (int j = 0; j < PANEL; j += LANES) {
            __m512 odd = k + 1 < depth ? _mm512_loadu_ps(second + j) : _mm512_setzero_ps();
            __m512i pair = pair_bf16(_mm512_loadu_ps(first + j), odd);
            if (streams) _mm512_stream_si512((void *)(panel + j), pair);
            else _mm512_storeu_si512(panel + j, pair);
        }
    }
}

TARGET static void pack_bf16(float *panel, const float *b, size_t row_stride, size_t column_stride, size_t depth) {
    if (column_stride == 1) pack_rows_bf16(panel, b, row_stride, depth, 1);
    // Each column's values are contiguous.
    for (size_t k = 0; column_stride != 1 && k < depth; k += 2 * LANES)
        for (size_t j = 0; j < PANEL; j += LANES) {
            __m512i tile[LANES];
            size_t count = depth - k, steps = count < 2 * LANES ? (count + 1) / 2 : LANES;
            for (int i = 0; i < LANES; i++) {
                const float *column = b + k + (j + i) * column_stride;
                tile[i] = line_bf16(column, count);
                __builtin_prefetch(column + 2 * LANES, 0, 2);
                __builtin_prefetch(column + 3 * LANES, 0, 2);
            }
            transpose_bf16(tile);
            for (size_t step = 0; step < steps; step++)
                _mm512_stream_si512((void *)(panel + (k / 2 + step) * PANEL + j), tile[step]);
        }
}

// c (rows x PANEL) = start + a (rows x 2 steps) panel; `rows` is a constant. a[i] stands at i * a_row, its steps a_step apart.
INLINE void panel_tile_bf16(
    float *c, size_t c_stride, const float *a, size_t a_row, size_t a_step, const float *panel, size_t steps,
    const float *bias, int accumulate, const int rows
) {
    __m512 sums[TILE_ROWS][TILE_VECTORS];
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < TILE_VECTORS; j++)
            sums[i][j] = bias ? _mm512_loadu_ps(bias + j * LANES)
                : accumulate  ? _mm512_loadu_ps(c + i * c_stride + j * LANES)
                              : _mm512_setzero_ps();
    const float *lefts[TILE_ROWS];
    for (int i = 0; i < rows; i++) {
        lefts[i] = a + i * a_row;
        // Keeps one register for each row, as in vector.inc.h.
        if (a_row != 1) __asm__("" : "+r"(lefts[i]));
    }
    for (int i = 0; accumulate && i < rows; i++)
        for (int j = 0; j < PANEL; j += LANES) __builtin_prefetch(c + (rows + i) * c_stride + j, 1);
#pragma clang loop unroll_count(4)
    for (size_t k = 0; k < steps; k++) {
        __m512bh right[TILE_VECTORS];
        for (int j = 0; j < TILE_VECTORS; j++) right[j] = (__m512bh)_mm512_loadu_ps(panel + k * PANEL + j * LANES);
        for (int i = 0; i < rows; i++) {
            __m512bh left = (__m512bh)_mm512_set1_ps(lefts[i][k * a_step]);
            for (int j = 0; j < TILE_VECTORS; j++) sums[i][j] = _mm512_dpbf16_ps(sums[i][j], left, right[j]);
        }
    }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < TILE_VECTORS; j++) _mm512_storeu_ps(c + i * c_stride + j * LANES, sums[i][j]);
}

#define EACH_HEIGHT(left, TILE)                                                                                        \
    switch (left) {                                                                                                    \
    case 1: TILE(1); break;                                                                                            \
    case 2: TILE(2); break;                                                                                            \
    case 3: TILE(3); break;                                                                                            \
    case 4: TILE(4); break;                                                                                            \
    case 5: TILE(5); break;                                                                                            \
    default: TILE(TILE_ROWS);                                                                                          \
    }

TARGET static void product_packed_bf16(
    float *out, struct ckernels_layout out_layout, const float *x, struct ckernels_layout x_layout, const float *packed,
    const float *bias, size_t rows, size_t depth, size_t columns, float *scratch
) {
    const size_t stretch = 1024, steps = (depth + 1) / 2;
    for (size_t row = 0; row < rows; row++)
        for (size_t k = 0; k < depth; k += 2 * LANES) {
            __mmask16 mask = (__mmask16)(steps - k / 2 >= LANES ? 0xffff : (1 << (steps - k / 2)) - 1);
            _mm512_mask_storeu_epi32(
                scratch + row * steps + k / 2, mask, line_bf16(x + row * x_layout.row + place(x_layout, k), depth - k));
        }
    for (size_t j = 0; j < columns; j += PANEL, packed += steps * PANEL)
        for (size_t k = 0; k < steps; k += stretch) {
            size_t count = steps - k < stretch ? steps - k : stretch;
            const float *start = k == 0 && bias ? bias + j : NULL;
            for (size_t i = 0; i < rows; i += TILE_ROWS) {
#define TILE(height)                                                                                                   \
    panel_tile_bf16(                                                                                                        \
        out + i * out_layout.row + place(out_layout, j), out_layout.row, scratch + i * steps + k, steps, 1,             \
        packed + k * PANEL, count, start, k > 0, height)
                EACH_HEIGHT(rows - i, TILE)
#undef TILE
            }
        }
}

TARGET static void outer_product_bf16(
    float *out, size_t out_stride, size_t out_panel_stride, const float *left, size_t left_stride, const float *right,
    struct ckernels_layout right_layout, size_t rows, size_t outputs, size_t inputs, int accumulate, float *scratch
) {
    enum { STRETCH = 2 * CKERNELS_OUTER_ROWS, BAND = CKERNELS_OUTER_OUTPUTS, SLOT = 8 };
    enum { STEPS = STRETCH / 2, SPACE = CKERNELS_OUTER_TILE };
    float *panel = scratch, *slots = scratch + STEPS * PANEL;
    for (size_t first = 0; first < outputs; first += BAND) {
        size_t band = outputs - first < BAND ? outputs - first : BAND;
        const size_t stretches = (rows + STRETCH - 1) / STRETCH, each = (rows + 2 * stretches - 1) / (2 * stretches) * 2;
        for (size_t k = 0; k < rows; k += each) {
            size_t count = rows - k < each ? rows - k : each, steps = (count + 1) / 2;
            // Tiles of the left side one after the other, eight pairs for each step.
            for (size_t step = 0; step < steps; step++) {
                const float *from = left + (k + 2 * step) * left_stride + first;
                float *slot = slots + step * SLOT;
                fetch_row(from + FETCHED_AHEAD * left_stride, band);
                fetch_row(from + (FETCHED_AHEAD + 1) * left_stride, band);
                for (size_t i = 0; i < band; i += TILE_ROWS, slot += SPACE) {
                    __mmask8 mask = (__mmask8)(band - i < TILE_ROWS ? (1 << (band - i)) - 1 : (1 << TILE_ROWS) - 1);
                    __mmask8 odd = 2 * step + 1 < count ? mask : 0;
                    __m256i low = _mm256_cvtepu16_epi32((__m128i)_mm256_cvtneps_pbh(_mm256_maskz_loadu_ps(mask, from + i)));
                    __m256i high = _mm256_cvtepu16_epi32(
                        (__m128i)_mm256_cvtneps_pbh(_mm256_maskz_loadu_ps(odd, from + left_stride + i)));
                    _mm256_storeu_si256((__m256i *)slot, _mm256_or_si256(low, _mm256_slli_epi32(high, 16)));
                }
            }
            for (size_t j = 0; j < inputs; j += PANEL) {
                const float *used = right + k * right_layout.row;
                pack_rows_bf16(panel, used + place(right_layout, j), right_layout.row, count, 0);
                for (size_t i = 0; i < band; i += TILE_ROWS) {
                    if (j + PANEL < inputs)
                        fetch_share(
                            used + place(right_layout, j + PANEL), right_layout.row, PANEL, count, i, i + TILE_ROWS,
                            band);
#define TILE(height)                                                                                                   \
    panel_tile_bf16(                                                                                                        \
        out + (first + i) * out_stride + j / PANEL * out_panel_stride, out_stride, slots + i / TILE_ROWS * SPACE, 1, SLOT, panel, steps,           \
        NULL, accumulate || k > 0, height)
                    EACH_HEIGHT(band - i, TILE)
#undef TILE
                }
            }
        }
    }
}

#undef EACH_HEIGHT
#undef TILE_VECTORS
#undef TILE_ROWS
#undef LANES
#undef PANEL
#undef INLINE
#undef TARGET

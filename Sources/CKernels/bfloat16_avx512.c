#if defined(__x86_64__)

#include "bfloat16_functions.h"

#include <immintrin.h>
#include <math.h>
#include <string.h>

#define NAME_(base, suffix) base##_##suffix
#define NAME__(base, suffix) NAME_(base, suffix)
#define NAME(base) NAME__(base, SUFFIX)

#define SUFFIX half
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma")))
#define WIDTH 16
#define TILE_ROWS 6
#define TILE_VECTORS 4
#include "vector.inc.h"
#include "swish_avx512.inc.h"

INLINE void store_halves(uint16_t *out, VECTOR v) {
    __m256bh halves = _mm512_cvtneps_pbh((__m512)v);
    memcpy(out, &halves, sizeof halves);
}

INLINE uint16_t half_of(float x) {
    __m128bh halves = _mm_cvtneps_pbh(_mm_set_ss(x));
    uint16_t half;
    memcpy(&half, &halves, sizeof half);
    return half;
}

#define ROWS(name) rows_##name
#define OUT uint16_t
#define STORE_OUT store_halves
#define CONVERT half_of
#include "normalise.inc.h"

TARGET static void half_rows(uint16_t *out, const float *in, size_t count) {
    size_t i = 0;
    for (; i + WIDTH <= count; i += WIDTH) store_halves(out + i, LOAD(in + i));
    for (; i < count; i++) out[i] = half_of(in[i]);
}

INLINE __m512 floats_of(const uint16_t *halves) {
    __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)halves));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}

TARGET static void half_quick_gelu(uint16_t *x, size_t stride, size_t rows, size_t columns) {
    for (size_t row = 0; row < rows; row++, x += stride) {
        size_t i = 0;
        for (; i + WIDTH <= columns; i += WIDTH) store_halves(x + i, (VECTOR)NAME(quick_swish)(floats_of(x + i)));
        if (i < columns) {
            uint16_t tail[WIDTH] = {0};
            memcpy(tail, x + i, (columns - i) * sizeof *x);
            store_halves(tail, (VECTOR)NAME(quick_swish)(floats_of(tail)));
            memcpy(x + i, tail, (columns - i) * sizeof *x);
        }
    }
}

TARGET static void half_quantise_row(uint8_t *out, float *scale, int32_t *zero, const uint16_t *x, size_t columns) {
    __m512 low = _mm512_setzero_ps(), high = low, doubt = low;
    size_t i = 0;
    uint16_t tail[WIDTH] = {0};
    memcpy(tail, x + columns / WIDTH * WIDTH, columns % WIDTH * sizeof *x);
    for (; i < columns; i += WIDTH) {
        const __m512 v = floats_of(i + WIDTH <= columns ? x + i : tail);
        low = _mm512_min_ps(low, v);
        high = _mm512_max_ps(high, v);
        doubt = _mm512_fmadd_ps(v, _mm512_setzero_ps(), doubt);   // NaN once a value is not finite
    }
    // Scale and zero are found by the one rule for them, of the two ends of the row.
    const float ends[2] = {_mm512_reduce_min_ps(low) + _mm512_reduce_add_ps(doubt), _mm512_reduce_max_ps(high)};
    uint8_t end_bytes[2];
    ckernels_quantise_rows(end_bytes, scale, zero, ends, 1, 2);
    const __m512 inverse = _mm512_set1_ps(1 / *scale), offset = _mm512_set1_ps((float)*zero);
    for (i = 0; i < columns; i += WIDTH) {
        const size_t left = columns - i;
        const __mmask16 mask = (__mmask16)(left < WIDTH ? (1u << left) - 1 : 0xffff);
        // To the nearest whole number, ties to even; of a NaN the least, which becomes zero.
        const __m512i whole = _mm512_cvtps_epi32(_mm512_fmadd_ps(floats_of(left < WIDTH ? tail : x + i), inverse, offset));
        const __m512i positive = _mm512_max_epi32(whole, _mm512_setzero_si512());
        _mm_mask_storeu_epi8(out + i, mask, _mm512_cvtusepi32_epi8(positive));
    }
}

// Turns 16 rows of 16 pairs into 16 columns; rows from `count` on are zeros.
INLINE void transpose_pairs(uint32_t *out, const uint16_t *in, size_t stride, size_t count) {
    __m512i a[16], b[16];
    for (size_t i = 0; i < 16; i++) a[i] = i < count ? _mm512_loadu_si512(in + i * stride) : _mm512_setzero_si512();
    for (int i = 0; i < 16; i += 2) {
        b[i] = _mm512_unpacklo_epi32(a[i], a[i + 1]);
        b[i + 1] = _mm512_unpackhi_epi32(a[i], a[i + 1]);
    }
    for (int i = 0; i < 16; i += 4)
        for (int j = 0; j < 2; j++) {
            a[i + 2 * j] = _mm512_unpacklo_epi64(b[i + j], b[i + j + 2]);
            a[i + 2 * j + 1] = _mm512_unpackhi_epi64(b[i + j], b[i + j + 2]);
        }
    // a[4 g + c] holds columns c, c + 4, c + 8, c + 12 of rows 4 g to 4 g + 3.
    for (int c = 0; c < 4; c++) {
        __m512i low = _mm512_shuffle_i32x4(a[c], a[4 + c], 0x88), high = _mm512_shuffle_i32x4(a[8 + c], a[12 + c], 0x88);
        __m512i odd_low = _mm512_shuffle_i32x4(a[c], a[4 + c], 0xdd), odd_high = _mm512_shuffle_i32x4(a[8 + c], a[12 + c], 0xdd);
        _mm512_storeu_si512(out + 16 * c, _mm512_shuffle_i32x4(low, high, 0x88));
        _mm512_storeu_si512(out + 16 * (c + 8), _mm512_shuffle_i32x4(low, high, 0xdd));
        _mm512_storeu_si512(out + 16 * (c + 4), _mm512_shuffle_i32x4(odd_low, odd_high, 0x88));
        _mm512_storeu_si512(out + 16 * (c + 12), _mm512_shuffle_i32x4(odd_low, odd_high, 0xdd));
    }
}

TARGET static void pack_keys(uint32_t *packed_keys, const uint16_t *keys, size_t stride, size_t count) {
    for (size_t key = 0; key < count; key += CKERNELS_HALF_BLOCK, packed_keys += 32 * CKERNELS_HALF_BLOCK) {
        const uint16_t *from = keys + key * stride;
        transpose_pairs(packed_keys, from, stride, count - key);
        transpose_pairs(packed_keys + 16 * CKERNELS_HALF_BLOCK, from + 32, stride, count - key);
    }
}

TARGET static void pack_values(uint32_t *packed_values, const uint16_t *values, size_t stride, size_t count) {
    short low[32], high[32];
    for (short i = 0; i < 32; i++) low[i] = (short)((i & 1) * 32 + i / 2), high[i] = (short)(low[i] + 16);
    const __m512i low_pairs = _mm512_loadu_si512(low), high_pairs = _mm512_loadu_si512(high);
    const size_t padded = (count + CKERNELS_HALF_BLOCK - 1) / CKERNELS_HALF_BLOCK * CKERNELS_HALF_BLOCK;
    for (size_t key = 0; key < padded; key += 2, packed_values += CKERNELS_HEAD)
        for (int half = 0; half < 2; half++) {
            const uint16_t *from = values + key * stride + 32 * half;
            __m512i first = key < count ? _mm512_loadu_si512(from) : _mm512_setzero_si512();
            __m512i second = key + 1 < count ? _mm512_loadu_si512(from + stride) : _mm512_setzero_si512();
            _mm512_storeu_si512(packed_values + 32 * half, _mm512_permutex2var_epi16(first, low_pairs, second));
            _mm512_storeu_si512(packed_values + 32 * half + 16, _mm512_permutex2var_epi16(first, high_pairs, second));
        }
}

INLINE __m512 multiply_pairs(__m512 sum, __m512i pairs, __m512i others) {
    return _mm512_dpbf16_ps(sum, (__m512bh)pairs, (__m512bh)others);
}

INLINE __m512i pair_at(const uint16_t *at) {
    int pair;
    memcpy(&pair, at, sizeof pair);
    return _mm512_set1_epi32(pair);
}

// Scores of `rows` queries with `blocks` blocks of keys; both are constants after inlining.
INLINE void score_tile(
    float *scores, size_t score_stride, const uint16_t *queries, size_t query_stride, const uint32_t *packed_keys,
    const int rows, const int blocks
) {
    __m512 sums[TILE_ROWS][TILE_VECTORS];
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < blocks; j++) sums[i][j] = _mm512_setzero_ps();
    for (int pair = 0; pair < CKERNELS_HEAD / 2; pair++) {
        __m512i right[TILE_VECTORS];
        for (int j = 0; j < blocks; j++)
            right[j] = _mm512_loadu_si512(packed_keys + (32 * j + pair) * CKERNELS_HALF_BLOCK);
        for (int i = 0; i < rows; i++) {
            __m512i left = pair_at(queries + i * query_stride + 2 * pair);
            for (int j = 0; j < blocks; j++) sums[i][j] = multiply_pairs(sums[i][j], left, right[j]);
        }
    }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < blocks; j++) _mm512_storeu_ps(scores + i * score_stride + CKERNELS_HALF_BLOCK * j, sums[i][j]);
}

#define BY_ROWS(call) \
    switch (rows) { \
    case 1: call(1); break; \
    case 2: call(2); break; \
    case 3: call(3); break; \
    case 4: call(4); break; \
    case 5: call(5); break; \
    default: call(6); \
    }

// Scores of all of a task's queries with the blocks of keys from `begin` to `end`.
TARGET static void score_blocks(const struct ckernels_half_attention *t, size_t begin, size_t end) {
    for (size_t block = begin; block < end; block += TILE_VECTORS)
        for (size_t row = 0; row < t->rows; row += TILE_ROWS) {
            const size_t blocks = end - block, rows = t->rows - row;
            float *scores = t->scores + row * t->score_stride + block * CKERNELS_HALF_BLOCK;
            const uint16_t *queries = t->queries + row * t->query_stride;
            const uint32_t *keys = t->packed_keys + block * 32 * CKERNELS_HALF_BLOCK;
#define SCORES(count, width) score_tile(scores, t->score_stride, queries, t->query_stride, keys, count, width)
#define ONE(count) SCORES(count, 1)
#define TWO(count) SCORES(count, 2)
#define THREE(count) SCORES(count, 3)
#define FOUR(count) SCORES(count, 4)
            switch (blocks) {
            case 1: BY_ROWS(ONE) break;
            case 2: BY_ROWS(TWO) break;
            case 3: BY_ROWS(THREE) break;
            default: BY_ROWS(FOUR)
            }
        }
}

// The blocks of keys that rows see: those before `first_blocks`, and those from `second_block` to `end_block`. `first_full` blocks,
// and those from `second_full` to `end_full`, are seen whole.
struct seen_keys {
    size_t first_end, second_begin, second_end;
    size_t first_blocks, second_block, end_block;
    size_t first_full, second_full, end_full;
};

INLINE size_t blocks_of(size_t keys) { return (keys + CKERNELS_HALF_BLOCK - 1) / CKERNELS_HALF_BLOCK; }

INLINE struct seen_keys keys_seen(size_t first_end, size_t second_begin, size_t second_end) {
    struct seen_keys seen = {.first_end = first_end, .second_begin = second_begin, .second_end = second_end};
    seen.first_blocks = blocks_of(first_end);
    seen.first_full = first_end / CKERNELS_HALF_BLOCK;
    if (second_end <= second_begin) return seen;
    // A block that holds keys of both ranges is walked over once.
    seen.second_block = second_begin / CKERNELS_HALF_BLOCK;
    if (seen.second_block < seen.first_blocks) seen.second_block = seen.first_blocks;
    seen.end_block = blocks_of(second_end);
    seen.second_full = blocks_of(second_begin);
    seen.end_full = second_end / CKERNELS_HALF_BLOCK;
    return seen;
}

// Bits of the keys from `begin` to `end` among the 16 from `key` on.
INLINE unsigned range_bits(size_t key, size_t begin, size_t end) {
    size_t low = begin > key ? begin - key : 0, high = end > key ? end - key : 0;
    if (low > 16) low = 16;
    if (high > 16) high = 16;
    return high > low ? (0xffffu >> (16 - (high - low))) << low : 0;
}

INLINE int is_whole(const struct seen_keys *seen, size_t block) {
    return block < seen->first_full || (block >= seen->second_full && block < seen->end_full);
}

INLINE __mmask16 block_mask(const struct seen_keys *seen, size_t block) {
    const size_t key = block * CKERNELS_HALF_BLOCK;
    return (__mmask16)(range_bits(key, 0, seen->first_end) | range_bits(key, seen->second_begin, seen->second_end));
}

// Turns the scores of the blocks from `begin` to `end` into bfloat16 exponentials, zero where the row does not look.
INLINE __m512 raise_blocks(
    float *scores, const struct seen_keys *seen, size_t begin, size_t end, __m512 factor, __m512 offset
) {
    __m512 total = _mm512_setzero_ps();
    uint16_t *halves = (uint16_t *)scores;
    for (size_t block = begin; block < end; block++) {
        const __m512 score = _mm512_loadu_ps(scores + block * CKERNELS_HALF_BLOCK);
        __m512 raised = NAME(power_of_two)(_mm512_fmadd_ps(score, factor, offset));
        if (!is_whole(seen, block)) raised = _mm512_maskz_mov_ps(block_mask(seen, block), raised);
        total = _mm512_add_ps(total, raised);
        // Behind what has been read: a block of halves ends where its scores begin, or before.
        store_halves(halves + block * CKERNELS_HALF_BLOCK, (VECTOR)raised);
    }
    return total;
}

INLINE __m512 peaks_of_blocks(const float *scores, const struct seen_keys *seen, size_t begin, size_t end, __m512 peaks) {
    for (size_t block = begin; block < end; block++) {
        const __m512 score = _mm512_loadu_ps(scores + block * CKERNELS_HALF_BLOCK);
        peaks = is_whole(seen, block) ? _mm512_max_ps(peaks, score)
                                      : _mm512_mask_max_ps(peaks, block_mask(seen, block), peaks, score);
    }
    return peaks;
}

// Turns a row's scores in place into bfloat16 exponentials; returns their sum.
INLINE float weigh_scores(float *scores, const struct seen_keys *seen, float scale, const float *own, float *own_weight) {
    const float lowest = -INFINITY;
    __m512 peaks = _mm512_set1_ps(own ? *own : lowest);
    peaks = peaks_of_blocks(scores, seen, 0, seen->first_blocks, peaks);
    peaks = peaks_of_blocks(scores, seen, seen->second_block, seen->end_block, peaks);
    const float to_base_two = scale * 1.44269504f;
    const __m512 factor = _mm512_set1_ps(to_base_two);
    const __m512 offset = _mm512_set1_ps(-_mm512_reduce_max_ps(peaks) * to_base_two);
    __m512 total = raise_blocks(scores, seen, 0, seen->first_blocks, factor, offset);
    total = _mm512_add_ps(total, raise_blocks(scores, seen, seen->second_block, seen->end_block, factor, offset));
    float sum = _mm512_reduce_add_ps(total);
    if (own) {
        *own_weight = _mm512_cvtss_f32(NAME(power_of_two)(_mm512_fmadd_ps(_mm512_set1_ps(*own), factor, offset)));
        sum += *own_weight;
    }
    return sum;
}

INLINE float dot_of_halves(const uint16_t *a, const uint16_t *b) {
    __m512 sum = multiply_pairs(_mm512_setzero_ps(), _mm512_loadu_si512(a), _mm512_loadu_si512(b));
    return _mm512_reduce_add_ps(multiply_pairs(sum, _mm512_loadu_si512(a + 32), _mm512_loadu_si512(b + 32)));
}

// The rows of one tile, whose keys are seen alike: weighted sums, divided by the weights' sums.
INLINE void weigh_values(
    const struct ckernels_half_attention *t, size_t row, const struct seen_keys *seen, const float *factors,
    const float *own_weights, const int rows
) {
    __m512 sums[TILE_ROWS][TILE_VECTORS];
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < TILE_VECTORS; j++) sums[i][j] = _mm512_setzero_ps();
    const uint16_t *weights = (const uint16_t *)(t->scores + row * t->score_stride);
    const size_t stride = 2 * t->score_stride;
    const size_t begins[] = {0, seen->second_begin / 2};
    const size_t ends[] = {(seen->first_end + 1) / 2, seen->end_block ? (seen->second_end + 1) / 2 : 0};
    for (int range = 0; range < 2; range++)
        for (size_t pair = begins[range]; pair < ends[range]; pair++) {
            const uint32_t *values = t->packed_values + pair * CKERNELS_HEAD;
            __m512i right[TILE_VECTORS];
            for (int j = 0; j < TILE_VECTORS; j++) right[j] = _mm512_loadu_si512(values + WIDTH * j);
            for (int i = 0; i < rows; i++) {
                __m512i left = pair_at(weights + (size_t)i * stride + 2 * pair);
                for (int j = 0; j < TILE_VECTORS; j++) sums[i][j] = multiply_pairs(sums[i][j], left, right[j]);
            }
        }
    for (int i = 0; i < rows; i++) {
        const __m512 factor = _mm512_set1_ps(factors[row + (size_t)i]);
        uint16_t *out = t->out + (row + (size_t)i) * t->out_stride;
        for (int j = 0; j < TILE_VECTORS; j++) {
            __m512 sum = sums[i][j];
            if (t->own_first >= 0) {
                const uint16_t *value = t->values + ((size_t)t->own_first + row + (size_t)i) * t->key_stride;
                sum = _mm512_fmadd_ps(_mm512_set1_ps(own_weights[row + (size_t)i]), floats_of(value + WIDTH * j), sum);
            }
            store_halves(out + WIDTH * j, (VECTOR)_mm512_mul_ps(sum, factor));
        }
    }
}

TARGET static void attend(const struct ckernels_half_attention *t) {
    float factors[CKERNELS_ATTENTION_ROWS], own_weights[CKERNELS_ATTENTION_ROWS];
    const struct seen_keys all = keys_seen(t->first_end, t->second_begin, t->second_end);
    score_blocks(t, 0, all.first_blocks);
    if (all.end_block > all.second_block) score_blocks(t, all.second_block, all.end_block);
    for (size_t row = 0; row < t->rows; row++) {
        float own = 0;
        const int has_own = t->own_first >= 0;
        if (has_own)
            own = dot_of_halves(
                t->queries + row * t->query_stride, t->keys + ((size_t)t->own_first + row) * t->key_stride);
        struct seen_keys seen = all;
        if (t->causal && t->causal_first + row + 1 < seen.first_end) {
            // The rows of a tile are weighed alike, so what this one does not see must be there, as zeros.
            seen.first_end = t->causal_first + row + 1;
            seen.first_full = seen.first_end / CKERNELS_HALF_BLOCK;
        }
        float sum = weigh_scores(
            t->scores + row * t->score_stride, &seen, t->scale, has_own ? &own : NULL, &own_weights[row]);
        factors[row] = 1.0f / sum;
    }
    for (size_t row = 0; row < t->rows; row += TILE_ROWS) {
        const size_t rows = t->rows - row;
#define VALUES(count) weigh_values(t, row, &all, factors, own_weights, count)
        BY_ROWS(VALUES)
    }
}

const struct ckernels_half_functions *ckernels_half_avx512(void) {
    static const struct ckernels_half_functions functions = {
        half_rows, rows_layer_norm_half, rows_combine_normalised_half, half_quick_gelu, half_quantise_row,
        pack_keys, pack_values, attend};
    return ckernels_functions_of(CKERNELS_AVX512) && __builtin_cpu_supports("avx512bf16") ? &functions : NULL;
}

#include "vector_end.inc.h"
#endif

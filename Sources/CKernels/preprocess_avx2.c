#if defined(__x86_64__)

#include <immintrin.h>

#include "preprocess_lines.h"

#define AVX2 __attribute__((target("avx2")))

// The functions of preprocess_portable.c, 16 samples at a time; the comments there hold here.

AVX2 static __m256i filtered(
    const uint8_t *row, const preprocess_component *component, const int16_t *along, int32_t j) {
    const __m256i windows = _mm256_loadu_si256((const __m256i *)(component->windows + j));
    const __m256i selectors = _mm256_loadu_si256((const __m256i *)(component->selectors + j));
    const __m256i weights = _mm256_loadu_si256((const __m256i *)(along + 2 * j));
    const __m256i bytes = _mm256_i32gather_epi32((const int *)row, windows, 1);
    return _mm256_srai_epi32(_mm256_madd_epi16(_mm256_shuffle_epi8(bytes, selectors), weights), 4);
}

AVX2 static void filter(
    int16_t *out, const uint8_t *row, const preprocess_component *component, const int16_t *along, int32_t length) {
    for (int32_t j = 0; j < length; j += 16) {
        const __m256i packed =
            _mm256_packs_epi32(filtered(row, component, along, j), filtered(row, component, along, j + 8));
        _mm256_storeu_si256((__m256i *)(out + j), _mm256_permute4x64_epi64(packed, 0xD8));
    }
}

AVX2 static __m256i samples(const int16_t *row, int32_t j) { return _mm256_loadu_si256((const __m256i *)(row + j)); }

AVX2 static __m256i quarters(const int16_t *const rows[2], __m256i first, __m256i second, int32_t j) {
    return _mm256_add_epi16(
        _mm256_mulhi_epi16(samples(rows[0], j), first), _mm256_mulhi_epi16(samples(rows[1], j), second));
}

AVX2 static __m256i chroma(const int16_t *const rows[2], __m256i fraction, int32_t j) {
    const __m256i first = samples(rows[0], j), second = samples(rows[1], j);
    const __m256i change = _mm256_mulhrs_epi16(_mm256_sub_epi16(second, first), fraction);
    return _mm256_sub_epi16(_mm256_add_epi16(first, change), _mm256_set1_epi16(128 * 128));
}

AVX2 static __m256i levels(__m256i chroma, __m256i weight) {
    return _mm256_srai_epi16(_mm256_mulhi_epi16(chroma, weight), 4);
}

AVX2 static void store(uint8_t *out, __m256i values) {
    const __m256i bytes = _mm256_permute4x64_epi64(_mm256_packus_epi16(values, values), 0xD8);
    _mm_storeu_si128((__m128i *)out, _mm256_castsi256_si128(bytes));
}

AVX2 static void blend_colours(
    uint8_t *const out[3], const int16_t *const rows[3][2], const int16_t across[2], int32_t length) {
    const __m256i first = _mm256_set1_epi16(across[0]), second = _mm256_set1_epi16(across[1]);
    for (int c = 0; c < 3; c++)
        for (int32_t j = 0; j < length; j += 16) {
            const __m256i sum = _mm256_add_epi16(quarters(rows[c], first, second, j), _mm256_set1_epi16(2));
            store(out[c] + j, _mm256_srai_epi16(sum, 2));
        }
}

AVX2 static void blend_luma_chroma(
    uint8_t *const out[3], const int16_t *const rows[3][2], const int16_t across[2], const preprocess_colour *colour,
    int32_t length) {
    const __m256i first = _mm256_set1_epi16(across[0]), second = _mm256_set1_epi16(across[1]);
    const __m256i fraction = _mm256_set1_epi16(preprocess_fraction(across));
    const __m256i luma_offset = _mm256_set1_epi16(colour->luma_offset), luma_weight = _mm256_set1_epi16(colour->luma);
    const __m256i green_cb = _mm256_set1_epi16(colour->green_cb), green_cr = _mm256_set1_epi16(colour->green_cr);
    const __m256i red_cr = _mm256_set1_epi16(colour->red_cr), blue_cb = _mm256_set1_epi16(colour->blue_cb);
    for (int32_t j = 0; j < length; j += 16) {
        const __m256i half = quarters(rows[0], first, second, j);
        const __m256i luma = _mm256_mulhi_epi16(_mm256_sub_epi16(_mm256_add_epi16(half, half), luma_offset), luma_weight);
        const __m256i cb = chroma(rows[1], fraction, j), cr = chroma(rows[2], fraction, j);
        const __m256i green = _mm256_add_epi16(levels(cb, green_cb), levels(cr, green_cr));
        store(out[0] + j, _mm256_add_epi16(luma, levels(cr, red_cr)));
        store(out[1] + j, _mm256_add_epi16(luma, green));
        store(out[2] + j, _mm256_add_epi16(luma, levels(cb, blue_cb)));
    }
}

AVX2 static void normalise(float *out, const uint8_t *values, int32_t count, float mean, float deviation) {
    if (count < 8) {
        preprocess_lines_portable.normalise(out, values, count, mean, deviation);
        return;
    }
    const __m256 means = _mm256_set1_ps(mean), deviations = _mm256_set1_ps(deviation);
    for (int32_t j = 0; j < count; j += 8) {
        // The last eight overlap those before where the count is no multiple of eight.
        const int32_t at = j + 8 <= count ? j : count - 8;
        const __m128i bytes = _mm_loadl_epi64((const __m128i *)(values + at));
        const __m256 numbers = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
        _mm256_storeu_ps(out + at, _mm256_div_ps(_mm256_sub_ps(numbers, means), deviations));
    }
}

const preprocess_lines preprocess_lines_avx2 = {filter, blend_colours, blend_luma_chroma, normalise};

#endif

// Included by transformer.c once for each instruction set, with SUFFIX, TARGET, WIDTH, TILE_ROWS and TILE_VECTORS.

typedef float NAME(vector) __attribute__((vector_size(WIDTH * 4)));
typedef float NAME(loose) __attribute__((vector_size(WIDTH * 4), aligned(4)));
typedef int32_t NAME(integers) __attribute__((vector_size(WIDTH * 4)));
#define VECTOR NAME(vector)
#define LOAD(p) ((VECTOR)(*(const NAME(loose) *)(p)))
#define STORE(p, v) (*(NAME(loose) *)(p) = (v))
#define INLINE static inline __attribute__((always_inline)) TARGET

INLINE VECTOR NAME(splat)(float x) {
    return x - (VECTOR){0};
}

INLINE float NAME(sum)(VECTOR v) {
    float total = 0;
    for (int i = 0; i < WIDTH; i++) total += v[i];
    return total;
}

INLINE VECTOR NAME(choose)(NAME(integers) condition, VECTOR yes, VECTOR no) {
    return (VECTOR)((condition & (NAME(integers))yes) | (~condition & (NAME(integers))no));
}

// e^x to 2 units in the last place for x in -87...88; below that, e^-87. Range reduction by ln 2 in two parts, then the
// Taylor polynomial of degree 6 on |r| <= ln(2)/2. NaN stays NaN: a broken model must not look like one that is undecided.
INLINE VECTOR NAME(exponential)(VECTOR x) {
    const VECTOR magic = NAME(splat)(12582912.0f);   // 1.5 * 2^23: adding it rounds to an integer in the low bits
    const VECTOR lowest = NAME(splat)(-87.0f), highest = NAME(splat)(88.0f);
    // One instruction each, as max and min are, but a NaN stays where those give the bound.
    x = NAME(choose)(lowest > x, lowest, x);
    x = NAME(choose)(highest < x, highest, x);
    VECTOR shifted = x * 1.44269504088896341f + magic;
    VECTOR n = shifted - magic;
    VECTOR r = x - n * 0.693359375f;
    r = r - n * -2.12194440e-4f;
    VECTOR p = NAME(splat)(1.0f / 720);
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    // Times 2^n, made of its exponent bits; added to p's bits instead they could turn a NaN into a number.
    return p * (VECTOR)((NAME(integers))NAME(splat)(1.0f) + ((NAME(integers))shifted << 23));
}

// Mean of `width` values, and 1 / sqrt(variance + epsilon).
INLINE float NAME(statistics)(const float *in, size_t width, float epsilon, float *factor) {
    VECTOR sums[4] = {{0}, {0}, {0}, {0}};
    size_t i = 0;
    float mean = 0, variance = 0;
    for (; i + 4 * WIDTH <= width; i += 4 * WIDTH)
        for (int j = 0; j < 4; j++) sums[j] += LOAD(in + i + j * WIDTH);
    for (size_t tail = i; tail < width; tail++) mean += in[tail];
    mean = (mean + NAME(sum)((sums[0] + sums[1]) + (sums[2] + sums[3]))) / (float)width;
    for (int j = 0; j < 4; j++) sums[j] = (VECTOR){0};
    for (i = 0; i + 4 * WIDTH <= width; i += 4 * WIDTH)
        for (int j = 0; j < 4; j++) {
            VECTOR centred = LOAD(in + i + j * WIDTH) - mean;
            sums[j] += centred * centred;
        }
    for (size_t tail = i; tail < width; tail++) variance += (in[tail] - mean) * (in[tail] - mean);
    variance = (variance + NAME(sum)((sums[0] + sums[1]) + (sums[2] + sums[3]))) / (float)width;
    *factor = 1.0f / sqrtf(variance + epsilon);
    return mean;
}

TARGET static void NAME(layer_norm)(
    float *out, const float *in, size_t in_stride, const float *weight, const float *bias, size_t rows, size_t width,
    float epsilon
) {
    for (size_t row = 0; row < rows; row++, in += in_stride, out += width) {
        float factor, mean = NAME(statistics)(in, width, epsilon, &factor);
        size_t i = 0;
        for (; i + WIDTH <= width; i += WIDTH)
            STORE(out + i, (LOAD(in + i) - mean) * factor * LOAD(weight + i) + LOAD(bias + i));
        for (; i < width; i++) out[i] = (in[i] - mean) * factor * weight[i] + bias[i];
    }
}

TARGET static void NAME(combine_normalised)(
    float *out, const float *kept, const float *slot, const float *ones, const float *bias, const float *x, size_t rows,
    size_t width, size_t columns, float epsilon
) {
    for (size_t row = 0; row < rows; row++, x += width, kept += columns, out += columns) {
        float factor, mean = NAME(statistics)(x, width, epsilon, &factor);
        size_t i = 0;
        for (; i + WIDTH <= columns; i += WIDTH)
            STORE(out + i,
                (LOAD(kept + i) + LOAD(slot + i) - mean * LOAD(ones + i)) * factor + LOAD(bias + i));
        for (; i < columns; i++) out[i] = (kept[i] + slot[i] - mean * ones[i]) * factor + bias[i];
    }
}

INLINE VECTOR NAME(swish)(VECTOR v) {
    return v / (NAME(exponential)(v * -1.702f) + 1.0f);
}

TARGET static void NAME(quick_gelu)(float *x, size_t stride, size_t rows, size_t columns) {
    for (size_t row = 0; row < rows; row++, x += stride) {
        size_t i = 0;
        for (; i + WIDTH <= columns; i += WIDTH) STORE(x + i, NAME(swish)(LOAD(x + i)));
        if (i < columns) {
            float tail[WIDTH] = {0};
            memcpy(tail, x + i, (columns - i) * sizeof(float));
            STORE(tail, NAME(swish)(LOAD(tail)));
            memcpy(x + i, tail, (columns - i) * sizeof(float));
        }
    }
}

// c (rows x TILE_VECTORS*WIDTH) = a (rows x depth) b, or added to it; `rows` is a constant after inlining.
INLINE void NAME(product_tile)(
    float *c, size_t c_stride, const float *a, size_t a_stride, const float *b, size_t b_stride, size_t depth,
    int accumulate, const int rows
) {
    VECTOR sums[TILE_ROWS][TILE_VECTORS];
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < TILE_VECTORS; j++)
            sums[i][j] = accumulate ? LOAD(c + i * c_stride + j * WIDTH) : (VECTOR){0};
    for (size_t k = 0; k < depth; k++) {
        VECTOR right[TILE_VECTORS];
        for (int j = 0; j < TILE_VECTORS; j++) right[j] = LOAD(b + k * b_stride + j * WIDTH);
        for (int i = 0; i < rows; i++) {
            float left = a[i * a_stride + k];
            for (int j = 0; j < TILE_VECTORS; j++) sums[i][j] += left * right[j];
        }
    }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < TILE_VECTORS; j++) STORE(c + i * c_stride + j * WIDTH, sums[i][j]);
}

// c (rows x columns) = a (rows x depth) b (depth x columns); writes and reads up to a whole tile beyond `columns`.
INLINE void NAME(product)(
    float *c, size_t c_stride, const float *a, size_t a_stride, const float *b, size_t b_stride, size_t rows, size_t depth,
    size_t columns, int accumulate
) {
    for (size_t j = 0; j < columns; j += TILE_VECTORS * WIDTH)
        for (size_t i = 0; i < rows; i += TILE_ROWS) {
            float *to = c + i * c_stride + j;
            const float *from = a + i * a_stride;
            size_t left = rows - i;
            if (left >= TILE_ROWS)
                NAME(product_tile)(to, c_stride, from, a_stride, b + j, b_stride, depth, accumulate, TILE_ROWS);
            else
                for (size_t row = 0; row < left; row++)
                    NAME(product_tile)(
                        to + row * c_stride, c_stride, from + row * a_stride, a_stride, b + j, b_stride, depth, accumulate, 1);
        }
}

// Turns `count` raw scores into e^(scale * (score - largest)) and returns their sum.
INLINE float NAME(exponentials)(float *scores, size_t count, float scale) {
    float largest = scores[0];
    size_t i = 0;
    if (count >= WIDTH) {
        VECTOR peak = LOAD(scores);
        for (i = WIDTH; i + WIDTH <= count; i += WIDTH) peak = __builtin_elementwise_max(peak, LOAD(scores + i));
        for (int j = 0; j < WIDTH; j++) largest = peak[j] > largest ? peak[j] : largest;
    }
    for (; i < count; i++) largest = scores[i] > largest ? scores[i] : largest;
    VECTOR total = {0};
    for (i = 0; i + WIDTH <= count; i += WIDTH) {
        VECTOR e = NAME(exponential)((LOAD(scores + i) - largest) * scale);
        STORE(scores + i, e);
        total += e;
    }
    float sum = NAME(sum)(total);
    if (i < count) {
        float tail[WIDTH] = {0};
        memcpy(tail, scores + i, (count - i) * sizeof(float));
        STORE(tail, NAME(exponential)((LOAD(tail) - largest) * scale));
        memcpy(scores + i, tail, (count - i) * sizeof(float));
        for (size_t j = 0; j < count - i; j++) sum += tail[j];
    }
    return sum;
}

TARGET static void NAME(softmax)(float *scores, size_t count, float scale) {
    float factor = 1.0f / NAME(exponentials)(scores, count, scale);
    for (size_t i = 0; i < count; i++) scores[i] *= factor;
}

TARGET static void NAME(matrix_vector)(
    float *out, const float *matrix, const float *vector, size_t rows, size_t columns
) {
    for (size_t row = 0; row < rows; row++, matrix += columns) {
        VECTOR sums[4] = {{0}, {0}, {0}, {0}};
        size_t i = 0;
        for (; i + 4 * WIDTH <= columns; i += 4 * WIDTH)
            for (int j = 0; j < 4; j++) sums[j] += LOAD(matrix + i + j * WIDTH) * LOAD(vector + i + j * WIDTH);
        float total = NAME(sum)((sums[0] + sums[1]) + (sums[2] + sums[3]));
        for (; i < columns; i++) total += matrix[i] * vector[i];
        out[row] = total;
    }
}

TARGET static void NAME(attend)(const struct ckernels_attention *t) {
    size_t first = t->first_end - t->first_begin, second = t->second_end - t->second_begin;
    size_t seen = first + second;
    NAME(product)(
        t->scores, t->score_stride, t->queries, t->query_stride, t->transposed + t->first_begin, t->transposed_stride, t->rows,
        CKERNELS_HEAD, first, 0);
    if (second)
        NAME(product)(
            t->scores + first, t->score_stride, t->queries, t->query_stride, t->transposed + t->second_begin,
            t->transposed_stride, t->rows, CKERNELS_HEAD, second, 0);
    float factors[CKERNELS_ATTENTION_ROWS];
    for (size_t row = 0; row < t->rows; row++) {
        float *scores = t->scores + row * t->score_stride;
        size_t count = seen;
        if (t->own_first >= 0) {
            const float *query = t->queries + row * t->query_stride;
            const float *own = t->keys + ((size_t)t->own_first + row * t->own_step) * t->key_stride;
            VECTOR dot = {0};
            for (int d = 0; d < CKERNELS_HEAD; d += WIDTH) dot += LOAD(query + d) * LOAD(own + d);
            scores[count++] = NAME(sum)(dot);
        } else if (t->causal) {
            size_t allowed = t->causal_first + row + 1;
            if (allowed < count) {
                memset(scores + allowed, 0, (count - allowed) * sizeof(float));
                count = allowed;
            }
        }
        factors[row] = 1.0f / NAME(exponentials)(scores, count, t->scale);
    }
    NAME(product)(
        t->out, t->out_stride, t->scores, t->score_stride, t->values + t->first_begin * t->value_stride, t->value_stride,
        t->rows, first, CKERNELS_HEAD, 0);
    if (second)
        NAME(product)(
            t->out, t->out_stride, t->scores + first, t->score_stride, t->values + t->second_begin * t->value_stride,
            t->value_stride, t->rows, second, CKERNELS_HEAD, 1);
    for (size_t row = 0; row < t->rows; row++) {
        float *out = t->out + row * t->out_stride;
        float own = t->own_first >= 0 ? t->scores[row * t->score_stride + seen] : 0;
        const float *value =
            t->own_first >= 0 ? t->values + ((size_t)t->own_first + row * t->own_step) * t->value_stride : out;
        for (int d = 0; d < CKERNELS_HEAD; d += WIDTH)
            STORE(out + d, (LOAD(out + d) + own * LOAD(value + d)) * factors[row]);
    }
}

#include "quantised.inc.h"

#undef SUFFIX
#undef TARGET
#undef WIDTH
#undef TILE_ROWS
#undef TILE_VECTORS
#undef VECTOR
#undef LOAD
#undef STORE
#undef INLINE

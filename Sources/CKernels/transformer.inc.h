// Included by transformer.c once for each instruction set.
#include "vector.inc.h"

#define ROWS(name) name
#define OUT float
#define STORE_OUT STORE
#define CONVERT
#include "normalise.inc.h"

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

// Turns `count` raw scores into e^(scale * (score - largest)) and returns their sum.
INLINE float NAME(exponentials)(float *scores, size_t count, float scale) {
    float largest = scores[0];
    size_t i = 0;
    if (count >= WIDTH) {
        VECTOR peak = LOAD(scores);
        for (i = WIDTH; i + WIDTH <= count; i += WIDTH) peak = __builtin_elementwise_max(peak, LOAD(scores + i));
        largest = NAME(largest)(peak);
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

TARGET static void NAME(transpose_keys)(
    float *transposed, size_t transposed_stride, const float *keys, size_t key_stride, size_t count
) {
    size_t key = 0;
    for (; key + WIDTH <= count; key += WIDTH)
        for (size_t d = 0; d < CKERNELS_HEAD; d += WIDTH) {
            VECTOR square[WIDTH];
            for (int i = 0; i < WIDTH; i++) {
                const float *from = keys + (key + i) * key_stride + d;
                square[i] = LOAD(from);
                // Keys lie far apart, and the processor does not see which come next.
                __builtin_prefetch(from + WIDTH * key_stride);
            }
            NAME(transpose)(square);
            for (int i = 0; i < WIDTH; i++) STORE(transposed + (d + i) * transposed_stride + key, square[i]);
        }
    for (; key < count; key++)
        for (size_t d = 0; d < CKERNELS_HEAD; d++) transposed[d * transposed_stride + key] = keys[key * key_stride + d];
    for (size_t d = 0; d < CKERNELS_HEAD; d++)
        memset(transposed + d * transposed_stride + count, 0, CKERNELS_SCORE_PADDING * sizeof(float));
}

TARGET static void NAME(attend)(const struct ckernels_attention *t) {
    size_t first = t->first_end - t->first_begin, second = t->second_end - t->second_begin;
    size_t seen = first + second;
    NAME(product)(
        t->scores, t->score_stride, t->queries, t->query_stride, 1, t->transposed + t->first_begin, t->transposed_stride, t->rows,
        CKERNELS_HEAD, first, 0);
    if (second)
        NAME(product)(
            t->scores + first, t->score_stride, t->queries, t->query_stride, 1, t->transposed + t->second_begin,
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
        t->out, t->out_stride, t->scores, t->score_stride, 1, t->values + t->first_begin * t->value_stride, t->value_stride,
        t->rows, first, CKERNELS_HEAD, 0);
    if (second)
        NAME(product)(
            t->out, t->out_stride, t->scores + first, t->score_stride, 1, t->values + t->second_begin * t->value_stride,
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

#include "vector_end.inc.h"

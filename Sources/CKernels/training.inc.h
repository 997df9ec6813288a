// Included by training.c once for each instruction set. Contracts: training.h.
#include "vector.inc.h"

TARGET static void NAME(norm_forward)(
    float *out, float *statistics, const float *in, const float *weight, const float *bias, size_t rows, size_t width,
    float epsilon
) {
    for (size_t row = 0; row < rows; row++, in += width, out += width) {
        float factor, mean = NAME(statistics)(in, width, epsilon, &factor);
        statistics[2 * row] = mean;
        statistics[2 * row + 1] = factor;
        for (size_t i = 0; i < width; i += WIDTH)
            STORE(out + i, (LOAD(in + i) - mean) * factor * LOAD(weight + i) + LOAD(bias + i));
    }
}

TARGET static void NAME(norm_backward)(
    float *d_in, float *out, struct ckernels_layout out_layout, float *d_weight, float *d_bias, const float *d_out,
    const float *residual, const float *in, const float *statistics, const float *weight, const float *bias, size_t rows,
    size_t width
) {
    for (size_t row = 0; row < rows; row++, in += width, d_in += width, d_out += width) {
        float mean = statistics[2 * row], factor = statistics[2 * row + 1];
        VECTOR plain = {0}, weighted = {0};
        for (size_t i = 0; i < width; i += WIDTH) {
            VECTOR normal = (LOAD(in + i) - mean) * factor, d = LOAD(d_out + i), g = d * LOAD(weight + i);
            plain += g;
            weighted += g * normal;
            STORE(d_weight + i, LOAD(d_weight + i) + d * normal);
            STORE(d_bias + i, LOAD(d_bias + i) + d);
        }
        float mean_plain = NAME(sum)(plain) / (float)width, mean_weighted = NAME(sum)(weighted) / (float)width;
        for (size_t i = 0; i < width; i += WIDTH) {
            VECTOR normal = (LOAD(in + i) - mean) * factor, w = LOAD(weight + i);
            VECTOR d = (LOAD(d_out + i) * w - mean_plain - normal * mean_weighted) * factor;
            STORE(d_in + i, residual ? LOAD(residual + i) + d : d);
            if (out) STORE(out + place(out_layout, i), normal * w + LOAD(bias + i));
        }
        if (residual) residual += width;
        if (out) out += out_layout.row;
    }
}

TARGET static void NAME(gelu_forward)(
    float *out, struct ckernels_layout out_layout, const float *in, struct ckernels_layout in_layout, size_t rows,
    size_t width
) {
    for (size_t j = 0; j < width; j += 64, out += out_layout.panel, in += in_layout.panel)
        for (size_t row = 0; row < rows; row++)
            for (size_t i = 0; i < 64; i += WIDTH)
                STORE(out + row * out_layout.row + i, NAME(swish)(LOAD(in + row * in_layout.row + i)));
}

TARGET static void NAME(gelu_backward)(
    float *d_in, const float *d_out, float *out, const float *in, struct ckernels_layout layout, size_t rows, size_t width
) {
    for (size_t j = 0; j < width; j += 64, d_in += 64, d_out += 64, out += layout.panel, in += layout.panel)
        for (size_t row = 0; row < rows; row++) {
            fetch_row(d_out + (row + FETCHED_AHEAD) * width, 64);
            for (size_t i = 0; i < 64; i += WIDTH) {
                VECTOR x = LOAD(in + row * layout.row + i);
                VECTOR gate = 1.0f / (NAME(exponential)(x * -1.702f) + 1.0f), y = x * gate;
                STORE(d_in + row * width + i, LOAD(d_out + row * width + i) * (gate + 1.702f * y * (1.0f - gate)));
                STORE(out + row * layout.row + i, y);
            }
        }
}

INLINE void NAME(fill)(float *row, size_t begin, size_t end, float value) {
    for (size_t i = begin; i < end; i++) row[i] = value;
}

// Sets what query `own` does not see of a score row, up to `padded`.
INLINE void NAME(hide)(
    float *row, const struct ckernels_trained_attention *t, size_t own, size_t padded, float value
) {
    float kept = row[own];
    size_t frame = t->tokens ? own - own % t->tokens : 0;
    switch (t->visibility) {
    case CKERNELS_ALL: NAME(fill)(row, t->seen, padded, value); return;
    case CKERNELS_CAUSAL: NAME(fill)(row, own + 1, padded, value); return;
    case CKERNELS_OTHER_FRAMES:
        NAME(fill)(row, frame, frame + t->tokens, value);
        NAME(fill)(row, t->seen, padded, value);
        break;
    case CKERNELS_EARLIER_FRAMES: NAME(fill)(row, frame, padded, value); break;
    }
    row[own] = kept;
}

TARGET static void NAME(attention_forward)(const struct ckernels_trained_attention *t) {
    size_t padded = (t->seen + WIDTH - 1) / WIDTH * WIDTH;
    NAME(product)(
        t->scores, t->score_stride, t->queries, t->query_stride, 1, t->transposed_keys, t->transposed_stride, t->rows,
        CKERNELS_HEAD, t->seen, 0);
    float factors[CKERNELS_ATTENTION_ROWS];
    for (size_t row = 0; row < t->rows; row++) {
        float *scores = t->scores + row * t->score_stride;
        size_t own = t->own_first + row;
        // The own key is always seen, so its score in place of hidden ones leaves the largest as it is.
        NAME(hide)(scores, t, own, padded, scores[own]);
        VECTOR peak = LOAD(scores);
        for (size_t i = WIDTH; i < padded; i += WIDTH) peak = __builtin_elementwise_max(peak, LOAD(scores + i));
        float largest = NAME(largest)(peak);
        for (size_t i = 0; i < padded; i += WIDTH)
            STORE(scores + i, NAME(exponential)((LOAD(scores + i) - largest) * t->scale));
        NAME(hide)(scores, t, own, padded, 0);
        VECTOR total = {0};
        for (size_t i = 0; i < padded; i += WIDTH) total += LOAD(scores + i);
        float sum = NAME(sum)(total);
        factors[row] = 1.0f / sum;
        t->statistics[row] = largest * t->scale + logf(sum);
    }
    NAME(product)(
        t->out, CKERNELS_HEAD, t->scores, t->score_stride, 1, t->values, t->key_stride, t->rows, t->seen, CKERNELS_HEAD, 0);
    for (size_t row = 0; row < t->rows; row++)
        for (int d = 0; d < CKERNELS_HEAD; d += WIDTH) {
            float *out = t->out + row * CKERNELS_HEAD + d;
            STORE(out, LOAD(out) * factors[row]);
        }
}

TARGET static void NAME(attention_backward)(const struct ckernels_trained_attention *t) {
    size_t padded = (t->seen + WIDTH - 1) / WIDTH * WIDTH;
    NAME(product)(
        t->scores, t->score_stride, t->queries, t->query_stride, 1, t->transposed_keys, t->transposed_stride, t->rows,
        CKERNELS_HEAD, t->seen, 0);
    NAME(product)(
        t->d_scores, t->score_stride, t->d_out, CKERNELS_HEAD, 1, t->transposed_values, t->transposed_stride, t->rows,
        CKERNELS_HEAD, t->seen, 0);
    for (size_t row = 0; row < t->rows; row++) {
        float *p = t->scores + row * t->score_stride, *d = t->d_scores + row * t->score_stride;
        const float *out = t->out + row * CKERNELS_HEAD, *d_out = t->d_out + row * CKERNELS_HEAD;
        VECTOR dot = {0};
        for (int i = 0; i < CKERNELS_HEAD; i += WIDTH) dot += LOAD(out + i) * LOAD(d_out + i);
        float mean = NAME(sum)(dot), statistic = t->statistics[row];
        for (size_t i = 0; i < padded; i += WIDTH)
            STORE(p + i, NAME(exponential)(LOAD(p + i) * t->scale - statistic));
        NAME(hide)(p, t, t->own_first + row, padded, 0);
        for (size_t i = 0; i < padded; i += WIDTH)
            STORE(d + i, LOAD(p + i) * (LOAD(d + i) - mean) * t->scale);
    }
    NAME(product)(
        t->d_queries, t->d_query_stride, t->d_scores, t->score_stride, 1, t->keys, t->key_stride, t->rows, t->seen,
        CKERNELS_HEAD, 0);
    NAME(product)(
        t->d_keys, t->d_key_stride, t->d_scores, 1, t->score_stride, t->queries, t->query_stride, t->seen, t->rows,
        CKERNELS_HEAD, t->adds);
    NAME(product)(
        t->d_values, t->d_key_stride, t->scores, 1, t->score_stride, t->d_out, CKERNELS_HEAD, t->seen, t->rows,
        CKERNELS_HEAD, t->adds);
}

TARGET static void NAME(adamw)(
    float *values, float *mean, float *square, const float *gradient, size_t count, const struct ckernels_adamw *s
) {
    enum { AHEAD = 512 };
    float keep = 1.0f - s->rate * s->decay, step = s->rate / s->correction1, root = sqrtf(s->correction2);
    for (size_t i = 0; i < count; i += WIDTH) {
        // Past the end of a page, which the processor's own fetching does not cross.
        __builtin_prefetch(gradient + i + AHEAD, 0, 2);
        __builtin_prefetch(mean + i + AHEAD, 1, 2);
        __builtin_prefetch(square + i + AHEAD, 1, 2);
        __builtin_prefetch(values + i + AHEAD, 1, 2);
        VECTOR g = LOAD(gradient + i) * s->gradient_factor;
        VECTOR m = LOAD(mean + i) * s->beta1 + g * s->gain1;
        VECTOR v = LOAD(square + i) * s->beta2 + g * g * s->gain2;
        STORE(mean + i, m);
        STORE(square + i, v);
        VECTOR divisor = __builtin_elementwise_sqrt(v) / root + s->epsilon;
        STORE(values + i, LOAD(values + i) * keep - step * m / divisor);
    }
}

TARGET static double NAME(sum_of_squares)(const float *values, size_t count) {
    double total = 0;
    for (size_t begin = 0; begin < count; begin += 1024) {
        size_t end = begin + 1024 < count ? begin + 1024 : count;
        VECTOR sums = {0};
        for (size_t i = begin; i < end; i += WIDTH) sums += LOAD(values + i) * LOAD(values + i);
        total += (double)NAME(sum)(sums);
    }
    return total;
}

TARGET static void NAME(add_scaled_rows)(
    float *out, const float *x, const float *y, const float *factors, size_t rows, size_t width
) {
    for (size_t row = 0; row < rows; row++, out += width, y += width) {
        float factor = factors ? factors[row] : 1.0f;
        for (size_t i = 0; i < width; i += WIDTH) {
            VECTOR product = LOAD(y + i) * factor;
            STORE(out + i, x ? LOAD(x + i) + product : product);
        }
        if (x) x += width;
    }
}

TARGET static void NAME(add_columns)(float *out, const float *in, size_t stride, size_t rows, size_t columns) {
    for (size_t row = 0; row < rows; row++, in += stride) {
        fetch_row(in + FETCHED_AHEAD * stride, columns);
        for (size_t column = 0; column < columns; column++) out[column] += in[column];
    }
}

TARGET static void NAME(add)(float *out, const float *in, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] += in[i];
}

TARGET static void NAME(blend)(float *out, const float *x, float x_factor, const float *y, float y_factor, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = x_factor * x[i] + y_factor * y[i];
}

// Columns of a packed panel.
#define PANEL (TILE_VECTORS * WIDTH)

// Writes past the caches: packed weights would fill them, and be read for writing first.
#define STREAM(p, v) __builtin_nontemporal_store(v, (VECTOR *)(p))

TARGET static void NAME(pack)(
    float *panel, const float *b, size_t row_stride, size_t column_stride, size_t depth
) {
    size_t k = 0;
    // Each column's values are contiguous: a square of them at a time, and those after the next on their way.
    for (; row_stride == 1 && k + WIDTH <= depth; k += WIDTH)
        for (size_t j = 0; j < PANEL; j += WIDTH) {
            VECTOR square[WIDTH];
            for (int i = 0; i < WIDTH; i++) {
                const float *column = b + k + (j + i) * column_stride;
                square[i] = LOAD(column);
                __builtin_prefetch(column + 2 * WIDTH, 0, 2);
            }
            NAME(transpose)(square);
            for (int i = 0; i < WIDTH; i++) STREAM(panel + (k + i) * PANEL + j, square[i]);
        }
    for (; k < depth; k++)
        for (size_t j = 0; j < PANEL; j++) panel[k * PANEL + j] = b[k * row_stride + j * column_stride];
}

#undef STREAM

// Steps of the depth that are written out one after the other, and for which the rows of a tile stand together.
#define BLOCK 16

INLINE void NAME(copy_row)(float *to, const float *from) {
    for (int j = 0; j < PANEL; j += WIDTH) STORE(to + j, LOAD(from + j));
}

// c (rows x PANEL) = start + a (rows x depth) panel, where start is `bias`, c itself or nothing. a[i][k] stands at i * a_row +
// k % BLOCK * a_step, and each block of k at a_block from the last; these and `rows` are constants. Each block does its part of
// `ahead`, and the last ones fetch where the sums go or, if those were read, where the next tile's are.
INLINE void NAME(panel_tile)(
    float *c, size_t c_stride, const float *a, size_t a_row, size_t a_step, size_t a_block, const float *panel,
    size_t depth, const float *bias, int accumulate, struct ahead ahead, const int rows
) {
    VECTOR sums[TILE_ROWS][TILE_VECTORS];
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < TILE_VECTORS; j++)
            sums[i][j] = bias ? LOAD(bias + j * WIDTH) : accumulate ? LOAD(c + i * c_stride + j * WIDTH) : (VECTOR){0};
    const float *fetched = accumulate ? c + rows * c_stride : c;
    size_t left_column = 0;
#define STEP(k)                                                                                                        \
    VECTOR right[TILE_VECTORS];                                                                                        \
    for (int j = 0; j < TILE_VECTORS; j++) right[j] = LOAD(panel + (k) * PANEL + j * WIDTH);                           \
    for (int i = 0; i < rows; i++) {                                                                                   \
        float left = a[i * a_row + (k) * a_step];                                                                      \
        for (int j = 0; j < TILE_VECTORS; j++) sums[i][j] += left * right[j];                                          \
    }
    for (; depth >= BLOCK; depth -= BLOCK, a += a_block, panel += BLOCK * PANEL) {
        if (ahead.left) {
            for (int i = 0; i < TILE_ROWS; i++) __builtin_prefetch(ahead.left + i * ahead.left_layout.row, 0, 2);
            left_column += BLOCK;
            ahead.left += left_column % 64 ? BLOCK : ahead.left_layout.panel - 64 + BLOCK;
        }
        if (ahead.rows > 0) {
            if (ahead.copy) {
                NAME(copy_row)(ahead.copy, ahead.row);
                fetch_far_row(ahead.row + COPIED_AHEAD * ahead.stride, PANEL);
                ahead.copy += PANEL;
            } else {
                fetch_far_row(ahead.row, PANEL);
            }
            ahead.row += ahead.stride;
            ahead.rows--;
        }
        if (depth < (rows + 1) * BLOCK) {
            for (int j = 0; j < PANEL; j += 16) __builtin_prefetch(fetched + j, 1);
            fetched += c_stride;
        }
#pragma clang loop unroll(full)
        for (size_t k = 0; k < BLOCK; k++) { STEP(k) }
    }
    for (size_t k = 0; k < depth; k++) { STEP(k) }
#undef STEP
    for (; ahead.copy && ahead.rows > 0; ahead.rows--, ahead.row += ahead.stride, ahead.copy += PANEL)
        NAME(copy_row)(ahead.copy, ahead.row);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < TILE_VECTORS; j++) STORE(c + i * c_stride + j * WIDTH, sums[i][j]);
}

#define EACH_HEIGHT(left, TILE)                                                                                        \
    switch (left) {                                                                                                    \
    case 1: TILE(1); break;                                                                                            \
    case 2: TILE(2); break;                                                                                            \
    case 3: TILE(3); break;                                                                                            \
    case 4: TILE(4); break;                                                                                            \
    case 5: TILE((TILE_ROWS < 5 ? TILE_ROWS : 5)); break;                                                              \
    default: TILE(TILE_ROWS);                                                                                          \
    }

TARGET static void NAME(product_packed)(
    float *out, struct ckernels_layout out_layout, const float *x, struct ckernels_layout x_layout, const float *packed,
    const float *bias, size_t rows, size_t depth, size_t columns, float *scratch
) {
    enum { STRETCH = CKERNELS_PRODUCT_DEPTH };
    // For each stretch of the depth all rows go once into tiles, as the first panel comes to them; with 200 rows these take two
    // thirds of a megabyte of the second-level cache. A panel's stretch stays beside them while all tiles pass, and the next is
    // on its way.
    for (size_t k = 0; k < depth; k += STRETCH) {
        const size_t count = depth - k < STRETCH ? depth - k : STRETCH;
        const size_t space = (count + BLOCK - 1) / BLOCK * BLOCK * TILE_ROWS;
        for (size_t j = 0; j < columns; j += PANEL) {
            const float *panel = packed + j * depth + k * PANEL, *after = panel + depth * PANEL;
            size_t coming = count;
            if (j + PANEL >= columns) {
                after = packed + (k + STRETCH) * PANEL;
                coming = k + count == depth ? 0 : depth - k - STRETCH < STRETCH ? depth - k - STRETCH : STRETCH;
            }
            const float *start = k == 0 && bias ? bias + j : NULL;
            for (size_t i = 0; i < rows; i += TILE_ROWS) {
                float *tile = scratch + i / TILE_ROWS * space;
                const float *from = x + i * x_layout.row + place(x_layout, k);
                for (size_t row = 0; j == 0 && row < TILE_ROWS && i + row < rows; row++, from += x_layout.row) {
                    float *to = tile + row * BLOCK;
                    size_t step = 0;
                    for (; step + BLOCK <= count; step += BLOCK, to += BLOCK * TILE_ROWS)
                        memcpy(to, from + place(x_layout, step), BLOCK * sizeof(float));
                    memcpy(to, from + place(x_layout, step), (count - step) * sizeof(float));
                }
                const size_t first = share(coming, i, rows);
                const struct ahead ahead = {
                    .row = after + first * PANEL,
                    .stride = PANEL,
                    .rows = share(coming, i + TILE_ROWS, rows) - first,
                    .left = j == 0 ? from : NULL,
                    .left_layout = x_layout,
                };
#define TILE(height)                                                                                                   \
    NAME(panel_tile)(                                                                                                  \
        out + i * out_layout.row + place(out_layout, j), out_layout.row, tile, BLOCK, 1, BLOCK * TILE_ROWS, panel,      \
        count, start, k > 0, ahead, height)
                EACH_HEIGHT(rows - i, TILE)
#undef TILE
            }
        }
    }
}

TARGET static void NAME(outer_product)(
    float *out, size_t out_stride, size_t out_panel_stride, const float *left, size_t left_stride, const float *right,
    struct ckernels_layout right_layout, size_t rows, size_t outputs, size_t inputs, int accumulate, float *scratch
) {
    enum { STRETCH = CKERNELS_OUTER_ROWS, BAND = CKERNELS_OUTER_OUTPUTS, SLOT = 8, SPACE = CKERNELS_OUTER_TILE };
    float *copied = scratch, *copy = copied + STRETCH * 64, *slots = copy + STRETCH * 64;
    // Panels of the right side that stand as the tiles read them are not copied.
    const int stands = right_layout.row == PANEL;
    for (size_t first = 0; first < outputs; first += BAND) {
        size_t band = outputs - first < BAND ? outputs - first : BAND;
        // Stretches of even length: a short one would pay as much for the outputs' way as a long one.
        const size_t stretches = (rows + STRETCH - 1) / STRETCH, each = (rows + stretches - 1) / stretches;
        for (size_t k = 0; k < rows; k += each) {
            const size_t count = rows - k < each ? rows - k : each;
            // Tiles of the left side one after the other, eight floats for each row.
            for (size_t row = 0; row < count; row++) {
                const float *from = left + (k + row) * left_stride + first;
                float *slot = slots + row * SLOT;
                fetch_row(from + FETCHED_AHEAD * left_stride, band);
                size_t i = 0;
                for (; i < band && first + i + SLOT <= outputs; i += TILE_ROWS, slot += SPACE)
                    memcpy(slot, from + i, SLOT * sizeof(float));
                for (; i < band; i += TILE_ROWS, slot += SPACE)
                    for (size_t h = 0; h < TILE_ROWS && i + h < band; h++) slot[h] = from[i + h];
            }
            const float *used = right + k * right_layout.row, *behind = used + count * right_layout.row;
            for (size_t row = 0; !stands && row < count; row++)
                NAME(copy_row)(copied + row * PANEL, used + row * right_layout.row);
            for (size_t j = 0; j < inputs; j += PANEL) {
                // After the last panel the first of the next stretch.
                const int last = j + PANEL >= inputs;
                const float *panel = stands ? used + place(right_layout, j) : copied;
                const float *after = last ? behind : used + place(right_layout, j + PANEL);
                const size_t coming = !last ? count : rows - k - count < each ? rows - k - count : each;
                for (size_t i = 0; i < band; i += TILE_ROWS) {
                    const size_t done = share(coming, i, band);
                    const struct ahead ahead = {
                        .row = after + done * right_layout.row,
                        .stride = right_layout.row,
                        .rows = share(coming, i + TILE_ROWS, band) - done,
                        .copy = stands || last ? NULL : copy + done * PANEL,
                    };
#define TILE(height)                                                                                                   \
    NAME(panel_tile)(                                                                                                  \
        out + (first + i) * out_stride + j / PANEL * out_panel_stride, out_stride, slots + i / TILE_ROWS * SPACE, 1,    \
        SLOT, BLOCK * SLOT, panel, count, NULL, accumulate || k > 0, ahead, height)
                    EACH_HEIGHT(band - i, TILE)
#undef TILE
                }
                float *read = copied;
                copied = copy;
                copy = read;
            }
        }
    }
}

#undef EACH_HEIGHT
#undef BLOCK
#undef PANEL

#include "vector_end.inc.h"

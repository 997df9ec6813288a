#ifndef CKERNELS_TRAINING_H
#define CKERNELS_TRAINING_H
#include <stddef.h>

// What training needs besides matrix products: forward with what the backward reads, and the backward, in float32. As in
// transformer.h each has an AVX-512, an AVX2 and a portable form. `width` and `count` are multiples of 16, and rows are
// contiguous, unless said otherwise. A function that adds into its outputs says so.

// Which keys a query sees; `own` is the number of the query's own key.
enum ckernels_visibility {
    CKERNELS_ALL,            // every key
    CKERNELS_CAUSAL,         // keys up to its own
    CKERNELS_OTHER_FRAMES,   // its own, and every key of every other frame
    CKERNELS_EARLIER_FRAMES, // its own, and every key of every earlier frame
};

// Attention of some query rows of one head of 64, and its backward.
struct ckernels_trained_attention {
    float *out;                    // (rows, 64) one after the other; the backward reads it
    float *statistics;             // (rows): largest score + log of the sum
    const float *queries;          // (rows, 64)
    size_t query_stride;
    const float *keys, *values;    // (keys, 64) each
    size_t key_stride;
    const float *transposed_keys, *transposed_values; // (64, keys + padding) each; the forward reads the keys only
    size_t transposed_stride;
    size_t rows;
    size_t seen;                   // keys that any of the rows sees end before this one
    size_t tokens;                 // keys of a frame
    size_t own_first;              // the first row's own key; each next row's is the next
    enum ckernels_visibility visibility;
    float scale;
    float *scores, *d_scores;      // scratch, (rows, seen + padding) each; the forward uses the first only
    size_t score_stride;
    const float *d_out;            // (rows, 64) one after the other
    float *d_queries;              // (rows, 64)
    size_t d_query_stride;
    float *d_keys, *d_values;      // (keys, 64) each
    size_t d_key_stride;
    int adds;                      // whether these are added into rather than written
};

// Where a matrix stands: each row `row` floats after the one before, each 64 columns `panel` floats after those before.
struct ckernels_layout {
    size_t row, panel;
};

struct ckernels_adamw {
    float rate, decay, beta1, beta2, epsilon;
    float gain1, gain2;             // 1 - beta, from more digits than beta itself has
    float correction1, correction2; // 1 - beta^updates
    float gradient_factor;          // what each gradient is multiplied by first: clipping
};

// Steps of the depth that float32's products take at a time.
enum { CKERNELS_PRODUCT_DEPTH = 768 };

// Rows and outputs that `outer_product` holds at a time, and the scratch that this takes.
enum {
    CKERNELS_OUTER_ROWS = 400,
    CKERNELS_OUTER_OUTPUTS = 258,
    // Eight floats for each row, and a cache line, lest all tiles begin in the same set of the cache.
    CKERNELS_OUTER_TILE = CKERNELS_OUTER_ROWS * 8 + 16,
    CKERNELS_OUTER_SCRATCH = CKERNELS_OUTER_ROWS * 128 + CKERNELS_OUTER_TILE * ((CKERNELS_OUTER_OUTPUTS + 3) / 4),
};

struct ckernels_training_functions {
    void (*norm_forward)(
        float *out, float *statistics, const float *in, const float *weight, const float *bias, size_t rows, size_t width,
        float epsilon);
    void (*norm_backward)(
        float *d_in, float *out, struct ckernels_layout out_layout, float *d_weight, float *d_bias, const float *d_out,
        const float *residual, const float *in, const float *statistics, const float *weight, const float *bias,
        size_t rows, size_t width);
    void (*gelu_forward)(
        float *out, struct ckernels_layout out_layout, const float *in, struct ckernels_layout in_layout, size_t rows,
        size_t width);
    void (*gelu_backward)(
        float *d_in, const float *d_out, float *out, const float *in, struct ckernels_layout layout, size_t rows,
        size_t width);
    void (*attention_forward)(const struct ckernels_trained_attention *task);
    void (*attention_backward)(const struct ckernels_trained_attention *task);
    void (*adamw)(
        float *values, float *mean, float *square, const float *gradient, size_t count, const struct ckernels_adamw *s);
    double (*sum_of_squares)(const float *values, size_t count);
    void (*add_scaled_rows)(
        float *out, const float *x, const float *y, const float *factors, size_t rows, size_t width);
    void (*add_columns)(float *out, const float *in, size_t stride, size_t rows, size_t columns);
    void (*add)(float *out, const float *in, size_t count);
    void (*blend)(float *out, const float *x, float x_factor, const float *y, float y_factor, size_t count);
    void (*pack)(float *panel, const float *b, size_t row_stride, size_t column_stride, size_t depth);
    void (*product_packed)(
        float *out, struct ckernels_layout out_layout, const float *x, struct ckernels_layout x_layout,
        const float *packed, const float *bias, size_t rows, size_t depth, size_t columns, float *scratch);
    void (*outer_product)(
        float *out, size_t out_stride, size_t out_panel_stride, const float *left, size_t left_stride,
        const float *right, struct ckernels_layout right_layout, size_t rows, size_t outputs, size_t inputs,
        int accumulate, float *scratch);
    size_t panel; // columns of a packed panel: 8, 16 or 64
    size_t steps; // of the depth in a float of a packed panel: 1, or 2 of bfloat16
    // Rows of a batch, and outputs of a weight's gradient, that are best given to a thread at a time: many enough for full speed,
    // few enough that the threads end together though one is held up.
    size_t part_rows, part_outputs;
};

// The fastest that this processor runs.
const struct ckernels_training_functions *ckernels_training(void);
// `set` is one of `enum ckernels_instructions`. Null where this processor lacks the instructions.
const struct ckernels_training_functions *ckernels_training_of(int set);
// The fastest, but for `pack` and the products: these round both sides to bfloat16 and sum in float32. What
// `pack` writes only this table's `product_packed` reads. Null where the processor has no such products.
const struct ckernels_training_functions *ckernels_training_bf16(void);

// Between what this thread wrote past the caches and the threads that are told of it.
void ckernels_end_of_stream(void);

// norm_forward: out = (in - mean) * factor * weight + bias for each row; statistics (rows, 2): mean and factor.
//
// norm_backward: d_in = residual + the gradient through the norm; `residual` may be null, and may be d_in. Also recomputes
// `out` unless it is null. Adds into d_weight and d_bias.
//
// gelu_forward: out = in * sigmoid(1.702 in). gelu_backward: d_in from d_out, which may be the same; recomputes `out`, which may
// be `in`; the layout is that of these two. Width a multiple of 64.
//
// adamw: decoupled weight decay, then Adam (Loshchilov and Hutter 2019) in the order of PyTorch's `AdamW`.
//
// add_scaled_rows: out = x + factors[row] * y; without `x` the product alone; without `factors` they are 1.
//
// add_columns: adds the sum over the rows, `stride` apart, into out (columns). Any number of columns.
//
// blend: out = x_factor * x + y_factor * y. `add`: adds `in` into `out`. Any count.
//
// pack: one panel (depth / steps, rounded up, panel) of a matrix b (depth, columns), where b[k][j] stands at k * row_stride + j * column_stride.
// Written past the caches, so the panel is aligned to a vector of the instruction set: 64 bytes for the widest. Other threads may be
// told of it after ckernels_end_of_stream.
//
// product_packed: out (rows, columns) = bias + x (rows, depth) b, where `packed` are all panels of b, and `bias` (columns) may be
// null. `columns` is a multiple of 64; any depth. scratch: (rows + 5, depth + 15), in float32 of CKERNELS_PRODUCT_DEPTH at most.
//
// outer_product: out (outputs, inputs) = the transpose of left (rows, outputs) times right (rows, inputs), or that added to it.
// Each `panel` columns of it begin out_panel_stride after those before. `inputs` is a multiple of 64. scratch: CKERNELS_OUTER_SCRATCH floats.
#endif

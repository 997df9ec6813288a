#include "training.h"

#include <math.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "transformer.h"

// One template, three instruction sets, as in transformer.c.

#define NAME_(base, suffix) base##_##suffix
#define NAME__(base, suffix) NAME_(base, suffix)
#define NAME(base) NAME__(base, SUFFIX)

// Floats from a row's first column to `column`.
static inline size_t place(struct ckernels_layout layout, size_t column) {
    return column / 64 * layout.panel + column % 64;
}

// A row on its way to the first-level cache: of rows far apart the processor does not see what comes next.
static inline void fetch_row(const float *row, size_t floats) {
    for (size_t i = 0; i < floats; i += 16) __builtin_prefetch(row + i);
}

// How many rows ahead.
enum { FETCHED_AHEAD = 8 };

// What a tile of a product does for those after it while it sums, a little in each block: a burst of fetches holds the sums up.
struct ahead {
    // `rows` rows of the next panel, which are fetched or, if `copy` is not null, copied there.
    const float *row;
    size_t stride, rows;
    float *copy;
    // The next tile's first row of the left side, if that is to be fetched.
    const float *left;
    struct ckernels_layout left_layout;
};

// How many rows ahead of those that it copies a tile fetches.
enum { COPIED_AHEAD = 16 };

// A row on its way to the second-level cache.
static inline void fetch_far_row(const float *row, size_t floats) {
    for (size_t i = 0; i < floats; i += 16) __builtin_prefetch(row + i, 0, 2);
}

// How many of `count` fall to the first `done` of `all` steps.
static inline size_t share(size_t count, size_t done, size_t all) { return count * (done < all ? done : all) / all; }

// Of `rows` rows of `floats`, those that fall to steps `begin` to `end` of `steps` on their way to the second-level cache.
static inline void fetch_share(
    const float *b, size_t stride, size_t floats, size_t rows, size_t begin, size_t end, size_t steps
) {
    for (size_t row = share(rows, begin, steps); row < share(rows, end, steps); row++)
        fetch_far_row(b + row * stride, floats);
}

#define SUFFIX portable
#define TARGET
#define WIDTH 4
#define TILE_ROWS 4
#define TILE_VECTORS 2
#include "training.inc.h"

#if defined(__x86_64__)
#define SUFFIX avx2
#define TARGET __attribute__((target("avx2,fma")))
#define WIDTH 8
#define TILE_ROWS 6
#define TILE_VECTORS 2
#include "training.inc.h"

#define SUFFIX avx512
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")))
#define WIDTH 16
#define TILE_ROWS 6
#define TILE_VECTORS 4
#include "training.inc.h"

#include "training_bf16.inc.h"
#endif

enum { panel_portable = 8, panel_avx2 = 16, panel_avx512 = 64 };

#define FUNCTIONS(suffix)                                                                                              \
    {norm_forward_##suffix,      norm_backward_##suffix,      gelu_forward_##suffix,    gelu_backward_##suffix,        \
     attention_forward_##suffix, attention_backward_##suffix, adamw_##suffix,           sum_of_squares_##suffix,       \
     add_scaled_rows_##suffix,   add_columns_##suffix,        add_##suffix,             blend_##suffix,                \
     pack_##suffix,              product_packed_##suffix,     outer_product_##suffix,   panel_##suffix,                \
     1,                          102,                         132}

void ckernels_end_of_stream(void) {
#if defined(__x86_64__)
    __builtin_ia32_sfence();
#else
    atomic_thread_fence(memory_order_release);
#endif
}

static const struct ckernels_training_functions functions[] = {
    FUNCTIONS(portable),
#if defined(__x86_64__)
    FUNCTIONS(avx2),
    FUNCTIONS(avx512),
#endif
};

#if defined(__x86_64__)
static const struct ckernels_training_functions functions_bf16 = {
    norm_forward_avx512,      norm_backward_avx512,      gelu_forward_avx512, gelu_backward_avx512,
    attention_forward_avx512, attention_backward_avx512, adamw_avx512,        sum_of_squares_avx512,
    add_scaled_rows_avx512,   add_columns_avx512,        add_avx512,          blend_avx512,
    pack_bf16,                product_packed_bf16,       outer_product_bf16,
    panel_avx512,             2,                         276,                 258,
};
#endif

const struct ckernels_training_functions *ckernels_training_bf16(void) {
#if defined(__x86_64__)
    if (ckernels_training_of(CKERNELS_AVX512) && __builtin_cpu_supports("avx512bf16")) return &functions_bf16;
#endif
    return NULL;
}

const struct ckernels_training_functions *ckernels_training_of(int set) {
    return ckernels_functions_of((enum ckernels_instructions)set) ? &functions[set] : NULL;
}

// Threads that ask for the first time together find the same.
const struct ckernels_training_functions *ckernels_training(void) {
    static _Atomic(const struct ckernels_training_functions *) known = NULL;
    const struct ckernels_training_functions *found = atomic_load_explicit(&known, memory_order_relaxed);
    for (int set = CKERNELS_AVX512; !found && set >= CKERNELS_PORTABLE; set--) {
        found = ckernels_training_of(set);
        if (found) atomic_store_explicit(&known, found, memory_order_relaxed);
    }
    return found;
}

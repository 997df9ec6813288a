#include "product.h"
#include "product_functions.h"

#include <string.h>

void ckernels_product_pack(uint32_t *packed, const uint32_t *weights, size_t outputs, size_t words) {
    enum { PANEL = CKERNELS_PRODUCT_PANEL, SOME = 16 };
    for (size_t first = 0; first < outputs; first += PANEL, packed += words * PANEL) {
        const size_t count = outputs - first < PANEL ? outputs - first : PANEL;
        if (count < PANEL) memset(packed, 0, words * PANEL * sizeof *packed);
        // A cache line of every row at a time.
        for (size_t begin = 0; begin < words; begin += SOME) {
            const size_t end = words - begin < SOME ? words : begin + SOME;
            for (size_t i = 0; i < count; i++)
                for (size_t word = begin; word < end; word++) packed[word * PANEL + i] = weights[(first + i) * words + word];
        }
    }
}

#if defined(__x86_64__)
int ckernels_product_runs(enum ckernels_product_type type) { return ckernels_product_avx512(type) != NULL; }

void ckernels_product_multiply(enum ckernels_product_type type, const struct ckernels_product *task) {
    ckernels_product_avx512(type)(task);
}
#else
int ckernels_product_runs(enum ckernels_product_type type) {
    (void)type;
    return 0;
}

void ckernels_product_multiply(enum ckernels_product_type type, const struct ckernels_product *task) {
    (void)type, (void)task;
    __builtin_trap();
}
#endif

#ifndef CKERNELS_PRODUCT_FUNCTIONS_H
#define CKERNELS_PRODUCT_FUNCTIONS_H
#include "product.h"

#if defined(__x86_64__)
typedef void (*ckernels_product_function)(const struct ckernels_product *task);

// Null where this processor lacks the instructions.
ckernels_product_function ckernels_product_avx512(enum ckernels_product_type type);
#endif
#endif

#ifndef CKERNELS_BFLOAT16_FUNCTIONS_H
#define CKERNELS_BFLOAT16_FUNCTIONS_H
#include "bfloat16.h"

#if defined(__x86_64__)
// Null where this processor lacks the instructions.
const struct ckernels_half_functions *ckernels_half_avx512(void);
#endif
#endif

#if defined(__x86_64__)

#include "product_functions.h"
#include "transformer.h"

#include <immintrin.h>
#include <math.h>

#define NAME_(base, suffix) base##_##suffix
#define NAME__(base, suffix) NAME_(base, suffix)
#define NAME(base) NAME__(base, SUFFIX)

// Of AVX512_BF16 every form has the rounding, which only a processor with such products is asked for.
#define BASE "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma"
#define WIDTH 16
// The most that leaves registers for two vectors of weights and a value of a row.
#define TILE_ROWS 13
#define TILE_VECTORS 2

#define SUFFIX float_product
#define TARGET __attribute__((target(BASE)))
#define SUM __m512
#define NO_SUM _mm512_setzero_ps()
#define ADD_PRODUCT(sum, x, w) _mm512_fmadd_ps(_mm512_castsi512_ps(x), _mm512_castsi512_ps(w), sum)
#include "product.inc.h"

#define SUFFIX half_product
#define TARGET __attribute__((target(BASE)))
#define SUM __m512
#define NO_SUM _mm512_setzero_ps()
#define ADD_PRODUCT(sum, x, w) _mm512_dpbf16_ps(sum, (__m512bh)(x), (__m512bh)(w))
#include "product.inc.h"

#define SUFFIX bytes_product
#define TARGET __attribute__((target(BASE ",avx512vnni")))
#define SUM __m512i
#define NO_SUM _mm512_setzero_si512()
#define ADD_PRODUCT(sum, x, w) _mm512_dpbusd_epi32(sum, x, w)
#define IS_QUANTISED
#include "product.inc.h"

ckernels_product_function ckernels_product_avx512(enum ckernels_product_type type) {
    if (!ckernels_functions_of(CKERNELS_AVX512)) return NULL;
    switch (type) {
    case CKERNELS_PRODUCT_FLOAT: return multiply_float_product;
    case CKERNELS_PRODUCT_HALF: return __builtin_cpu_supports("avx512bf16") ? multiply_half_product : NULL;
    case CKERNELS_PRODUCT_BYTES: return __builtin_cpu_supports("avx512vnni") ? multiply_bytes_product : NULL;
    }
    return NULL;
}

#endif

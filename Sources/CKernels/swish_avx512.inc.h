// Included behind vector.inc.h for AVX-512: what becomes bfloat16 needs no more digits.

// 2^x to a part in 300,000: far finer than what becomes of it. NaN stays NaN.
INLINE __m512 NAME(power_of_two)(__m512 x) {
    const __m512 whole = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m512 r = _mm512_sub_ps(x, whole);
    __m512 p = _mm512_set1_ps(9.5701e-3f);
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(5.591786e-2f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(2.4024745e-1f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(6.9312181e-1f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(9.9999926e-1f));
    return _mm512_scalef_ps(p, whole);
}

INLINE __m512 NAME(quick_swish)(__m512 v) {
    const __m512 divisor = _mm512_add_ps(_mm512_set1_ps(1.0f), NAME(power_of_two)(_mm512_mul_ps(v, _mm512_set1_ps(-1.702f * 1.44269504f))));
    return _mm512_mul_ps(v, _mm512_rcp14_ps(divisor));
}

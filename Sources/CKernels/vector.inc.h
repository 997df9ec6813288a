// What every family of loops starts from, for one instruction set: SUFFIX, TARGET, WIDTH, TILE_ROWS and TILE_VECTORS.

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

// Halves upon halves: few instructions, and sums of few roundings.
#define REDUCE(v, COMBINE)                                                                                             \
    for (int half = WIDTH / 2; half > 0; half /= 2) {                                                                  \
        VECTOR other = v;                                                                                              \
        for (int i = 0; i < half; i++) other[i] = v[half + i];                                                         \
        v = COMBINE;                                                                                                   \
    }

INLINE float NAME(sum)(VECTOR v) {
    REDUCE(v, v + other)
    return v[0];
}

INLINE float NAME(largest)(VECTOR v) {
    REDUCE(v, __builtin_elementwise_max(v, other))
    return v[0];
}

#undef REDUCE

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

INLINE VECTOR NAME(swish)(VECTOR v) {
    return v / (NAME(exponential)(v * -1.702f) + 1.0f);
}

#if WIDTH == 16
#define LOW_HALVES 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define HIGH_HALVES 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif WIDTH == 8
#define LOW_HALVES 0, 8, 1, 9, 2, 10, 3, 11
#define HIGH_HALVES 4, 12, 5, 13, 6, 14, 7, 15
#else
#define LOW_HALVES 0, 4, 1, 5
#define HIGH_HALVES 2, 6, 3, 7
#endif

// Rows become columns: each round interleaves the first half of the vectors with the second.
INLINE void NAME(transpose)(VECTOR square[WIDTH]) {
#pragma clang loop unroll(full)
    for (int round = 1; round < WIDTH; round *= 2) {
        VECTOR next[WIDTH];
        for (int i = 0; i < WIDTH / 2; i++) {
            next[2 * i] = __builtin_shufflevector(square[i], square[i + WIDTH / 2], LOW_HALVES);
            next[2 * i + 1] = __builtin_shufflevector(square[i], square[i + WIDTH / 2], HIGH_HALVES);
        }
        for (int i = 0; i < WIDTH; i++) square[i] = next[i];
    }
}

#undef LOW_HALVES
#undef HIGH_HALVES

// c (rows x TILE_VECTORS*WIDTH) = a (rows x depth) b, or added to it; `rows` is a constant after inlining.
//
// a[i][k] stands at i * a_row + k * a_step, so that a may be the transpose of what lies in memory.
INLINE void NAME(product_tile)(
    float *c, size_t c_stride, const float *a, size_t a_row, size_t a_step, const float *b, size_t b_stride, size_t depth,
    int accumulate, const int rows
) {
    VECTOR sums[TILE_ROWS][TILE_VECTORS];
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < TILE_VECTORS; j++)
            sums[i][j] = accumulate ? LOAD(c + i * c_stride + j * WIDTH) : (VECTOR){0};
    const float *lefts[TILE_ROWS];
    for (int i = 0; i < rows; i++) {
        lefts[i] = a + i * a_row;
        // Keeps one register for each row; clang would otherwise add up the rows' distances anew at every step.
        if (a_row != 1) __asm__("" : "+r"(lefts[i]));
    }
#pragma clang loop unroll_count(4)
    for (size_t k = 0; k < depth; k++) {
        VECTOR right[TILE_VECTORS];
        for (int j = 0; j < TILE_VECTORS; j++) right[j] = LOAD(b + k * b_stride + j * WIDTH);
        for (int i = 0; i < rows; i++) {
            float left = lefts[i][k * a_step];
            for (int j = 0; j < TILE_VECTORS; j++) sums[i][j] += left * right[j];
        }
    }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < TILE_VECTORS; j++) STORE(c + i * c_stride + j * WIDTH, sums[i][j]);
}

// c (rows x columns) = a (rows x depth) b (depth x columns); writes and reads up to a whole tile beyond `columns`.
INLINE void NAME(product)(
    float *c, size_t c_stride, const float *a, size_t a_row, size_t a_step, const float *b, size_t b_stride, size_t rows,
    size_t depth, size_t columns, int accumulate
) {
    for (size_t j = 0; j < columns; j += TILE_VECTORS * WIDTH)
        for (size_t i = 0; i < rows; i += TILE_ROWS) {
            float *to = c + i * c_stride + j;
            const float *from = a + i * a_row;
            const float *right = b + j;
#define TILE(count) \
    case count: NAME(product_tile)(to, c_stride, from, a_row, a_step, right, b_stride, depth, accumulate, count); break;
            switch (rows - i) {
                TILE(1) TILE(2) TILE(3)
#if TILE_ROWS > 4
                TILE(4) TILE(5)
#endif
            default: NAME(product_tile)(to, c_stride, from, a_row, a_step, right, b_stride, depth, accumulate, TILE_ROWS);
            }
#undef TILE
        }
}

// Included by transformer.inc.h once for each instruction set.

typedef uint8_t NAME(bytes) __attribute__((vector_size(WIDTH), aligned(1)));
typedef int32_t NAME(loose_integers) __attribute__((vector_size(WIDTH * 4), aligned(4)));

TARGET static void NAME(quantise_rows)(
    uint8_t *out, float *scales, int32_t *zeros, const float *x, size_t rows, size_t columns
) {
    const VECTOR magic = NAME(splat)(12582912.0f), none = NAME(splat)(0), most = NAME(splat)(255);
    for (size_t row = 0; row < rows; row++, x += columns, out += columns) {
        VECTOR low = none, high = none, doubt = none;
        float lowest = 0, highest = 0, doubtful = 0;
        size_t i = 0;
        for (; i + WIDTH <= columns; i += WIDTH) {
            VECTOR v = LOAD(x + i);
            low = NAME(choose)(v < low, v, low);
            high = NAME(choose)(v > high, v, high);
            doubt += v * 0.0f;   // NaN once a value is not finite
        }
        for (int lane = 0; lane < WIDTH; lane++) {
            if (low[lane] < lowest) lowest = low[lane];
            if (high[lane] > highest) highest = high[lane];
            doubtful += doubt[lane];
        }
        for (size_t tail = i; tail < columns; tail++) {
            if (x[tail] < lowest) lowest = x[tail];
            if (x[tail] > highest) highest = x[tail];
            doubtful += x[tail] * 0.0f;
        }
        // Divided first: the difference of two finite numbers may not be finite.
        float scale = (highest * (1.0f / 255) - lowest * (1.0f / 255)) + doubtful;
        if (scale != scale) {
            scales[row] = scale;
            zeros[row] = 0;
            memset(out, 0, columns);
            continue;
        }
        // Rows of nothing but zeros, or nearly.
        if (scale < 1e-30f) scale = 1e-30f;
        float inverse = 1 / scale, zero = rintf(-lowest * inverse);
        if (zero > 255) zero = 255;
        scales[row] = scale;
        zeros[row] = (int32_t)zero;
        for (i = 0; i + WIDTH <= columns; i += WIDTH) {
            VECTOR v = LOAD(x + i) * inverse + zero;
            v = NAME(choose)(v < none, none, v);
            v = NAME(choose)(v > most, most, v);
            NAME(integers) rounded = (NAME(integers))(v + magic) & 255;
            *(NAME(bytes) *)(out + i) = __builtin_convertvector(rounded, NAME(bytes));
        }
        for (; i < columns; i++) {
            float v = rintf(x[i] * inverse + zero);
            out[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
        }
    }
}

TARGET static void NAME(finish_sums)(
    float *out, const int32_t *sums, const struct ckernels_quantised *by, size_t rows, size_t columns,
    enum ckernels_finish finish
) {
    for (size_t row = 0; row < rows; row++, out += columns, sums += columns) {
        const int32_t zero = by->row_zeros[row];
        const float scale = by->row_scales[row];
        size_t i = 0;
        for (; i + WIDTH <= columns; i += WIDTH) {
            NAME(integers) exact = *(const NAME(loose_integers) *)(sums + i)
                - zero * *(const NAME(loose_integers) *)(by->weight_sums + i);
            VECTOR v = __builtin_convertvector(exact, VECTOR) * (LOAD(by->weight_scales + i) * scale);
            if (by->bias) v += LOAD(by->bias + i);
            if (finish == CKERNELS_FINISH_QUICK_GELU) v = NAME(swish)(v);
            if (finish == CKERNELS_FINISH_ACCUMULATE) v += LOAD(out + i);
            STORE(out + i, v);
        }
        for (; i < columns; i++) {
            float v = (float)(sums[i] - zero * by->weight_sums[i]) * (by->weight_scales[i] * scale);
            if (by->bias) v += by->bias[i];
            if (finish == CKERNELS_FINISH_QUICK_GELU) {
                float lanes[WIDTH] = {v};
                STORE(lanes, NAME(swish)(LOAD(lanes)));
                v = lanes[0];
            }
            out[i] = finish == CKERNELS_FINISH_ACCUMULATE ? out[i] + v : v;
        }
    }
}

// Rows that are normalised. ROWS: what the functions' names begin with; OUT, STORE_OUT and CONVERT: the type of what they write.

TARGET static void NAME(ROWS(layer_norm))(
    OUT *out, const float *in, size_t in_stride, const float *weight, const float *bias, size_t rows, size_t width,
    float epsilon
) {
    for (size_t row = 0; row < rows; row++, in += in_stride, out += width) {
        float factor, mean = NAME(statistics)(in, width, epsilon, &factor);
        size_t i = 0;
        for (; i + WIDTH <= width; i += WIDTH)
            STORE_OUT(out + i, (LOAD(in + i) - mean) * factor * LOAD(weight + i) + LOAD(bias + i));
        for (; i < width; i++) out[i] = CONVERT((in[i] - mean) * factor * weight[i] + bias[i]);
    }
}

TARGET static void NAME(ROWS(combine_normalised))(
    OUT *out, const float *kept, const float *slot, const float *ones, const float *bias, const float *x, size_t rows,
    size_t width, size_t columns, float epsilon
) {
    for (size_t row = 0; row < rows; row++, x += width, kept += columns, out += columns) {
        float factor, mean = NAME(statistics)(x, width, epsilon, &factor);
        size_t i = 0;
        for (; i + WIDTH <= columns; i += WIDTH)
            STORE_OUT(out + i,
                (LOAD(kept + i) + LOAD(slot + i) - mean * LOAD(ones + i)) * factor + LOAD(bias + i));
        for (; i < columns; i++) out[i] = CONVERT((kept[i] + slot[i] - mean * ones[i]) * factor + bias[i]);
    }
}

#undef ROWS
#undef OUT
#undef STORE_OUT
#undef CONVERT

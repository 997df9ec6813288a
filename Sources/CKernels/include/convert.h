#ifndef CKERNELS_CONVERT_H
#define CKERNELS_CONVERT_H
#include <stddef.h>
#include <stdint.h>

// Element conversions of checkpoints. Sources need no alignment: safetensors files and zip archives place tensors at
// any byte offset. Float16 takes F16C where the processor has it.

void ckernels_f16_to_f32(float *out, const void *in, size_t count);
void ckernels_bf16_to_f32(float *out, const void *in, size_t count);
void ckernels_f64_to_f32(float *out, const void *in, size_t count);
// Round to nearest, ties to even.
void ckernels_f32_to_f16(uint16_t *out, const float *in, size_t count);
void ckernels_f32_to_bf16(uint16_t *out, const float *in, size_t count);

// 1 when every element is finite: a test of the exponent bits, so one pass over memory without conversion.
int ckernels_all_finite_f16(const void *in, size_t count);
int ckernels_all_finite_bf16(const void *in, size_t count);
int ckernels_all_finite_f32(const void *in, size_t count);
int ckernels_all_finite_f64(const void *in, size_t count);

// Reverses the bytes of each element of `width` 2, 4 or 8, in place.
void ckernels_swap_bytes(void *values, size_t count, size_t width);
#endif

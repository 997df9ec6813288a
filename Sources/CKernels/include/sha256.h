#ifndef CKERNELS_SHA256_H
#define CKERNELS_SHA256_H
#include <stddef.h>
#include <stdint.h>

// Runs SHA-256's compression function (FIPS 180-4, section 6.2.2) over `blocks` blocks of 64 bytes.
// Padding is the caller's. Takes the processor's SHA instructions where it has them.
void ckernels_sha256_blocks(uint32_t state[8], const uint8_t *in, size_t blocks);
#endif

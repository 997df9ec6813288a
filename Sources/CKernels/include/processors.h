#ifndef CKERNELS_PROCESSORS_H
#define CKERNELS_PROCESSORS_H

#include <stddef.h>
#include <stdint.h>

// The processors that the scheduler may run the calling thread on, a bit each, processor 0 first; sched_getaffinity(2).
// words: (count), overwritten. Returns 0, or an error number, such as where there are more processors than bits.
int ckernels_allowed_processors(uint64_t *words, size_t count);

#endif

#include "processors.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

int ckernels_allowed_processors(uint64_t *words, size_t count) {
    memset(words, 0, count * sizeof *words);
    return sched_getaffinity(0, count * sizeof *words, (cpu_set_t *)words) == 0 ? 0 : errno;
}

#include "allocations.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)

int allocations_are_counted(void) { return 0; }

void allocations_watch_thread(int is_watched) { (void)is_watched; }

long allocations_count(void) { return 0; }

#else

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

// Of a model that needs no allocation itself.
static _Thread_local int watched __attribute__((tls_model("initial-exec")));
static atomic_long counted;

static void note(void) {
    if (watched) atomic_fetch_add_explicit(&counted, 1, memory_order_relaxed);
}

int allocations_are_counted(void) { return 1; }

void allocations_watch_thread(int is_watched) { watched = is_watched; }

long allocations_count(void) { return atomic_load_explicit(&counted, memory_order_relaxed); }

void *malloc(size_t size) {
    note();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    note();
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
    note();
    return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
    note();
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    note();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
    note();
    if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0) return EINVAL;
    void *made = __libc_memalign(alignment, size);
    if (!made) return ENOMEM;
    *memory = made;
    return 0;
}

#endif

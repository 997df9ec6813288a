#ifndef ALLOCATIONS_H
#define ALLOCATIONS_H

// Counts the heap allocations of chosen threads. Linked into the tests alone, whose calls of malloc and its kin pass here.

// 0 where a sanitizer has put its own allocator in place: then nothing is counted.
int allocations_are_counted(void);

// Whether the calling thread's allocations count from here on.
void allocations_watch_thread(int is_watched);

// Allocations of all watched threads so far.
long allocations_count(void);

#endif

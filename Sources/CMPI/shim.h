#include <mpi.h>
#include <stdlib.h>

/* The communicator and the type are macros with casts, which Swift does not see. */

/* Calls come from one thread at a time, not always the same one. A process that waits lets others compute, where Open MPI is not
 * told otherwise. */
static inline int cmpi_start(void) {
    int provided;
    setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
    int code = MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &provided);
    /* Errors are returned, not answered by ending the process. */
    if (code == MPI_SUCCESS) MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    return code == MPI_SUCCESS && provided < MPI_THREAD_SERIALIZED ? MPI_ERR_OTHER : code;
}

static inline int cmpi_rank(void) {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

static inline int cmpi_count(void) {
    int count = 1;
    MPI_Comm_size(MPI_COMM_WORLD, &count);
    return count;
}

static inline int cmpi_send(const void *bytes, int count, int to) {
    return MPI_Send(bytes, count, MPI_BYTE, to, 0, MPI_COMM_WORLD);
}

static inline int cmpi_next_size(int from, int *count) {
    MPI_Status status;
    int code = MPI_Probe(from, 0, MPI_COMM_WORLD, &status);
    return code ? code : MPI_Get_count(&status, MPI_BYTE, count);
}

static inline int cmpi_receive(void *bytes, int count, int from) {
    return MPI_Recv(bytes, count, MPI_BYTE, from, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

static inline int cmpi_sum(float *values, int count) {
    return MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
}

static inline int cmpi_broadcast(void *bytes, int count) {
    return MPI_Bcast(bytes, count, MPI_BYTE, 0, MPI_COMM_WORLD);
}

static inline int cmpi_gather_sizes(const int *own, int *all) {
    return MPI_Allgather(own, 1, MPI_INT, all, 1, MPI_INT, MPI_COMM_WORLD);
}

static inline int cmpi_gather(const void *own, int count, void *all, const int *counts, const int *offsets) {
    return MPI_Allgatherv(own, count, MPI_BYTE, all, counts, offsets, MPI_BYTE, MPI_COMM_WORLD);
}

static inline void cmpi_finish(void) { MPI_Finalize(); }

/* MPI_Abort is not declared as one that never returns. */
__attribute__((noreturn)) static inline void cmpi_abort(int status) {
    MPI_Abort(MPI_COMM_WORLD, status);
    exit(status);
}

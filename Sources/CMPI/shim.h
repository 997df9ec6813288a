#include <mpi.h>
#include <stdlib.h>

/* The communicator and the type are macros with casts, which Swift does not see. */

static inline int cmpi_start(void) {
    int provided;
    return MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
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

static inline void cmpi_finish(void) { MPI_Finalize(); }

/* MPI_Abort is not declared as one that never returns. */
__attribute__((noreturn)) static inline void cmpi_abort(int status) {
    MPI_Abort(MPI_COMM_WORLD, status);
    exit(status);
}

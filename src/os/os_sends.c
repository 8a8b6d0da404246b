/*
 * os_sends.c - several sends with one system call, where the kernel offers it.
 *
 * Linux's io_uring takes a list of operations in shared memory. What is asked for here never waits
 * (MSG_DONTWAIT), so all of it is done when the submitting call returns. Beside the calls saved,
 * the peers woken by the first sends do not take the processor before the last one is out.
 * Containers often forbid io_uring; then the same list is sent one by one.
 */
#include <errno.h>
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/os.h"

struct OsSends {
    int fd; /* -1: no ring, plain sends */
    uint32_t *sq_head, *sq_tail, *sq_mask, *sq_array, *cq_head, *cq_tail, *cq_mask;
    struct io_uring_sqe *sqes;
    struct io_uring_cqe *cqes;
    void *sq_map, *cq_map;
    size_t sq_bytes, cq_bytes, sqe_bytes;
};

static void ring_close(OsSends *r)
{
    if (r->sq_map != MAP_FAILED && r->sq_map != NULL) {
        (void)munmap(r->sq_map, r->sq_bytes);
    }
    if (r->cq_map != MAP_FAILED && r->cq_map != NULL) {
        (void)munmap(r->cq_map, r->cq_bytes);
    }
    if ((void *)r->sqes != MAP_FAILED && r->sqes != NULL) {
        (void)munmap(r->sqes, r->sqe_bytes);
    }
    if (r->fd >= 0) {
        (void)close(r->fd);
    }
    *r = (OsSends){.fd = -1};
}

static void *ring_map(const OsSends *r, size_t bytes, off_t what)
{
    return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd, what);
}

/* ring_open - set the ring up; fd stays -1 where the kernel refuses. */
static void ring_open(OsSends *r)
{
    struct io_uring_params p = {0};
    *r = (OsSends){.fd = (int)syscall(SYS_io_uring_setup, OS_SENDS_MAX, &p)};
    if (r->fd < 0) {
        r->fd = -1;
        return;
    }
    r->sq_bytes = p.sq_off.array + p.sq_entries * sizeof(uint32_t);
    r->cq_bytes = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe);
    r->sqe_bytes = p.sq_entries * sizeof(struct io_uring_sqe);
    r->sq_map = ring_map(r, r->sq_bytes, IORING_OFF_SQ_RING);
    r->cq_map = ring_map(r, r->cq_bytes, IORING_OFF_CQ_RING);
    r->sqes = ring_map(r, r->sqe_bytes, IORING_OFF_SQES);
    if (r->sq_map == MAP_FAILED || r->cq_map == MAP_FAILED || (void *)r->sqes == MAP_FAILED ||
        p.sq_entries < OS_SENDS_MAX) {
        ring_close(r);
        return;
    }
    uint8_t *sq = r->sq_map, *cq = r->cq_map;
    r->sq_head = (void *)(sq + p.sq_off.head);
    r->sq_tail = (void *)(sq + p.sq_off.tail);
    r->sq_mask = (void *)(sq + p.sq_off.ring_mask);
    r->sq_array = (void *)(sq + p.sq_off.array);
    r->cq_head = (void *)(cq + p.cq_off.head);
    r->cq_tail = (void *)(cq + p.cq_off.tail);
    r->cq_mask = (void *)(cq + p.cq_off.ring_mask);
    r->cqes = (void *)(cq + p.cq_off.cqes);
}

OsSends *os_sends_create(void)
{
    OsSends *r = mem_alloc("sends", sizeof(*r));
    ring_open(r);
    return r;
}

void os_sends_free(OsSends *r)
{
    if (r != NULL) {
        ring_close(r);
        mem_free(r);
    }
}

static void send_plain(OsSend *op)
{
    ssize_t n;
    do {
        n = send(op->fd, op->data, op->len, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    op->result = n < 0 ? -errno : n;
}

/* ring_collect - take the results that are there. */
static uint32_t ring_collect(OsSends *r, OsSend *ops)
{
    uint32_t head = *r->cq_head, count = 0;
    uint32_t tail = __atomic_load_n(r->cq_tail, __ATOMIC_ACQUIRE);
    for (; head != tail; head++, count++) {
        const struct io_uring_cqe *c = &r->cqes[head & *r->cq_mask];
        ops[c->user_data].result = c->res;
    }
    __atomic_store_n(r->cq_head, head, __ATOMIC_RELEASE);
    return count;
}

/* ring_send - all of it by the ring; false when the ring failed, with every result not known left
 * at OS_SEND_UNKNOWN. */
static bool ring_send(OsSends *r, OsSend *ops, uint32_t count)
{
    uint32_t tail = *r->sq_tail;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = (tail + i) & *r->sq_mask;
        r->sqes[at] = (struct io_uring_sqe){
            .opcode = IORING_OP_SEND,
            .fd = ops[i].fd,
            .addr = (uintptr_t)ops[i].data,
            .len = (uint32_t)MIN(ops[i].len, (size_t)INT32_MAX),
            .msg_flags = MSG_NOSIGNAL | MSG_DONTWAIT,
            .user_data = i,
        };
        r->sq_array[at] = at;
    }
    __atomic_store_n(r->sq_tail, tail + count, __ATOMIC_RELEASE);
    uint32_t done = 0;
    while (done < count) {
        uint32_t left = tail + count - __atomic_load_n(r->sq_head, __ATOMIC_ACQUIRE);
        long n =
            syscall(SYS_io_uring_enter, r->fd, left, count - done, IORING_ENTER_GETEVENTS, NULL, 0);
        done += ring_collect(r, ops);
        if (n < 0 && errno != EINTR && errno != EAGAIN && errno != EBUSY) {
            return false;
        }
    }
    return true;
}

void os_sends(OsSends *r, OsSend *ops, uint32_t count)
{
    ASSERT(count <= OS_SENDS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        ops[i].result = OS_SEND_UNKNOWN;
    }
    if (r->fd >= 0 && count > 1 && !ring_send(r, ops, count)) {
        /* Closing it ends what is under way; what was not taken has sent nothing. */
        ring_close(r);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (ops[i].result == OS_SEND_UNKNOWN) {
            send_plain(&ops[i]);
        }
    }
}

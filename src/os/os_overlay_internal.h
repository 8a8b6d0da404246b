#ifndef DASSIE_OS_OVERLAY_INTERNAL_H
#define DASSIE_OS_OVERLAY_INTERNAL_H
/*
 * os_overlay_internal.h - shared by the files of the overlay only.
 */
#include "base/map.h"
#include "os/os_overlay.h"

#define OVERLAY_BLOCK ((uint64_t)4096)
#define OVERLAY_RANK  990 /* under every other mutex: held over one call of the base */

/* OverlayNode - a name's file or directory as it is seen here. Lives until the overlay goes. */
typedef struct OverlayNode {
    struct OverlayNode *next; /* of all */
    char *path;
    bool exists;  /* false: removed, or never there */
    OsFile *base; /* its file in the other Os; NULL: none, or not opened yet */
    bool in_base; /* the other Os has a file by the name base_path */
    char *base_path;
    uint64_t base_bytes; /* of it so many are seen */
    uint64_t size;
    Map blocks; /* number of a block that was written -> its place in the scratch file + 1 */
} OverlayNode;

typedef struct OverlayOs {
    Os os;
    Os *base;
    OsMutex mutex;
    OsFile *scratch;
    uint64_t scratch_blocks;
    Map names; /* path -> OverlayNode */
    OverlayNode *nodes;
} OverlayOs;

typedef struct OverlayFile {
    OsFile file;
    OverlayNode *node;
} OverlayFile;

/* overlay_node - the node of a path, made when it is asked for the first time. Under the mutex. */
Status overlay_node(OverlayOs *o, Cx *cx, const char *path, OverlayNode **out);
/* overlay_node_open - its file in the other Os is open and its size known. Under the mutex. */
Status overlay_node_open(OverlayOs *o, Cx *cx, OverlayNode *n, uint32_t flags);

void overlay_file_close(OsFile *f);
Status overlay_file_pread(OsFile *f, Cx *cx, void *buf, size_t n, uint64_t offset, size_t *n_out);
Status overlay_file_pwrite(OsFile *f, Cx *cx, const void *buf, size_t n, uint64_t offset);
Status overlay_file_sync(OsFile *f, Cx *cx);
Status overlay_file_writeback(OsFile *f, Cx *cx, uint64_t offset, uint64_t n, bool wait);
Status overlay_file_truncate(OsFile *f, Cx *cx, uint64_t size);
Status overlay_file_allocate(OsFile *f, Cx *cx, uint64_t offset, uint64_t n);
Status overlay_file_size(OsFile *f, Cx *cx, uint64_t *size_out);
Status overlay_file_lock(OsFile *f, Cx *cx);

#endif

#ifndef DASSIE_OS_OVERLAY_H
#define DASSIE_OS_OVERLAY_H
/*
 * os_overlay.h - an Os over another whose files it only reads: what is written, made, renamed or
 * removed is kept beside them, in one scratch file without a name, and seen by this Os alone.
 *
 * So a database file can be opened, recovered and walked as ever, and not a byte of it changes; to
 * read its files is all that is needed. Clock, threads and waits are the other Os's. Nothing is
 * durable, and syncs do nothing. Directories are not renamed. Any thread.
 */
#include "os/os.h"

/* os_overlay_create - scratch_dir is where the scratch file is made, which takes what is written.
 * os_overlay_free - after every file of it was closed; locks that were taken end here. */
Status os_overlay_create(Cx *cx, Os *base, const char *scratch_dir, Os **os_out);
void os_overlay_free(Os *os);
/* os_overlay_bytes - what the scratch file holds. */
uint64_t os_overlay_bytes(Os *os);

#endif

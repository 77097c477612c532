#pragma once

#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"

/* Appends a whole file of at most ${max} bytes. ERR_NOT_FOUND if it is absent: said by the
 * caller, often it is no news. ERR_LIMIT and other failures are logged here. */
NODISCARD enum err file_read(struct buf *out, const char *path, size_t max);

/* Replaces path by the bytes so that after a crash either the old or the new file is
 * there, whole: temporary file, fsync, rename, fsync of the folder. Mode 0600. Written by root it
 * belongs to the owner of its folder; so does a folder of file_mkdir(). */
NODISCARD enum err file_write(const char *path, const void *bytes, size_t n);

/* Makes the folder (0700) unless it is there. */
NODISCARD enum err file_mkdir(const char *path);

/* Joins into out; ERR_LIMIT when it does not fit. */
#define FILE_PATH_BYTES 4096
NODISCARD enum err file_path(
	char out[static FILE_PATH_BYTES], const char *dir, const char *name);

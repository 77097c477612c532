#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * As much of an HTTP/1.1 answer as tells its status and whether all of it is there (RFC 9112
 * sections 4 and 6), fed as it comes. Pure: the bytes are a stranger's.
 */
#define ANSWER_HEAD_BYTES 8192
#define ANSWER_TAIL_BYTES 7

struct answer {
	int64_t bytes; /* so far, head and all */
	size_t head_n, tail_n;
	char head[ANSWER_HEAD_BYTES], tail[ANSWER_TAIL_BYTES];
};

void answer_start(struct answer *answer);
void answer_take(struct answer *answer, const char *bytes, size_t n);
int64_t answer_status(const struct answer *answer); /* -1: none was said */
/* Has it come to its end? By its own word: a length, or the last chunk. What only the end of
 * the connection would end never has. */
bool answer_is_whole(const struct answer *answer);
/* Does it say where its end is, and is not there yet? Then the end of the connection cut it
 * off. */
bool answer_is_cut(const struct answer *answer);

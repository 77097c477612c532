#pragma once

#include <stddef.h>
#include <stdint.h>

/* A growing run of bytes; always NUL-terminated behind len. Start with {0}. */
struct buf {
	char *data;
	size_t len;
	size_t cap;
};

/* A run of bytes that somebody else owns. */
struct span {
	const char *at;
	size_t len;
};

void buf_add(struct buf *buf, const void *bytes, size_t n);
void buf_puts(struct buf *buf, const char *text);
__attribute__((format(printf, 2, 3))) void buf_printf(
	struct buf *buf, const char *format, ...);
/* Empties it and keeps the memory. */
void buf_clear(struct buf *buf);
void buf_free(struct buf *buf);

struct span buf_span(const struct buf *buf);
/* Cuts the first line (without '\n') off ${rest}; 0 when nothing is left or the last
 * line has no '\n'. */
int span_line(struct span *line, struct span *rest);
/* The same for files that people write: '\r' before '\n' is left out, and a last line
 * needs no '\n'. */
int span_written_line(struct span *line, struct span *rest);
/* Cuts a line at its commas, no quotes known, into exactly ${n} columns; else 0. */
int span_columns(struct span *columns, size_t n, struct span line);
int span_is(struct span span, const char *text);
/* A canonical decimal (digits, no leading zero) of at most ${max}; else 0. */
int span_number(uint64_t *out, struct span span, uint64_t max);
/* Cuts ${text} off the front; 0, and nothing cut, when the span starts otherwise. */
int span_skip(struct span *span, const char *text);

#include "common/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
reserve(struct buf *buf, size_t more)
{
	size_t cap = buf->cap ? buf->cap : 64;

	if (more > (size_t)-1 / 2 - buf->len)
		abort();
	while (cap < buf->len + more + 1)
		cap *= 2;
	if (cap == buf->cap)
		return;
	buf->data = realloc(buf->data, cap);
	if (!buf->data)
		abort(); /* memory is gone: the third kind of bad news */
	buf->cap = cap;
}

void
buf_add(struct buf *buf, const void *bytes, size_t n)
{
	reserve(buf, n);
	if (n)
		memcpy(buf->data + buf->len, bytes, n);
	buf->len += n;
	buf->data[buf->len] = '\0';
}

void
buf_puts(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void
buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args, again;
	int n;

	va_start(args, format);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, args);
	if (n < 0)
		abort();
	reserve(buf, (size_t)n);
	vsnprintf(buf->data + buf->len, (size_t)n + 1, format, again);
	buf->len += (size_t)n;
	va_end(again);
	va_end(args);
}

void
buf_clear(struct buf *buf)
{
	buf->len = 0;
	if (buf->data)
		buf->data[0] = '\0';
}

void
buf_free(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){0};
}

struct span
buf_span(const struct buf *buf)
{
	return (struct span){buf->data ? buf->data : "", buf->len};
}

int
span_line(struct span *line, struct span *rest)
{
	const char *end = rest->len ? memchr(rest->at, '\n', rest->len) : NULL;

	if (!end)
		return 0;
	*line = (struct span){rest->at, (size_t)(end - rest->at)};
	rest->at = end + 1;
	rest->len -= line->len + 1;
	return 1;
}

int
span_written_line(struct span *line, struct span *rest)
{
	if (!rest->len)
		return 0;
	if (!span_line(line, rest)) {
		*line = *rest;
		rest->len = 0;
	}
	if (line->len && line->at[line->len - 1] == '\r')
		line->len--;
	return 1;
}

int
span_columns(struct span *columns, size_t n, struct span line)
{
	const char *end = line.at + line.len, *start = line.at;
	size_t found = 0;

	for (const char *at = start; at <= end; at++) {
		if (at < end && *at != ',')
			continue;
		if (found == n)
			return 0;
		columns[found++] = (struct span){start, (size_t)(at - start)};
		start = at + 1;
	}
	return found == n;
}

int
span_is(struct span span, const char *text)
{
	return span.len == strlen(text) && memcmp(span.at, text, span.len) == 0;
}

int
span_number(uint64_t *out, struct span span, uint64_t max)
{
	uint64_t n = 0;
	size_t i;

	if (!span.len || (span.len > 1 && span.at[0] == '0'))
		return 0;
	for (i = 0; i < span.len; i++) {
		unsigned digit = (unsigned)((unsigned char)span.at[i] - '0');

		if (digit > 9 || digit > max || n > (max - digit) / 10)
			return 0;
		n = n * 10 + digit;
	}
	*out = n;
	return 1;
}

int
span_skip(struct span *span, const char *text)
{
	size_t n = strlen(text);

	if (span->len < n || memcmp(span->at, text, n))
		return 0;
	span->at += n;
	span->len -= n;
	return 1;
}

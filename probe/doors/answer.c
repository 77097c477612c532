#include "probe/doors/answer.h"

#include <string.h>
#include <strings.h>

#define LENGTH "\r\nContent-Length:"
#define CHUNKED "\r\nTransfer-Encoding:"
#define HEAD_END "\r\n\r\n"
#define LAST_CHUNK "\r\n0\r\n\r\n" /* without trailers, as all but nobody sends */
#define DIGITS_MAX 12

void
answer_start(struct answer *a)
{
	a->bytes = 0;
	a->head_n = a->tail_n = 0;
}

void
answer_take(struct answer *a, const char *bytes, size_t n)
{
	size_t room = ANSWER_HEAD_BYTES - a->head_n, head = n < room ? n : room;
	size_t tail = n < ANSWER_TAIL_BYTES ? n : ANSWER_TAIL_BYTES;
	size_t keep = a->tail_n + tail > ANSWER_TAIL_BYTES ? ANSWER_TAIL_BYTES - tail
							   : a->tail_n;

	memcpy(a->head + a->head_n, bytes, head);
	a->head_n += head;
	memmove(a->tail, a->tail + a->tail_n - keep, keep);
	memcpy(a->tail + keep, bytes + n - tail, tail);
	a->tail_n = keep + tail;
	a->bytes += (int64_t)n;
}

int64_t
answer_status(const struct answer *a)
{
	const char *at = a->head + strlen("HTTP/1.x ");
	int64_t status = 0;

	if (a->head_n < strlen("HTTP/1.x 000") || memcmp(a->head, "HTTP/1.", 7))
		return -1;
	for (int i = 0; i < 3; i++) {
		if (at[i] < '0' || at[i] > '9')
			return -1;
		status = status * 10 + at[i] - '0';
	}
	return status >= 100 && status <= 599 ? status : -1;
}

/* What stands behind a field's name in the head, its first ${head} bytes; NULL: no such
 * field. */
static const char *
answer_field(const struct answer *a, size_t head, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i + n <= head; i++)
		if (!strncasecmp(a->head + i, name, n))
			return a->head + i + n;
	return NULL;
}

/* -1: it says none. The head ends in CR LF, which no digit is. */
static int64_t
answer_length(const struct answer *a, size_t head)
{
	const char *at = answer_field(a, head, LENGTH);
	int64_t length = 0;
	int digits = 0;

	if (!at)
		return -1;
	while (*at == ' ' || *at == '\t')
		at++;
	for (; *at >= '0' && *at <= '9' && digits < DIGITS_MAX; digits++)
		length = length * 10 + *at++ - '0';
	return digits ? length : -1;
}

enum answer_state { ANSWER_WHOLE, ANSWER_CUT, ANSWER_OPEN };

static enum answer_state
answer_state(const struct answer *a)
{
	const char *end = memmem(a->head, a->head_n, HEAD_END, strlen(HEAD_END));
	int64_t status = answer_status(a), length;
	size_t head;
	bool whole;

	/* A head that is longer than what is kept of it: how much follows is not known. */
	if (!end && a->head_n == ANSWER_HEAD_BYTES)
		return ANSWER_OPEN;
	/* After a status of 1xx another head follows. */
	if (!end || status < 200)
		return ANSWER_CUT;
	head = (size_t)(end - a->head) + strlen(HEAD_END);
	if (status == 204 || status == 304)
		return ANSWER_WHOLE;
	length = answer_length(a, head);
	if (answer_field(a, head, CHUNKED))
		whole = a->bytes > (int64_t)head && a->tail_n == ANSWER_TAIL_BYTES &&
			!memcmp(a->tail, LAST_CHUNK, ANSWER_TAIL_BYTES);
	else if (length < 0)
		return ANSWER_OPEN;
	else
		whole = a->bytes >= (int64_t)head + length;
	return whole ? ANSWER_WHOLE : ANSWER_CUT;
}

bool
answer_is_whole(const struct answer *a)
{
	return answer_state(a) == ANSWER_WHOLE;
}

bool
answer_is_cut(const struct answer *a)
{
	return answer_state(a) == ANSWER_CUT;
}

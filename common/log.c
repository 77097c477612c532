#include "common/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LINE_BYTES 1024

static enum log_level level = LOG_NOTES;

void
log_set_level(enum log_level wanted)
{
	level = wanted;
}

/* What is printed may hold words of a peer: nothing of it may start a second line or
 * reach the terminal as a control sequence. One write(2), so that lines of two processes
 * do not mix. */
__attribute__((format(printf, 2, 0))) static void
say(const char *before, const char *format, va_list args)
{
	char line[LINE_BYTES];
	int start = snprintf(line, sizeof line, "%s", before);
	int n = vsnprintf(line + start, sizeof line - 1 - (size_t)start, format, args);

	n = n < 0 ? start : start + n;
	if (n > (int)sizeof line - 2)
		n = (int)sizeof line - 2;
	for (int i = 0; i < n; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	line[n] = '\n';
	for (int done = 0; done <= n;) {
		ssize_t wrote =
			write(STDERR_FILENO, line + done, (size_t)(n + 1 - done));

		if (wrote <= 0)
			return; /* there is nobody left to tell */
		done += (int)wrote;
	}
}

void
log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("", format, args);
	va_end(args);
}

void
log_note(const char *format, ...)
{
	va_list args;

	if (level < LOG_NOTES)
		return;
	va_start(args, format);
	say("", format, args);
	va_end(args);
}

void
log_detail(const char *format, ...)
{
	va_list args;

	if (level < LOG_DETAILS)
		return;
	va_start(args, format);
	say("", format, args);
	va_end(args);
}

void
bug(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("bug: ", format, args);
	va_end(args);
	abort();
}

#pragma once

/*
 * One line a call to standard error, no time (the journal has it; the probe's log names
 * no target, no network and no time of the past).
 */
enum log_level { LOG_ERRORS, LOG_NOTES, LOG_DETAILS };

void log_set_level(enum log_level level);
__attribute__((format(printf, 1, 2))) void log_error(const char *format, ...);
__attribute__((format(printf, 1, 2))) void log_note(const char *format, ...);
__attribute__((format(printf, 1, 2))) void log_detail(const char *format, ...);

/* We are wrong, or memory is gone: says so and aborts. Never for what came from outside. */
__attribute__((format(printf, 1, 2), noreturn)) void bug(const char *format, ...);

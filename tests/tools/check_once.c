/*
 * Runs one check as the probe does, in a child with a deadline, and prints the line.
 *
 *     check_once CHECK [name=value ...]     names: host address port ttl count bytes
 *                                           pace_us uplink endpoint pin deadline_us
 *                                           protocol (icmp udp tcp) control ca_file
 *                                           round hints direction (down up) order
 *                                           listen_us resolver clock_known anchors
 *                                           bound number fingerprints decoy
 *                                           batch key (hex) token
 *                                           memory (a file that lives from run to run)
 *                                           state (a folder: the packets of a transfer are
 *                                           captured, where the system lets us)
 *                                           shows captures usual_status; an exhibit's lines stand
 *                                           behind the others
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "probe/doors/fingerprint.h"
#include "probe/doors/resolve.h"
#include "probe/doors/resolve_chain.h"
#include "probe/steps.h"

#define PATH_BYTES 256
#define HINTS_BYTES_MAX (64 * 1024)

/* What the probe reads before any fork; "" none. */
struct files {
	char ca_file[PATH_BYTES], hints[PATH_BYTES], memory[PATH_BYTES],
		anchors[PATH_BYTES], fingerprints[PATH_BYTES], state[PATH_BYTES];
};

static const struct text {
	const char *name;
	size_t offset, size;
} texts[] = {
#define TEXT_OF(name, member)                                                          \
	{                                                                              \
		name, offsetof(struct job, member), sizeof(((struct job *)0)->member)  \
	}
	TEXT_OF("host", target.host),
	TEXT_OF("address", target.address),
	TEXT_OF("resolver", target.resolver),
	TEXT_OF("uplink", uplink),
	TEXT_OF("endpoint", endpoint),
	TEXT_OF("pin", pin),
	TEXT_OF("control", control),
};

static bool
take_text(struct job *job, const char *name, const char *value)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (strcmp(texts[i].name, name) || strlen(value) >= texts[i].size)
			continue;
		memcpy((char *)job + texts[i].offset, value, strlen(value) + 1);
		return true;
	}
	return false;
}

/* What the parent draws and knows for a batch of datagrams. */
static bool
take_batch(struct job *job, const char *name, const char *value)
{
	struct span text = {value, strlen(value)};

	if (!strcmp(name, "batch"))
		return crypto_unhex(job->batch, sizeof(job->batch), text);
	if (!strcmp(name, "key"))
		return crypto_unhex(job->analyzer_key, sizeof(job->analyzer_key), text);
	if (strcmp(name, "token"))
		return false;
	crypto_sha256(job->proof, value, strlen(value));
	return true;
}

static bool
take_choice(struct job *job, const char *name, const char *value)
{
#define PROTOCOL(word, sentence)                                                       \
	if (!strcmp(name, "protocol") && !strcmp(value, #word)) {                      \
		job->protocol = PROTOCOL_##word;                                       \
		return true;                                                           \
	}
#define DIRECTION(word, sentence)                                                      \
	if (!strcmp(name, "direction") && !strcmp(value, #word)) {                     \
		job->direction = DIRECTION_##word;                                     \
		return true;                                                           \
	}
#include "common/measurement.def"
	return false;
}

static bool
take_number(struct job *job, int64_t *deadline_us, const char *name, long number)
{
	if (!strcmp(name, "port"))
		job->target.port = (uint16_t)number;
	else if (!strcmp(name, "ttl"))
		job->ttl = (uint8_t)number;
	else if (!strcmp(name, "count"))
		job->count = (uint8_t)number;
	else if (!strcmp(name, "bytes"))
		job->bytes = (uint32_t)number;
	else if (!strcmp(name, "order"))
		job->order = (uint16_t)number;
	else if (!strcmp(name, "round"))
		job->round = number;
	else if (!strcmp(name, "pace_us"))
		job->pace_us = number;
	else if (!strcmp(name, "listen_us"))
		job->listen_us = number;
	else if (!strcmp(name, "decoy"))
		job->target.role = number ? ROLE_decoy : ROLE_names;
	else if (!strcmp(name, "clock_known"))
		job->clock_known = number != 0;
	else if (!strcmp(name, "bound"))
		job->bound = number != 0;
	else if (!strcmp(name, "shows"))
		job->shows = number != 0;
	else if (!strcmp(name, "captures"))
		job->captures = number != 0;
	else if (!strcmp(name, "usual_status"))
		job->usual_status = number;
	else if (!strcmp(name, "number"))
		job->uplink_number = (uint8_t)number;
	else if (!strcmp(name, "deadline_us"))
		*deadline_us = number;
	else
		return false;
	return true;
}

static bool
take_file(struct files *files, const char *name, const char *path)
{
	if (strlen(path) >= PATH_BYTES)
		return false;
	if (!strcmp(name, "ca_file"))
		memcpy(files->ca_file, path, strlen(path) + 1);
	else if (!strcmp(name, "hints"))
		memcpy(files->hints, path, strlen(path) + 1);
	else if (!strcmp(name, "memory"))
		memcpy(files->memory, path, strlen(path) + 1);
	else if (!strcmp(name, "fingerprints"))
		memcpy(files->fingerprints, path, strlen(path) + 1);
	else if (!strcmp(name, "state"))
		memcpy(files->state, path, strlen(path) + 1);
	else if (!strcmp(name, "anchors"))
		memcpy(files->anchors, path, strlen(path) + 1);
	else
		return false;
	return true;
}

static bool
take_words(
	struct job *job, struct files *files, int64_t *deadline_us, int n, char **words)
{
	for (int i = 0; i < n; i++) {
		char *value = strchr(words[i], '=');

		if (!value)
			return false;
		*value++ = 0;
		if (!take_file(files, words[i], value) &&
			!take_text(job, words[i], value) &&
			!take_choice(job, words[i], value) &&
			!take_batch(job, words[i], value) &&
			!take_number(job, deadline_us, words[i], atol(value)))
			return false;
	}
	return true;
}

static void
read_files(struct inherited *inherited, struct resolve_roots *roots,
	struct resolve_anchors *anchors, const struct files *files)
{
	struct buf text = {0};

	if (files->ca_file[0])
		inherit_store(inherited, files->ca_file);
	if (files->hints[0] && file_read(&text, files->hints, HINTS_BYTES_MAX) == OK) {
		resolve_parse_roots(roots, buf_span(&text));
		inherited->roots = roots;
	}
	buf_clear(&text);
	if (files->anchors[0] &&
		file_read(&text, files->anchors, HINTS_BYTES_MAX) == OK) {
		resolve_parse_anchors(anchors, buf_span(&text));
		inherited->anchors = anchors;
	}
	buf_clear(&text);
	if (files->fingerprints[0] &&
		(file_read(&text, files->fingerprints, FINGERPRINT_FILE_BYTES) != OK ||
			fingerprint_read(&inherited->fingerprints, &(uint32_t){0},
				buf_span(&text)) != OK))
		bug("no fingerprints in %s", files->fingerprints);
	buf_free(&text);
}

/* What the check of the run before left to this one, or this one to the next. */
static void
keep_memory(struct attempt *attempt, const char *path, bool after)
{
	struct buf bytes = {0};

	if (path[0] && after &&
		file_write(path, attempt->memory, sizeof(attempt->memory)))
		bug("%s cannot be written", path);
	if (path[0] && !after &&
		file_read(&bytes, path, sizeof(attempt->memory)) == OK &&
		bytes.len == sizeof(attempt->memory))
		memcpy(attempt->memory, bytes.data, bytes.len);
	buf_free(&bytes);
}

/* Waits for the child's end, or ends it. */
static void
watch_child(struct attempt *attempt, pid_t child, int64_t deadline_us)
{
	int pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	struct pollfd ended = {.fd = pidfd, .events = POLLIN};

	if (pidfd < 0)
		bug("pidfd_open failed");
	if (poll(&ended, 1, (int)(deadline_us / 1000)) == 0)
		kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(pidfd);
	if (!attempt->m.has[FIELD_outcome])
		SET(&attempt->m, outcome, OUTCOME_generic_timeout_error);
}

int
main(int n, char **words)
{
	struct attempt *attempt = mmap(NULL, sizeof(*attempt), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int check =
		n > 1 ? check_by_name((struct span){words[1], strlen(words[1])}) : -1;
	int64_t deadline_us, start_us;
	struct files files = {0};
	struct resolve_roots roots = {0};
	struct resolve_anchors anchors = {0};
	struct inherited inherited = {0};
	struct keeper keeper = {.pid = -1};
	struct buf line = {0};
	pid_t child;

	if (attempt == MAP_FAILED)
		bug("no memory");
	if (check < 0 || !check_row((enum check)check)) {
		fprintf(stderr, "usage: check_once CHECK [name=value ...]\n");
		return 2;
	}
	deadline_us = check_row((enum check)check)->deadline_us;
	attempt->job.count = 1;
	if (!take_words(&attempt->job, &files, &deadline_us, n - 2, words + 2)) {
		fprintf(stderr, "check_once: a word that is no name=value it knows\n");
		return 2;
	}
	if (files.state[0] && keeper_start(&keeper, files.state) != OK)
		return 1;
	if (files.state[0])
		inherited.capture = &keeper.way;
	read_files(&inherited, &roots, &anchors, &files);
	attempt->job.inherited = &inherited;
	SET(&attempt->m, kind, LINE_measurement);
	SET(&attempt->m, check, check);
	SET(&attempt->m, rung, RUNG_international);
	SET(&attempt->m, round, 0);
	SET(&attempt->m, t_us, 0);
	SET(&attempt->m, stage, STAGE_start);
	keep_memory(attempt, files.memory, false);
	if (attempt->job.uplink_number > 0)
		SET(&attempt->m, uplink, attempt->job.uplink_number);
	start_us = clock_boot_us();
	child = fork();
	if (child == 0) {
		check_row((enum check)check)->run(attempt);
		attempt->finished = true;
		_exit(0);
	}
	watch_child(attempt, child, deadline_us);
	keep_memory(attempt, files.memory, true);
	SET(&attempt->m, took_us, clock_boot_us() - start_us);
	if (measurement_encode(&line, &attempt->m) != OK) {
		fprintf(stderr, "check_once: the line does not fit the schema\n");
		return 1;
	}
	printf("%s\n%u\n%s\n", line.data, attempt->bytes,
		attempt->finished ? "finished" : "ended at the deadline");
	buf_clear(&line);
	if (exhibit_say(&line, &attempt->exhibit) > 0)
		fputs(line.data, stdout);
	keeper_stop(&keeper);
	fingerprint_free(inherited.fingerprints);
	buf_free(&line);
	return 0;
}

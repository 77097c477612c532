#include "probe/program.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/file.h"
#include "common/invite.h"
#include "common/log.h"
#include "common/owner.h"
#include "probe/doors/fingerprint.h"

#define HINTS_BYTES_MAX (64 * 1024)

static volatile sig_atomic_t stop;

static void
on_signal(int signal_number)
{
	(void)signal_number;
	stop = 1;
}

void
program_catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
}

const volatile sig_atomic_t *
program_stop(void)
{
	return &stop;
}

static enum err
read_file(struct program *p)
{
	struct buf text = {0};
	const char *why = NULL;
	uint32_t line = 0;
	enum err err = file_read(&text, p->config.targets, TARGETS_BYTES_MAX);

	if (err == ERR_NOT_FOUND)
		log_error("%s: no target list there: leave `targets` in %s empty to "
			  "use the one that the operator of your analyzer gives out",
			p->config.targets, p->options.config);
	if (err == OK) {
		err = targets_read(&p->targets, buf_span(&text), &line, &why);
		if (err != OK)
			log_error("%s:%u: %s", p->config.targets, line, why);
	}
	buf_free(&text);
	return err;
}

enum err
program_read_targets(struct program *p)
{
	enum err err;

	if (p->config.targets[0] != '\0')
		return read_file(p);
	if (!p->enrolled)
		return OK;
	err = agenda_read(&p->agenda, &p->targets, p->options.state, &p->enrolment);
	return err == ERR_NOT_FOUND ? OK : err;
}

static bool
wants_roots(const struct targets *targets)
{
	for (size_t i = 0; i < targets->n; i++)
		if (!strcmp(targets->rows[i].address, "root") ||
			!strcmp(targets->rows[i].address, "tld"))
			return true;
	return false;
}

/* Once, in the parent: children find it in their memory, and nobody reads it again. */
static void
read_fingerprints(struct program *p)
{
	const char *path = p->config.fingerprints;
	struct buf text = {0};
	uint32_t line = 0;
	enum err err = file_read(&text, path, FINGERPRINT_FILE_BYTES);

	if (err == OK)
		err = fingerprint_read(&p->fingerprints, &line, buf_span(&text));
	if (err == ERR_NOT_FOUND)
		log_error("%s: no such file: no page will be recognised", path);
	else if (err == ERR_FORMAT)
		log_error("%s:%u: a row has at least six columns, and quotes that end: "
			  "no page will be recognised",
			path, line);
	else if (err == ERR_LIMIT)
		log_error(
			"%s: more than %d bytes or %d rows: no page will be recognised",
			path, FINGERPRINT_FILE_BYTES, FINGERPRINT_ROWS_MAX);
	if (err == OK)
		p->inherited.fingerprints = p->fingerprints;
	buf_free(&text);
}

void
program_read_inherited(struct program *p)
{
	struct buf text = {0};

	if (file_read(&text, p->config.root_hints, HINTS_BYTES_MAX) == OK)
		resolve_parse_roots(&p->roots, buf_span(&text));
	if (p->roots.n)
		p->inherited.roots = &p->roots;
	else if (wants_roots(&p->targets))
		log_note("%s: no addresses of root servers there; none will be asked",
			p->config.root_hints);
	buf_clear(&text);
	if (file_read(&text, p->config.root_key, HINTS_BYTES_MAX) == OK)
		resolve_parse_anchors(&p->anchors, buf_span(&text));
	buf_free(&text);
	if (p->anchors.n)
		p->inherited.anchors = &p->anchors;
	else if (p->config.level >= LEVEL_NORMAL)
		log_note("%s: no keys of the root there; no signature will be followed",
			p->config.root_key);
	if (p->config.fingerprints[0])
		read_fingerprints(p);
	p->inherited.capture = &p->keeper.way;
	if (p->config.ca_file[0])
		inherit_store(&p->inherited, p->config.ca_file);
}

enum err
program_read_config(struct program *p)
{
	const struct setting *rows;
	enum err err;
	size_t n;

	rows = config_rows(&n);
	conf_presets(&p->config, rows, n);
	err = conf_read(&p->config, rows, n, p->options.config);
	if (err == ERR_NOT_FOUND && !p->options.config_given)
		return OK;
	if (err == ERR_NOT_FOUND)
		log_error("%s: no such file", p->options.config);
	return err;
}

enum err
program_read_invite(struct program *p)
{
	enum err err = OK;

	if (p->options.from != NULL)
		err = file_read(&p->invite, p->options.from, 2 * INVITE_MAX);
	if (err == ERR_NOT_FOUND)
		log_error("%s: no such file", p->options.from);
	return err;
}

enum err
program_read_state(struct program *p)
{
	const struct setting *rows;
	enum err err;
	size_t n;

	rows = config_rows(&n);
	conf_scale(&p->config, rows, n, p->config.time_scale);
	err = owner_become(p->options.state);
	if (err == OK)
		err = enrolment_read(&p->enrolment, p->options.state);
	if (err == ERR_NOT_FOUND)
		return OK;
	if (err != OK)
		return err;
	p->enrolled = true;
	p->config.profile = p->enrolment.profile;
	p->config.level = p->enrolment.level;
	return OK;
}

enum err
program_lock(int *lock, const char *state)
{
	char path[FILE_PATH_BYTES];
	enum err err = file_mkdir(state);

	if (err == OK)
		err = file_path(path, state, "lock");
	if (err != OK)
		return err;
	*lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (*lock >= 0 && flock(*lock, LOCK_EX | LOCK_NB) == 0)
		return OK;
	if (*lock >= 0 && errno == EWOULDBLOCK)
		log_error("%s: another faultline-probe works here", state);
	else
		log_error("%s: %s", path, strerror(errno));
	return ERR_EXISTS;
}

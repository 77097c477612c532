#pragma once

#include "probe/doors/resolve.h"
#include "probe/doors/resolve_chain.h"
#include "probe/steps.h"

/* What main.c, the commands and the command line share. */
struct program;

struct command {
	const char *name;
	enum err (*run)(struct program *program);
	bool needs_state, needs_targets;
	bool captures; /* it measures: packets of its own transfers may be captured */
	const char *options; /* letters of its own options, as in options.c */
	const char *takes; /* what stands behind it, for --help; "" nothing */
	const char *sentence; /* and, behind \v, an example for its own --help */
};

/* What a person typed. */
struct options {
	const struct command *command; /* NULL: --print-config or --check-config */
	const char *config, *state;
	bool config_given, print_config, check_config;
	const char *from, *code; /* of enroll; NULL */
	uint32_t checks; /* bit 1 << CHECK_x; 0: all */
	char region[7];
	int64_t medium, profile, level; /* -1: not said */
	bool accept, json;
};

/* Ends the process on --help, --version and wrong usage (status 2). */
void options_parse(struct options *options, const struct command *commands, size_t n,
	int argc, char **argv);

/* What every command has; the big values stand here once. */
struct program {
	struct options options;
	struct buf invite; /* the file that --from names */
	struct config config;
	struct enrolment enrolment;
	bool enrolled;
	struct targets targets;
	struct agenda agenda; /* where they came signed */
	struct resolve_roots roots;
	struct resolve_anchors anchors;
	struct fingerprints *fingerprints; /* until the program ends */
	struct inherited inherited;
	struct keeper keeper;
};

/* The settings, not scaled yet. The preset file may be absent, a named one may not. */
NODISCARD enum err program_read_config(struct program *program);
/* The file of --from. Root reads it, whosever it is; see owner_become(). */
NODISCARD enum err program_read_invite(struct program *program);
/* The settings scaled, then the enrolment, whose choices go before the settings. */
NODISCARD enum err program_read_state(struct program *program);
NODISCARD enum err program_read_targets(struct program *program);
/* What the children of checks find in their memory. A file that is not there leaves its
 * part out: the checks that need it then say so. */
void program_read_inherited(struct program *program);
/* One program at a time writes to the state folder; *lock is closed by the caller. */
NODISCARD enum err program_lock(int *lock, const char *state);

/* SIGTERM and SIGINT are blocked but where the runner waits, so that none is missed
 * between a look at the flag and the wait. The flag is the one writable global besides
 * the log level. */
void program_catch_signals(void);
const volatile sig_atomic_t *program_stop(void);

NODISCARD enum err command_once(struct program *program);
NODISCARD enum err command_enroll(struct program *program);
NODISCARD enum err command_status(struct program *program);
NODISCARD enum err command_checks(struct program *program);

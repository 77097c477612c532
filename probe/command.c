#include "probe/program.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/invite.h"
#include "common/log.h"

enum err
command_once(struct program *p)
{
	struct runner *runner;
	struct schedule schedule;
	uint64_t seed;
	enum err err = consent_ask(p->options.state, false);

	if (err != OK)
		return err;
	if (p->targets.n == 0)
		log_note("there is no target list yet: only what is near is measured");
	err = runner_open(&runner, (size_t)p->config.at_once, NULL);
	if (err != OK)
		return err;
	crypto_random(&seed, sizeof(seed));
	schedule_start(&schedule, clock_boot_us(), seed);
	program_catch_signals();
	program_read_inherited(p);
	once_run(&(struct climber){.config = &p->config,
			 .enrolment = p->enrolled ? &p->enrolment : NULL,
			 .targets = &p->targets,
			 .schedule = &schedule,
			 .runner = runner,
			 .stop = program_stop(),
			 .origin_us = clock_boot_us(),
			 .inherited = &p->inherited,
			 .checks = p->options.checks},
		p->options.json);
	runner_close(runner);
	return *program_stop() ? ERR_IO : OK;
}

static enum err
read_invite(struct invite *invite, const struct program *p)
{
	struct span text = buf_span(&p->invite);
	const char *why = NULL;
	enum err err;

	if (p->options.from == NULL)
		text = (struct span){p->options.code, strlen(p->options.code)};
	err = invite_parse(invite, text, &why);
	if (err != OK)
		log_error("the invite cannot be used: %s", why);
	return err;
}

static void
take_choices(struct enrolment *e, const struct program *p)
{
	const struct options *o = &p->options;

	e->medium = o->medium < 0 ? MEDIUM_unknown : o->medium;
	e->profile = o->profile < 0 ? p->config.profile : o->profile;
	e->level = o->level < 0 ? p->config.level : o->level;
	memcpy(e->region, o->region, sizeof(e->region));
}

enum err
command_enroll(struct program *p)
{
	struct invite invite;
	struct enroll enroll = {.config = &p->config,
		.targets = &p->targets,
		.invite = &invite,
		.state_dir = p->options.state};
	int lock = -1;
	enum err err;

	if (p->enrolled) {
		log_error(
			"%s: enrolled already; another enrolment takes another --state",
			p->options.state);
		return ERR_EXISTS;
	}
	err = read_invite(&invite, p);
	if (err == OK)
		err = consent_ask(p->options.state, p->options.accept);
	if (err == OK)
		err = program_lock(&lock, p->options.state);
	take_choices(&enroll.enrolment, p);
	if (err == OK)
		err = enroll_run(&enroll);
	if (err == OK)
		puts("Enrolled. `faultline-probe run` starts the measuring.");
	if (lock >= 0)
		close(lock);
	return err;
}

enum err
command_status(struct program *p)
{
	struct health health;
	enum err err = status_read(&health, p->options.state);

	if (err == ERR_NOT_FOUND)
		log_error("%s: nothing has run here yet", p->options.state);
	if (err == OK)
		status_print(&health, p->enrolled, p->options.json);
	return err;
}

enum err
command_checks(struct program *p)
{
	if (!p->options.json)
		printf("%-8s %-7s %7s %8s %9s  %s\n", "check", "level", "bytes",
			"packets", "deadline", "who else does that");
	for (enum check check = 0; check < CHECK_COUNT; check++) {
		const struct check_row *row = check_row(check);

		if (!row)
			continue;
		printf(p->options.json ? "{\"check\":\"%s\",\"level\":\"%s\","
					 "\"bytes\":%u,\"packets\":%u,"
					 "\"deadline_s\":%lld,\"who_else\":\"%s\"}\n"
				       : "%-8s %-7s %7u %8u %7lld s  %s\n",
			row->name, targets_level_name(row->level), row->bytes,
			row->packets, (long long)(row->deadline_us / 1000000),
			row->who_else);
	}
	return OK;
}

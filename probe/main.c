#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/clock.h"
#include "common/conf.h"
#include "common/log.h"
#include "probe/daemon.h"
#include "probe/doors/fingerprint.h"

static void
loop(struct daemon *d)
{
	while (!*d->stop) {
		enum due due;
		int64_t climb_us = schedule_next(&d->schedule, &due);
		bool shipping = runner_aside_busy(d->runner);

		runner_wait(d->runner, shipping || climb_us < d->next_ship_us
					       ? climb_us
					       : d->next_ship_us);
		daemon_ship(d);
		keeper_look(&d->program->keeper);
		if (!*d->stop && clock_boot_us() >= climb_us)
			daemon_climb(d);
	}
	daemon_ship_end(d);
	daemon_keep(d);
	head_settle(d->head, &d->schedule.budget, clock_boot_us());
	d->health.running = 0;
	daemon_tell(d);
	log_note("stopped; %zu segments wait for the analyzer", spool_count(d->spool));
}

static enum err
command_run(struct program *p)
{
	struct daemon d;
	enum err err;

	if (!p->enrolled) {
		log_error("%s: not enrolled yet; `faultline-probe enroll CODE` does it",
			p->options.state);
		return ERR_CONFIG;
	}
	err = consent_ask(p->options.state, false);
	if (err != OK)
		return err;
	program_catch_signals();
	program_read_inherited(p);
	if (p->targets.n == 0)
		log_note("there is no target list yet: it comes with a shipment");
	err = daemon_open(&d, p);
	if (err == OK) {
		d.health.running = 1;
		daemon_tell(&d);
		loop(&d);
	}
	daemon_close(&d);
	return err;
}

static const struct command commands[] = {
	{"once", command_once, true, true, true, "cf", "",
		"One round now: the ladder, where it breaks, and whether it is you."
		"\vFor example:\n  faultline-probe once --checks link,router,dns"},
	{"run", command_run, true, true, true, "", "",
		"Measures until it is stopped (Ctrl-C, or systemd)."
		"\vFor example:\n  faultline-probe run --state ~/faultline --config "
		"~/probe.conf"},
	{"enroll", command_enroll, true, true, false, "FamRpl", "[CODE]",
		"Makes a key and joins the analyzer of an invite; consent first."
		"\vFor example:\n  faultline-probe enroll --from invite-1.txt --medium "
		"mobile --profile 2g"},
	{"status", command_status, true, false, false, "f", "",
		"What the running probe sees."
		"\vFor example:\n  faultline-probe status --state ~/faultline"},
	{"checks", command_checks, false, false, false, "f", "",
		"What can be measured, and what each check costs."
		"\vFor example:\n  faultline-probe checks --format json"},
};

static void
say_fine(const struct program *program)
{
	const char *config = program->options.config, *list = program->config.targets;

	if (list[0] == '\0')
		printf("%s: fine; the targets are those of the analyzer's list\n",
			config);
	else
		printf("%s: fine, and so is %s with %u targets\n", config, list,
			program->targets.n);
}

int
main(int argc, char **argv)
{
	/* Not from the heap, which would be written full of zeroes: most of it stays empty, and
	 * whoever captures has a copy of what was written. */
	struct program *program = mmap(NULL, sizeof(*program), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const struct options *o;
	const struct setting *rows;
	enum err err;
	size_t n;

	if (program == MAP_FAILED)
		bug("out of memory");
	o = &program->options;
	options_parse(&program->options, commands,
		sizeof(commands) / sizeof(commands[0]), argc, argv);
	rows = config_rows(&n);
	err = keeper_start(
		&program->keeper, o->command && o->command->captures ? o->state : NULL);
	if (err == OK)
		err = program_read_config(program);
	if (err == OK && o->print_config) {
		conf_print(stdout, &program->config, rows, n);
		goto done;
	}
	if (err == OK)
		err = program_read_invite(program);
	if (err == OK && o->command != NULL && o->command->needs_state)
		err = program_read_state(program);
	if (err == OK && (o->check_config || o->command->needs_targets))
		err = program_read_targets(program);
	if (err == OK && o->check_config)
		say_fine(program);
	else if (err == OK)
		err = o->command->run(program);
done:
	keeper_stop(&program->keeper);
	fingerprint_free(program->fingerprints);
	buf_free(&program->invite);
	munmap(program, sizeof(*program));
	if (fflush(stdout) != 0 || ferror(stdout)) {
		log_error("cannot write to standard output: %s", strerror(errno));
		err = ERR_IO;
	}
	return err == OK ? 0 : 1;
}

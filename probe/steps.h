#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/buf.h"
#include "common/keys.h"
#include "common/ladder.h"
#include "common/mandate.h"
#include "common/measurement.h"
#include "common/oneway.h"
#include "common/segment.h"
#include "common/targets.h"
#include "probe/check.h"
#include "probe/doors/capture.h"

/*
 * The probe on one page: values and functions in the order the data flows.
 *
 *     plan -> check -> record -> seal -> spool -> ship
 */

/* ---- plan/config.c: the settings (pure; rows in config.c, values here) ---- */

enum profile { PROFILE_2G, PROFILE_HOME };

/* One row of WIRE.md's table of profiles. Durations in microseconds. */
struct profile_settings {
	int64_t pulse_us; /* between two pulses */
	int64_t ladder_us; /* between two rounds */
	int64_t wide_us; /* names, transport, service: no more often than this */
	int64_t wide_targets; /* at most so many targets in each of them; 0 all */
	int64_t pings; /* echo requests to one target in a round */
	int64_t trace_us; /* between two traces; 0: with every wide round */
	int64_t dnssec_us; /* between two names whose signatures are followed */
	int64_t speed_us; /* between two pairs of transfers; 0: with every round */
	int64_t speed_bytes;
	int64_t full_bytes; /* of a transfer after a change, once a day; 0: speed_bytes */
	int64_t faster; /* so many times as often are rounds after a change */
	int64_t oneway_us; /* between two batches of datagrams; 0: with every wide round */
	int64_t compare_us; /* between two comparisons; 0: none by the clock */
	int64_t compare_bytes; /* of one of their transfers */
	int64_t compare_pairs; /* at most */
	int64_t large_us; /* between two pairs of large pages; 0: none by the clock */
	int64_t large_bytes; /* of such a page */
	int64_t locate_us; /* between two searches for who minds a name; 0: none */
	int64_t segment_us; /* a segment closes after this */
	int64_t ship_us; /* between two shipments */
	int64_t day_bytes; /* hard limit */
	int64_t exhibits; /* a day at most; 0: none */
};

struct config {
	int64_t profile; /* enum profile */
	int64_t level; /* enum level */
	/* Every duration above and below was divided by it. The deadlines of the checks are
	 * in checks.def and stay: how long a network may take is not a lab's to scale. */
	int64_t time_scale;
	int64_t pace_us; /* between two packets, 500 ms: two a second */
	int64_t day_us, month_us; /* the budget's */
	int64_t plan_bytes
		[MEDIUM_COUNT]; /* the volunteer's, a month; 0: none is said */
	int64_t watch_us; /* so long rounds are faster after a change */
	int64_t alarms_an_hour; /* rounds that a pulse calls for */
	int64_t battery_slower; /* so many times as long between pulses on battery */
	int64_t at_once; /* children at the same time */
	int64_t back_off_us, back_off_max_us; /* of a shipment that failed */
	int64_t early_closes_an_hour;
	int64_t hour_us;
	char targets[256]; /* path of the target list; "" the one that came signed */
	char root_hints[256]; /* path of the root servers' addresses */
	char root_key[256]; /* path of the root's keys */
	char fingerprints[256]; /* path of known block pages; "" none */
	char uplink[16]; /* "" the interface of the default route */
	char ca_file[256]; /* path of the CA store, in PEM; "" none */
	struct profile_settings profiles[2];
};

struct setting;
/* The table of settings and its length; values live in struct config. */
const struct setting *config_rows(size_t *n);
const struct profile_settings *config_profile(const struct config *config);

/* What enrolment fixed: state/enrolled, written once. */
struct enrolment {
	char endpoint[ENDPOINT_BYTES], pin[PIN_BYTES];
	uint8_t analyzer_key[PUBLIC_KEY_BYTES];
	char token[65];
	char country[3], region[7];
	int64_t medium, profile, level;
	char role[8];
};

/* ---- plan/uplinks.c: the ways out of this machine (pure) ---- */

#define UPLINKS_MAX 2

/* Interfaces that lead out and are no tunnels, by the number that lines have of them. */
struct uplinks {
	uint8_t n;
	char names[UPLINKS_MAX][16];
	/* A mobile network's, as its device says; the caller's to set. */
	bool mobile[UPLINKS_MAX];
	int64_t seen_us[UPLINKS_MAX]; /* with a way out, last */
	uint32_t moves; /* how often a number came to mean another interface */
};
/* Takes those that lead out now, the preferred one first. A number stays with its interface:
 * of two, one that leads nowhere any more is still climbed, so that its ladder says so, and
 * is forgotten after gone_us. The only one makes way for another at once. */
void uplinks_take(struct uplinks *u, const char (*found)[16], size_t n, int64_t now_us,
	int64_t gone_us);
/* Of which kind an uplink is: what is seen goes before what was declared, and that was said
 * of the first alone. */
enum medium uplinks_medium(
	const struct uplinks *u, uint8_t number, enum medium declared);
/* Where there are two, has these jobs go by the first alone. */
void uplinks_lead(struct job *jobs, size_t n, const struct uplinks *u);
/* Where there are two, adds to the jobs of a round those of the second's ladder: link, router
 * and echoes as over the first, of every other check that is no costly one a single target,
 * and transfers of ${bytes} at most. Returns how many jobs there are. */
size_t uplinks_add(struct job *jobs, size_t n, size_t max, const struct uplinks *u,
	uint32_t bytes);

/* ---- plan/costly.c: the checks that are too dear for every round (pure) ---- */

/* What a costly check is planned by. */
struct turn {
	const struct profile_settings *profile;
	int64_t count; /* of the times it was planned before, from 0 on */
	uint8_t at; /* of the jobs of one time, from 0 on */
	bool change; /* it is due because the ladder changed, once a day at most */
	bool room; /* and the last fifth of what may be spent stays untouched */
	uint64_t random; /* another one for each job */
};

/* One row a check; its jobs stand behind all others of a round, in the order of rows. */
struct costly {
	enum check check;
	enum rung rung; /* of its jobs */
	/* One of the targets that ask for it, each time drawn anew; one inside the country and
	 * one outside, each a job of its own rung; the analyzer; or that whose name somebody
	 * seems to mind, and never by the clock. */
	enum whom { WHOM_TARGET, WHOM_BOTH, WHOM_ANALYZER, WHOM_MINDED } whom;
	uint8_t jobs; /* a time, all of that one */
	size_t interval; /* the member of struct profile_settings that says how often */
	bool wide; /* only with names, transport and service */
	bool alone; /* wants the line for itself: each job is a part of the climb */
	bool on_change; /* due once a day when the ladder changed, too */
	bool rare; /* not by the clock where its interval is 0, and not at the start */
	bool whole; /* on a line that loses much it tells nothing */
	int64_t least_bps; /* nor on a slower line; 0: on any */
	/* Fills in what such a job has besides the usual; NULL: nothing. */
	void (*set)(struct job *job, const struct turn *turn);
};
const struct costly *costly_rows(size_t *n);
/* NULL: a check of every round. */
const struct costly *costly_row(enum check check);
/* 0: as often as there is a round that it may stand in. */
int64_t costly_interval_us(
	const struct costly *row, const struct profile_settings *profile);
/* Has this climb, over the same uplink, shown a line too slow for it, by a whole transfer, or
 * one that loses too much, by its echoes? */
bool costly_tells_nothing(
	const struct job *job, const struct measurement *ms, size_t n);
/* On such a line a large page is at most so long as suffices. */
void costly_fit(struct job *job, const struct measurement *ms, size_t n);

/* ---- plan/budget.c: what may be spent (pure) ---- */

/* A day or a month, by CLOCK_BOOTTIME and never by the wall clock, and what was spent in
 * it on each kind of link. */
struct spell {
	int64_t start_us; /* may lie before the boot */
	int64_t spent_bytes[MEDIUM_COUNT];
};
struct budget {
	enum medium medium; /* declared, of the first uplink */
	struct spell day, month;
};
/* So many bytes over a link of that kind. */
struct expense {
	enum medium medium;
	int64_t bytes;
};
/* The hard limits on that kind of link. A month's: four fifths of the volunteer's plan;
 * INT64_MAX where none is said. A day's: the profile's, or an even share of the month's
 * where that is less. So any month of any calendar stays inside the plan. */
int64_t budget_month_bytes(const struct config *config, enum medium medium);
int64_t budget_day_bytes(const struct config *config, enum medium medium);
/* Begins a new day or month where the old one is over. */
void budget_turn(struct budget *b, const struct config *config, int64_t now_us);
/* May so much be spent now, up to that share of the limits on that kind of link? */
bool budget_afford(struct budget *b, const struct config *config, int64_t now_us,
	struct expense expense, int64_t percent);
void budget_spend(struct budget *b, const struct config *config, int64_t now_us,
	struct expense expense);

/* ---- plan/watch.c: has something changed? (pure) ---- */

struct watch {
	enum rung_state believed[RUNG_COUNT], seen[RUNG_COUNT];
	bool pulse_failed;
	int64_t hour_start_us, alarms; /* rounds that pulses called for in this hour */
	int64_t until_us; /* rounds are faster until then */
};
/* Is the ladder another one than before? The first says nothing, nor does what was not
 * measured now. */
bool watch_round(struct watch *w, const struct ladder *ladder);
/* Does the pulse call for a round at once: it failed, or it is back after a round that
 * found nobody abroad? At most alarms_an_hour. */
bool watch_pulse(struct watch *w, const struct config *config, bool ok, int64_t now_us);

/* ---- plan/draw.c: chance (pure) ---- */

/* ${random} is the state of a generator; any word will do to begin with. */

/* 0 ... below, and below itself never. */
int64_t draw_below(uint64_t *random, int64_t below);
/* Another number for each check, and the generator stays where it is: what a rare check is
 * planned by does not move what all others are. */
uint64_t draw_aside(uint64_t random, enum check check);
/* A time in interval_us, give or take a tenth. */
int64_t draw_jitter_us(uint64_t *random, int64_t interval_us);
/* When to try again after so many failures in a row: exponential, full jitter. */
int64_t draw_back_off_us(
	uint64_t *random, const struct config *config, int64_t failures);

/* ---- plan/cost.c: what a job costs, by checks.def (pure) ---- */

enum level cost_level(enum check check);
/* At most in the usual case, on the wire both ways: of a job, of one of that check without a
 * size of its own, of a transfer of so many bytes. */
int64_t cost_job_bytes(const struct job *job);
int64_t cost_check_bytes(enum check check);
int64_t cost_transfer_bytes(int64_t bytes);
int64_t cost_packets(const struct job *job);

/* ---- plan/schedule.c: what to do next (pure) ---- */

enum due { DUE_PULSE, DUE_ROUND };

/* Of the limits, in percent: what jobs may spend, the rest is left for shipments; and up to
 * where a full transfer may be begun. */
enum { BUDGET_FULL = 80, BUDGET_JOBS = 85, BUDGET_SHIP = 100 };

/* All the schedule remembers; times are CLOCK_BOOTTIME in microseconds. */
struct schedule {
	int64_t next_round_us, next_pulse_us, next_wide_us;
	int64_t next_costly_us[CHECK_COUNT], turns[CHECK_COUNT]; /* of costly checks */
	int64_t next_on_change_us[CHECK_COUNT]; /* not before, after a change */
	bool on_change[CHECK_COUNT]; /* due for a change */
	bool on_battery;
	bool begun[CHECK_COUNT]; /* a rare one's first time was drawn */
	uint32_t asked; /* bit 1 << CHECK_x: a person asks for it, it is due at once */
	char minded[sizeof(((struct target *)0)->id)]; /* whose name; "" nobody's */
	int64_t round;
	struct watch watch;
	struct budget budget;
	uint64_t random; /* state of its own generator, seeded by the caller */
	struct uplinks uplinks; /* the caller's to take */
};

void schedule_start(struct schedule *s, int64_t now_us, uint64_t seed);
/* When the next thing is due, and what. */
int64_t schedule_next(const struct schedule *s, enum due *due);
/* More than the longest list asks for: no kind of target has more than five checks. */
#define JOBS_MAX (TARGETS_MAX * 5 + 32)
/* The jobs due now, at most max, in the order of the ladder, and the schedule moved on
 * (jittered). Of the day's budget the ladder's rungs and the pulses until its end are set
 * aside first; a job that it does not carry is left out: it stands behind the others, in
 * jobs[n] to jobs[n + *left_out - 1], to be recorded as such. enrolment may be NULL;
 * origin_us, unclean_stop and alive are the caller's to set. jobs.c and turns.c put a round
 * together. */
size_t schedule_jobs(struct job *jobs, size_t max, struct schedule *s, int64_t now_us,
	const struct config *config, const struct enrolment *enrolment,
	const struct targets *targets, size_t *left_out);
/* A question whose answer is thrown away: on a mobile line the first packets after idle
 * wait until the radio wakes, and would be measured late. False: none is needed. */
bool schedule_warm(struct job *job, struct schedule *s, const struct config *config,
	const struct enrolment *enrolment, const struct targets *targets);
/* In schedule_learn.c. Takes in what a climb found; ladder NULL: a pulse. After a change of
 * the ladder rounds are faster for watch_us, and costly checks that have on_change are due; a
 * pulse that fails calls for a round at once (jittered); on battery the pulse slows. */
void schedule_learn(struct schedule *s, const struct config *config,
	const struct measurement *ms, size_t n, const struct ladder *ladder,
	int64_t now_us);
/* What so many bytes over that uplink are to the budget: each is paid from that of its own
 * kind. */
struct expense schedule_expense(
	const struct schedule *s, uint8_t uplink, int64_t bytes);
/* Time to wait before the job after ${job} may start (never under pace_us x its packets, and up
 * to half as much again: a start every so many milliseconds would be seen). */
int64_t schedule_pace_us(
	struct schedule *s, const struct config *config, const struct job *job);

/* ---- evidence/alive.c: the last sign of life ---- */

/*
 * One value, overwritten in its place: which boot, and when, on the scale of its t_us. After a
 * cut it says how long this machine lived at least, and with the first segment of the next
 * boot how long it was dark. One write of one block and no new file: 1,440 a day, 6 MB, of
 * which a card of 32 GB stands some thousand times its size.
 */
struct alive {
	int64_t boot, us;
};
#define ALIVE_EVERY_US                                                                 \
	INT64_C(45000000) /* pulses are half a minute and a minute apart */
/* False: there is none, or a write was torn. */
bool alive_read(struct alive *alive, const char *state_dir);
/* -1: it cannot be written; said. */
int alive_open(const char *state_dir);
/* Durable before it returns; a disk that is full is no reason to stop. */
void alive_write(int fd, const struct alive *alive);

/* ---- plan/scatter.c: in which order the jobs of a round start (pure) ---- */

/* The rungs beyond the router are climbed in no order: the same one in every round, home before
 * abroad before the names, would show whoever watches that somebody climbs. What is said of a
 * round does not depend on it. */
void scatter_jobs(struct job *jobs, size_t n, uint64_t random);

/* ---- plan/dark.c: what is worth a start in the dark (pure) ---- */

/* The n-th job, as it is to be run so long after the first of its part was started; true:
 * it is left out. Where nothing beyond the router has answered, two packets a second do not
 * reach for all of a list in a time in which a round must end: then another of the same
 * check on the same rung is not started. ms: of those before; while they run, zeroes but
 * for the stage. Who let a connection in has answered. */
bool dark_leaves_out(struct job *next, const struct job *jobs,
	const struct measurement *ms, size_t n, int64_t since_us);

/* ---- inherit.c: what is read once, before any fork ---- */

/* The CA store of that file, in PEM, read by a child. Where it cannot be read the log says
 * so, store is NULL, and chains are recorded without being judged. */
void inherit_store(struct inherited *inherited, const char *ca_file);

/* ---- keeper.c: the one process that may capture packets ---- */

struct keeper {
	struct capture_way way; /* to it, for the children of checks */
	pid_t pid; /* -1: there is none */
	int pidfd;
};
/* The first that the program does: a process of its own keeps CAP_NET_RAW and nothing else,
 * where we were started with it; everybody else gives it up for good. ${state} NULL: nobody
 * will capture. ERR_PERMISSION: it cannot be given up; logged. */
NODISCARD enum err keeper_start(struct keeper *keeper, const char *state);
/* Does it live? Says so once where it does not: then nothing is captured any more. */
void keeper_look(struct keeper *keeper);
void keeper_stop(struct keeper *keeper);

/* ---- run.c: jobs in throw-away children with a deadline ---- */

struct runner; /* the shared pages and the children */
/* ${key} (may be NULL) is what a child asserts it cannot read. */
NODISCARD enum err runner_open(
	struct runner **runner, size_t at_once, const struct crypto_key *key);
/* Takes what children show; never called: nothing is taken. */
struct exhibits;
void runner_shows(struct runner *runner, struct exhibits *exhibits);
void runner_close(struct runner *runner); /* ends what still runs */

/* Runs the jobs, at_once children at a time, a start never sooner than the pace after the
 * last one that sent something; fills ms (n of them, in the order of jobs) and adds up the
 * bytes of each uplink. What dark_leaves_out() reads unmeasured, for a lower rung. Returns
 * early, jobs left unmeasured with reason internal, when *stop becomes true: the caller
 * keeps SIGTERM and SIGINT blocked, they arrive while this waits. */
void runner_run(struct measurement *ms, uint64_t bytes[static UPLINKS_MAX],
	struct runner *runner, const struct job *jobs, size_t n, struct schedule *s,
	const struct config *config, const volatile sig_atomic_t *stop);
/* What a job that was not run reads. */
void runner_unmeasured(struct measurement *m, const struct job *job, enum reason reason,
	int64_t now_us);

/* One more child beside the jobs, for shipping: starts fn(arg, page, page_bytes), ended
 * deadline_us from now at the latest; done tells once that it ended, with the bytes it
 * left in the page, valid until the next start. */
#define ASIDE_BYTES (64 * 1024)
typedef void aside_fn(void *arg, void *page, size_t page_bytes);
NODISCARD enum err runner_aside(
	struct runner *runner, aside_fn *fn, void *arg, int64_t deadline_us);
bool runner_aside_busy(const struct runner *runner);
/* Ends it, whatever it has still to do; what it has done is then taken as ever. */
void runner_aside_end(struct runner *runner);
bool runner_aside_done(struct runner *runner, const void **page, size_t *page_bytes);
/* Waits until that time, until the child aside ended, or until a signal came. */
void runner_wait(struct runner *runner, int64_t until_us);

/* ---- climb.c: one round or pulse, part by part ---- */

struct head;
struct climber { /* what a climb needs; borrowed */
	const struct config *config;
	const struct enrolment *enrolment; /* NULL: not enrolled */
	const struct targets *targets;
	struct schedule *schedule;
	struct runner *runner;
	struct head *head; /* NULL: what is spent is not kept */
	const volatile sig_atomic_t *stop;
	struct batches *batches; /* NULL: nobody asks later */
	struct exhibits *exhibits; /* NULL: nothing is shown */
	int64_t origin_us;
	bool unclean_stop;
	struct alive alive; /* of the run before; us -1: not known */
	const struct inherited *inherited; /* for the jobs; may be NULL */
	uint32_t checks; /* bit 1 << CHECK_x: the others are left out; 0: none is */
	void (*climbed)(enum rung rung); /* told after each rung; may be NULL */
};

struct climb {
	enum due due;
	size_t n;
	struct measurement *ms;
	struct ladder ladder; /* the first uplink's */
	struct ladder second; /* the second's, where it was climbed */
	bool has_second;
};

/* Runs what is due now and spends its bytes. Where the link is down nothing can leave:
 * the climb ends at the router, and the link's own line says why. */
void climb_run(struct climb *climb, const struct climber *climber);
void climb_free(struct climb *climb);

/* ---- once.c: one round for a person ---- */

void once_run(struct climber *climber, bool json);

/* ---- evidence/exhibits.c: answers that are unlike the usual, and are shown ---- */

/* Which were said, in memory alone: what is the same is said once, and so many a day. A power
 * cut forgets it; the bytes of a day and a month hold for what is said again, too. */
struct exhibits;
void exhibits_open(struct exhibits **exhibits, const struct config *config);
void exhibits_close(struct exhibits *exhibits);
/* What a job needs to know: is anything shown, and what this target usually answers. Where the
 * same check of it was reset the last time, over this uplink, and a reset may still be said today,
 * its packets are captured: a reset that nobody expected has gone by before anybody looks. */
void exhibits_ask(struct job *job, struct exhibits *exhibits, int64_t now_us);
/* Takes what a child left, which is hostile. The measurement names it where it is said, or was
 * before. What the target answered otherwise is what it usually does. */
void exhibits_take(struct measurement *m, struct exhibits *exhibits,
	const struct exhibit *exhibit, int64_t now_us);
/* After a climb: what nobody said then is not said any more. */
void exhibits_forget(struct exhibits *exhibits);
/* Appends the lines of what this measurement names and nobody has said yet, and forgets them;
 * returns how many. ${lines} NULL: they are only forgotten. */
size_t exhibits_say(
	struct buf *lines, struct exhibits *exhibits, const struct measurement *m);

/* ---- evidence/record.c: measurements -> header lines, and when a segment closes ---- */

/* What a where note says. */
struct where {
	int64_t asn, utc_us;
	char country[3], prefix[50];
};

struct recorder;
void recorder_open(struct recorder **r, const struct config *config,
	const struct enrolment *enrolment, const struct targets *targets);
void recorder_close(struct recorder *r);
/* From now on it keeps the lines of that uplink alone; 0 before. A segment has those of one
 * uplink, as it names one network. */
void recorder_over(struct recorder *r, int64_t uplink);
/* Has the lines of exhibits stand behind the measurements that name them; never called: none
 * are said. */
void recorder_shows(struct recorder *r, struct exhibits *exhibits);
/* Forgets where that is. */
void recorder_move(struct recorder *r);
/* Has it been told since that boottime? */
bool recorder_placed(const struct recorder *r, int64_t since_us);
/* Keeps one climb, or one pulse (ladder NULL), and tells whether to close now: at the
 * interval, before the size is passed, or at a change of the ladder (at most
 * early_closes_an_hour). Closing is sealing until nothing is left: a round that does not
 * fit in one segment takes several. */
enum closing { CLOSE_NOT_YET, CLOSE_TIME, CLOSE_CHANGE };
enum closing recorder_add(struct recorder *r, const struct measurement *ms, size_t n,
	const struct ladder *ladder, int64_t now_us);
/* Takes the newest where note, received at boottime; used in the segments that follow. */
void recorder_where(struct recorder *r, struct span note, const struct where *where,
	int64_t received_boot_us);
/* When that note came, and the analyzer's time in it; false: none came. */
bool recorder_anchor(
	int64_t *utc_us, int64_t *received_boot_us, const struct recorder *r);
/* Lines that wait for a segment. */
size_t recorder_count(const struct recorder *r);
/* Header lines and as many of the oldest lines as fit -> a signed segment. Takes the
 * number and sets previous through ${keys}. */
NODISCARD enum err recorder_seal(struct buf *segment, uint8_t id[static HASH_BYTES],
	struct recorder *r, struct keys *keys, int64_t now_us);
/* Counts what could not be kept, for the next gaps line. */
void recorder_dropped(struct recorder *r, size_t n);

/* ---- evidence/head.c: the counters that a power cut does not reset ---- */

/* state/head, written in place. What is spent is durable there before it is spent, some
 * steps ahead: a cut can only count too much. Time passes in it while the probe runs; how
 * long it was off nobody knows but the analyzer, whose signed time is taken for that, once
 * after each start: no other clock makes a day or a month pass. A file that cannot be
 * written is said once, and counted on in memory. */
NODISCARD enum err head_open(struct head **head, const char *state_dir, int64_t now_us);
void head_close(struct head *head);
/* What was spent, and since when, into ${budget}. */
void head_restore(struct budget *budget, struct head *head);
/* Before so many bytes are spent on each kind of link. */
void head_claim(struct head *head, const struct budget *budget,
	const struct config *config, const int64_t bytes[static MEDIUM_COUNT],
	int64_t now_us);
/* From now on every claim comes on top of so many bytes, which a shipment beside the rounds
 * may be spending. */
void head_hold(struct head *head, const int64_t bytes[static MEDIUM_COUNT]);
/* What was spent to the byte, at a clean stop. */
void head_settle(struct head *head, const struct budget *budget, int64_t now_us);
/* The analyzer's time, received at ${now_us}. */
void head_anchor(
	struct head *head, struct budget *budget, int64_t utc_us, int64_t now_us);

/* ---- evidence/spool.c: segments on disk until a receipt frees them ---- */

struct spool;
NODISCARD enum err spool_open(struct spool **spool, const char *state_dir);
void spool_close(struct spool *spool);
/* Durable before it returns. ERR_FULL: nothing was kept, nothing older was lost. */
NODISCARD enum err spool_put(
	struct spool *spool, const uint8_t id[static HASH_BYTES], struct span segment);
/* Up to max ids, the newest and then from the oldest on; returns how many. */
size_t spool_list(uint8_t (*ids)[HASH_BYTES], size_t max, struct spool *spool);
NODISCARD enum err spool_get(
	struct buf *segment, struct spool *spool, const uint8_t id[static HASH_BYTES]);
/* Frees one; only after ship_verify_receipt(). */
NODISCARD enum err spool_free(struct spool *spool, const uint8_t id[static HASH_BYTES]);
/* Puts one that the analyzer refused behind all others, so that it holds up none. */
void spool_defer(struct spool *spool, const uint8_t id[static HASH_BYTES]);
size_t spool_count(struct spool *spool);

/* ---- evidence/agenda.c: the signed target list ---- */

/* The list that this probe has, as state/targets keeps it: the analyzer's own note. */
struct agenda {
	uint64_t serial; /* 0: none */
	char country[3];
	char tag[MANDATE_TAG_BYTES]; /* what the analyzer calls it; "" none */
};
/* ERR_NOT_FOUND: there is none yet, or (logged) one that the analyzer has not signed. */
NODISCARD enum err agenda_read(struct agenda *agenda, struct targets *targets,
	const char *state_dir, const struct enrolment *enrolment);
/* Takes a note that came, where the analyzer signed it, it is of the same country and
 * newer than what is there; then it is durable, and agenda and targets are the new ones. */
NODISCARD enum err agenda_take(struct agenda *agenda, struct targets *targets,
	const char *state_dir, const struct enrolment *enrolment, struct span note);

/* ---- evidence/batches.c: datagrams that were not answered, to ask for later ---- */

/* In memory alone, at most ONEWAY_ASKED_MOST of them: of a long silence every second,
 * fourth ... one. What the analyzer says it received of a batch becomes the line of its
 * check once more, with far_received: the same check at the same t_us, said in full. */
#define BATCHES_TEXT (ONEWAY_ASKED_MOST * ONEWAY_BATCH_HEX_BYTES)
struct batches;
struct batches *batches_open(void);
void batches_close(struct batches *batches);
/* The numbers of uplinks mean others now: what was sent has no place any more. */
void batches_forget(struct batches *batches);
/* Remembers it where it is a batch of which no answer came. */
void batches_note(
	struct batches *batches, const struct job *job, const struct measurement *m);
/* What to ask for, as it stands in the question. */
void batches_ask(char text[static BATCHES_TEXT], const struct batches *batches);
/* The answer, which is a stranger's until it is read, becomes lines; how many. */
size_t batches_told(struct measurement ms[static ONEWAY_ASKED_MOST],
	struct batches *batches, struct span answer, int64_t origin_us, int64_t now_us);

/* ---- evidence/ship.c: upload in a child, receipts verified by the parent ---- */

struct shipment { /* given to the child */
	const struct enrolment *enrolment;
	struct spool *spool;
	char nonces[UPLINKS_MAX][33]; /* for the where notes, hex */
	struct uplinks uplinks; /* which of them it may go by; none or one: as routed */
	struct recorder *second; /* that of the second uplink; NULL: none */
	bool places_second; /* it is time to ask where that is, too */
	int64_t started_us; /* CLOCK_BOOTTIME */
	size_t most; /* segments in this shipment, */
	int64_t most_bytes; /* and of these: what the budget was asked for */
	const char *tag; /* of the target list one has, "" none; NULL: do not ask */
	char batches[BATCHES_TEXT]; /* to ask for, "" none */
	bool places; /* it goes by what is measured, so that it may ask where that is */
	bool may[UPLINKS_MAX]; /* the budget of that uplink carries it */
};
/* By how many uplinks, one after the other; by one it goes as the kernel routes. */
size_t ship_ways(const struct shipment *shipment);
/* Does a packet to the analyzer leave by the line that is measured, and not through a
 * tunnel? Evidence may be shipped through one; where the probe is may not be asked there. */
bool ship_places(const struct enrolment *enrolment);
void ship_start(struct shipment *shipment, const struct enrolment *enrolment,
	struct spool *spool, int64_t now_us);
/* Runs in the child: uploads, and leaves the answers in the page as ship_record()s. */
void ship_child(void *shipment, void *page, size_t page_bytes);
/* In ship_answer.c, as all that verifies. Reads the page, which is hostile: frees the segments
 * whose receipts verify, hands a where note on. Returns how many were freed. A target list
 * that came is appended to ${list}, for agenda_take() to judge. */
#define SHIP_HANDSHAKE_BYTES 3000
struct shipped {
	uint32_t bytes[UPLINKS_MAX]; /* over each */
	bool reached; /* the analyzer answered at all */
	bool list_known; /* the analyzer was asked for the list and answered */
	struct buf list;
	struct buf counts; /* as the analyzer told them, "" it was not asked */
};
size_t ship_finish(struct shipped *shipped, const void *page, size_t page_bytes,
	const struct shipment *shipment, struct recorder *r, int64_t now_us);
/* One answer in the page; next: false at the end or when the page lies. */
enum ship_kind {
	SHIP_NOTHING,
	SHIP_RECEIPT,
	SHIP_WHERE,
	SHIP_TOKEN,
	SHIP_LIST,
	SHIP_COUNTS,
	SHIP_REFUSED,
	SHIP_LOST /* no answer came: what was sent is spent all the same */
};
struct ship_record {
	uint32_t kind; /* enum ship_kind */
	uint32_t bytes; /* on the wire */
	uint32_t status; /* HTTP */
	uint32_t uplink; /* over which it came */
	int64_t boot_us; /* when it came */
	uint8_t id[HASH_BYTES];
	struct span body;
};
/* In ship_page.c; of a list the body is longer. */
#define SHIP_ANSWER_MAX 2048
size_t ship_record_most(uint32_t kind);
bool ship_record_put(void *page, size_t page_bytes, const struct ship_record *record);
bool ship_record_next(struct ship_record *record, struct span *rest);
/* One exchange of a child's, its answer into the page; false: the next is no use. */
struct ship_page {
	void *at;
	size_t bytes;
	uint32_t uplink; /* over which it goes, */
	const char *interface; /* and by which interface alone; "", NULL: as routed */
};
struct fetch_connection;
struct fetch_request;
bool ship_exchange(const struct ship_page *page, struct fetch_connection *connection,
	const struct fetch_request *request, enum ship_kind kind,
	const uint8_t id[static HASH_BYTES]);
bool ship_ask_where(const struct ship_page *page, struct fetch_connection *connection,
	const struct enrolment *e, const char *nonce);
/* ${tag}: of the list one has, "" none. The record has the status and, of a list that is
 * new, the body. */
bool ship_ask_list(const struct ship_page *page, struct fetch_connection *connection,
	const struct enrolment *e, const char *tag);
/* True when ${bytes} is a receipt note of this segment under the analyzer's key. */
bool ship_verify_receipt(struct span bytes, const uint8_t id[static HASH_BYTES],
	const uint8_t analyzer_key[static PUBLIC_KEY_BYTES]);
/* True when it is a where note with this nonce; fills the rest. */
bool ship_read_where(struct where *where, struct span bytes, const char *nonce,
	const uint8_t analyzer_key[static PUBLIC_KEY_BYTES]);

/* ---- evidence/enroll.c, consent.c, status.c ---- */

NODISCARD enum err enrolment_read(struct enrolment *e, const char *state_dir);
NODISCARD enum err enrolment_write(const struct enrolment *e, const char *state_dir);

struct invite;
struct enroll {
	const struct config *config;
	struct targets *targets; /* filled with what the analyzer gives out */
	const struct invite *invite;
	const char *state_dir;
	struct enrolment enrolment; /* what the person chose; the rest is filled in */
};
/* Makes the keys and the first segment, hands them to the analyzer, verifies its receipt
 * and writes state/enrolled. What fails can be tried again: the same first segment goes
 * out again, and nothing says "enrolled" before the receipt is verified. */
NODISCARD enum err enroll_run(struct enroll *enroll);

/* The consent file in the state folder. Nothing that sends a packet runs without it. */
bool consent_given(const char *state_dir);
/* Shows the risks and asks on the terminal; with accept, takes the option as the answer. */
NODISCARD enum err consent_ask(const char *state_dir, bool accept);

/* What status shows, written by the loop after each round (atomically, no targets). */
struct health {
	int64_t updated_utc_us, rounds, segments, accepted, spooled, dropped;
	int64_t day_spent_bytes, day_bytes;
	int64_t month_spent_bytes, month_bytes; /* month_bytes 0: no limit of its own */
	int64_t analyzer_reached;
	int64_t running; /* 1 until a clean stop */
	int64_t modem; /* 1: the newest round saw one, and says: */
	int64_t access_tech, access_tech_before; /* before the newest change */
	int64_t signal_percent;
	int64_t rung[RUNG_COUNT]; /* enum rung_state of the last climb */
};
NODISCARD enum err status_write(const struct health *health, const char *state_dir);
NODISCARD enum err status_read(struct health *health, const char *state_dir);
void status_print(const struct health *health, bool enrolled, bool json);

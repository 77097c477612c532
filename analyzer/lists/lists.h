#pragma once

#include "analyzer/steps.h"
#include "common/mandate.h"
#include "common/targets.h"

/*
 * A country's target list, from the first draft to the probes:
 *
 *     new -> (a person there) -> check -> sign -> ingest gives it out
 */

/* The rows that are safe to ask for everywhere, with their header: config/targets/
 * everywhere.csv, taken in when the program is built. */
extern const char everywhere_csv[];

/* ---- judge.c: is the list good for its country? ---- */

#define JUDGE_ASES 3 /* in each role but names: one network is no country */

struct judgement {
	struct targets targets; /* the rows that are well formed */
	uint32_t problems, unverified;
	uint32_t ases[ROLE_COUNT]; /* different AS numbers in each role */
};

/* Says each problem as "${path}:line: sentence" in the log. ${country} "" is not known:
 * then where addresses lie is not asked. ${where} may be NULL. */
void judge_list(struct judgement *judgement, struct span list, const char *path,
	const char *country, struct where_db *where);

/* ---- enforce.c: the list in force ---- */

/* Signs it as the next in force and keeps it, the list by its hash and the note by its
 * serial. Line ends are made one before. */
NODISCARD enum err enforce_sign(struct mandate *mandate, struct context *context,
	const char *country, struct span list);
/* The note in force and what it says, which points into it; ERR_NOT_FOUND: none yet. */
NODISCARD enum err enforce_read(
	struct mandate *mandate, struct buf *note, struct context *context);

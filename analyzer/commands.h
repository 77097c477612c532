#pragma once

#include "analyzer/steps.h"

/* Commands that main.c lists, one line each: argc and argv from behind the command's
 * name; the exit code comes back. events_list() and explain_event() are in steps.h. */
int admit_invite(struct context *context, int argc, char **argv);
int admit_probes(struct context *context, int argc, char **argv);
int carry_files(struct context *context, int argc, char **argv);
int query_run(struct context *context, int argc, char **argv);
int segments_export(struct context *context, int argc, char **argv);
int verify_segments(struct context *context, int argc, char **argv);

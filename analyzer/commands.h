#pragma once

#include "analyzer/steps.h"

/* Reads context->config, durations as written. NULL: analyzer.conf of context->dir, or of
 * the current folder, or else the machine's own in /etc. Then context->dir is never
 * NULL: the current folder, if nothing names another. */
NODISCARD enum err folder_settings(struct context *context);
/* Settings (scaled), store and target list; close takes what is open. With ${as_owner}
 * root becomes the owner of the folder. */
NODISCARD enum err folder_open(struct context *context, bool as_owner);
void folder_close(struct context *context);

/* Commands that main.c lists, one line each: argc and argv from behind the command's
 * name; the exit code comes back: 0 done, 1 failed. Wrong usage ends the process with 2. */
int flows_judge(struct context *context, int argc, char **argv);
int folder_init(struct context *context, int argc, char **argv);
int admit_invite(struct context *context, int argc, char **argv);
int admit_probes(struct context *context, int argc, char **argv);
int carry_files(struct context *context, int argc, char **argv);
int events_list(struct context *context, int argc, char **argv);
int explain_event(struct context *context, int argc, char **argv);
int import_run(struct context *context, int argc, char **argv);
int lists_run(struct context *context, int argc, char **argv);
int query_run(struct context *context, int argc, char **argv);
int recompute_events(struct context *context, int argc, char **argv);
int report_event(struct context *context, int argc, char **argv);
int scores_print(struct context *context, int argc, char **argv);
int segments_export(struct context *context, int argc, char **argv);
int verify_segments(struct context *context, int argc, char **argv);

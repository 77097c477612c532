#pragma once

#include "analyzer/steps.h"

/* The settings of the folder, or of ${config}; durations as written. */
NODISCARD enum err folder_settings(
	struct settings *settings, const char *dir, const char *config);
/* Settings (scaled), store and target list of context->dir; close takes what is open. */
NODISCARD enum err folder_open(struct context *context, const char *config);
void folder_close(struct context *context);

/* Commands that main.c lists, one line each: argc and argv from behind the command's
 * name; the exit code comes back: 0 done, 1 failed. Wrong usage ends the process with 2. */
int folder_init(struct context *context, int argc, char **argv);
int admit_invite(struct context *context, int argc, char **argv);
int admit_probes(struct context *context, int argc, char **argv);
int carry_files(struct context *context, int argc, char **argv);
int events_list(struct context *context, int argc, char **argv);
int explain_event(struct context *context, int argc, char **argv);
int import_run(struct context *context, int argc, char **argv);
int query_run(struct context *context, int argc, char **argv);
int segments_export(struct context *context, int argc, char **argv);
int verify_segments(struct context *context, int argc, char **argv);

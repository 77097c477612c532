#pragma once

#include "analyzer/steps.h"

/* The page of a stored verdict, from its JSON and the samples of its time. ${served}: with
 * links to the other pages. ERR_NOT_FOUND: the JSON is no verdict. */
NODISCARD enum err report_page(struct buf *out, struct store *store,
	const struct settings *settings, struct span json, bool served);
/* Appends the verdict of an event as report.json has it; ERR_NOT_FOUND: there is no such
 * event. */
NODISCARD enum err report_json(struct buf *out, struct store *store, const char *event);

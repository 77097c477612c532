#include "analyzer/commands.h"

#include <string.h>

#include "analyzer/exchange/exhibits.h"
#include "analyzer/report/options.h"
#include "analyzer/store/store.h"
#include "common/file.h"
#include "common/log.h"

/* Stored segments as files, byte for byte as they came (FORMAT.md, "Segment"). */

struct exporting {
	const char *to, *out;
	uint64_t n;
	enum err err;
};

static bool
write_segment(void *arg, const struct store_segment *segment)
{
	struct exporting *e = arg;
	char name[128], path[FILE_PATH_BYTES];

	snprintf(name, sizeof name, "%s-%06llu.seg", segment->epoch,
		(unsigned long long)segment->seq);
	e->err = file_path(path, e->out, name);
	if (e->err == OK)
		e->err = file_write(path, segment->bytes.at, segment->bytes.len);
	if (e->err == OK)
		e->n++;
	return e->err == OK;
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct exporting *e = state->input;

	switch (key) {
	case 't':
		e->to = arg;
		break;
	case 'o':
		e->out = arg;
		break;
	case ARGP_KEY_END:
		if (!e->to || (strcmp(e->to, "segments") != 0 &&
				      strcmp(e->to, "exhibits") != 0))
			argp_error(state, "say --to segments or --to exhibits");
		if (!e->out)
			argp_error(state, "say where: --out DIR");
		break;
	default:
		return options_only(key, arg, state);
	}
	return 0;
}

static enum err
export_segments(struct context *context, struct exporting *e)
{
	enum err err = store_each_segment(context->store, write_segment, e);

	if (err == OK)
		err = e->err;
	if (err == OK)
		log_note("%llu segments written to %s", (unsigned long long)e->n,
			e->out);
	return err;
}

int
segments_export(struct context *context, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"to", 't', "FORMAT", 0,
			"segments: one whole .seg file each; exhibits: what probes "
			"showed, opened",
			0},
		{"out", 'o', "DIR", 0, "the folder to write them to", 0}, {0}};
	static const struct argp argp = {.options = options,
		.parser = parse,
		.doc = "Writes what is stored in a form for others.\v"
		       "For example:\n  faultline-analyzer export --to segments --out "
		       "evidence"};
	struct exporting e = {0};
	enum err err;

	options_parse(&argp, argc, argv, &e);
	err = file_mkdir(e.out);
	if (err == OK)
		err = strcmp(e.to, "exhibits") == 0 ? exhibits_export(context, e.out)
						    : export_segments(context, &e);
	return err == OK ? 0 : 1;
}

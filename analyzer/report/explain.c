#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis/steps.h"
#include "analyzer/commands.h"
#include "analyzer/report/changes.h"
#include "analyzer/report/explain_relations.h"
#include "analyzer/report/options.h"
#include "analyzer/report/verdict.h"
#include "analyzer/store/store.h"
#include "common/log.h"

/* The arithmetic of a verdict: prior, each row that counted, the sum, the probability. */

/* Causes side by side: the two likeliest, and the likeliest of each other class. */
#define SHOWN_MOST 5
#define WIDTH 29

struct columns {
	const json_t *cause[SHOWN_MOST];
	size_t n;
};

struct search {
	const char *id;
	bool history;
	char *json;
};

static void
look(void *arg, const struct store_event *event)
{
	struct search *search = arg;

	if (!search->json && event->state != EVENT_HIDDEN &&
		!strcmp(event->id, search->id)) {
		search->json = strndup(event->json.at, event->json.len);
		if (!search->json)
			bug("no memory for a verdict");
	}
}

static const char *
string_of(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

static long
number_of(const json_t *object, const char *key)
{
	return (long)json_integer_value(json_object_get(object, key));
}

static size_t
class_length(const json_t *cause)
{
	return strcspn(string_of(cause, "cause"), ".");
}

static bool
class_shown(const struct columns *columns, const json_t *cause)
{
	size_t n = class_length(cause);

	for (size_t i = 0; i < columns->n; i++)
		if (class_length(columns->cause[i]) == n &&
			!strncmp(string_of(columns->cause[i], "cause"),
				string_of(cause, "cause"), n))
			return true;
	return false;
}

static void
choose_columns(struct columns *columns, const json_t *causes)
{
	const json_t *cause;
	size_t i;

	columns->n = 0;
	json_array_foreach(
		causes, i, cause) if (columns->n < SHOWN_MOST &&
				      (i < 2 || !class_shown(columns, cause)))
		columns->cause[columns->n++] = cause;
}

static void
print_row(const json_t *row, const struct columns *columns, const char *mark)
{
	printf("%s%-4s %-9s", mark, string_of(row, "row"), string_of(row, "basis"));
	for (size_t c = 0; c < columns->n; c++)
		printf("%+*ld", WIDTH,
			number_of(json_object_get(row, "lr"),
				string_of(columns->cause[c], "cause")));
	printf("\n       %s: %s\n", string_of(row, "group"), string_of(row, "says"));
}

static void
print_line(const char *name, const struct columns *columns, const char *key)
{
	printf(" %-14s", name);
	for (size_t c = 0; c < columns->n; c++)
		printf("%*ld", WIDTH, number_of(columns->cause[c], key));
	putchar('\n');
}

static void
print_head(const json_t *verdict)
{
	const json_t *start = json_object_get(verdict, "start");
	const json_t *end = json_object_get(verdict, "end");
	const char *class = string_of(verdict, "class");
	const json_t *source = json_object_get(verdict, "source");

	printf("event %s: %s, %s\n", string_of(verdict, "event"), class,
		string_of(verdict, "cause"));
	printf("from %s (+-%.1f s) to %s; %s; evidence table %s%s\n",
		string_of(start, "estimate"),
		json_number_value(json_object_get(start, "error_s")),
		json_is_null(end) ? "now" : string_of(end, "estimate"),
		string_of(verdict, "standing"), string_of(verdict, "version"),
		strcmp(string_of(verdict, "weights"), VERDICT_UNOFFICIAL)
			? ""
			: ", UNOFFICIAL: other weights than the published ones");
	if (json_is_object(source))
		printf("rests on what others measured: %s, %s\n",
			string_of(source, "format"), string_of(source, "id"));
}

/* ---- all of it, for whoever computes it again ---- */

/* " 7 +230", " 13 +391 (of +500)" where a cap holds it, " (8 +208)" where another of its
 * group weighs more, or nothing. */
static void
print_share(const json_t *row, const char *cause)
{
	const char *id = string_of(row, "row");
	long lr = number_of(json_object_get(row, "lr"), cause);
	long aside = number_of(json_object_get(row, "set_aside"), cause);

	if (lr && aside)
		printf(" %s %+ld (of %+ld)", id, lr, aside);
	else if (lr)
		printf(" %s %+ld", id, lr);
	else if (aside)
		printf(" (%s %+ld)", id, aside);
}

static void
print_cause(const json_t *verdict, const json_t *cause)
{
	const char *name = string_of(cause, "cause");
	const json_t *row;
	size_t i;

	printf(" %-24s prior %ld;", name, number_of(cause, "prior_centinats"));
	json_array_foreach(json_object_get(verdict, "evidence"), i, row)
		print_share(row, name);
	json_array_foreach(json_object_get(verdict, "against"), i, row)
		print_share(row, name);
	printf("; sum %ld; %.6f\n", number_of(cause, "sum_centinats"),
		json_number_value(json_object_get(cause, "probability")));
}

static void
print_numbers(const char *name, const json_t *numbers)
{
	const char *of;
	json_t *number;

	printf("%s:", name);
	json_object_foreach((json_t *)(uintptr_t)numbers, of, number)
	{
		printf(json_is_integer(number) ? " %s %.0f" : " %s %.6f", of,
			json_number_value(number));
	}
	putchar('\n');
}

static void
print_all(const json_t *verdict)
{
	const json_t *cause;
	size_t i;

	printf("\nall causes: the prior, each row that was seen, their sum, the "
	       "probability;"
	       " in brackets what\nanother row of its group outweighs, or what a cap "
	       "holds\n");
	json_array_foreach(json_object_get(verdict, "causes"), i, cause)
		print_cause(verdict, cause);
	print_numbers("caps of the groups", json_object_get(verdict, "caps_centinats"));
	print_numbers("classes", json_object_get(verdict, "class_probability"));
	print_numbers("classes without judged rows",
		json_object_get(verdict, "class_probability_measured_only"));
	printf("deliberate: %.6f, shutdown and throttling together\n",
		json_number_value(json_object_get(verdict, "deliberate")));
	printf("a class needs %.6f, or the verdict is insufficient\n",
		CLASS_LEAST_PPM / 1e6);
}

static void
print_context(const json_t *verdict)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(verdict, "context"), i, one) printf(
		"%s  %s, from %s (%s): %s\n",
		i ? "" : "what else happened; never counted, 1:1 for every cause\n",
		string_of(one, "kind"), string_of(one, "begin"),
		string_of(one, "source"), string_of(one, "says"));
}

static void
print_verdict(const json_t *verdict, const char *text)
{
	const json_t *causes = json_object_get(verdict, "causes"), *row;
	struct columns columns;
	size_t i;

	choose_columns(&columns, causes);
	print_head(verdict);
	printf("\nhundredths of natural logarithms of likelihood ratios; of rows of "
	       "one group only the strongest counts, and no more than its cap\n\n "
	       "%-14s",
		"");
	for (size_t c = 0; c < columns.n; c++)
		printf("%*s", WIDTH, string_of(columns.cause[c], "cause"));
	putchar('\n');
	print_line("prior", &columns, "prior_centinats");
	json_array_foreach(json_object_get(verdict, "evidence"), i, row)
		print_row(row, &columns, "+");
	json_array_foreach(json_object_get(verdict, "against"), i, row)
		print_row(row, &columns, "-");
	print_line("sum", &columns, "sum_centinats");
	printf(" %-14s", "probability");
	for (size_t c = 0; c < columns.n; c++)
		printf("%*.6f", WIDTH,
			json_number_value(
				json_object_get(columns.cause[c], "probability")));
	printf("\n\nprobability = exp(sum / 100) over its total for all %zu causes\n",
		json_array_size(causes));
	print_all(verdict);
	explain_relations((struct span){text, strlen(text)});
	print_context(verdict);
}

static void
list_rows(struct listing *listing, const json_t *verdict, const char *side)
{
	const char *cause = string_of(verdict, "cause");
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(verdict, side), i, row)
	{
		const json_t *lr = json_object_get(row, "lr");
		char weight[24], n[24], of[24];

		snprintf(weight, sizeof weight, "%ld", number_of(lr, cause));
		snprintf(n, sizeof n, "%ld", number_of(row, "n"));
		snprintf(of, sizeof of, "%ld", number_of(row, "of"));
		listing_row(listing,
			(const char *const[]){string_of(verdict, "event"), cause, side,
				string_of(row, "row"), string_of(row, "basis"), weight,
				n, of, string_of(row, "says")});
	}
}

/* For a spreadsheet: the rows, and what each weighs for the leading cause. */
static void
list_verdict(const json_t *verdict)
{
	static const struct column names[] = {
		{"event", COLUMN_TEXT},
		{"cause", COLUMN_TEXT},
		{"side", COLUMN_TEXT},
		{"row", COLUMN_TEXT},
		{"basis", COLUMN_TEXT},
		{"lr_centinats", COLUMN_NUMBER},
		{"n", COLUMN_NUMBER},
		{"of", COLUMN_NUMBER},
		{"says", COLUMN_TEXT},
	};
	struct listing *listing;

	listing_open(
		&listing, stdout, LISTING_CSV, names, sizeof names / sizeof names[0]);
	list_rows(listing, verdict, "evidence");
	list_rows(listing, verdict, "against");
	listing_close(listing);
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct search *search = state->input;

	if (key == 'H') {
		search->history = true;
		return 0;
	}
	if (key == ARGP_KEY_ARG && !search->id) {
		search->id = arg;
		return 0;
	}
	if (key == ARGP_KEY_END && !search->id)
		argp_error(state, "which event? 'events' lists them");
	return ARGP_ERR_UNKNOWN;
}

static int
print_history(const struct context *context, const char *id)
{
	bool found;

	if (changes_print(&found, context->store, id,
		    (enum listing_format)context->format) != OK)
		return 1;
	if (!found)
		log_error("there is no history of an event %s; 'events' lists the "
			  "events, and analyze notes what changes them",
			id);
	return found ? 0 : 1;
}

int
explain_event(struct context *context, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"history", 'H', NULL, 0,
			"instead, what was said of it before, and what changed it", 0},
		{0}};
	static const struct argp argp = {.options = options,
		.parser = parse,
		.args_doc = "EVENT",
		.doc = "Shows the arithmetic of a verdict, row by row.\v"
		       "For example:\n  faultline-analyzer explain b558a2e4092cb7a6\n"
		       "  faultline-analyzer explain b558a2e4092cb7a6 --history"};
	struct search search = {0};
	json_t *verdict = NULL;
	int code = 1;

	options_parse(&argp, argc, argv, &search);
	if (search.history)
		return print_history(context, search.id);
	if (store_each_event_ever(context->store, look, &search))
		goto done;
	if (!search.json) {
		log_error("there is no event %s; 'events' lists them", search.id);
		goto done;
	}
	code = 0;
	if (context->format == LISTING_JSON) {
		puts(search.json);
		goto done;
	}
	verdict = json_loads(search.json, 0, NULL);
	if (!verdict)
		bug("a stored verdict is no JSON");
	if (context->format == LISTING_CSV)
		list_verdict(verdict);
	else
		print_verdict(verdict, search.json);
done:
	json_decref(verdict);
	free(search.json);
	return code;
}

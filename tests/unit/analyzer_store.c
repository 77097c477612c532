#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/store/store.h"
#include "common/file.h"

#define EPOCH "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OTHER "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

struct place {
	char dir[32];
	struct store *store;
};

static int
set_up(void **state)
{
	struct place *place = calloc(1, sizeof *place);

	strcpy(place->dir, "/tmp/analyzer_store.XXXXXX");
	assert_non_null(mkdtemp(place->dir));
	assert_int_equal(store_create(place->dir), OK);
	assert_int_equal(store_open(&place->store, place->dir), OK);
	*state = place;
	return 0;
}

static int
tear_down(void **state)
{
	struct place *place = *state;
	const char *names[] = {"store.sqlite", "store.sqlite-wal", "store.sqlite-shm"};
	char path[FILE_PATH_BYTES];

	store_close(place->store);
	for (size_t i = 0; i < 3; i++)
		if (file_path(path, place->dir, names[i]) == OK)
			unlink(path);
	rmdir(place->dir);
	free(place);
	return 0;
}

static void
reopen(struct place *place)
{
	store_close(place->store);
	place->store = NULL;
	assert_int_equal(store_open(&place->store, place->dir), OK);
}

static struct store_probe
probe_of(const char *epoch, const char *role, uint8_t token)
{
	struct store_probe probe = {.state = "probation", .enrolled_utc_us = 7};

	strcpy(probe.epoch, epoch);
	strcpy(probe.role, role);
	memset(probe.token_hash, token, HASH_BYTES);
	return probe;
}

static struct store_segment
segment_of(const char *epoch, uint64_t seq, uint8_t id, const char *bytes)
{
	struct store_segment segment = {.seq = seq,
		.received_utc_us = 1000 * (int64_t)seq,
		.bytes = {bytes, strlen(bytes)}};

	strcpy(segment.epoch, epoch);
	memset(segment.id, id, HASH_BYTES);
	return segment;
}

static enum err
add(struct place *place, const char *epoch, uint64_t seq, uint8_t id)
{
	struct store_segment segment = segment_of(epoch, seq, id, "the lines");

	return store_add_segment(place->store, &segment);
}

static void
an_invite_is_spent_once_and_renews_only_its_own_epochs_token(void **state)
{
	struct place *place = *state;
	const uint8_t code[HASH_BYTES] = {1}, other_code[HASH_BYTES] = {2};
	struct store_probe probe = probe_of(EPOCH, "field", 1), found;

	assert_int_equal(store_add_invite(place->store, code, "field", "north"), OK);
	assert_int_equal(
		store_add_invite(place->store, other_code, "field", "south"), OK);
	assert_int_equal(store_use_invite(place->store, code, &probe), OK);
	assert_int_equal(
		store_probe_by_token(&found, place->store, probe.token_hash), OK);
	assert_string_equal(found.epoch, EPOCH);
	assert_string_equal(found.cohort, "north");
	assert_string_equal(found.state, "probation");
	assert_int_equal(found.enrolled_utc_us, 7);

	probe = probe_of(EPOCH, "field", 2);
	assert_int_equal(store_use_invite(place->store, code, &probe), OK);
	assert_int_equal(
		store_probe_by_token(&found, place->store, probe.token_hash), OK);
	memset(probe.token_hash, 1, HASH_BYTES);
	assert_int_equal(store_probe_by_token(&found, place->store, probe.token_hash),
		ERR_NOT_FOUND);

	probe = probe_of(OTHER, "field", 3);
	assert_int_equal(store_use_invite(place->store, code, &probe), ERR_EXISTS);
	probe = probe_of(EPOCH, "field", 4);
	assert_int_equal(
		store_use_invite(place->store, other_code, &probe), ERR_EXISTS);
}

static void
a_code_nobody_made_and_a_code_for_another_role_admit_nobody(void **state)
{
	struct place *place = *state;
	const uint8_t code[HASH_BYTES] = {1}, unknown[HASH_BYTES] = {9};
	struct store_probe probe = probe_of(EPOCH, "control", 1), found;

	assert_int_equal(store_add_invite(place->store, code, "field", "north"), OK);
	assert_int_equal(
		store_use_invite(place->store, unknown, &probe), ERR_NOT_FOUND);
	assert_int_equal(store_use_invite(place->store, code, &probe), ERR_PERMISSION);
	assert_int_equal(
		store_probe_by_epoch(&found, place->store, EPOCH), ERR_NOT_FOUND);
}

static void
a_probes_state_changes_and_an_unknown_probes_does_not(void **state)
{
	struct place *place = *state;
	const uint8_t code[HASH_BYTES] = {1};
	struct store_probe probe = probe_of(EPOCH, "field", 1), found;

	assert_int_equal(store_add_invite(place->store, code, "field", "north"), OK);
	assert_int_equal(store_use_invite(place->store, code, &probe), OK);
	assert_int_equal(store_set_probe_state(place->store, EPOCH, "revoked"), OK);
	reopen(place);
	assert_int_equal(store_probe_by_epoch(&found, place->store, EPOCH), OK);
	assert_string_equal(found.state, "revoked");
	assert_int_equal(
		store_set_probe_state(place->store, OTHER, "active"), ERR_NOT_FOUND);
}

static void
a_replay_is_told_from_an_equivocation(void **state)
{
	struct place *place = *state;
	int64_t n = 0;

	assert_int_equal(add(place, EPOCH, 1, 1), OK);
	assert_int_equal(add(place, EPOCH, 1, 1), ERR_EXISTS);
	assert_int_equal(add(place, EPOCH, 1, 2), ERR_LIMIT);
	assert_int_equal(add(place, EPOCH, 1, 3), ERR_LIMIT);
	assert_int_equal(add(place, OTHER, 1, 4), OK);
	assert_int_equal(store_segment_count(&n, place->store), OK);
	assert_int_equal(n, 2);
}

struct order {
	char text[64];
	int most;
};

static bool
write_order(void *arg, const struct store_segment *segment)
{
	struct order *order = arg;
	size_t n = strlen(order->text);

	assert_int_equal(segment->bytes.len, strlen("the lines"));
	assert_memory_equal(segment->bytes.at, "the lines", segment->bytes.len);
	assert_int_equal(segment->received_utc_us, 1000 * segment->seq);
	snprintf(order->text + n, sizeof order->text - n, "%c%d ", segment->epoch[0],
		(int)segment->seq);
	return --order->most > 0;
}

static void
segments_come_back_verbatim_in_the_order_of_epoch_and_number(void **state)
{
	struct place *place = *state;
	struct order all = {.most = 9}, two = {.most = 2};

	assert_int_equal(add(place, OTHER, 1, 1), OK);
	assert_int_equal(add(place, EPOCH, 10, 2), OK);
	assert_int_equal(add(place, EPOCH, 9, 3), OK);
	reopen(place);
	assert_int_equal(store_each_segment(place->store, write_order, &all), OK);
	assert_string_equal(all.text, "a9 a10 b1 ");
	assert_int_equal(store_each_segment(place->store, write_order, &two), OK);
	assert_string_equal(two.text, "a9 a10 ");
}

static void
what_was_rolled_back_is_gone_and_what_was_committed_stays(void **state)
{
	struct place *place = *state;
	int64_t n = 0;

	assert_int_equal(store_begin(place->store), OK);
	assert_int_equal(add(place, EPOCH, 1, 1), OK);
	store_rollback(place->store);
	assert_int_equal(store_begin(place->store), OK);
	assert_int_equal(add(place, EPOCH, 2, 2), OK);
	assert_int_equal(store_commit(place->store), OK);
	reopen(place);
	assert_int_equal(store_segments_since(&n, place->store, EPOCH, 0), OK);
	assert_int_equal(n, 1);
	assert_int_equal(store_segments_since(&n, place->store, EPOCH, 2001), OK);
	assert_int_equal(n, 0);
}

static void
write_event(void *arg, const struct store_event *event)
{
	char *text = arg;

	assert_int_equal(event->json.len, 2);
	assert_memory_equal(event->json.at, "{}", 2);
	strcat(text, event->id);
	strcat(text, " ");
}

static void
events_are_replaced_as_a_whole_and_come_back_by_start(void **state)
{
	struct place *place = *state;
	struct store_event events[2] = {{.id = "late",
						.country = "XX",
						.class_name = "shutdown",
						.cause = "shutdown.full",
						.start_utc_us = 2,
						.json = {"{}", 2}},
		{.id = "early",
			.country = "XX",
			.class_name = "ordinary",
			.cause = "ordinary.local",
			.start_utc_us = 1,
			.json = {"{}", 2}}};
	char text[64] = "";

	assert_int_equal(store_replace_events(place->store, events, 2, 0), OK);
	assert_int_equal(store_each_event(place->store, write_event, text), OK);
	assert_string_equal(text, "early late ");
	events[1] = events[0];
	assert_int_not_equal(store_replace_events(place->store, events, 2, 0), OK);
	text[0] = '\0';
	assert_int_equal(store_each_event(place->store, write_event, text), OK);
	assert_string_equal(text, "early late ");
	assert_int_equal(store_replace_events(place->store, events, 1, 0), OK);
	text[0] = '\0';
	assert_int_equal(store_each_event(place->store, write_event, text), OK);
	assert_string_equal(text, "late ");
}

static void
events_that_ended_before_stay_when_later_ones_are_replaced(void **state)
{
	struct place *place = *state;
	struct store_event events[3] = {{.id = "old",
						.country = "XX",
						.start_utc_us = 1,
						.end_utc_us = 5,
						.json = {"{}", 2}},
		{.id = "new",
			.country = "XX",
			.start_utc_us = 6,
			.end_utc_us = 9,
			.json = {"{}", 2}},
		{.id = "open", .country = "XX", .start_utc_us = 2, .json = {"{}", 2}}};
	char text[64] = "";

	assert_int_equal(store_replace_events(place->store, events, 3, 0), OK);
	assert_int_equal(store_replace_events(place->store, NULL, 0, 8), OK);
	assert_int_equal(store_each_event(place->store, write_event, text), OK);
	assert_string_equal(text, "old ");
}

static int
how_many(void *arg, int columns_n, char **values, char **names)
{
	(void)columns_n;
	(void)names;
	*(int *)arg = (int)strtol(values[0], NULL, 10);
	return 0;
}

static void
of_events_only_what_is_other_than_it_was_is_written(void **state)
{
	struct place *place = *state;
	struct store_event events[2] = {
		{.id = "same", .country = "XX", .start_utc_us = 1, .json = {"{}", 2}},
		{.id = "other", .country = "XX", .start_utc_us = 2, .json = {"{}", 2}}};
	char text[64] = "", file[FILE_PATH_BYTES];
	sqlite3 *db = NULL;
	int written = -1;

	assert_int_equal(file_path(file, place->dir, "store.sqlite"), OK);
	assert_int_equal(store_replace_events(place->store, events, 2, 0), OK);
	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				 "CREATE TABLE written(id);"
				 "CREATE TRIGGER writes AFTER INSERT ON event BEGIN"
				 " INSERT INTO written VALUES(new.id); END;",
				 NULL, NULL, NULL),
		SQLITE_OK);
	events[1].asns = (struct span){",1,", 3};
	assert_int_equal(store_replace_events(place->store, events, 2, 0), OK);
	assert_int_equal(sqlite3_exec(db, "SELECT count(*) FROM written", how_many,
				 &written, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(written, 1);
	assert_int_equal(store_each_event(place->store, write_event, text), OK);
	assert_string_equal(text, "same other ");
}

static void
write_targets(void *arg, const uint8_t sha256[static HASH_BYTES], struct span bytes)
{
	char *text = arg;

	snprintf(text + strlen(text), 16, "%d:%.*s ", sha256[0], (int)bytes.len,
		bytes.at);
}

static void
target_lists_are_kept_once_in_the_order_in_which_they_came(void **state)
{
	struct place *place = *state;
	const uint8_t one[HASH_BYTES] = {1}, two[HASH_BYTES] = {2};
	char text[64] = "";

	assert_int_equal(
		store_put_targets(place->store, two, (struct span){"b", 1}), OK);
	assert_int_equal(
		store_put_targets(place->store, one, (struct span){"a", 1}), OK);
	assert_int_equal(
		store_put_targets(place->store, one, (struct span){"a", 1}), OK);
	assert_int_equal(store_each_targets(place->store, write_targets, text), OK);
	assert_string_equal(text, "2:b 1:a ");
}

static void
a_store_is_not_made_over_another(void **state)
{
	struct place *place = *state;
	int64_t n = 0;

	assert_int_equal(add(place, EPOCH, 1, 1), OK);
	assert_int_equal(store_create(place->dir), ERR_EXISTS);
	assert_int_equal(store_segment_count(&n, place->store), OK);
	assert_int_equal(n, 1);
}

static void
a_file_that_is_no_store_of_ours_is_not_opened(void **state)
{
	struct place *place = *state;
	struct store *store = NULL;
	char path[FILE_PATH_BYTES];
	static const char noise[4096] = "this was never a database";

	assert_int_equal(file_path(path, place->dir, "store.sqlite"), OK);
	store_close(place->store);
	place->store = NULL;
	assert_int_equal(file_write(path, noise, sizeof noise), OK);
	assert_int_equal(store_open(&store, place->dir), ERR_FORMAT);
	assert_int_equal(file_write(path, "", 0), OK);
	assert_int_equal(store_open(&store, place->dir), ERR_FORMAT);
	unlink(path);
	assert_int_equal(store_open(&store, place->dir), ERR_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_invite_is_spent_once_and_renews_only_its_own_epochs_token),
		TEST(a_code_nobody_made_and_a_code_for_another_role_admit_nobody),
		TEST(a_probes_state_changes_and_an_unknown_probes_does_not),
		TEST(a_replay_is_told_from_an_equivocation),
		TEST(segments_come_back_verbatim_in_the_order_of_epoch_and_number),
		TEST(what_was_rolled_back_is_gone_and_what_was_committed_stays),
		TEST(events_are_replaced_as_a_whole_and_come_back_by_start),
		TEST(events_that_ended_before_stay_when_later_ones_are_replaced),
		TEST(of_events_only_what_is_other_than_it_was_is_written),
		TEST(target_lists_are_kept_once_in_the_order_in_which_they_came),
		TEST(a_store_is_not_made_over_another),
		TEST(a_file_that_is_no_store_of_ours_is_not_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

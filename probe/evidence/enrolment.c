#include "probe/steps.h"

#include <string.h>

#include "common/conf.h"
#include "common/file.h"
#include "common/log.h"

/* As it stands in the file: the key as hex. */
struct form {
	struct enrolment e;
	char key[2 * PUBLIC_KEY_BYTES + 1];
};

#define TEXT_ROW(name, member, sentence)                                               \
	{                                                                              \
		name, SETTING_TEXT, 0, 0, "", NULL, offsetof(struct form, member),     \
			sizeof(((struct form *)0)->member), sentence                   \
	}

static const struct setting rows[] = {
	TEXT_ROW("endpoint", e.endpoint, "The analyzer."),
	TEXT_ROW("pin", e.pin, "The key of its TLS."),
	TEXT_ROW("key", key, "The key of its notes."),
	TEXT_ROW("token", e.token, "What lets this probe upload."),
	TEXT_ROW("role", e.role, "field or control."),
	TEXT_ROW("country", e.country, "Where this probe is."),
	TEXT_ROW("region", e.region, "Only if the volunteer chose to say it."),
	{"medium", SETTING_CHOICE, 0, 0, "unknown", "unknown|mobile|fixed|satellite",
		offsetof(struct form, e.medium), 0, "As declared by the volunteer."},
	{"profile", SETTING_CHOICE, 0, 0, "home", "2g|home",
		offsetof(struct form, e.profile), 0, "As chosen by the volunteer."},
	{"level", SETTING_CHOICE, 0, 0, "low", "low|normal|high",
		offsetof(struct form, e.level), 0, "As chosen by the volunteer."},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

enum err
enrolment_write(const struct enrolment *e, const char *state_dir)
{
	char path[FILE_PATH_BYTES];
	enum err err = file_path(path, state_dir, "enrolled");
	struct form form = {*e, ""};

	if (err != OK)
		return err;
	crypto_hex(form.key, e->analyzer_key, PUBLIC_KEY_BYTES);
	return conf_write(path, &form, rows, ROWS);
}

enum err
enrolment_read(struct enrolment *e, const char *state_dir)
{
	char path[FILE_PATH_BYTES];
	enum err err = file_path(path, state_dir, "enrolled");
	struct form form = {0};

	if (err != OK)
		return err;
	conf_presets(&form, rows, ROWS);
	err = conf_read(&form, rows, ROWS, path);
	if (err != OK)
		return err;
	*e = form.e;
	if (!crypto_unhex(e->analyzer_key, PUBLIC_KEY_BYTES,
		    (struct span){form.key, strlen(form.key)}) ||
		strlen(e->token) != 64 || e->endpoint[0] == '\0') {
		log_error("%s: damaged; enroll again into an empty state folder", path);
		return ERR_CONFIG;
	}
	return OK;
}

#include "probe/steps.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log.h"

static const char risks[] =
	"Before you start\n"
	"\n"
	"Faultline measures this Internet connection: it asks name servers, opens "
	"pages\n"
	"and sends echo requests, day and night, a few packets a minute, and hands "
	"what it\n"
	"saw to the analyzer whose invite you hold. It records no traffic of yours, "
	"no\n"
	"name, no phone number and no place finer than what you declare.\n"
	"\n"
	"  - Your operator can see that this machine measures, and to whom it "
	"reports.\n"
	"  - In some countries measuring networks, or reporting on them, is punished.\n"
	"    Whether that holds for you, you must know; this program cannot.\n"
	"  - Whoever takes this machine finds this program, its key and what was not "
	"yet\n"
	"    handed over. That part is not encrypted on this disk.\n"
	"  - A page or certificate that is unlike the usual is kept as it came and "
	"goes to\n"
	"    the analyzer, sealed: its operator alone reads it. Some such pages name "
	"the\n"
	"    subscriber. `home_exhibits` and `2g_exhibits` set to 0 end that.\n"
	"  - It uses data that you may pay for: a few MB a day on a mobile line, up "
	"to\n"
	"    40 MB on a flat rate. `--print-config` shows the limits.\n"
	"\n"
	"You can stop at any time by stopping the program and deleting its state "
	"folder.\n";

static enum err
consent_path(char path[static FILE_PATH_BYTES], const char *state_dir)
{
	return file_path(path, state_dir, "consent");
}

bool
consent_given(const char *state_dir)
{
	char path[FILE_PATH_BYTES];
	struct buf text = {0};
	bool given;

	given = consent_path(path, state_dir) == OK &&
		file_read(&text, path, 2 * sizeof(risks)) == OK &&
		text.len == strlen(risks) && memcmp(text.data, risks, text.len) == 0;
	buf_free(&text);
	return given;
}

static bool
answer_is_yes(void)
{
	char line[16];

	fputs("\nType \"yes\" to go on: ", stderr);
	return fgets(line, sizeof(line), stdin) != NULL && strcmp(line, "yes\n") == 0;
}

/* What was agreed to is kept word for word: other risks need another answer. No date. */
static enum err
write_down(const char *state_dir)
{
	char path[FILE_PATH_BYTES];
	enum err err = file_mkdir(state_dir);

	if (err == OK)
		err = consent_path(path, state_dir);
	if (err == OK)
		err = file_write(path, risks, strlen(risks));
	return err;
}

enum err
consent_ask(const char *state_dir, bool accept)
{
	if (consent_given(state_dir))
		return OK;
	if (!accept && !(isatty(STDIN_FILENO) && isatty(STDERR_FILENO))) {
		log_error("nobody has agreed to the risks yet, so nothing is sent: run "
			  "`faultline-probe once` on a terminal, or `enroll` with "
			  "--accept-risks");
		return ERR_PERMISSION;
	}
	fputs(risks, stderr);
	if (!accept && !answer_is_yes()) {
		log_error("not agreed: nothing was sent, nothing was kept");
		return ERR_PERMISSION;
	}
	return write_down(state_dir);
}

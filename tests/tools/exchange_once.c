/*
 * Does one pinned exchange, as uploads do, as often as asked, over one connection:
 *
 *     exchange_once METHOD URL PIN TOKEN BODY TIMES
 *
 * Prints "<error>|<status>|<answer>" a line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/doors/fetch.h"

int
main(int n, char **words)
{
	struct fetch_connection *connection = NULL;
	struct fetch_request request = {.max_answer = 1000};
	struct buf answer = {0};
	long status;

	if (n != 7) {
		fprintf(stderr,
			"usage: exchange_once METHOD URL PIN TOKEN BODY TIMES\n");
		return 2;
	}
	request.method = words[1];
	request.url = words[2];
	request.pin = words[3][0] ? words[3] : NULL;
	request.bearer = words[4][0] ? words[4] : NULL;
	request.body = (struct span){words[5], strlen(words[5])};
	if (fetch_open(&connection) != OK)
		return 1;
	for (long i = strtol(words[6], NULL, 10); i > 0; i--) {
		enum err err;

		buf_clear(&answer);
		err = fetch_exchange(&answer, &status, connection, &request);
		printf("%s|%ld|%s\n", err_text(err), status,
			answer.data ? answer.data : "");
	}
	fetch_close(connection);
	buf_free(&answer);
	return 0;
}

/* Replays every file of the folders given through a fuzz target, as an ordinary test. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

#define PATH_BYTES 4096

/* Each input in memory of just its size, so that a sanitizer sees a read past its end. */
static int
replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct stat st;
	uint8_t *bytes = NULL;
	size_t n = 0;
	int failed = 1;

	if (!file || fstat(fileno(file), &st) != 0)
		goto done;
	n = (size_t)st.st_size;
	bytes = malloc(n ? n : 1);
	if (!bytes || fread(bytes, 1, n, file) != n)
		goto done;
	LLVMFuzzerTestOneInput(bytes, n);
	failed = 0;
done:
	if (failed)
		perror(path);
	if (file)
		fclose(file);
	free(bytes);
	return failed;
}

/* The number of files replayed, or -1. */
static int
replay_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int n = 0;

	if (!dir) {
		perror(folder);
		return -1;
	}
	while (n >= 0 && (entry = readdir(dir))) {
		char path[PATH_BYTES];

		if (entry->d_name[0] == '.')
			continue;
		if (snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) >=
				(int)sizeof path ||
			replay_file(path))
			n = -1;
		else
			n++;
	}
	closedir(dir);
	return n;
}

int
main(int argc, char **argv)
{
	int count = 0;

	for (int i = 1; i < argc; i++) {
		int n = replay_folder(argv[i]);

		if (n < 0)
			return 1;
		count += n;
	}
	printf("%d inputs replayed\n", count);
	if (count)
		return 0;
	fprintf(stderr, "no input was found: name a folder with a corpus\n");
	return 1;
}

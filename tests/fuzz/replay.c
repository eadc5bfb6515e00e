/* SPDX-License-Identifier: MIT */
/* Runs a fuzz target over every file of the directories given: `replay DIR…`. Fails when there was none. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Exactly as many bytes as the file has are allocated, so that a sanitizer sees a read past them. */
static int replay_file(const char *path)
{
	struct stat st;
	FILE *file = stat(path, &st) == 0 && S_ISREG(st.st_mode) ? fopen(path, "rb") : NULL;

	if (!file)
		return 0;
	size_t size = (size_t)st.st_size;
	uint8_t *data = malloc(size);
	int done = (data || size == 0) && fread(data, 1, size, file) == size;
	fclose(file);
	if (done)
		LLVMFuzzerTestOneInput(data, size);
	free(data);
	return done;
}

static int replay_directory(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	if (!dir) {
		perror(path);
		return 0;
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		char *file;
		if (asprintf(&file, "%s/%s", path, entry->d_name) < 0)
			break;
		n += replay_file(file);
		free(file);
	}
	closedir(dir);
	return n;
}

int main(int argc, char **argv)
{
	int failed = argc < 2;

	for (int i = 1; i < argc; i++) {
		int n = replay_directory(argv[i]);
		printf("%s: %d inputs\n", argv[i], n);
		failed |= n == 0;
	}
	return failed;
}

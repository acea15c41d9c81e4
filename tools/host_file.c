// SPDX-License-Identifier: GPL-2.0
/* The rest of host.c, which tests replace. */
#include "host.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

FILE *host_open(const char *path)
{
	return fopen(path, "re");
}

/* It fails only for a bad address. */
void host_kernel(struct utsname *kernel)
{
	uname(kernel);
}

/* The first place where @name is; NULL if there is none. */
static const char *find_program(char path[64], const char *name)
{
	static const char *const dirs[] = { "/usr/sbin", "/usr/bin", "/sbin",
					    "/bin", "/usr/local/sbin" };
	size_t i;

	for (i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		snprintf(path, 64, "%s/%s", dirs[i], name);
		if (!access(path, X_OK))
			return path;
	}
	return NULL;
}

static int spawn(const char *path, char *const argv[], int out, pid_t *pid)
{
	static char *const environment[] = {
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL
	};
	posix_spawn_file_actions_t actions;
	int err;

	if (posix_spawn_file_actions_init(&actions))
		return -1;
	err = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO,
					       "/dev/null", O_RDONLY, 0) ||
	      posix_spawn_file_actions_addopen(&actions, STDERR_FILENO,
					       "/dev/null", O_WRONLY, 0) ||
	      posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO) ||
	      posix_spawn(pid, path, &actions, NULL, argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	return err ? -1 : 0;
}

/* Into a file in memory: unlike a pipe it cannot fill up. */
FILE *host_program(char *const argv[])
{
	const char *found;
	char path[64];
	int fd, status = 0;
	FILE *file;
	pid_t pid;

	found = find_program(path, argv[0]);
	fd = found ? memfd_create(argv[0], MFD_CLOEXEC) : -1;
	file = fd < 0 ? NULL : fdopen(fd, "r");
	if (!file) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	if (spawn(found, argv, fd, &pid) || waitpid(pid, &status, 0) != pid ||
	    status) {
		fclose(file);
		return NULL;
	}
	rewind(file);
	return file;
}

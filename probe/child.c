#include "probe/child.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"

/* A sanitizer's shadow is larger than any limit on memory. */
#if defined(__has_feature)
#define WITH_SHADOW __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define WITH_SHADOW 1
#else
#define WITH_SHADOW 0
#endif
#define CHILD_MEMORY (INT64_C(1) << 30)

enum err
child_page(void **page, size_t bytes)
{
	*page = mmap(
		NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (*page != MAP_FAILED)
		return OK;
	*page = NULL;
	log_error("no memory to share with a child: %s", strerror(errno));
	return ERR_IO;
}

void
child_clear(void *page, size_t bytes)
{
	if (madvise(page, bytes, MADV_REMOVE) != 0)
		memset(page, 0, bytes);
}

static bool
close_files(int keep)
{
	unsigned first = STDERR_FILENO + 1;

	if (keep > 0 && (unsigned)keep > first &&
		close_range(first, (unsigned)keep - 1, 0) != 0)
		return false;
	return close_range(keep > 0 ? (unsigned)keep + 1 : first, ~0U, 0) == 0;
}

/* A child that cannot be confined measures nothing. */
static void
settle(const struct crypto_key *key, pid_t parent, int keep)
{
	sigset_t none;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent ||
		prctl(PR_SET_DUMPABLE, 0) != 0 ||
		setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}) != 0)
		_exit(1);
#if !WITH_SHADOW
	if (setrlimit(RLIMIT_DATA, &(struct rlimit){CHILD_MEMORY, CHILD_MEMORY}) != 0)
		_exit(1);
#endif
	if (key != NULL && crypto_key_present(key))
		bug("the signing key is readable in a child");
	if (!close_files(keep))
		_exit(1);
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

enum err
child_start(struct child *child, const struct crypto_key *key, aside_fn *fn, void *arg,
	size_t bytes, int64_t deadline_us)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0) {
		settle(key, parent, child->keep);
		fn(arg, child->page, bytes);
		_exit(0);
	}
	if (pid < 0) {
		log_error("cannot start a child: %s", strerror(errno));
		return ERR_IO;
	}
	child->fd = pidfd_open(pid, 0);
	if (child->fd < 0)
		bug("pidfd_open: %s", strerror(errno));
	child->pid = pid;
	child->start_us = clock_boot_us();
	child->deadline_us = child->start_us + deadline_us;
	return OK;
}

bool
child_end(struct child *child, struct rusage *usage)
{
	int status = 0;

	kill(child->pid, SIGKILL);
	while (wait4(child->pid, &status, 0, usage) < 0 && errno == EINTR)
		;
	close(child->fd);
	child->pid = 0;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool
child_ended(const struct child *child)
{
	struct pollfd poll_fd = {child->fd, POLLIN, 0};

	return poll(&poll_fd, 1, 0) > 0;
}

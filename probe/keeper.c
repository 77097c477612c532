#include "probe/steps.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "probe/doors/capture_worker.h"
#include "probe/doors/privilege.h"

#define FDS 2 /* that come with a question: the socket, and where the answer goes */

/* It dies with who started it, leaves no core and cannot be looked into. */
static bool
settle(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent &&
	       prctl(PR_SET_DUMPABLE, 0) == 0 &&
	       setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}) == 0;
}

static bool
is_closed(int way)
{
	struct pollfd closed = {way, 0, 0};

	return poll(&closed, 1, 0) > 0 && (closed.revents & (POLLHUP | POLLERR)) != 0;
}

/* False: nobody is there any more. fds: -1 where none came. */
static bool
next_question(struct capture_ask *ask, int fds[static FDS], int way)
{
	struct iovec part = {ask, sizeof(*ask)};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(FDS * sizeof(int))];
	} control;
	struct msghdr message = {.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};
	const struct cmsghdr *head;
	ssize_t n;

	fds[0] = fds[1] = -1;
	do
		n = recvmsg(way, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	head = CMSG_FIRSTHDR(&message);
	/* The kernel closes what does not fit. */
	if (n > 0 && head && head->cmsg_level == SOL_SOCKET &&
		head->cmsg_type == SCM_RIGHTS)
		memcpy(fds, CMSG_DATA(head), head->cmsg_len - CMSG_LEN(0));
	if (n >= 0 && n != sizeof(*ask))
		memset(ask, 0, sizeof(*ask));
	/* Nothing may be a message, too: it ends nothing. */
	return n > 0 || (n == 0 && !is_closed(way));
}

static bool
has_ended(int pidfd)
{
	struct pollfd ended = {pidfd, POLLIN, 0};

	return pidfd < 0 || poll(&ended, 1, 0) > 0;
}

/* One at a time: who asks meanwhile is left without. */
static void
start_worker(
	int *worker, const struct capture_ask *ask, const int fds[static FDS], int way)
{
	pid_t keeper = getpid(), pid;

	if (!has_ended(*worker))
		return;
	if (*worker >= 0)
		close(*worker);
	*worker = -1;
	pid = fork();
	if (pid == 0) {
		if (!settle(keeper))
			_exit(1);
		close(way);
		capture_work(fds[1], fds[0], ask);
	}
	if (pid > 0)
		*worker = pidfd_open(pid, 0);
}

/* Reads no packet, and no byte that came from a network. Stopping is the program's to do. */
static _Noreturn void
keep(int way, pid_t parent, const char *state)
{
	struct capture_ask ask;
	int fds[FDS], worker = -1;

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	if (!privilege_keep_capture(state) || !settle(parent))
		_exit(1);
	while (next_question(&ask, fds, way)) {
		if (fds[0] >= 0 && fds[1] >= 0)
			start_worker(&worker, &ask, fds, way);
		for (size_t i = 0; i < FDS; i++)
			if (fds[i] >= 0)
				close(fds[i]);
	}
	_exit(0);
}

static void
start(struct keeper *keeper, const char *state)
{
	pid_t parent = getpid();
	int pair[2];

	keeper->way.reason = REASON_internal;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		log_error("no capturing: %s", strerror(errno));
		return;
	}
	keeper->pid = fork();
	if (keeper->pid == 0) {
		close(pair[0]);
		keep(pair[1], parent, state);
	}
	close(pair[1]);
	if (keeper->pid > 0) {
		keeper->pidfd = pidfd_open(keeper->pid, 0);
		keeper->way = (struct capture_way){pair[0], REASON_none};
	} else {
		log_error("no capturing: %s", strerror(errno));
		close(pair[0]);
	}
}

enum err
keeper_start(struct keeper *keeper, const char *state)
{
	*keeper = (struct keeper){
		.way = {-1, REASON_no_permission}, .pid = -1, .pidfd = -1};
	if (state && privilege_may_capture())
		start(keeper, state);
	if (privilege_drop_capture())
		return OK;
	log_error("cannot give up CAP_NET_RAW: %s", strerror(errno));
	return ERR_PERMISSION;
}

void
keeper_look(struct keeper *keeper)
{
	if (keeper->pid > 0 && has_ended(keeper->pidfd)) {
		keeper_stop(keeper);
		keeper->way.reason = REASON_internal;
		log_note("the process that captures packets has ended: transfers are "
			 "measured without it");
	}
}

void
keeper_stop(struct keeper *keeper)
{
	if (keeper->pid <= 0)
		return;
	close(keeper->way.fd);
	kill(keeper->pid, SIGKILL);
	waitpid(keeper->pid, NULL, 0);
	close(keeper->pidfd);
	keeper->way.fd = keeper->pidfd = -1;
	keeper->pid = -1;
}

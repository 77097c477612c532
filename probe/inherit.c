#include "probe/steps.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/log.h"
#include "probe/child.h"
#include "probe/doors/handshake_store.h"

/* 17 ms on a laptop; a small board that starts up with a cold card takes its time. */
#define READ_DEADLINE_US INT64_C(20000000)

static void
read_store(void *arg, void *page, size_t page_bytes)
{
	const char *const *path = arg;

	if (handshake_store_read(page, page_bytes, *path) != OK)
		_exit(1);
}

/* OpenSSL at work costs 0.4 MB of memory of one's own and 3 MB of its pages; a child's are
 * given back. */
static bool
read_aside(void *page, const char *path)
{
	struct child child = {.page = page};
	struct pollfd ended = {.events = POLLIN};
	struct rusage usage;
	bool by_itself;

	if (child_start(&child, NULL, read_store, &path, HANDSHAKE_STORE_BYTES,
		    READ_DEADLINE_US) != OK)
		return false;
	ended.fd = child.fd;
	while (poll(&ended, 1, (int)(READ_DEADLINE_US / 1000)) < 0 && errno == EINTR)
		;
	by_itself = child_ended(&child);
	return child_end(&child, &usage) && by_itself;
}

/* The memory that the child filled, sealed: no later child can change what the next one
 * trusts. */
static struct handshake_store *
seal(int fd)
{
	void *page;

	if (fcntl(fd, F_ADD_SEALS,
		    F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
		return NULL;
	page = mmap(NULL, HANDSHAKE_STORE_BYTES, PROT_READ, MAP_PRIVATE, fd, 0);
	return page == MAP_FAILED ? NULL : page;
}

void
inherit_store(struct inherited *inherited, const char *ca_file)
{
	int fd = memfd_create("ca_file", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	void *page = MAP_FAILED;
	bool have;

	inherited->store = NULL;
	if (fd >= 0 && ftruncate(fd, (off_t)HANDSHAKE_STORE_BYTES) == 0)
		page = mmap(NULL, HANDSHAKE_STORE_BYTES, PROT_READ | PROT_WRITE,
			MAP_SHARED, fd, 0);
	if (page == MAP_FAILED) {
		log_error("no memory for the CA store: %s", strerror(errno));
		goto done;
	}
	have = read_aside(page, ca_file);
	munmap(page, HANDSHAKE_STORE_BYTES);
	if (have)
		inherited->store = seal(fd);
	if (inherited->store == NULL)
		log_note("%s: no certificates were read there: what servers show is "
			 "recorded, and not judged",
			ca_file);
done:
	if (fd >= 0)
		close(fd);
}

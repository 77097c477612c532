#include "common/owner.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"

enum err
owner_let_in(const char *dir)
{
	if (access(dir, X_OK) == 0 || errno != EACCES)
		return OK;
	log_error("%s: it belongs to another user: put sudo in front", dir);
	return ERR_PERMISSION;
}

enum err
owner_become(const char *dir)
{
	struct stat st;

	if (geteuid() != 0 || stat(dir, &st) != 0 || st.st_uid == 0)
		return owner_let_in(dir);
	/* The user last: nobody else may change the groups. */
	if (setgroups(0, NULL) != 0 || setgid(st.st_gid) != 0 ||
		setuid(st.st_uid) != 0) {
		log_error("%s: cannot become its owner, user %u: %s", dir,
			(unsigned)st.st_uid, strerror(errno));
		return ERR_PERMISSION;
	}
	return owner_let_in(dir);
}

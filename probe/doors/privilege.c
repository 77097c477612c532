#include "probe/doors/privilege.h"

#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/owner.h"

#define HAS(capability) (UINT64_C(1) << (capability))
#define CAPTURE HAS(CAP_NET_RAW)
#define EVERY (~UINT64_C(0))

/* Permitted, effective, inheritable, in two halves each. */
struct sets {
	struct __user_cap_data_struct half[_LINUX_CAPABILITY_U32S_3];
};

static bool
sets_read(struct sets *sets)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};

	return syscall(SYS_capget, &head, sets->half) == 0;
}

static bool
sets_write(const struct sets *sets)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};

	return syscall(SYS_capset, &head, sets->half) == 0;
}

static bool
sets_keep(uint64_t permitted, bool raise)
{
	struct sets sets;

	if (!sets_read(&sets))
		return false;
	for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		uint32_t kept = (uint32_t)(permitted >> 32 * i);

		sets.half[i].permitted &= kept;
		sets.half[i].effective &= kept;
		sets.half[i].inheritable &= kept;
		if (raise)
			sets.half[i].effective = sets.half[i].permitted;
	}
	return sets_write(&sets);
}

/* Takes CAP_SETPCAP, which a service without more rights may lack: then no_new_privs alone
 * keeps any program from gaining what still stands there. */
static void
bounding_drop(uint64_t dropped)
{
	for (unsigned i = 0; prctl(PR_CAPBSET_READ, i) >= 0; i++)
		if (dropped & HAS(i))
			(void)prctl(PR_CAPBSET_DROP, i);
}

static bool
end_here(void)
{
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0 &&
	       prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

bool
privilege_may_capture(void)
{
	struct sets sets;

	return sets_read(&sets) && (sets.half[CAP_TO_INDEX(CAP_NET_RAW)].effective &
					   CAP_TO_MASK(CAP_NET_RAW));
}

bool
privilege_drop_capture(void)
{
	bounding_drop(CAPTURE | HAS(CAP_SETPCAP));
	return sets_keep(EVERY & ~(CAPTURE | HAS(CAP_SETPCAP)), false) && end_here();
}

bool
privilege_keep_capture(const char *dir)
{
	bounding_drop(EVERY);
	if (prctl(PR_SET_KEEPCAPS, 1) != 0 ||
		(geteuid() == 0 && owner_become(dir) != OK))
		return false;
	return sets_keep(CAPTURE, true) && end_here();
}

bool
privilege_drop_all(void)
{
	return sets_keep(0, false) && end_here();
}

#include "common/err.h"

const char *
err_text(enum err err)
{
	switch (err) {
	case OK:
		return "done";
	case ERR_IO:
		return "input or output failed";
	case ERR_FULL:
		return "no space left";
	case ERR_CONFIG:
		return "bad setting";
	case ERR_PERMISSION:
		return "not permitted";
	case ERR_PEER:
		return "the other side failed";
	case ERR_FORMAT:
		return "malformed";
	case ERR_SIGNATURE:
		return "signature does not verify";
	case ERR_NOT_FOUND:
		return "not found";
	case ERR_EXISTS:
		return "already there";
	case ERR_LIMIT:
		return "over a limit";
	case ERR_USAGE:
		return "wrong usage";
	}
	return "unknown";
}

/* Whatever comes for an HTTP answer, in whatever pieces: it is read within its bounds, never
 * whole and cut at once, and the same whether it comes in one piece or in many. */

#include "probe/doors/answer.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct answer at_once, piecemeal;
	const char *text = (const char *)data;
	size_t piece = 1;

	answer_start(&at_once);
	answer_start(&piecemeal);
	answer_take(&at_once, text, size);
	for (size_t at = 0; at < size; at += piece) {
		piece = 1 + data[at] % 97;
		if (piece > size - at)
			piece = size - at;
		answer_take(&piecemeal, text + at, piece);
	}
	must(at_once.bytes == (int64_t)size && piecemeal.bytes == at_once.bytes);
	must(answer_status(&at_once) == answer_status(&piecemeal));
	must(answer_is_whole(&at_once) == answer_is_whole(&piecemeal));
	must(answer_is_cut(&at_once) == answer_is_cut(&piecemeal));
	must(!answer_is_whole(&at_once) || !answer_is_cut(&at_once));
	return 0;
}

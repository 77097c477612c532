#include "analyzer/report/values.h"

#include "common/log.h"
#include "common/utc.h"

json_t *
values_must(json_t *json)
{
	if (!json)
		bug("no memory for a verdict");
	return json;
}

void
values_put(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, values_must(value)))
		bug("no memory for a verdict");
}

void
values_append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, values_must(value)))
		bug("no memory for a verdict");
}

json_t *
values_text(const char *value)
{
	return values_must(json_string(value));
}

json_t *
values_ppm(int64_t value)
{
	return values_must(json_real((double)value / 1e6));
}

json_t *
values_time(int64_t utc_us)
{
	char out[UTC_TEXT_BYTES];

	if (!utc_us)
		return values_must(json_null());
	utc_text(out, utc_us);
	return values_text(out);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "probe/doors/site.h"

static bool
leads_away(const char *location, const char *host)
{
	/* An exact copy on the heap, so that a sanitizer sees a read past its end. */
	char *copy = test_malloc(strlen(location) + 1);
	bool away;

	memcpy(copy, location, strlen(location));
	away = site_is_another((struct span){copy, strlen(location)}, host);
	test_free(copy);
	return away;
}

static void
a_redirect_to_another_site_leads_away(void **state)
{
	(void)state;
	assert_true(leads_away("http://wall.example/?id=7", "news.test"));
	assert_true(leads_away("http://10.10.34.34/", "www.news.test"));
	assert_true(leads_away("HTTPS://WALL.EXAMPLE", "news.test"));
	assert_true(leads_away("//wall.example/x", "news.test"));
	assert_true(leads_away("http://news.test@wall.example/", "news.test"));
	assert_true(leads_away("http://wall.example:8080?news.test", "news.test"));
	assert_true(leads_away("http://badnews.test/", "news.test"));
}

static void
a_redirect_within_the_site_does_not(void **state)
{
	(void)state;
	assert_false(leads_away("https://news.test/", "news.test"));
	assert_false(leads_away("https://www.News.TEST/", "news.test"));
	assert_false(leads_away("https://news.test:443", "www.news.test"));
	assert_false(leads_away("/en/", "news.test"));
	assert_false(leads_away("en/?to=http://wall.example/", "news.test"));
	assert_false(leads_away("?x", "news.test"));
	assert_false(leads_away("", "news.test"));
}

static void
where_nobody_is_named_nobody_can_tell(void **state)
{
	(void)state;
	assert_false(leads_away("http://wall.example/", ""));
	assert_false(leads_away("http:///", "news.test"));
	assert_false(leads_away("http://", "news.test"));
	assert_false(leads_away("//", "news.test"));
	assert_false(leads_away("/", "news.test"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_redirect_to_another_site_leads_away),
		cmocka_unit_test(a_redirect_within_the_site_does_not),
		cmocka_unit_test(where_nobody_is_named_nobody_can_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

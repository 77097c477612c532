#include "analyzer/analysis/scene.h"

#include <stdlib.h>
#include <string.h>

/* An operator or region is known by so many probes, or nothing is said of it. */
#define LEAST_KNOWN 2

bool
scene_is_out(const struct crowd *c)
{
	return c->lasting * 2 > c->n && (c->lasting > 1 || c->n == 1);
}

bool
scene_is_operator(const struct scene *s, const struct crowd *operator)
{
	return operator->asn || !s->named;
}

uint32_t
scene_lost(const struct crowd *c, uint32_t losses)
{
	uint32_t n = 0;

	for (uint32_t loss = 0; loss < LOSS_COUNT; loss++)
		if (losses & LOSS_BIT(loss))
			n += c->loss[loss];
	return n;
}

/* Out for less of the event than that, at the most, a probe had trouble of its own. */
#define BRIEF_PART 4
static bool
is_brief(const struct view *v, const struct tally *t)
{
	return t->own && t->ended_us &&
	       (t->ended_us - t->well_us) * BRIEF_PART < v->to_us - v->from_us;
}

static void
add(struct crowd *c, const struct view *v, const struct tally *t)
{
	c->n++;
	c->affected += t->affected;
	c->lasting += t->affected && !is_brief(v, t);
	c->own += t->own;
	c->loss[t->loss] += t->own;
	if (!t->own)
		return;
	if (!c->first_us || t->onset_us < c->first_us)
		c->first_us = t->onset_us;
	if (t->onset_us > c->last_us)
		c->last_us = t->onset_us;
}

static struct crowd *
find(struct crowd *crowds, size_t *n, const struct crowd *like)
{
	for (size_t i = 0; i < *n; i++)
		if (crowds[i].asn == like->asn && crowds[i].medium == like->medium &&
			!strcmp(crowds[i].region, like->region))
			return &crowds[i];
	crowds[*n] = *like;
	return &crowds[(*n)++];
}

static struct crowd *
find_asn(struct scene *s, const struct crowd *place)
{
	struct crowd like = {.asn = place->asn, .medium = place->medium, .region = ""};

	return find(s->operators, &s->operators_n, &like);
}

static struct crowd *
find_region(struct scene *s, const struct crowd *place)
{
	struct crowd like = {.region = place->region};

	return find(s->regions, &s->regions_n, &like);
}

/* Where a region has several places out, one place of another region has its own trouble. */
static void
forget_lesser(struct scene *s)
{
	uint32_t most = 0;

	for (size_t i = 0; i < s->regions_n; i++)
		if (s->regions[i].places_out > most)
			most = s->regions[i].places_out;
	for (size_t i = 0; i < s->regions_n; i++)
		if (s->regions[i].places_out * 2 < most)
			s->regions[i].places_out = 0;
}

static void
count_places(struct scene *s)
{
	for (size_t i = 0; i < s->places_n; i++) {
		const struct crowd *place = &s->places[i];
		struct crowd *operator= find_asn(s, place);
		struct crowd *region = find_region(s, place);
		bool out = scene_is_out(place);

		operator->places++;
		region->places++;
		operator->places_out += out;
		region->places_out += out;
	}
	forget_lesser(s);
	for (size_t i = 0; i < s->regions_n; i++)
		s->regions_out += s->regions[i].places_out > 0;
	for (size_t i = 0; i < s->regions_n; i++)
		s->regional = s->regional ||
			      (s->regions_out && !s->regions[i].places_out &&
				      s->regions[i].n > LEAST_KNOWN &&
				      s->regions[i].affected * 4 <= s->regions[i].n);
}

/* Where it is out at all: how many of the operator's places there are? */
static void
count_operator(struct scene *s, const struct crowd *operator)
{
	uint32_t there = 0, out = 0;
	bool is_out, mobile = operator->medium == MEDIUM_mobile;

	if (!scene_is_operator(s, operator))
		return;
	for (size_t i = 0; i < s->places_n; i++) {
		const struct crowd *place = &s->places[i];

		if (place->asn != operator->asn || place->medium !=
				  operator->medium || !find_region(s, place)
					  ->places_out)
			continue;
		there++;
		out += scene_is_out(place);
	}
	if (!there)
		return;
	is_out = out * 2 > there || (out && out == there) ||
		 (out * 2 == there && scene_is_out(operator));
	s->mobile += mobile;
	s->mobile_out += mobile && is_out;
	s->fixed += !mobile;
	s->fixed_out += !mobile && is_out;
}

/* Of the one operator that is out somewhere, half and more are affected elsewhere, at half of
 * its places: not all of its customers ask its own resolver. */
static bool
is_all_over(const struct scene *s)
{
	uint32_t own = 0, elsewhere = 0, hit = 0, places = 0;

	for (size_t i = 0; i < s->operators_n; i++) {
		const struct crowd *operator= & s->operators[i];

		if (!operator->places_out || !scene_is_operator(s, operator))
			continue;
		own += operator->own;
		places += operator->places;
		for (size_t k = 0; k < s->places_n; k++) {
			const struct crowd *place = &s->places[k];

			if (place->asn != operator->asn || place->medium !=
					  operator->medium)
				continue;
			hit += place->own > 0;
			elsewhere += scene_is_out(place) ? 0 : place->own;
		}
	}
	return elsewhere * 2 >= own && hit * 2 >= places;
}

static enum scene_extent
extent_of(const struct scene *s)
{
	uint32_t out = s->mobile_out + s->fixed_out, all = s->mobile + s->fixed;

	if (s->all.affected <= 1)
		return EXTENT_PROBE;
	if (!out)
		return EXTENT_SCATTERED;
	if (out == 1 && all > 1)
		return s->regions_out == 1 && s->regional && !is_all_over(s)
			       ? EXTENT_PLACE
			       : EXTENT_OPERATOR;
	if (s->mobile_out == s->mobile && s->mobile_out >= 2 && !s->fixed_out &&
		s->fixed)
		return EXTENT_MOBILE;
	if (s->fixed_out == s->fixed && s->fixed_out >= 2 && !s->mobile_out &&
		s->mobile)
		return EXTENT_FIXED;
	if (s->mobile_out == 1 && s->fixed_out == 1 && all > out)
		return EXTENT_OWNER;
	/* One of many may be spared: the one that the stock exchange hangs on. */
	return out == all || (all > 4 && out + 1 == all) ? EXTENT_ALL : EXTENT_SOME;
}

static void
take(struct scene *s, const struct view *v, size_t p)
{
	const struct tally *t = &v->tallies[p];
	const struct network *home = view_network(v, p);
	struct crowd like = {
		.asn = home->asn, .medium = home->medium, .region = home->region};

	add(find(s->places, &s->places_n, &like), v, t);
	add(find_asn(s, &like), v, t);
	add(find_region(s, &like), v, t);
	add(&s->all, v, t);
	s->named = s->named || like.asn;
}

static bool
is_heard(const struct view *v, size_t p)
{
	return view_is_field(v, p) &&
	       (v->tallies[p].reported || v->tallies[p].affected);
}

/* Did most of the operator's probes measure meanwhile? */
static bool
is_measured(const struct view *v, const struct network *operator)
{
	uint32_t here = 0, heard = 0;

	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct network *home = view_network(v, p);

		if (home->asn != operator->asn || home->medium !=
				 operator->medium || !view_is_field(v, p))
			continue;
		here++;
		heard += is_heard(v, p);
	}
	return heard * 2 > here;
}

/* Of an operator that is out most measure, and often. Where most did not, those count as
 * spared whose all was well shortly before and after. */
static void
take_around(struct scene *s, const struct view *v)
{
	for (size_t p = 0; p < v->record->probes_n; p++)
		if (view_is_field(v, p) && v->tallies[p].around &&
			!is_measured(v, view_network(v, p)))
			take(s, v, p);
}

void
scene_open(struct scene *s, const struct view *v)
{
	size_t n = v->record->probes_n + 1;

	*s = (struct scene){
		.operators = calloc(n, sizeof(*s->operators)),
		.places = calloc(n, sizeof(*s->places)),
		.regions = calloc(n, sizeof(*s->regions)),
	};
	if (!s->operators || !s->places || !s->regions)
		abort();
	for (size_t p = 0; p < v->record->probes_n; p++)
		if (is_heard(v, p))
			take(s, v, p);
	take_around(s, v);
	count_places(s);
	for (size_t i = 0; i < s->operators_n; i++)
		count_operator(s, &s->operators[i]);
	s->extent = extent_of(s);
}

void
scene_close(struct scene *s)
{
	free(s->operators);
	free(s->places);
	free(s->regions);
}

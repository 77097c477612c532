#include "tests/world/move.h"

static double
middle(const struct amount *a)
{
	return (a->low + a->high) / 2;
}

static enum change
change_of(const struct amount *a, double *value)
{
	double v = middle(a);

	if (a->arrow && v > 0) {
		*value = a->then / v;
		return CHANGE_TIMES;
	}
	*value = v;
	if (a->sign == 'x')
		return CHANGE_TIMES;
	if (a->unit == UNIT_PERCENT) {
		*value = a->sign == '-' ? 1 - v / 100 : a->sign ? 1 + v / 100 : v / 100;
		return CHANGE_TIMES;
	}
	if (a->sign)
		*value = a->sign == '-' ? -v : v;
	return a->sign ? CHANGE_PLUS : CHANGE_SET;
}

/* Access technologies of 3GPP TS 27.007 as generations. */
static double
generation_of(const struct amount *a)
{
	int act = (int)a->then;

	if (!a->arrow)
		return middle(a);
	return act <= 1 || act == 3 || act == 8 ? 2 : act <= 6 ? 3 : 4;
}

static bool
is_share(enum lever lever)
{
	return lever == LEVER_mains || lever == LEVER_off || lever == LEVER_carrier ||
	       lever == LEVER_router || lever == LEVER_registered ||
	       lever == LEVER_bearer || lever == LEVER_voice;
}

static void
meter_of(struct spell *s, const struct clause *c)
{
	double otherwise = c->lever == LEVER_shape ? 500 : 50e3;

	if (c->lever != LEVER_police && c->lever != LEVER_shape &&
		c->lever != LEVER_service)
		return;
	s->second = c->second.said ? middle(&c->second) : otherwise;
	if (c->lever == LEVER_shape && c->second.unit == UNIT_S)
		s->second *= 1000;
	if (c->lever == LEVER_service && !c->amounts_n)
		s->value = 140e3;
}

/* No row makes a line a million times as slow, or lets more through than there is. */
static double
bounded(enum lever lever, enum change change, double value)
{
	bool chance = lever >= LEVER_access && lever <= LEVER_resolver;
	double most = chance || lever == LEVER_loss || lever == LEVER_lossy ||
				      lever == LEVER_beacons || lever == LEVER_upload
			      ? 1
		      : change == CHANGE_TIMES ? 1000
					       : 1e10;

	if (change != CHANGE_PLUS && value < 0)
		return 0;
	return value > most ? most : value < -1e6 ? -1e6 : value;
}

bool
move_read(struct spell *s, const struct clause *c)
{
	const struct amount *a = &c->amount[0];

	s->evening = c->evening;
	s->at_home = c->at_home;
	if (c->whole || (!c->amounts_n && c->lever != LEVER_service))
		return false;
	if (c->who.share > 0)
		s->share = c->who.share;
	if (c->lever == LEVER_generation) {
		s->value = generation_of(a);
		return s->value >= 2;
	}
	if (is_share(c->lever)) {
		s->value = 0;
		if (a->unit == UNIT_PERCENT && a->sign != '-' && !c->dead)
			s->share = middle(a) / 100;
		return true;
	}
	if (c->amounts_n)
		s->change = change_of(a, &s->value);
	meter_of(s, c);
	if (c->lever == LEVER_loss || c->lever == LEVER_lossy)
		s->value = a->unit == UNIT_PERCENT ? middle(a) / 100 : 0;
	else if (s->change == CHANGE_SET && a->unit == UNIT_NONE && s->value > 1 &&
		 c->lever >= LEVER_access && c->lever <= LEVER_resolver)
		s->value /= 100;
	if ((c->lever == LEVER_rtt || c->lever == LEVER_path) &&
		s->change == CHANGE_SET && a->unit == UNIT_S)
		s->value *= 1000;
	s->value = bounded(c->lever, s->change, s->value);
	return c->lever < LEVER_access || c->lever > LEVER_resolver || a->unit < UNIT_S;
}

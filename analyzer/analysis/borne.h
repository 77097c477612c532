#pragma once

#include "analyzer/analysis/view.h"

/* So many probes a corroborated verdict rests on at least. */
#define BORNE_LEAST_PROBES 3

/*
 * Would an event of a country be seen though some of its probes lied: any third of them, or
 * all of any one cohort? What the other probes of an operator contradict counts for nothing,
 * nor does a network that is its probe's own claim.
 *
 *   a third:     of the operators that more than two thirds of their probes say it of (most
 *                of them, with a third set aside), three probes are left when a third of
 *                the country's are set aside;
 *   a cohort:    without it, of the operators that most of their probes say it of, more than
 *                a third of the country's probes are, three or more;
 *   either way:  they are of two operators or more.
 *
 * An event that befell a third of the probes or fewer never passes: liars could have made it.
 */
bool borne_widely(const struct view *view);

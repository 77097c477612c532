#pragma once

#include "common/buf.h"

/*
 * Writes one HTML5 page, SVG inside it included, as a tree: everything that is given as
 * text or attribute is escaped, and what no page should hold (control characters, bytes
 * that are no UTF-8, marks that turn the direction of writing) becomes "?".
 */
struct html;

void html_open(struct html **html);
/* Elements nest: each begin has its end. */
void html_begin(struct html *html, const char *name);
void html_attribute(struct html *html, const char *name, const char *value);
void html_text(struct html *html, const char *text);
__attribute__((format(printf, 2, 3))) void html_printf(
	struct html *html, const char *format, ...);
void html_end(struct html *html);
/* An element with a class ("" none) and nothing but a text in it. */
void html_element(
	struct html *html, const char *name, const char *class_name, const char *text);
/* The page of ${html}, which is gone afterwards. */
void html_close(struct buf *out, struct html *html);

#include "analyzer/report/html.h"

#include <libxml/HTMLtree.h>
#include <libxml/xmlsave.h>
#include <libxml/xmlwriter.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

struct html {
	xmlDocPtr doc;
	xmlTextWriterPtr writer;
};

/* All that can fail while a tree is built is memory. */
static void
must(int result)
{
	if (result < 0)
		bug("no memory for a page");
}

/* libxml2's letters are unsigned. */
static const xmlChar *
letters(const char *text)
{
	return (const xmlChar *)text;
}

void
html_open(struct html **out)
{
	struct html *html = calloc(1, sizeof *html);

	if (!html)
		bug("no memory for a page");
	html->writer = xmlNewTextWriterDoc(&html->doc, 0);
	if (!html->writer || !html->doc ||
		!xmlCreateIntSubset(html->doc, letters("html"), NULL, NULL))
		bug("no memory for a page");
	*out = html;
}

/* U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069: text that is not in the order in
 * which it is read (CVE-2021-42574). */
static bool
turns_direction(const unsigned char *at)
{
	return at[0] == 0xe2 &&
	       ((at[1] == 0x80 && (at[2] == 0x8e || at[2] == 0x8f ||
					  (at[2] >= 0xaa && at[2] <= 0xae))) ||
		       (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9));
}

/* The text as a page may hold it; the caller frees it. */
static char *
clean(const char *text)
{
	char *out = strdup(text);

	if (!out)
		bug("no memory for a page");
	for (unsigned char *at = (unsigned char *)out; *at; at++) {
		if (turns_direction(at))
			memset(at, '?', 3);
		/* C0, DEL, and C1 in UTF-8. */
		else if ((*at < ' ' && *at != '\n' && *at != '\t') || *at == 0x7f)
			*at = '?';
		else if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0)
			memset(at, '?', 2);
	}
	if (!xmlCheckUTF8(letters(out)))
		for (unsigned char *at = (unsigned char *)out; *at; at++)
			*at = *at < 0x80 ? *at : '?';
	return out;
}

void
html_begin(struct html *html, const char *name)
{
	must(xmlTextWriterStartElement(html->writer, letters(name)));
}

void
html_attribute(struct html *html, const char *name, const char *value)
{
	char *text = clean(value);

	must(xmlTextWriterWriteAttribute(html->writer, letters(name), letters(text)));
	free(text);
}

void
html_text(struct html *html, const char *text)
{
	char *cleaned = clean(text);

	must(xmlTextWriterWriteString(html->writer, letters(cleaned)));
	free(cleaned);
}

void
html_printf(struct html *html, const char *format, ...)
{
	va_list args;
	char *text = NULL;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		bug("no memory for a page");
	va_end(args);
	html_text(html, text);
	free(text);
}

void
html_end(struct html *html)
{
	must(xmlTextWriterEndElement(html->writer));
}

void
html_element(
	struct html *html, const char *name, const char *class_name, const char *text)
{
	html_begin(html, name);
	if (class_name[0])
		html_attribute(html, "class", class_name);
	html_text(html, text);
	html_end(html);
}

void
html_close(struct buf *out, struct html *html)
{
	xmlBufferPtr buffer = xmlBufferCreate();
	xmlSaveCtxtPtr save;

	must(xmlTextWriterEndDocument(html->writer));
	xmlFreeTextWriter(html->writer);
	if (!buffer)
		bug("no memory for a page");
	save = xmlSaveToBuffer(buffer, "UTF-8", XML_SAVE_AS_HTML);
	if (!save || xmlSaveDoc(save, html->doc) < 0 || xmlSaveClose(save) < 0)
		bug("no memory for a page");
	buf_add(out, xmlBufferContent(buffer), (size_t)xmlBufferLength(buffer));
	xmlBufferFree(buffer);
	xmlFreeDoc(html->doc);
	free(html);
}

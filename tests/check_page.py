#!/usr/bin/python3
"""check_page.py [--served] FILE...: each file is a page that needs nothing but itself: well
formed, without script, event handler, or anything that a browser would fetch; every picture
has a title and a description, every table its headings. --served: may link to other pages of
the same server. '-' reads standard input."""
import html.parser
import re
import sys

VOID = {"meta", "input", "br", "hr", "img", "link", "area", "base", "col", "embed", "source",
        "track", "wbr"}
FORBIDDEN = {"script", "link", "base", "iframe", "object", "embed", "img", "image", "use", "video",
             "audio", "source", "foreignobject", "frame", "applet", "portal", "template"}
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
FETCHING = {"src", "srcset", "href", "xlink:href", "data", "action", "formaction", "poster",
            "background", "ping", "manifest", "cite"}


class Page(html.parser.HTMLParser):
    def __init__(self, served):
        super().__init__(convert_charrefs=True)
        self.served, self.open, self.wrong = served, [], []
        self.ids, self.asked_ids, self.seen, self.policy = [], [], {}, None
        self.table, self.style = None, ""

    def says(self, what):
        self.wrong.append(f"line {self.getpos()[0]}: {what}")

    def handle_starttag(self, tag, attrs):
        self.seen[tag] = self.seen.get(tag, 0) + 1
        if tag in FORBIDDEN:
            self.says(f"<{tag}>")
        for name, value in attrs:
            self.attribute(tag, name, value or "")
        found = dict(attrs)
        if tag == "meta" and found.get("http-equiv", "").lower() == "refresh":
            self.says("a refresh")
        if tag == "meta" and found.get("http-equiv") == "Content-Security-Policy":
            self.policy = found["content"]
            if self.open != ["html", "head"]:
                self.says("the policy is not in the head")
        if tag == "svg" and found.get("aria-hidden") != "true":
            if found.get("role") != "img" or "aria-labelledby" not in found:
                self.says("a picture without role and label")
        if tag == "table":
            self.table = False
        if tag == "th":
            self.table = True
        if tag not in VOID:
            self.open.append(tag)

    def attribute(self, tag, name, value):
        if name.startswith("on"):
            self.says(f"an event handler, {name}")
        if name == "id":
            self.ids.append(value)
        if name in ("aria-labelledby", "aria-describedby", "for"):
            self.asked_ids += value.split()
        if name in FETCHING and not (self.served and re.match(r"/(?!/)", value)):
            self.says(f'{tag} {name}="{value}" leads out of the page')
        for target in re.findall(r"url\(([^)]*)\)", value):
            if not target.startswith("#"):
                self.says(f"{name} fetches {target}")
            self.asked_ids.append(target[1:])

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.says(f"</{tag}> ends what it did not begin")
        if tag == "table" and not self.table:
            self.says("a table without headings")

    def handle_data(self, data):
        if self.open and self.open[-1] == "style":
            self.style += data
        elif not self.open and data.strip():
            self.says("text outside the page")

    def end(self):
        self.close()
        if self.open:
            self.says(f"never ended: {' '.join(self.open)}")
        if self.policy != POLICY:
            self.says(f"the policy is {self.policy!r}")
        if re.search(r"url\(|@import|expression|</", self.style):
            self.says("the style fetches something")
        for name in ("html", "head", "title", "body", "main", "h1"):
            if self.seen.get(name, 0) < 1:
                self.says(f"no <{name}>")
        if len(set(self.ids)) != len(self.ids):
            self.says("an id stands twice")
        for name in set(self.asked_ids) - set(self.ids):
            self.says(f"nothing has the id {name}")
        pictures = self.seen.get("svg", 0)
        if pictures and self.seen.get("desc", 0) < 1:
            self.says("no picture has a description")
        return self.wrong


def main():
    served = "--served" in sys.argv
    names = [name for name in sys.argv[1:] if name != "--served"]
    failed = False
    for name in names:
        text = sys.stdin.read() if name == "-" else open(name, encoding="utf-8").read()
        page = Page(served)
        page.feed(text)
        if not text.startswith("<!DOCTYPE html>\n<html lang=\"en\">"):
            page.says("it does not begin as HTML5 does")
        for wrong in page.end():
            print(f"{name}: {wrong}")
            failed = True
    if not names or failed:
        sys.exit(1)
    print(f"{len(names)} pages need nothing but themselves")


main()

/* html - what a reader of an HTML mail sees, as text
 *
 * Place: parse.c, when a mail has no usable plain text.  libxml2's SAX push
 * parser does the reading; linear in the input.  Pure.
 */
#ifndef HTML_H
#define HTML_H

#include "parsers/buf.h"

/* A line of its own, written where a mail program's markup says that all below
 * is the old message (Outlook's reply header, a whole quote container); and
 * the same for where a signature container begins and ends.  They cannot stand
 * in a mail, since text_clean() drops control characters. */
#define HTML_OLD_BELOW "\001"
#define HTML_SIGNATURE "\002"
#define HTML_SIGNATURE_END "\003"

/* Appends the text of `html` (UTF-8): block elements end lines, <br> is a line,
 * table cells are parted by a TAB, list items get "- " or their number ("2. "),
 * quoted blocks get "> " before each line (an author's own indented quotation
 * does not), style, script and comments are gone.  The markers above
 * are included; html_without_markers() takes them out for showing. */
void html_to_text(struct buf *out, struct span html);
void html_without_markers(struct buf *out, struct span text);

#endif

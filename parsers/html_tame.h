/* html_tame - HTML with what makes libxml2 slow taken out
 *
 * Place: html.c, in front of libxml2, whose work grows with the square of end
 * tags that close nothing and of attributes in one tag.  Pure and linear.
 */
#ifndef HTML_TAME_H
#define HTML_TAME_H

#include "parsers/buf.h"

/* What stands for a "<" and a "&" that are words, since libxml2 is slow with
 * entities.  No text has these controls (U+0081, U+008D): text_clean() drops
 * them, and no charset of Windows gives them a meaning. */
#define HTML_TAME_LESS "\xC2\x81"
#define HTML_TAME_AMPERSAND "\xC2\x8D"

/* Appends `html` without comments, declarations, Word's conditions, styles,
 * scripts and titles, without end tags that close nothing and without the
 * attributes behind the hundredth of a tag; "<" and "&" that start nothing are
 * the signs above; html, head and body are one frame around it all.  `flat`
 * also turns every tag that ends a line into <br> and drops the others: for
 * pages nested so deep that nobody sees their structure. */
void html_tame(struct buf *out, struct span html, bool flat);

/* Appends `words` with the signs above as what they stand for. */
void html_untame(struct buf *out, struct span words);

#endif

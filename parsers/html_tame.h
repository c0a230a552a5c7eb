/* html_tame - HTML with what makes libxml2 slow taken out
 *
 * Place: html.c, in front of libxml2, whose work grows with the square of end
 * tags that close nothing and of attributes in one tag.  Pure and linear.
 */
#ifndef HTML_TAME_H
#define HTML_TAME_H

#include "parsers/buf.h"

/* Appends `html` without comments, declarations, Word's conditions, styles,
 * scripts and titles, without end tags that close nothing and without the
 * attributes behind the hundredth of a tag; "<" and "&" that start nothing are
 * escaped; html, head and body are one frame around it all.  `flat` also turns every tag that ends a line into <br> and drops
 * the others: for pages nested so deep that nobody sees their structure. */
void html_tame(struct buf *out, struct span html, bool flat);

#endif

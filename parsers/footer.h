/* footer - what mail programs, companies and lists hang on a mail
 *
 * Place: new_text takes these off the author's words: signature delimiters,
 * "Wysłane z iPhone'a", notices of confidentiality, banners of the mail
 * gateway, footers of mailing lists.  Pure.
 */
#ifndef FOOTER_H
#define FOOTER_H

#include "parsers/lines.h"

/* "-- " and its relatives ("--", "*-- *", "__", "---"); `*sure` when it is
 * exactly the one that mail programs write. */
bool footer_is_delimiter(const struct lines *lines, size_t i, bool *sure);

/* Is line `i` what a program adds about itself: "Sent from my iPhone",
 * "Pobierz aplikację Outlook dla systemu iOS"?  `alone`: it is a paragraph of
 * its own, so the name of no program is asked for. */
bool footer_is_client(struct lines *lines, size_t i, bool alone);

/* Are lines `from` to `to` (not included) a notice of confidentiality or of
 * data protection, a plea not to print, a virus scanner's or a list's words?
 * `below`: they stand below the end of a letter, where less is asked. */
bool footer_is_notice(struct lines *lines, size_t from, size_t to, bool below);

/* Does line `i` begin as such notices do?  Cheap; says yes too often. */
bool footer_may_be_notice(struct lines *lines, size_t i);

/* Could they be a further paragraph of such a notice? */
bool footer_is_small_print(struct lines *lines, size_t from, size_t to);

/* Are they the banner that a mail gateway puts on top ("this mail comes from
 * outside")? */
bool footer_is_banner(struct lines *lines, size_t from, size_t to);

/* Appends `words` without the places of pictures ("[image: logo.png]",
 * "[cid:...]"); false when nothing was taken out. */
bool footer_without_pictures(struct buf *out, struct span words);

#endif

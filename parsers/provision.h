/* provision - the part of a draft that a remark is about
 *
 * Place: remark.c finds the provisions in the author's words.  Pure.
 */
#ifndef PROVISION_H
#define PROVISION_H

#include "parsers/message.h"

/* Appends to parsed->provisions what `text` names: "§ 4 ust. 2 pkt 1 lit. a",
 * "art. 5", "rozdz. II", "załącznik nr 1", "pkt 4.3".  Spelling and order are
 * made one ("ustęp 2 w paragrafie 4" is "§ 4 ust. 2"); each once, in order of
 * appearance, at most 100. */
void provision_find(struct parsed *parsed, struct span text);

#endif

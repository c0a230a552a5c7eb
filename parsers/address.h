/* address - mail addresses and phone numbers, normalised
 *
 * Place: the parsers for From and recipients, sms_text for senders, the
 * gateway wherever a contact is looked up or a message is sent.  Pure.
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include "parsers/message.h"

/* The first mailbox of an address list as written in a header field (comments,
 * groups, quoted names, "addr (name)" included), names decoded.  The empty
 * address when there is none. */
struct address address_first(struct arena *a, struct span field);

/* Appends every mailbox of the list to `*list`. */
void
address_all(struct arena *a, struct span field, struct span **list, size_t *n);

/* A plausible addr-spec: one @, no controls or spaces, at most 254 bytes. */
bool address_is_valid(struct span address);

/* "konsultacje+k3f9@powiat.example" parted: true when there is a detail. */
bool address_detail(struct span address, struct span *local,
    struct span *detail, struct span *domain);

/* Names that stand for machines: mailer-daemon, postmaster, noreply... */
bool address_is_machine(struct span address);

enum phone_kind {
	PHONE_MOBILE, /* can be texted */
	PHONE_FOREIGN, /* +49...: can be texted */
	PHONE_LANDLINE, /* a national number that is no mobile */
	PHONE_SHORT, /* 3 to 6 digits */
	PHONE_NAME, /* letters */
	PHONE_INVALID,
};

/* Normalises to E.164 in `out` (as written where it is no number).  `prefix`
 * is "+48" (national numbers have nine digits then); numbers that start with
 * one of `textable` ("+4811,+4812") count as mobile. */
enum phone_kind phone_normalise(
    char out[32], struct span number, const char *prefix, const char *textable);

#endif

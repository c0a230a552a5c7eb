/* actor - who runs this command, and may they change things?
 *
 * Place: main asks once; the name goes into the audit.
 */
#ifndef ACTOR_H
#define ACTOR_H

#include <stdbool.h>
#include <sys/types.h>

#include "gateway/config.h"

enum { ACTOR_NAME = 120 };

/* The operating system's view of the one who acts. */
struct account {
	uid_t uid;
	const char *login; /* "" when the system knows no name */
	const char *sudo; /* who became root by sudo; "" */
	bool owns_database;
};

struct actor {
	char name[ACTOR_NAME]; /* staff name, else login */
	bool may_write;
	bool may_announce; /* send to many: the right "announce" */
	bool may_answer; /* say what the office decided: the right "answer" */
};

/* Maps the account by the staff sections' login.  Root and the user `uwaga`
 * may change things, staff with more rights than "read", and, when no staff
 * is configured at all, the owner of the database; of staff, only those with the
 * right "announce" may send to many, and with "answer" answer remarks.  `config` may be NULL: then
 * only the first two count. */
void actor_decide(struct actor *out, const struct config *config,
    const struct account *account);

/* The same for this process. */
void actor_find(struct actor *out, const struct config *config);

#endif

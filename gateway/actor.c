/* actor - who runs this command, and may they change things? */
#include "gateway/actor.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct config_staff *
staff_by_login(const struct config *c, const char *login)
{
	for (int i = 0; i < c->n_staff; i++)
		if (login[0] != '\0' && strcmp(c->staff[i].login, login) == 0)
			return &c->staff[i];
	return NULL;
}

static bool
may_more_than_read(const struct config_staff *staff)
{
	return staff->rights[0] != '\0' && strcmp(staff->rights, "read") != 0;
}

void
actor_decide(struct actor *out, const struct config *config,
    const struct account *account)
{
	const struct config_staff *staff;
	const char *login = account->login;

	/* Only root can have been somebody else before: believe it then. */
	if (account->uid == 0 && account->sudo[0] != '\0')
		login = account->sudo;
	if (login[0] != '\0')
		snprintf(out->name, sizeof(out->name), "%s", login);
	else
		snprintf(out->name, sizeof(out->name), "uid %ld",
		    (long)account->uid);
	out->may_write =
	    account->uid == 0 || strcmp(account->login, "uwaga") == 0;
	out->may_announce = out->may_answer = out->may_write;
	if (config == NULL)
		return;
	staff = staff_by_login(config, login);
	if (staff != NULL && staff->name[0] != '\0')
		snprintf(out->name, sizeof(out->name), "%s", staff->name);
	if (staff != NULL && may_more_than_read(staff))
		out->may_write = true;
	if (staff != NULL && config_staff_may(staff, "announce"))
		out->may_announce = true;
	if (staff != NULL && config_staff_may(staff, "answer"))
		out->may_answer = true;
	if (config->n_staff == 0 && account->owns_database)
		out->may_write = out->may_announce = out->may_answer = true;
}

void
actor_find(struct actor *out, const struct config *config)
{
	const struct passwd *pw = getpwuid(getuid());
	const char *sudo = getenv("SUDO_USER");
	struct account account = { .uid = getuid(),
		.login = pw == NULL ? "" : pw->pw_name,
		.sudo = sudo == NULL ? "" : sudo };
	struct stat st;

	account.owns_database = config != NULL &&
				stat(config->database, &st) == 0 &&
				st.st_uid == getuid();
	actor_decide(out, config, &account);
}

/* person_dossier - the verbs of `person` about one person: show, export, erase
 *
 * Place: beside cmd_person.c.  A person is named by number, mail address or
 * telephone.
 */
#ifndef PERSON_DOSSIER_H
#define PERSON_DOSSIER_H

#include "gateway/cmd.h"

/* As the verbs of cmd_run_verb(): exit codes, argv[0] is the verb. */
int person_list(struct cmd_context *ctx, int argc, char **argv);
int person_show(struct cmd_context *ctx, int argc, char **argv);
int person_export(struct cmd_context *ctx, int argc, char **argv);
int person_erase(struct cmd_context *ctx, int argc, char **argv);

#endif

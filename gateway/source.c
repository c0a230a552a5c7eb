/* source - the contract of everything that messages come from
 *
 * Place: what is the same for all of them; mail_line.c and sms_line.c open one.
 */
#include "gateway/source.h"

#include <stdlib.h>

void
batch_free(struct batch *batch)
{
	for (int i = 0; i < batch->n; i++) {
		raw_free(&batch->messages[i]);
		free(batch->handles[i]);
		batch->handles[i] = NULL;
	}
	batch->n = 0;
	batch->more = false;
	free(batch->cursor);
	batch->cursor = NULL;
}

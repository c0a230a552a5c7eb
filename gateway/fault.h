/* fault - the numbered durable steps, where a test can stop the program
 *
 * Place: called before and after every step that reaches the disk or leaves
 * the house: commit, rename, send.
 */
#ifndef FAULT_H
#define FAULT_H

/* Counts one step; with UWAGA_CRASH_AT=n in the environment the n-th call ends
 * the process at once, as SIGKILL does.  With UWAGA_CRASH_LOG=FILE each step
 * is appended to FILE as "n name".  Else it does nothing. */
void fault_step(const char *name);

#endif

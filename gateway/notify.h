/* notify - tells the service manager how we are
 *
 * Place: the daemon's main thread; systemd's protocol in a few lines, so that
 * its library is not needed.
 */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <stdint.h>

/* Sends "READY=1", "WATCHDOG=1", "STOPPING=1" to $NOTIFY_SOCKET; does nothing
 * when there is none.  A line that is lost is harmless: none is an answer. */
void notify_manager(const char *state);

/* After how many milliseconds without a "WATCHDOG=1" the manager starts us
 * again ($WATCHDOG_USEC); 0: it does not watch. */
int64_t notify_watchdog_ms(void);

#endif

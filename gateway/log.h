/* log - one line per event, for the operator
 *
 * Place: only the top says what happened: intake, outbox, daemon, commands.
 * Never bodies, addresses or numbers.
 */
#ifndef LOG_H
#define LOG_H

enum log_level { LOG_INFO_, LOG_WARN_, LOG_ERROR_ };

/* One line on stderr: "2026-11-22T11:00:00Z info intake stored msg=41 ms=12".
 * `fmt` starts with the module's word; control characters become '?'; a line
 * is written with one write(2), so that threads do not mix theirs. */
void log_line(enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif

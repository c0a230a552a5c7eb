/* attendance - a person's own words that they come to a meeting, or do not */
#include "parsers/attendance.h"

void
attendance_note_wish(
    struct parsed *out, const struct keywords *k, struct span words)
{
	bool asks = span_find(words, "?") < words.n;

	if (out->also_remark || (!asks && !keyword_has_wish(k, words)))
		return;
	out->also_remark = true;
	parsed_warn(out, "also holds a remark");
}

bool
attendance_read(struct parsed *out, const struct keywords *k, struct span words)
{
	const char *name;

	switch (keyword_attendance(k, words)) {
	case ATTENDS_YES:
		out->calendar.partstat = SPAN("ACCEPTED");
		name = "yes";
		break;
	case ATTENDS_NO:
		out->calendar.partstat = SPAN("DECLINED");
		name = "no";
		break;
	case ATTENDS_MAYBE:
		out->calendar.partstat = SPAN("TENTATIVE");
		name = "perhaps";
		break;
	default:
		return false;
	}
	out->kind = KIND_RSVP;
	out->calendar.method = (struct span){ "", 0 };
	parsed_why(out, "a sentence of attendance: %s", name);
	attendance_note_wish(out, k, words);
	return true;
}

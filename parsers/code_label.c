/* code_label - words that stand beside a code and only name it: "Dotyczy:" */
#include "parsers/code_label.h"

#include "parsers/phrase.h"

/* Words that may stand beside a code in a line that only names it; folded. */
static const char *const beside_code[] = { "kod", "kodu", "kodem", "kodzie",
	"dotyczy", "dot", "sprawa", "sprawie", "sprawy", "w", "do", "nr",
	"numer", "konsultacja", "konsultacji", "konsultacje", "konsultacyjny",
	"uwaga", "uwagi", "uwag", "projekt", "projektu", "code", "re", "ref",
	"reference", "about", "concerning", "regarding", "consultation",
	"remark", "to", "for", "subject", "temat", "znak", "sygnatura", "id",
	NULL };

bool
code_label_says_more(struct span folded)
{
	struct span f = folded;
	size_t i = 0, n;

	while (i < f.n) {
		for (n = 0; i + n < f.n &&
			    ((unsigned char)f.p[i + n] >= 0x80 ||
				(f.p[i + n] >= 'a' && f.p[i + n] <= 'z'));
		     n++)
			;
		if (n > 0 && phrase_starts(span_sub(f, i, n), beside_code) != n)
			return true;
		i += n > 0 ? n : 1;
	}
	return false;
}

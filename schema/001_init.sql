-- 001_init - the first schema: what comes in, what it becomes, what is owed
--
-- Times are UTC milliseconds; NULL stands for "none".  Where people set a time
-- (deadlines, meetings) the local time and its zone stand beside it.
-- Lists of words are one per line.  More than two words to compare with are
-- written with OR: of IN SQLite makes a table anew at each INSERT and UPDATE.
-- Never edited after its release.

PRAGMA application_id = 1433887079; -- "Uwag"

CREATE TABLE meta (
	key TEXT PRIMARY KEY, -- "epoch"; "cursor/SOURCE": where it is read on from
	value TEXT NOT NULL -- the fact itself
) STRICT, WITHOUT ROWID;

INSERT INTO meta (key, value) VALUES ('epoch', '1');

CREATE TABLE commune (
	id INTEGER PRIMARY KEY AUTOINCREMENT, -- stable key; also the order shown
	name TEXT NOT NULL, -- "Chełm Śląski"
	name_key TEXT NOT NULL UNIQUE, -- the name folded: "chelm slaski"
	kind TEXT NOT NULL DEFAULT ''
		CHECK (kind = '' OR kind = 'urban' OR kind = 'rural') -- '' not stated
) STRICT;

CREATE TABLE consultation (
	id INTEGER PRIMARY KEY AUTOINCREMENT, -- stable key
	code TEXT NOT NULL UNIQUE, -- canonical: "BL-7M4H"
	case_ref TEXT NOT NULL DEFAULT '', -- the office's file number
	title TEXT NOT NULL DEFAULT '', -- in full
	title_short TEXT NOT NULL DEFAULT '', -- as subjects and texts show it
	kind TEXT NOT NULL DEFAULT '', -- "draft_resolution", "plan"
	owner TEXT NOT NULL DEFAULT '', -- member of staff in charge
	phase TEXT NOT NULL
		CHECK (phase IN ('needs', 'remarks')), -- what people are asked for
	opens_ms INTEGER, -- first instant that counts; NULL not announced
	opens_local TEXT NOT NULL DEFAULT '', -- the same as people read it
	closes_ms INTEGER, -- first instant that is too late; NULL no end
	closes_local TEXT NOT NULL DEFAULT '', -- the same as people read it
	timezone TEXT NOT NULL DEFAULT '', -- of the local times: "Europe/Warsaw"
	next_number INTEGER NOT NULL DEFAULT 1 -- of its next remark; only grows
		CHECK (next_number > 0),
	filed INTEGER NOT NULL DEFAULT 0, -- remarks so far
	CHECK (opens_ms IS NULL OR closes_ms IS NULL OR opens_ms <= closes_ms)
) STRICT;

CREATE TABLE consultation_alias (
	alias_key TEXT PRIMARY KEY, -- folded, so that case and marks do not matter
	alias TEXT NOT NULL, -- as staff wrote it
	consultation_id INTEGER NOT NULL
		REFERENCES consultation (id) ON DELETE CASCADE -- what it stands for
) STRICT, WITHOUT ROWID;

CREATE INDEX consultation_alias_of ON consultation_alias (consultation_id);

CREATE TABLE consultation_commune (
	consultation_id INTEGER NOT NULL
		REFERENCES consultation (id) ON DELETE CASCADE, -- which consultation
	position INTEGER NOT NULL, -- order in which staff named them
	commune_id INTEGER NOT NULL REFERENCES commune (id), -- where it is held
	PRIMARY KEY (consultation_id, position),
	UNIQUE (consultation_id, commune_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE consultation_group (
	consultation_id INTEGER NOT NULL
		REFERENCES consultation (id) ON DELETE CASCADE, -- which consultation
	position INTEGER NOT NULL, -- order in which staff named them
	name TEXT NOT NULL, -- who is entitled: "mieszkańcy"
	closes_ms INTEGER, -- a deadline of its own; NULL the consultation's
	closes_local TEXT NOT NULL DEFAULT '', -- the same as people read it
	PRIMARY KEY (consultation_id, position),
	UNIQUE (consultation_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE meeting (
	id INTEGER PRIMARY KEY AUTOINCREMENT, -- stable key
	uid TEXT NOT NULL UNIQUE CHECK (uid <> ''), -- iCalendar UID, for ever
	key TEXT NOT NULL DEFAULT '', -- short name: "s-10ke-bierun-2"
	consultation_id INTEGER NOT NULL
		REFERENCES consultation (id), -- what it is about
	commune_id INTEGER NOT NULL REFERENCES commune (id), -- whose meeting
	phase TEXT NOT NULL
		CHECK (phase IN ('needs', 'remarks')), -- what is gathered there
	state TEXT NOT NULL DEFAULT 'planned' CHECK (state = 'planned'
		OR state = 'announced' OR state = 'changed'
		OR state = 'cancelled' OR state = 'held'), -- so far
	starts_ms INTEGER NOT NULL, -- begin
	starts_local TEXT NOT NULL, -- the same as people read it
	ends_ms INTEGER, -- end; NULL open
	ends_local TEXT NOT NULL DEFAULT '', -- the same as people read it
	timezone TEXT NOT NULL, -- of the local times
	venue TEXT NOT NULL DEFAULT '', -- the hall
	address TEXT NOT NULL DEFAULT '', -- street and town
	sequence INTEGER NOT NULL DEFAULT 0, -- iCalendar SEQUENCE, +1 a change
	CHECK (ends_ms IS NULL OR starts_ms <= ends_ms)
) STRICT;

-- A meeting as it was before a change that people were told of: whoever was told
-- of this and of nothing since knows no other time.
CREATE TABLE meeting_version (
	meeting_id INTEGER NOT NULL REFERENCES meeting (id), -- which meeting
	sequence INTEGER NOT NULL, -- the meeting's, then
	starts_ms INTEGER NOT NULL, -- begin
	starts_local TEXT NOT NULL, -- the same as people read it
	ends_ms INTEGER, -- end; NULL open
	ends_local TEXT NOT NULL DEFAULT '', -- the same as people read it
	venue TEXT NOT NULL DEFAULT '', -- the hall
	address TEXT NOT NULL DEFAULT '', -- street and town
	PRIMARY KEY (meeting_id, sequence)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX meeting_key ON meeting (key) WHERE key <> '';
CREATE INDEX meeting_of ON meeting (consultation_id, starts_ms);

CREATE TABLE person (
	id INTEGER PRIMARY KEY AUTOINCREMENT, -- stable key
	name TEXT NOT NULL DEFAULT '', -- as the person first gave it
	organisation TEXT NOT NULL DEFAULT '', -- spoken for; '' a private person
	commune_id INTEGER REFERENCES commune (id), -- where from, if they said
	created_ms INTEGER NOT NULL -- first heard of
) STRICT;

CREATE TABLE contact (
	id INTEGER PRIMARY KEY AUTOINCREMENT, -- stable key
	person_id INTEGER REFERENCES person (id), -- who speaks from it
	channel TEXT NOT NULL
		CHECK (channel IN ('mail', 'sms')), -- how it is reached
	address TEXT NOT NULL, -- mail address as given, or E.164 number
	address_key TEXT NOT NULL, -- in lower case: what makes it the same
	name TEXT NOT NULL DEFAULT '', -- as the person last wrote it
	language TEXT NOT NULL DEFAULT '', -- that they wrote in; '' not known
	stopped_ms INTEGER, -- wants no notices at all since
	silenced_ms INTEGER, -- nor news of meetings they come to, since
	stopped_by INTEGER REFERENCES inbound (id), -- the message that said so
	restarted_by INTEGER REFERENCES inbound (id), -- the one that undid it
	bounced_ms INTEGER, -- last hard bounce; NULL none since it was heard of
	soft_bounced_ms INTEGER, -- last soft bounce; the same
	resting_until_ms INTEGER, -- gets no notices until then: too many of those
	heard_ms INTEGER, -- last sign after a bounce that it can be reached
	created_ms INTEGER NOT NULL, -- first heard of
	erased_ms INTEGER, -- who it was is gone since
	UNIQUE (channel, address_key)
) STRICT;

CREATE INDEX contact_person ON contact (person_id);

-- Who wants notices, of a consultation or of a commune's meetings, and how we
-- know: the message that asked, or what staff say of it.
CREATE TABLE subscription (
	id INTEGER PRIMARY KEY AUTOINCREMENT, -- stable key
	contact_id INTEGER NOT NULL REFERENCES contact (id), -- who is told
	consultation_id INTEGER REFERENCES consultation (id), -- of what; or
	commune_id INTEGER REFERENCES commune (id), -- whose meetings
	state TEXT NOT NULL CHECK (state IN ('active', 'stopped')), -- now
	since_ms INTEGER NOT NULL, -- in that state since
	proof_inbound_id INTEGER REFERENCES inbound (id), -- the message that asked
	proof TEXT NOT NULL DEFAULT '', -- else where the consent is kept
	consent_ms INTEGER, -- when they agreed, if that was not by message
	CHECK ((consultation_id IS NULL) <> (commune_id IS NULL)),
	UNIQUE (contact_id, consultation_id),
	UNIQUE (contact_id, commune_id)
) STRICT;

CREATE INDEX subscription_consultation ON subscription (consultation_id)
	WHERE consultation_id IS NOT NULL;
CREATE INDEX subscription_commune ON subscription (commune_id)
	WHERE commune_id IS NOT NULL;

CREATE TABLE inbound (
	id INTEGER PRIMARY KEY AUTOINCREMENT, -- "message 41"
	channel TEXT NOT NULL
		CHECK (channel IN ('mail', 'sms')), -- how it came
	source TEXT NOT NULL, -- name of the mailbox or SMS line
	external_key TEXT NOT NULL, -- unique for ever within the source
	received_ms INTEGER NOT NULL, -- by the server's or provider's clock
	stored_ms INTEGER NOT NULL, -- by ours
	message_id TEXT NOT NULL DEFAULT '', -- its Message-ID without < >
	content_hash TEXT NOT NULL DEFAULT '', -- of sender and decoded content
	sender TEXT NOT NULL DEFAULT '', -- address or number of the author
	sender_name TEXT NOT NULL DEFAULT '', -- display name of the author
	recipient TEXT NOT NULL DEFAULT '', -- our address or number
	recipients TEXT NOT NULL DEFAULT '', -- all of them, one per line
	contact_id INTEGER REFERENCES contact (id), -- its author; NULL a machine
	subject TEXT NOT NULL DEFAULT '', -- decoded
	text TEXT NOT NULL DEFAULT '', -- the author's own new text
	remark TEXT NOT NULL DEFAULT '', -- what would be filed of it
	kind TEXT NOT NULL CHECK (kind = 'remark' OR kind = 'bounce'
		OR kind = 'delayed' OR kind = 'complaint' OR kind = 'rsvp'
		OR kind = 'receipt' OR kind = 'auto_reply' OR kind = 'list'
		OR kind = 'command'
		OR kind = 'empty' OR kind = 'unreadable'), -- as the parsers say
	command TEXT NOT NULL DEFAULT '' CHECK (command = ''
		OR command = 'stop' OR command = 'start' OR command = 'help'
		OR command = 'state' OR command = 'yes' OR command = 'no'
		OR command = 'correction' OR command = 'withdraw'
		OR command = 'send' OR command = 'cancel_job'
		OR command = 'all' OR command = 'announce'
		OR command = 'change' OR command = 'cancel'), -- asked for
	fate TEXT NOT NULL CHECK (fate = 'filed' OR fate = 'corrected'
		OR fate = 'withdrawn' OR fate = 'held' OR fate = 'closed'
		OR fate = 'not_open' OR fate = 'empty' OR fate = 'duplicate'
		OR fate = 'command' OR fate = 'rsvp' OR fate = 'receipt'
		OR fate = 'bounce' OR fate = 'delayed' OR fate = 'complaint'
		OR fate = 'automatic' OR fate = 'list' OR fate = 'thanks'
		OR fate = 'spam' OR fate = 'staff'
		OR fate = 'unreadable'), -- what became of it
	why TEXT NOT NULL, -- the rule or header that decided, in words
	code TEXT NOT NULL DEFAULT '', -- decided or typed code, canonical
	code_seen TEXT NOT NULL DEFAULT '', -- as written, when that differs
	suggestion TEXT NOT NULL DEFAULT '', -- "did you mean": a canonical code
	consultation_id INTEGER REFERENCES consultation (id), -- it is about
	hold_until_ms INTEGER, -- the person was told that we wait until then
	reminded_ms INTEGER, -- the person was reminded
	settled_by INTEGER REFERENCES inbound (id), -- the message that settled it;
		-- itself when staff did
	language TEXT NOT NULL DEFAULT '', -- "pl", "en"; '' not clear
	needs_staff INTEGER NOT NULL DEFAULT 0
		CHECK (needs_staff IN (0, 1)), -- filed, but staff should look
	may_answer INTEGER NOT NULL DEFAULT 0
		CHECK (may_answer IN (0, 1)), -- an author we may write to
	may_echo INTEGER NOT NULL DEFAULT 0
		CHECK (may_echo IN (0, 1)), -- the answer may show the text
	trust INTEGER NOT NULL DEFAULT 1 CHECK (trust BETWEEN 0 AND 2), -- sender:
		-- 0 disowned or marked as spam, 1 nothing proves it, 2 proven
	warnings TEXT NOT NULL DEFAULT '', -- of the parsers, one per line
	reference_ids TEXT NOT NULL DEFAULT '', -- its References, spaces between
	UNIQUE (source, external_key)
) STRICT;

CREATE INDEX inbound_fate ON inbound (fate);
CREATE INDEX inbound_contact ON inbound (contact_id)
	WHERE contact_id IS NOT NULL;
CREATE INDEX inbound_consultation ON inbound (consultation_id)
	WHERE consultation_id IS NOT NULL;
CREATE INDEX inbound_twin ON inbound (message_id, content_hash)
	WHERE message_id <> '';

-- What came back of our messages, and from whom.
CREATE TABLE bounce (
	id INTEGER PRIMARY KEY AUTOINCREMENT, -- stable key
	contact_id INTEGER NOT NULL REFERENCES contact (id), -- was to get it
	outbox_id INTEGER NOT NULL REFERENCES outbox (id), -- what came back
	inbound_id INTEGER REFERENCES inbound (id), -- the report; NULL: it was
		-- refused, or a provider says that it did not arrive
	kind TEXT NOT NULL CHECK (kind = 'hard' OR kind = 'soft'
		OR kind = 'late' OR kind = 'complaint'), -- late: it may still arrive
	status TEXT NOT NULL DEFAULT '', -- "5.1.1"; '' not said
	at_ms INTEGER NOT NULL -- when we learnt it
) STRICT;

CREATE INDEX bounce_contact ON bounce (contact_id, at_ms);

CREATE TABLE raw (
	id INTEGER PRIMARY KEY AUTOINCREMENT, -- stable key
	inbound_id INTEGER NOT NULL UNIQUE REFERENCES inbound (id), -- whose bytes
	size INTEGER NOT NULL, -- before compression
	sha256 TEXT NOT NULL CHECK (length(sha256) = 64), -- of the bytes as they came
	body BLOB NOT NULL -- one zstd frame
) STRICT;

CREATE TABLE inbound_attachment (
	inbound_id INTEGER NOT NULL REFERENCES inbound (id), -- which message
	position INTEGER NOT NULL, -- order within the message
	sha256 TEXT NOT NULL
		CHECK (length(sha256) = 64), -- of the decoded bytes, which are in raw
	size INTEGER NOT NULL, -- decoded
	name TEXT NOT NULL DEFAULT '', -- file name as sent, without folders
	type TEXT NOT NULL DEFAULT '', -- media type as sent
	in_signature INTEGER NOT NULL DEFAULT 0
		CHECK (in_signature IN (0, 1)), -- a picture of the signature
	PRIMARY KEY (inbound_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE chain (
	number INTEGER PRIMARY KEY AUTOINCREMENT, -- 1, 2, 3 without a gap
	previous TEXT NOT NULL
		CHECK (length(previous) = 64), -- hash of the link before; zeros first
	at_ms INTEGER NOT NULL, -- when it happened
	event TEXT NOT NULL CHECK (event = 'filed' OR event = 'corrected'
		OR event = 'split' OR event = 'merged' OR event = 'withdrawn'
		OR event = 'answered' OR event = 'erased'), -- what happened
	subject TEXT NOT NULL, -- to what: "BL-7M4H/12"
	commitment TEXT NOT NULL
		CHECK (length(commitment) = 64), -- SHA-256(salt || text)
	hash TEXT NOT NULL
		CHECK (length(hash) = 64) -- of everything above
) STRICT;

CREATE INDEX chain_subject ON chain (subject);

CREATE TRIGGER chain_follows BEFORE INSERT ON chain
WHEN NEW.number IS NOT (SELECT COALESCE(MAX(number), 0) + 1 FROM chain)
BEGIN
	SELECT RAISE(ABORT, 'the chain grows by one link at its end');
END;

CREATE TRIGGER chain_stays BEFORE UPDATE ON chain
BEGIN
	SELECT RAISE(ABORT, 'the chain is append-only');
END;

CREATE TRIGGER chain_keeps BEFORE DELETE ON chain
BEGIN
	SELECT RAISE(ABORT, 'the chain is append-only');
END;

CREATE TABLE remark (
	id INTEGER PRIMARY KEY AUTOINCREMENT, -- stable key
	consultation_id INTEGER NOT NULL
		REFERENCES consultation (id), -- what it is about
	number INTEGER NOT NULL CHECK (number > 0), -- the 12 of "BL-7M4H/12"
	phase TEXT NOT NULL
		CHECK (phase IN ('needs', 'remarks')), -- a need or a remark
	inbound_id INTEGER REFERENCES inbound (id), -- the message it stands in
	contact_id INTEGER REFERENCES contact (id), -- who made it
	channel TEXT NOT NULL
		CHECK (channel = 'mail' OR channel = 'sms'
		OR channel = 'meeting'), -- how it came
	provisions TEXT NOT NULL DEFAULT '', -- "§ 4 ust. 2", one per line
	state TEXT NOT NULL CHECK (state = 'new' OR state = 'assigned'
		OR state = 'corrected' OR state = 'split' OR state = 'merged'
		OR state = 'withdrawn' OR state = 'answer_drafted'
		OR state = 'answer_approved' OR state = 'answered'
		OR state = 'published'), -- what became of it so far
	received_ms INTEGER NOT NULL, -- when its message was received
	filed_ms INTEGER NOT NULL, -- when it got its number
	needs_staff INTEGER NOT NULL DEFAULT 0
		CHECK (needs_staff IN (0, 1)), -- staff should look at it
	assignee TEXT NOT NULL DEFAULT '', -- member of staff who handles it
	split_from INTEGER REFERENCES remark (id), -- the remark it was part of
	version INTEGER NOT NULL CHECK (version > 0), -- the present one
	text_hash TEXT NOT NULL, -- of the present text, folded: finds the same words
	UNIQUE (consultation_id, number)
) STRICT;

CREATE INDEX remark_same ON remark (contact_id, text_hash)
	WHERE contact_id IS NOT NULL;
CREATE INDEX remark_inbound ON remark (inbound_id)
	WHERE inbound_id IS NOT NULL;

CREATE TABLE remark_version (
	id INTEGER PRIMARY KEY AUTOINCREMENT, -- stable key
	remark_id INTEGER NOT NULL REFERENCES remark (id), -- of which remark
	version INTEGER NOT NULL CHECK (version > 0), -- 1, 2, 3
	at_ms INTEGER NOT NULL, -- since when
	who TEXT NOT NULL, -- member of staff; '' the author
	text TEXT, -- the words; NULL erased
	salt BLOB CHECK (salt IS NULL OR length(salt) = 32), -- NULL erased
	commitment TEXT NOT NULL
		CHECK (length(commitment) = 64), -- SHA-256(salt || text)
	chain_number INTEGER NOT NULL UNIQUE
		REFERENCES chain (number), -- the link that proves it
	UNIQUE (remark_id, version),
	CHECK ((text IS NULL) = (salt IS NULL))
) STRICT;

CREATE TRIGGER remark_version_stays BEFORE UPDATE ON remark_version
WHEN NEW.text IS NOT NULL OR NEW.id <> OLD.id
	OR NEW.remark_id <> OLD.remark_id OR NEW.version <> OLD.version
	OR NEW.commitment <> OLD.commitment OR NEW.chain_number <> OLD.chain_number
BEGIN
	SELECT RAISE(ABORT, 'a version is never rewritten, only erased');
END;

CREATE TRIGGER remark_version_keeps BEFORE DELETE ON remark_version
BEGIN
	SELECT RAISE(ABORT, 'a version is never dropped, only erased');
END;

-- What the office decided about a remark, or about alike remarks together.
-- Never rewritten: a later answer to the same remark takes its place.
CREATE TABLE answer (
	id INTEGER PRIMARY KEY AUTOINCREMENT, -- "answer 7"
	verdict TEXT NOT NULL CHECK (verdict <> ''), -- a key of verdicts.tsv
	reasons TEXT NOT NULL CHECK (reasons <> ''), -- as its author reads them
	wording TEXT NOT NULL DEFAULT '', -- new wording of the draft, if any
	at_ms INTEGER NOT NULL, -- when it was given
	who TEXT NOT NULL -- member of staff
) STRICT;

CREATE TRIGGER answer_stays BEFORE UPDATE ON answer
BEGIN
	SELECT RAISE(ABORT, 'an answer is never rewritten, only followed');
END;

CREATE TRIGGER answer_keeps BEFORE DELETE ON answer
BEGIN
	SELECT RAISE(ABORT, 'an answer is never dropped, only followed');
END;

-- The remarks it answers; the present answer of a remark is its newest.
CREATE TABLE answer_remark (
	answer_id INTEGER NOT NULL REFERENCES answer (id), -- the answer
	remark_id INTEGER NOT NULL REFERENCES remark (id), -- of which remark
	version INTEGER NOT NULL, -- of its text that was answered
	salt BLOB NOT NULL CHECK (length(salt) = 32), -- of the commitment
	commitment TEXT NOT NULL
		CHECK (length(commitment) = 64), -- SHA-256(salt || answer)
	chain_number INTEGER NOT NULL UNIQUE
		REFERENCES chain (number), -- the link that proves it
	PRIMARY KEY (remark_id, answer_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX answer_remark_of ON answer_remark (answer_id);

CREATE TRIGGER answer_remark_stays BEFORE UPDATE ON answer_remark
BEGIN
	SELECT RAISE(ABORT, 'an answer is never rewritten, only followed');
END;

CREATE TRIGGER answer_remark_keeps BEFORE DELETE ON answer_remark
BEGIN
	SELECT RAISE(ABORT, 'an answer is never dropped, only followed');
END;

-- What `remark search` looks in: rowid is remark.id, words are folded by the
-- program (the tokenizer does not know that an l with stroke is an l).
CREATE VIRTUAL TABLE remark_fts USING fts5 (
	folded, -- the present text, folded
	tokenize = 'unicode61 remove_diacritics 0'
);

CREATE TABLE outbox (
	id INTEGER PRIMARY KEY AUTOINCREMENT, -- stable key
	channel TEXT NOT NULL
		CHECK (channel IN ('mail', 'sms')), -- how it goes
	contact_id INTEGER REFERENCES contact (id), -- to whom
	inbound_id INTEGER REFERENCES inbound (id), -- the message it answers
	consultation_id INTEGER REFERENCES consultation (id), -- it is about
	remark_id INTEGER REFERENCES remark (id), -- the remark it is about
	recipient TEXT NOT NULL, -- address or number
	via TEXT NOT NULL DEFAULT '', -- the line it leaves by: "sms bramka"
	template TEXT NOT NULL, -- "confirm_remark"
	question TEXT NOT NULL DEFAULT '', -- what a TAK answers: a code; of a mail
		-- to staff the number of the order it is about
	subject TEXT NOT NULL DEFAULT '', -- rendered
	language TEXT NOT NULL DEFAULT '', -- that it is written in
	message_id TEXT NOT NULL DEFAULT '', -- ours, without < >; '' for texts
	token TEXT NOT NULL DEFAULT '', -- of its reply address
	in_reply_to TEXT NOT NULL DEFAULT '', -- without < >
	reference_ids TEXT NOT NULL DEFAULT '', -- without < >, spaces between
	state TEXT NOT NULL CHECK (state = 'queued' OR state = 'claimed'
		OR state = 'sent' OR state = 'deferred' OR state = 'failed'
		OR state = 'unknown' OR state = 'cancelled'), -- where it stands
	due_ms INTEGER, -- not before; NULL and deferred: waits for staff
	attempts INTEGER NOT NULL DEFAULT 0, -- made so far
	doubts INTEGER NOT NULL DEFAULT 0, -- of them, nobody knows what became
	created_ms INTEGER NOT NULL, -- owed since
	claimed_ms INTEGER, -- last taken by a sender
	settled_ms INTEGER, -- last given back by it
	error TEXT NOT NULL DEFAULT '', -- why it did not go, in words
	external_id TEXT NOT NULL DEFAULT '', -- the provider's
	segments INTEGER NOT NULL DEFAULT 0, -- of a text
	receipt TEXT NOT NULL DEFAULT '', -- the chain receipt it shows
	notice_id INTEGER REFERENCES notice (id), -- of which sending; NULL a reply
	notice_text_id INTEGER
		REFERENCES notice_text (id), -- where its words are then
	arrival TEXT NOT NULL DEFAULT ''
		CHECK (arrival = '' OR arrival = 'open'
		OR arrival = 'delivered' OR arrival = 'passed'
		OR arrival = 'failed'), -- what became
		-- of it on the way to the phone; '' nobody says
	arrival_why TEXT NOT NULL DEFAULT '', -- why it failed, in their words
	arrival_ms INTEGER, -- when we learnt it; NULL not yet
	ask_ms INTEGER, -- when to ask next; NULL not any more
	CHECK (state <> 'queued' OR due_ms IS NOT NULL)
) STRICT;

CREATE INDEX outbox_ask ON outbox (ask_ms) WHERE ask_ms IS NOT NULL;

CREATE UNIQUE INDEX outbox_message_id ON outbox (message_id)
	WHERE message_id <> '';
CREATE UNIQUE INDEX outbox_token ON outbox (token) WHERE token <> '';
-- Rows of notices are found by their notice, when it is one that is sent.
CREATE INDEX outbox_due ON outbox (channel, due_ms)
	WHERE state IN ('queued', 'deferred') AND notice_id IS NULL;
CREATE INDEX outbox_settled ON outbox (settled_ms)
	WHERE settled_ms IS NOT NULL;
CREATE INDEX outbox_state ON outbox (state);
CREATE INDEX outbox_contact ON outbox (contact_id, created_ms);
-- Few: what the hourly limits count, which confirmations are not part of.
CREATE INDEX outbox_reply ON outbox (created_ms)
	WHERE template <> 'confirm_remark' AND inbound_id IS NOT NULL;
CREATE INDEX outbox_inbound ON outbox (inbound_id)
	WHERE inbound_id IS NOT NULL;

-- A sending to many: its words are frozen in notice_text, its recipients are rows
-- of the outbox, which leave once it is "sending".
CREATE TABLE notice (
	id INTEGER PRIMARY KEY AUTOINCREMENT, -- stable key
	kind TEXT NOT NULL CHECK (kind = 'announcement' OR kind = 'change'
		OR kind = 'cancellation' OR kind = 'reminder'), -- what it says
	state TEXT NOT NULL CHECK (state = 'preparing' OR state = 'sending'
		OR state = 'paused'
		OR state = 'aborted'), -- preparing: its rows are not all there yet
	created_ms INTEGER NOT NULL, -- when staff asked for it
	created_by TEXT NOT NULL, -- who
	send_at_ms INTEGER NOT NULL, -- not before
	reason TEXT NOT NULL DEFAULT '' -- why a meeting changes, as people read it
) STRICT;

-- Which meetings a notice tells of, all recipients together.
CREATE TABLE notice_meeting (
	notice_id INTEGER NOT NULL REFERENCES notice (id), -- the notice
	meeting_id INTEGER NOT NULL REFERENCES meeting (id), -- one of them
	PRIMARY KEY (meeting_id, notice_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX notice_meeting_of ON notice_meeting (notice_id);

-- The words of a notice for everybody who gets the same: one per channel,
-- language and set of meetings, as they were when staff asked for it.
CREATE TABLE notice_text (
	id INTEGER PRIMARY KEY AUTOINCREMENT, -- stable key
	notice_id INTEGER NOT NULL REFERENCES notice (id), -- of which notice
	subject TEXT NOT NULL DEFAULT '', -- rendered
	body TEXT NOT NULL, -- rendered, plain text
	html TEXT NOT NULL DEFAULT '', -- rendered, with a mark for the reply address
	calendar TEXT NOT NULL DEFAULT '', -- VCALENDAR, with a mark for the people
	method TEXT NOT NULL DEFAULT '' -- its METHOD
) STRICT;

CREATE INDEX notice_text_of ON notice_text (notice_id);

-- A notice that a member of staff orders by mail: it leaves when the PIN of the
-- preview comes back.  What it says stands in its mail, and is read from there.
CREATE TABLE staff_order (
	id INTEGER PRIMARY KEY AUTOINCREMENT, -- the number that staff see
	inbound_id INTEGER NOT NULL UNIQUE REFERENCES inbound (id), -- its mail
	address TEXT NOT NULL, -- of who ordered it, as configured
	verb TEXT NOT NULL
		CHECK (verb = 'announce' OR verb = 'change'
		OR verb = 'cancel'), -- what is ordered
	state TEXT NOT NULL CHECK (state = 'asked' OR state = 'seconded'
		OR state = 'confirmed' OR state = 'sending' OR state = 'done'
		OR state = 'cancelled' OR state = 'expired' OR state = 'void'
		OR state = 'failed'), -- asked:
		-- for its PIN; seconded: for that of a second person
	content TEXT NOT NULL, -- hash of the words and recipients shown
	created_ms INTEGER NOT NULL, -- when it was taken
	until_ms INTEGER NOT NULL, -- its PINs are good until then
	wrong INTEGER NOT NULL DEFAULT 0, -- PINs that were not its own
	notice_id INTEGER REFERENCES notice (id), -- what it sends; NULL not yet
	changed_ms INTEGER NOT NULL -- since when it is in that state
) STRICT;

CREATE INDEX staff_order_state ON staff_order (state)
	WHERE state = 'asked' OR state = 'seconded' OR state = 'confirmed'
	OR state = 'sending';
CREATE INDEX staff_order_of ON staff_order (address, created_ms);

-- The previews of an order.  The PIN of one follows from its token and our key,
-- and stands nowhere; only the newest of a person is good.
CREATE TABLE staff_preview (
	outbox_id INTEGER PRIMARY KEY REFERENCES outbox (id), -- the mail with it
	order_id INTEGER NOT NULL REFERENCES staff_order (id), -- of which order
	address TEXT NOT NULL, -- of who was asked, as configured
	content TEXT NOT NULL, -- hash of the words and recipients it shows
	used_ms INTEGER -- when its PIN came back; NULL not yet
) STRICT;

CREATE INDEX staff_preview_of ON staff_preview (order_id);

-- Nobody is told the same twice: of this meeting, in this version.
CREATE TABLE notice_recipient (
	meeting_id INTEGER NOT NULL REFERENCES meeting (id), -- of what
	kind TEXT NOT NULL, -- as notice.kind
	sequence INTEGER NOT NULL, -- the meeting's when it was told
	contact_id INTEGER NOT NULL REFERENCES contact (id), -- who is told
	outbox_id INTEGER NOT NULL REFERENCES outbox (id), -- by what
	PRIMARY KEY (meeting_id, kind, sequence, contact_id)
) STRICT, WITHOUT ROWID;

-- The long texts of an outbox row, apart from it: its state changes a few times
-- and they never do, so they are written once.
CREATE TABLE outbox_text (
	outbox_id INTEGER PRIMARY KEY
		REFERENCES outbox (id) ON DELETE CASCADE, -- whose texts
	body TEXT NOT NULL, -- rendered, plain text
	html BLOB NOT NULL -- rendered, one zstd frame; empty: none
) STRICT;

-- Which meetings a notice tells of; people answer by the number in the list.
CREATE TABLE outbox_meeting (
	outbox_id INTEGER NOT NULL REFERENCES outbox (id), -- the notice
	position INTEGER NOT NULL CHECK (position > 0), -- order, from 1
	meeting_id INTEGER NOT NULL REFERENCES meeting (id), -- one of them
	sequence INTEGER NOT NULL, -- the meeting's, as it tells of it
	PRIMARY KEY (outbox_id, position),
	UNIQUE (outbox_id, meeting_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_meeting_of ON outbox_meeting (meeting_id);

-- Which reminders of a meeting are done, so that each goes out once; a meeting
-- that is moved is reminded of anew.
CREATE TABLE meeting_reminder (
	meeting_id INTEGER NOT NULL REFERENCES meeting (id), -- of what
	starts_ms INTEGER NOT NULL, -- the meeting's begin
	before_ms INTEGER NOT NULL, -- how long before it the reminder was due
	done_ms INTEGER NOT NULL, -- when it was written, or found to be too late
	PRIMARY KEY (meeting_id, starts_ms, before_ms)
) STRICT, WITHOUT ROWID;

-- How many came to a meeting, as staff counted them.
CREATE TABLE meeting_count (
	meeting_id INTEGER NOT NULL REFERENCES meeting (id), -- which meeting
	people_of TEXT NOT NULL CHECK (people_of <> ''), -- group: "mieszkańcy"
	people INTEGER NOT NULL CHECK (people >= 0), -- how many of them
	PRIMARY KEY (meeting_id, people_of)
) STRICT, WITHOUT ROWID;

-- What was raised there; a point becomes a remark when staff say so.
CREATE TABLE meeting_point (
	id INTEGER PRIMARY KEY AUTOINCREMENT, -- stable key
	meeting_id INTEGER NOT NULL REFERENCES meeting (id), -- which meeting
	number INTEGER NOT NULL CHECK (number > 0), -- from 1, in each meeting
	text TEXT NOT NULL CHECK (text <> ''), -- as staff noted it
	noted_ms INTEGER NOT NULL, -- when they did
	remark_id INTEGER REFERENCES remark (id), -- what it became; NULL nothing
	UNIQUE (meeting_id, number)
) STRICT;

-- Every answer is kept; which one counts, rsvp_valid and the last of a person say.
CREATE TABLE rsvp (
	id INTEGER PRIMARY KEY AUTOINCREMENT, -- stable key
	meeting_id INTEGER NOT NULL REFERENCES meeting (id), -- which meeting
	contact_id INTEGER REFERENCES contact (id), -- who answers
	inbound_id INTEGER NOT NULL REFERENCES inbound (id), -- the message
	answer TEXT NOT NULL
		CHECK (answer = 'yes' OR answer = 'no'
		OR answer = 'maybe'), -- will they come
	comment TEXT NOT NULL DEFAULT '', -- their words, for staff
	needs_staff INTEGER NOT NULL DEFAULT 0
		CHECK (needs_staff IN (0, 1)), -- asks for an interpreter or access
	received_ms INTEGER NOT NULL, -- when the message was received
	sequence INTEGER NOT NULL, -- of the meeting it answers: older is stale
	stamp_ms INTEGER, -- a calendar's: when it was given; NULL in words
	too_late TEXT NOT NULL DEFAULT ''
		CHECK (too_late = '' OR too_late = 'cancelled'
		OR too_late = 'over'), -- the meeting then: it does not count
	UNIQUE (meeting_id, inbound_id)
) STRICT;

CREATE INDEX rsvp_inbound ON rsvp (inbound_id);
CREATE INDEX rsvp_of ON rsvp (meeting_id, contact_id);

-- Without what came when there was no meeting to come to any more, and without
-- the answers of a calendar that came behind a newer one of the same attendee: SEQUENCE and then DTSTAMP say which is (RFC 5546, 2.1.5).  Beside
-- others an answer has its place by when it was given, which of one in words is
-- when it was received.
CREATE VIEW rsvp_valid AS
SELECT r.*, COALESCE(r.stamp_ms, r.received_ms) AS given_ms FROM rsvp r
WHERE r.too_late = '' AND (r.stamp_ms IS NULL OR NOT EXISTS
	(SELECT 1 FROM rsvp newer WHERE newer.meeting_id = r.meeting_id
	AND newer.contact_id = r.contact_id AND newer.stamp_ms IS NOT NULL
	AND newer.too_late = ''
	AND (newer.sequence, newer.stamp_ms) > (r.sequence, r.stamp_ms)));

-- The last valid answer of each person, which counts; a contact without a person
-- is its own.
CREATE VIEW rsvp_last AS SELECT * FROM (SELECT r.*,
	k.address AS address, k.name AS name, k.person_id AS person_id,
	ROW_NUMBER() OVER (PARTITION BY r.meeting_id, k.person_id,
		CASE WHEN k.person_id IS NULL THEN COALESCE(r.contact_id, -r.id) END
		ORDER BY r.given_ms DESC, r.id DESC) AS place
	FROM rsvp_valid r LEFT JOIN contact k ON k.id = r.contact_id)
WHERE place = 1;

CREATE INDEX outbox_notice ON outbox (notice_id, channel, state, due_ms)
	WHERE notice_id IS NOT NULL;

-- Who was told of an answer: each once.
CREATE TABLE answer_told (
	answer_id INTEGER NOT NULL REFERENCES answer (id), -- of which answer
	contact_id INTEGER NOT NULL REFERENCES contact (id), -- who
	outbox_id INTEGER NOT NULL REFERENCES outbox (id), -- by what
	PRIMARY KEY (contact_id, answer_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
	id INTEGER PRIMARY KEY AUTOINCREMENT, -- order of what was done
	at_ms INTEGER NOT NULL, -- when
	who TEXT NOT NULL, -- member of staff or login
	what TEXT NOT NULL, -- "remark split"
	subject TEXT NOT NULL, -- to what: "remark BL-7M4H/12"
	before TEXT NOT NULL DEFAULT '', -- JSON, or ''
	after TEXT NOT NULL DEFAULT '' -- JSON, or ''
) STRICT;

CREATE TRIGGER audit_adds BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
BEGIN
	SELECT RAISE(ABORT, 'the audit is append-only');
END;

CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
BEGIN
	SELECT RAISE(ABORT, 'the audit is append-only');
END;

CREATE TRIGGER audit_keeps BEFORE DELETE ON audit
BEGIN
	SELECT RAISE(ABORT, 'the audit is append-only');
END;

PRAGMA user_version = 1;

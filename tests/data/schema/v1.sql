-- A database of schema version 1 as it was stored: rows for every table that
-- migrations must carry along.  Loaded behind migrations 1 to 1.

PRAGMA foreign_keys = OFF;

INSERT INTO meta (key, value) VALUES
	('cursor/mailbox konsultacje', '17');

INSERT INTO commune (id, name, name_key, kind) VALUES (
	1,
	'Bieruń',
	'bierun',
	'');

INSERT INTO commune (id, name, name_key, kind) VALUES (
	2,
	'Chełm Śląski',
	'chelm slaski',
	'');

INSERT INTO commune (id, name, name_key, kind) VALUES (
	3,
	'Imielin',
	'imielin',
	'');

INSERT INTO consultation (id, code, case_ref, title, title_short, kind, owner, phase, opens_ms,
	opens_local, closes_ms, closes_local, timezone, next_number, filed) VALUES (
	1,
	'BL-7M4H',
	'ST.041.2.2026',
	'Program współpracy z organizacjami',
	'program współpracy',
	'draft_resolution',
	'Anna Mrozek',
	'remarks',
	1794481200000,
	'2026-11-12T12:00:00',
	1796209200000,
	'2026-12-02T12:00:00',
	'Europe/Warsaw',
	2,
	1);

INSERT INTO consultation_commune (consultation_id, position, commune_id) VALUES (
	1,
	0,
	1);

INSERT INTO consultation_commune (consultation_id, position, commune_id) VALUES (
	1,
	1,
	2);

INSERT INTO consultation_group (consultation_id, position, name, closes_local) VALUES (
	1,
	0,
	'mieszkańcy',
	'');

INSERT INTO consultation_group (consultation_id, position, name, closes_local) VALUES (
	1,
	1,
	'przedsiębiorcy',
	'');

INSERT INTO person (id, name, organisation, created_ms) VALUES (
	1,
	'Jan Kowalski',
	'',
	1795345200000);

INSERT INTO inbound (id, channel, source, external_key, received_ms, stored_ms, message_id,
	content_hash, sender, sender_name, recipient, recipients, contact_id,
	subject, text, remark, kind, command, fate, why, code, code_seen,
	suggestion, consultation_id, language, needs_staff, may_answer,
	may_echo, warnings, reference_ids) VALUES (
	1,
	'mail',
	'mailbox konsultacje',
	'1795345200.M1.host',
	1795345200000,
	1795345201000,
	'a1@poczta.example',
	'h1',
	'jan@poczta.example',
	'Jan Kowalski',
	'konsultacje@powiat.example',
	'konsultacje@powiat.example',
	1,
	'Uwaga',
	'Proszę o ławkę przy ulicy Łąkowej.',
	'Proszę o ławkę przy ulicy Łąkowej.',
	'remark',
	'',
	'filed',
	'filed',
	'BL-7M4H',
	'',
	'',
	1,
	'pl',
	0,
	1,
	0,
	'',
	'');

INSERT INTO inbound (id, channel, source, external_key, received_ms, stored_ms, message_id,
	content_hash, sender, sender_name, recipient, recipients, contact_id,
	subject, text, remark, kind, command, fate, why, code, code_seen,
	suggestion, language, needs_staff, may_answer, may_echo, warnings,
	reference_ids) VALUES (
	2,
	'mail',
	'mailbox konsultacje',
	'1795345300.M2.host',
	1795345200000,
	1795345201000,
	'',
	'',
	'jan@poczta.example',
	'Jan Kowalski',
	'konsultacje@powiat.example',
	'konsultacje@powiat.example',
	1,
	'Uwaga',
	'bez kodu',
	'bez kodu',
	'remark',
	'',
	'held',
	'no code',
	'',
	'',
	'',
	'pl',
	0,
	1,
	0,
	'',
	'');

INSERT INTO contact (id, person_id, channel, address, address_key, name, language,
	created_ms) VALUES (
	1,
	1,
	'mail',
	'jan@poczta.example',
	'jan@poczta.example',
	'Jan Kowalski',
	'',
	1795345200000);

INSERT INTO subscription (id, contact_id, consultation_id, state, since_ms, proof_inbound_id) VALUES (
	1,
	1,
	1,
	'active',
	1795345200000,
	1);

INSERT INTO raw (id, inbound_id, size, sha256, body) VALUES (
	1,
	1,
	38,
	'fca84264daa3007187e514218f30c77cf6101661f9c8da9495de8e54115cbb8b',
	x'28b52ffd20263101005375626a6563743a2055776167610d0a0d0a50726f737ac499206f20c58261776bc4992e0d0a');

INSERT INTO raw (id, inbound_id, size, sha256, body) VALUES (
	2,
	2,
	24,
	'281d97451d4901ce969c912f0cd0b3b37c6846873d3797b52409b65d3b97b11a',
	x'28b52ffd2018c100005375626a6563743a20780d0a0d0a62657a206b6f64750d0a');

INSERT INTO inbound_attachment (inbound_id, position, sha256, size, name, type, in_signature) VALUES (
	1,
	0,
	'b8648ad1f007ad1c4572be84350fee2c190c0eff6815520b5fc752aebf055912',
	16,
	'mapa.pdf',
	'application/pdf',
	0);

INSERT INTO meeting (id, uid, key, consultation_id, commune_id, phase, state, starts_ms,
	starts_local, ends_ms, ends_local, timezone, venue, address, sequence) VALUES (
	1,
	'a@powiat.example',
	's-1',
	1,
	3,
	'remarks',
	'planned',
	1795431600000,
	'2026-11-23T12:00:00',
	1795438800000,
	'2026-11-23T14:00:00',
	'Europe/Warsaw',
	'Biblioteka',
	'',
	0);

INSERT INTO chain (number, previous, at_ms, event, subject, commitment, hash) VALUES (
	1,
	'0000000000000000000000000000000000000000000000000000000000000000',
	1795345201000,
	'filed',
	'BL-7M4H/1',
	'b7ea4c7eb7afa69897c8a0b855c3a968bff0efc36e1afa1133237ec221a442d4',
	'de795e5925b77f2e8922119dd0f74dee2d0572fbd1f8bcefebd623f6cd8c4dff');

INSERT INTO chain (number, previous, at_ms, event, subject, commitment, hash) VALUES (
	2,
	'de795e5925b77f2e8922119dd0f74dee2d0572fbd1f8bcefebd623f6cd8c4dff',
	1795345202000,
	'corrected',
	'BL-7M4H/1',
	'59e742969e207e959b01d046fb9140b5e6a661b29388eaecf55c9bffd03a9fa4',
	'f4fde28775927e64a57f6a2d4d5be38d0b2d495bca44f4c6f1aed9e921042a7d');

INSERT INTO chain (number, previous, at_ms, event, subject, commitment, hash) VALUES (
	3,
	'f4fde28775927e64a57f6a2d4d5be38d0b2d495bca44f4c6f1aed9e921042a7d',
	1795345203000,
	'answered',
	'BL-7M4H/1',
	'16f54d687444e9649c0b3c65ae0df6e99a9c0341b3a77c8260fdccfeb6ff49b9',
	'7937d6bfeef8f544f5d9e2b4856f61fedbe3884e6c36b60a5187a90c9649451a');

INSERT INTO remark (id, consultation_id, number, phase, inbound_id, contact_id, channel,
	provisions, state, received_ms, filed_ms, needs_staff, assignee,
	version, text_hash) VALUES (
	1,
	1,
	1,
	'remarks',
	1,
	1,
	'mail',
	'§ 4 ust. 2',
	'new',
	1795345200000,
	1795345201000,
	0,
	'',
	2,
	'0d171c36d24e1415d9493c8e652e3c2b3714ea89abc4eac7889cebd94ec28fae');

INSERT INTO remark_version (id, remark_id, version, at_ms, who, text, salt, commitment,
	chain_number) VALUES (
	1,
	1,
	1,
	1795345201000,
	'',
	'Proszę o ławkę przy ulicy Łąkowej.',
	x'a7c29904ddbd32245070413c1120ca3512678b84d27e3200780a966bf49e869b',
	'b7ea4c7eb7afa69897c8a0b855c3a968bff0efc36e1afa1133237ec221a442d4',
	1);

INSERT INTO remark_version (id, remark_id, version, at_ms, who, text, salt, commitment,
	chain_number) VALUES (
	2,
	1,
	2,
	1795345202000,
	'',
	'Proszę o dwie ławki przy ulicy Łąkowej.',
	x'95bb4b944baded4a72f536ebd1ba7d6c05cb2871bb70d756f0c0374bc44dc83e',
	'59e742969e207e959b01d046fb9140b5e6a661b29388eaecf55c9bffd03a9fa4',
	2);

INSERT INTO answer (id, verdict, reasons, wording, at_ms, who) VALUES (
	1,
	'partly',
	'Są pieniądze na jedną.',
	'§ 4 ust. 2. Dwie ławki.',
	1795345203000,
	'Anna Mrozek');

INSERT INTO answer_remark (answer_id, remark_id, version, salt, commitment,
	chain_number) VALUES (
	1,
	1,
	2,
	x'5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e',
	'16f54d687444e9649c0b3c65ae0df6e99a9c0341b3a77c8260fdccfeb6ff49b9',
	3);

INSERT INTO outbox (id, channel, contact_id, inbound_id, consultation_id, remark_id,
	recipient, via, template, question, subject, language,
	message_id, token, in_reply_to, reference_ids, state, due_ms,
	attempts, created_ms, error, external_id, segments, receipt) VALUES (
	1,
	'mail',
	1,
	1,
	1,
	1,
	'jan@poczta.example',
	'',
	'confirm_remark',
	'',
	'Przyjęliśmy uwagę',
	'',
	't1@powiat.example',
	't1',
	'',
	'',
	'queued',
	1795345200000,
	0,
	1795345200000,
	'',
	'',
	0,
	'f4fde2877592');

INSERT INTO outbox_text (outbox_id, body, html) VALUES (1, 'Dziękujemy.', x'');

INSERT INTO answer_told (answer_id, contact_id, outbox_id) VALUES (1, 1, 1);

INSERT INTO audit (id, at_ms, who, what, subject, before, after) VALUES (
	1,
	1795345200000,
	'amrozek',
	'consultation add',
	'consultation BL-7M4H',
	'',
	'{}');

INSERT INTO remark_fts (rowid, folded) SELECT rowid, 'prosze o dwie lawki przy ulicy lakowej.' FROM remark;

PRAGMA foreign_keys = ON;

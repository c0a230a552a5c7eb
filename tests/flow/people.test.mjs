// people - lists of people who want notices, and what they say of it later
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { House, program } from './house.mjs';

function story(name, body) {
	test(name, async () => {
		const house = new House();
		try {
			await body(house);
		} finally {
			house.close();
		}
	});
}

// Writes a table and imports it: { status, rows (--json), stderr }.
function load(house, bytes, ...options) {
	const file = path.join(house.dir, 'lista.csv');
	fs.writeFileSync(file, bytes);
	const { status, stdout, stderr } = house.try('--json', 'person', 'import', file, ...options);
	return { status, stderr, rows: stdout.split('\n').filter(Boolean).map((l) => JSON.parse(l)) };
}

const subscriptions = (house, ...options) => house.rows('subscription', 'list', ...options);

const table = `Imię i nazwisko;E-mail;Telefon;Gmina;Zgoda;Źródło
Żaneta Łąkowa;zaneta@poczta.example;110 000 401;Chełm Śląski;3.11.2026;karta z 3 listopada
Jan Lis;jan.lis@poczta.example;;Bieruń;2026-11-03;karta z 3 listopada
`;

// The same bytes as Excel saves them.
const cp1250 = (s) => Buffer.from([...s].map((c) => ({ ę: 0xea, Ż: 0xaf, Ł: 0xa3, ą: 0xb9, ł: 0xb3,
	Ś: 0x8c, ń: 0xf1, Ź: 0x8f, ó: 0xf3 })[c] ?? c.charCodeAt(0)));

story('a list as spreadsheets save it, in any of their encodings', (house) => {
	for (const [name, bytes] of Object.entries({
		utf8: Buffer.from(table),
		'utf8 with a mark': Buffer.from('\ufeff' + table),
		'windows-1250': cp1250(table),
		'utf-16': Buffer.from('\ufeff' + table.replaceAll(';', '\t'), 'utf16le'),
		commas: Buffer.from(table.replaceAll(';', ',').replaceAll('\n', '\r\n')),
		"Excel's line of the separator": Buffer.from('\ufeffsep=;\r\n' + table.replaceAll('\n', '\r\n')),
	})) {
		const fresh = new House();
		const { status, stderr, rows } = load(fresh, bytes);
		assert.equal(status, 0, `${name}: ${stderr}`);
		assert.deepEqual(rows.at(-1), { written: true, rows: 2, bad: 0, people: 2, contacts: 3,
			subscriptions: 3, known: 0, refused: 0, removed: 0, shared: 0 }, name);
		assert.deepEqual(subscriptions(fresh).map((s) => [s.to, s.name, s.commune]), [
			['zaneta@poczta.example', 'Żaneta Łąkowa', 'Chełm Śląski'],
			['+48110000401', 'Żaneta Łąkowa', 'Chełm Śląski'],
			['jan.lis@poczta.example', 'Jan Lis', 'Bieruń']], name);
		fresh.close();
	}
	assert.equal(subscriptions(house).length, 0);
});

story('a dry run writes nothing, and the same list twice is once', (house) => {
	const dry = load(house, table, '--dry-run');
	assert.equal(dry.status, 0, dry.stderr);
	assert.equal(dry.rows.at(-1).written, false);
	assert.equal(dry.rows.at(-1).subscriptions, 3);
	assert.equal(subscriptions(house).length, 0);
	load(house, table);
	const again = load(house, table);
	assert.equal(again.rows.at(-1).subscriptions, 0);
	assert.equal(again.rows.at(-1).known, 3);
	assert.equal(subscriptions(house).length, 3);
});

story('each wrong row is named with its fault, and nothing is imported unless asked for', (house) => {
	const bad = `e-mail;telefon;gmina;kod;zgoda;zrodlo
dobry@poczta.example;;Imielin;;2026-11-03;karta
;;Imielin;;2026-11-03;karta
to nie adres;;Imielin;;2026-11-03;karta
;22 123;Imielin;;2026-11-03;karta
a@poczta.example;;Atlantyda;;2026-11-03;karta
b@poczta.example;;;BL-ZZZZ;2026-11-03;karta
c@poczta.example;;;;2026-11-03;karta
d@poczta.example;;Imielin;;31.02.2026;karta
e@poczta.example;;Imielin;;2027-01-01;karta
f@poczta.example;;Imielin;;;karta
g@poczta.example;;Imielin;;2026-11-03;
noreply@poczta.example;;Imielin;;2026-11-03;karta
\r
;;;;;
to tez nie;;Imielin;;2026-11-03;karta
`;
	const refused = load(house, bad);
	assert.equal(refused.status, 1);
	assert.match(refused.stderr, /12 of 13 rows are wrong and nothing was imported/);
	assert.deepEqual(refused.rows.map((r) => r.row), [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16],
		'as the spreadsheet counts them');
	assert.equal(new Set(refused.rows.map((r) => r.why)).size, 10);
	assert.equal(subscriptions(house).length, 0);
	const skipped = load(house, bad, '--skip-bad');
	assert.equal(skipped.status, 0, skipped.stderr);
	assert.deepEqual(subscriptions(house).map((s) => s.to), ['dobry@poczta.example']);
});

story('lists as offices have them: what is clear is taken, what is not is named', (house) => {
	const { status, stderr, rows } = load(house, `Lp.;Imię;Nazwisko;Adres e-mail:;Tel. kom.;Gmina zamieszkania;Data wyrażenia zgody;Zgoda
1;Jan;Lis;JAN.LIS@poczta.example\u00a0;+48 110-000-401;gm. Imielin;3.11.2026 r.;TAK
2;;;Ewa Pilch <ewa@poczta.example>;32 123 45 67;Miasto Lędziny;2026-11-03 14:05:10;tak
3;;;ola@poczta.example;"110000402, 110000403";Imielin;03.11.2026;tak
4;;;"a@poczta.example; b@poczta.example";;Imielin;03.11.2026;tak
5;;;;32 123 45 67;Imielin;03.11.2026;tak
6;;;nie.chce@poczta.example;;Imielin;03.11.2026;NIE
7;;;konsultacje@powiat.example;;Imielin;03.11.2026;tak
8;;;us@poczta.example;;Imielin;11/3/2026;tak
9;;;iza@poczta.example\u200b;;Chełm Śl.;03-11-2026;tak
`, '--source', 'karty', '--skip-bad');
	assert.equal(status, 0, stderr);
	assert.deepEqual(rows.slice(0, -1).map((r) => [r.row, r.why.match(/"Lp\."|landline|passed over|not one number|more than one|not agree|our own|no date|no commune/g).join()]), [
		[1, 'passed over,"Lp."'], [3, 'landline,passed over'], [4, 'not one number'], [5, 'more than one'], [6, 'landline'],
		[7, 'not agree'], [8, 'our own'], [9, 'no date'], [10, 'no commune']]);
	assert.deepEqual([rows.at(-1).rows, rows.at(-1).bad], [9, 7], 'a landline beside an address leaves nobody out');
	assert.deepEqual(subscriptions(house).map((s) => [s.to, s.commune, s.consent_at.slice(0, 10)]), [
		['JAN.LIS@poczta.example', 'Imielin', '2026-11-03'], ['+48110000401', 'Imielin', '2026-11-03'],
		['ewa@poczta.example', 'Lędziny', '2026-11-03']]);
	assert.match(load(house, 'PK\x03\x04\x14').stderr, /workbook[^]*save it as CSV/);
});

story('a table without headings, or with a quote never closed, is refused whole', (house) => {
	assert.match(load(house, 'jan@poczta.example;x\n').stderr, /first row must name the columns/);
	assert.match(load(house, 'e-mail;gmina\n"jan@poczta.example;Imielin\n').stderr, /never closed/);
	assert.match(load(house, '').stderr, /no row/);
	assert.match(load(house, 'e-mail\n').stderr, /no row/);
	assert.match(house.try('person', 'import', '/nie/ma').stderr, /cannot be read/);
});

story('quotes, line breaks and separators inside cells stay inside', (house) => {
	const { status, stderr } = load(house, 'e-mail;nazwa;zrodlo\n"q@poczta.example";"Koło ""Łąka""; Imielin";"karta\nz 3 listopada"\n',
		'--commune', 'Imielin', '--consent', '3.11.2026');
	assert.equal(status, 0, stderr);
	const [s] = subscriptions(house);
	assert.equal(s.name, 'Koło "Łąka"; Imielin');
	assert.equal(s.proof, 'karta\nz 3 listopada');
	assert.equal(s.consent_at, '2026-11-03T00:00:00+01:00');
});

story('options stand for columns that are not there; a code takes the place of a commune', (house) => {
	load(house, 'e-mail\njan@poczta.example\n', '--code', 'bl 7m4h', '--source', 'lista', '--consent', '2026-11-03');
	assert.deepEqual(subscriptions(house).map((s) => [s.code, s.commune, s.proof]), [['BL-7M4H', null, 'lista']]);
	assert.equal(subscriptions(house, '--code', 'BL-7M4H').length, 1);
	assert.equal(subscriptions(house, '--commune', 'Imielin').length, 0);
});

story('who said STOP stays without notices, whatever staff import', (house) => {
	load(house, table);
	house.mail('From: jan.lis@poczta.example\r\nTo: konsultacje@powiat.example\r\nSubject: x\r\n' +
		'Message-ID: <s@poczta.example>\r\nDate: Sun, 22 Nov 2026 10:00:00 +0100\r\n\r\nSTOP\r\n');
	house.poll();
	assert.equal(subscriptions(house, '--active').length, 2);
	const again = load(house, table);
	assert.equal(again.rows.at(-1).refused, 1);
	assert.equal(subscriptions(house, '--active').length, 2);
	const one = house.try('subscription', 'add', 'jan.lis@poczta.example', '--commune', 'Bieruń',
		'--source', 'telefon', '--consent', '2026-11-20');
	assert.equal(one.status, 1);
	assert.match(one.stderr, /said STOP/);
});

story('one person is added and removed by hand, and the audit says who did it', (house) => {
	house.run('subscription', 'add', '110 000 402', '--commune', 'imielin', '--source', 'karta',
		'--consent', '2026-11-20', '--name', 'Ewa Pilch');
	const [s] = subscriptions(house);
	assert.deepEqual([s.to, s.channel, s.commune, s.state], ['+48110000402', 'sms', 'Imielin', 'active']);
	house.run('subscription', 'remove', String(s.id));
	assert.equal(subscriptions(house)[0].state, 'stopped');
	assert.equal(house.try('subscription', 'remove', String(s.id)).status, 1);
	assert.equal(house.try('subscription', 'add', 'x', '--commune', 'Imielin', '--source', 'karta',
		'--consent', '2026-11-20').status, 1);
	assert.equal(house.try('subscription', 'add', 'x@poczta.example').status, 1);
	house.run('subscription', 'add', '110 000 402', '--commune', 'imielin', '--source', 'karta', '--consent', '2026-11-20');
	assert.equal(subscriptions(house)[0].state, 'active', 'what staff removed staff can add');
});

story('whom staff removed does not come back with an older list, but with a newer consent', (house) => {
	const list = (day) => `E-mail;Gmina;Zgoda;Źródło\newa@poczta.example;Imielin;${day};karta\njan@poczta.example;Imielin;${day};karta\n`;
	load(house, list('2026-11-10'));
	const ewa = subscriptions(house).find((s) => s.to === 'ewa@poczta.example');
	house.run('subscription', 'remove', String(ewa.id));
	const active = () => subscriptions(house, '--active').map((s) => s.to);
	const old = load(house, list('2026-11-10')).rows.at(-1);
	assert.deepEqual([old.removed, old.known, old.subscriptions], [1, 1, 0]);
	assert.deepEqual(active(), ['jan@poczta.example']);
	const anew = load(house, list('2026-11-22')).rows.at(-1);
	assert.deepEqual([anew.removed, anew.known, anew.subscriptions], [0, 1, 1], 'of the day itself');
	assert.deepEqual(active().sort(), ['ewa@poczta.example', 'jan@poczta.example']);
});

// A mail or text of a resident, and what becomes of it.
let serial = 0;
const write = (house, from, text, to = 'konsultacje@powiat.example') => {
	if (from.startsWith('+'))
		house.text({ from, text, at: `2026-11-22T10:00:${String(++serial % 60).padStart(2, '0')}+01:00` });
	else
		house.mail(`From: ${from}\r\nTo: ${to}\r\nSubject: x\r\nMessage-ID: <p${++serial}@poczta.example>\r\n` +
			'Date: Sun, 22 Nov 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n' +
			`${text}\r\n`);
	house.now = new Date(Date.parse(house.now) + 60e3).toISOString().replace('.000', '');
	house.poll();
};
const states = (house) => Object.fromEntries(subscriptions(house).map((s) => [`${s.to} ${s.code || s.commune}`, s.state]));

// Ewa by mail and text, for her commune and for a consultation.
const both = `e-mail;telefon;gmina;kod
ewa@poczta.example;110000501;Lędziny;
ewa@poczta.example;110000501;;BL-7M4H
`;
const known = ['--source', 'karta', '--consent', '2026-11-01'];

story('who stops by one way is stopped by the other, and begins again by either', (house) => {
	load(house, both, ...known);
	const all = (state) => ({ 'ewa@poczta.example Lędziny': state, '+48110000501 Lędziny': state,
		'ewa@poczta.example BL-7M4H': state, '+48110000501 BL-7M4H': state });
	assert.deepEqual(states(house), all('active'));
	for (const [stops, starts] of [['ewa@poczta.example', '+48110000501'], ['+48110000501', 'ewa@poczta.example']]) {
		write(house, stops, 'REZYGNUJĘ');
		assert.deepEqual(states(house), all('stopped'), stops);
		assert.equal(load(house, both, ...known).rows.at(-1).refused, 4, 'staff cannot undo it for either');
		assert.equal(house.try('subscription', 'add', '110000501', '--commune', 'Imielin', ...known).status, 1);
		write(house, starts, 'START');
		assert.deepEqual(states(house), all('active'), starts);
	}
});

story('one consultation or commune is left and followed again by both ways', (house) => {
	load(house, both, ...known);
	write(house, '+48110000501', 'STOP BL-7M4H');
	assert.deepEqual(states(house), { 'ewa@poczta.example Lędziny': 'active', '+48110000501 Lędziny': 'active',
		'ewa@poczta.example BL-7M4H': 'stopped', '+48110000501 BL-7M4H': 'stopped' });
	write(house, 'ewa@poczta.example', 'STOP Lędziny');
	assert.ok(Object.values(states(house)).every((s) => s === 'stopped'));
	write(house, 'ewa@poczta.example', 'ZAPISZ BL-7M4H');
	write(house, '+48110000501', 'ZAPISZ Lędziny');
	assert.ok(Object.values(states(house)).every((s) => s === 'active'));
	write(house, '+48110000501', 'STOP BL-10KE');
	write(house, '+48110000501', 'ZAPISZ BL-10KE');
	assert.deepEqual(Object.keys(states(house)).filter((k) => k.endsWith('BL-10KE')), ['+48110000501 BL-10KE'],
		'new notices come only where they were asked for');
	write(house, 'ewa@poczta.example', 'WSZYSTKO BL-10KE');
	assert.ok(Object.values(states(house)).every((s) => s === 'stopped'), 'WSZYSTKO is all, whatever stands beside it');
});

story('ZAPISZ by mail and by text subscribes a stranger, with the message as the proof', (house) => {
	write(house, 'nowa@poczta.example', 'ZAPISZ BL-7M4H');
	write(house, '+48110000509', 'ZAPISZ Imielin');
	const rows = subscriptions(house);
	assert.deepEqual(rows.map((s) => [s.to, s.code, s.commune, s.state, s.proof, s.inbound]), [
		['nowa@poczta.example', 'BL-7M4H', null, 'active', 'message', 1],
		['+48110000509', null, 'Imielin', 'active', 'message', 2]]);
	assert.ok(rows.every((s) => s.consent_at.startsWith('2026-11-22')));
});

story('two people who share a telephone, or a name, are two', (house) => {
	load(house, 'e-mail;telefon;nazwa;gmina\nanna@poczta.example;110000501;Nowak;Lędziny\n', ...known);
	const report = load(house, 'e-mail;telefon;nazwa;gmina\njan@poczta.example;110000501;Nowak;Lędziny\n' +
		'adam@poczta.example;;Nowak;Lędziny\n', ...known).rows.at(-1);
	assert.deepEqual([report.people, report.shared], [1, 1], 'of Jan the telephone was known');
	write(house, 'jan@poczta.example', 'STOP');
	assert.deepEqual(states(house), { 'anna@poczta.example Lędziny': 'active', '+48110000501 Lędziny': 'active',
		'jan@poczta.example Lędziny': 'stopped', 'adam@poczta.example Lędziny': 'active' });
	write(house, 'anna@poczta.example', 'STOP');
	assert.deepEqual(states(house)['+48110000501 Lędziny'], 'stopped');
});

story('a list that ties an address to a telephone spreads what was stopped by either', (house) => {
	load(house, 'e-mail;telefon;gmina\newa@poczta.example;;Lędziny\n;110000501;Lędziny\n', ...known);
	write(house, '+48110000501', 'STOP Lędziny');
	assert.equal(states(house)['ewa@poczta.example Lędziny'], 'active', 'nobody has tied them yet');
	assert.equal(load(house, both, ...known).rows.at(-1).refused, 2);
	assert.deepEqual(states(house), { 'ewa@poczta.example Lędziny': 'stopped', '+48110000501 Lędziny': 'stopped',
		'ewa@poczta.example BL-7M4H': 'active', '+48110000501 BL-7M4H': 'active' });
	write(house, 'ewa@poczta.example', 'STOP');
	load(house, 'e-mail;telefon;gmina\newa@poczta.example;110000502;Imielin\n', ...known);
	write(house, '+48110000502', 'START');
	assert.equal(states(house)['+48110000501 BL-7M4H'], 'active', 'a third one is hers as well');
});

story('who wants nothing more by text gets nothing by mail either, once both are theirs', (house) => {
	load(house, 'e-mail;gmina\newa@poczta.example;Lędziny\n', ...known);
	load(house, 'telefon;gmina\n110000501;Lędziny\n', ...known);
	house.mail('Authentication-Results: mx.powiat.example; dmarc=pass header.from=poczta.example\r\n' +
		'From: ewa@poczta.example\r\nTo: konsultacje@powiat.example\r\nSubject: BL-7M4H\r\n' +
		'Message-ID: <e1@poczta.example>\r\n\r\nProsimy o dwie lawki.\r\n');
	write(house, 'ewa@poczta.example', 'STOP');
	write(house, '+48110000501', 'WSZYSTKO');
	const [{ number }] = house.rows('remark', 'list');
	const preview = () => house.run('remark', 'answer', number, '--verdict', 'accepted', '--reasons', 'Tak.', '--dry-run');
	assert.match(preview(), /1 mail and 0 texts/);
	load(house, 'e-mail;telefon;gmina\newa@poczta.example;110000501;Lędziny\n', ...known);
	assert.doesNotMatch(preview(), /1 mail and/);
});

story('a column says in which language they are written to', (house) => {
	const list = (word) => `e-mail;telefon;gmina;język\njohn@poczta.example;110000501;Lędziny;${word}\n` +
		'jan@poczta.example;;Lędziny;\n';
	for (const word of ['klingoński', 'xx', 'p'])
		assert.match(load(house, list(word), ...known).rows[0].why, /language/, word);
	for (const word of ['EN', 'angielski', 'English', 'Po angielsku'])
		assert.equal(load(house, list(word), '--dry-run', ...known).status, 0, word);
	load(house, 'telefon;gmina\n110000501;Lędziny\n', ...known);
	load(house, list('angielski'), ...known);
	house.run('meeting', 'announce', 's-10ke-ledziny-2', '--yes', '3');
	house.poll();
	assert.deepEqual(house.rows('outbox', 'list').filter((r) => r.to && r.template.endsWith('announcement')).map((r) => [r.to, r.language]).sort(), [
		['+48110000501', 'en'], ['jan@poczta.example', 'pl'], ['john@poczta.example', 'en']]);
});

story('who is written to in English is answered in English, also when one word tells no language', (house) => {
	load(house, 'e-mail;telefon;gmina;język\njohn@poczta.example;110000501;Lędziny;angielski\n', ...known);
	house.run('meeting', 'announce', 's-10ke-ledziny-2', '--yes', '2');
	house.poll();
	write(house, '+48110000501', 'YES');
	write(house, 'john@poczta.example', 'STOP');
	write(house, 'john@poczta.example', 'Dzień dobry, proszę o pomoc, jak mam zgłosić uwagę do planu?');
	const replies = house.rows('outbox', 'list').filter((r) => r.to && !/announcement/.test(r.template));
	assert.deepEqual(replies.map((r) => [r.template, r.language]), [['sms_rsvp_yes', 'en'], ['unsubscribe_confirm', 'en'], ['no_code', 'pl']]);
});

// Ewa by mail and text: a remark, an attachment, a notice, an answer, a bounce.
function known_to_us(house) {
	load(house, 'e-mail;telefon;nazwa;gmina\newa.pilch@poczta.example;110000501;Ewa Pilchowska;Lędziny\n' +
		'jan@poczta.example;;Jan Lis;Lędziny\n', ...known);
	house.mail('Authentication-Results: mx.powiat.example; dmarc=pass header.from=poczta.example\r\n' +
		'From: Ewa Pilchowska <ewa.pilch@poczta.example>\r\nTo: konsultacje@powiat.example\r\nSubject: BL-7M4H\r\n' +
		'Message-ID: <e1@poczta.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\n' +
		'--q\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nProsze o zieloniutenka lawke przy studni.\r\n' +
		'--q\r\nContent-Type: application/pdf; name=plan.pdf\r\nContent-Disposition: attachment; filename=plan.pdf\r\n\r\n%PDF ewa\r\n--q--\r\n');
	house.poll();
	write(house, 'jan@poczta.example', 'BL-7M4H Prosze o kosz na smieci.');
	house.run('meeting', 'announce', 's-10ke-ledziny-2', '--yes', '3');
	house.poll();
	write(house, '+48110000501', 'NIE');
	const letter = fs.readdirSync(path.join(house.dir, 'out/new')).map((f) => fs.readFileSync(path.join(house.dir, 'out/new', f), 'utf8'))
		.find((m) => /^To: ewa/m.test(m) && /^List-Id/m.test(m));
	house.mail('Return-Path: <>\r\nFrom: MAILER-DAEMON@poczta.example\r\n' + `To: ${letter.match(/^Reply-To: (\S+)/m)[1]}\r\n` +
		'Subject: Undelivered\r\nMessage-ID: <bb@poczta.example>\r\nMIME-Version: 1.0\r\n' +
		'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n' +
		'ewa.pilch@poczta.example is full\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.poczta.example\r\n\r\n' +
		'Final-Recipient: rfc822; ewa.pilch@poczta.example\r\nAction: failed\r\nStatus: 4.2.2\r\n\r\n--b--\r\n');
	house.poll();
}

story('what is kept of a person can be shown and handed over, whole', (house) => {
	known_to_us(house);
	const [ewa] = house.rows('person', 'list', 'pilch');
	assert.deepEqual([ewa.name, ewa.mail, ewa.phone, ewa.commune, ewa.state, ewa.subscriptions, ewa.remarks],
		['Ewa Pilchowska', 'ewa.pilch@poczta.example', '+48110000501', 'Lędziny', 'active', 2, 1]);
	assert.equal(house.rows('person', 'list').filter((p) => p.name === 'Jan Lis').length, 1);
	for (const name of [String(ewa.id), 'EWA.PILCH@poczta.example', '110 000 501'])
		assert.equal(house.rows('person', 'show', name)[0].person.id, ewa.id, name);
	assert.match(house.run('person', 'show', String(ewa.id)), /ewa\.pilch@poczta\.example[^]*karta/);
	assert.equal(house.try('person', 'show', 'nikt@poczta.example').status, 1);
	assert.equal(house.try('person', 'show', '99999').status, 1);
	const folder = path.join(house.dir, 'dane');
	house.run('person', 'export', String(ewa.id), '-o', folder);
	const all = JSON.parse(fs.readFileSync(path.join(folder, 'person.json'), 'utf8'));
	assert.deepEqual(JSON.parse(house.run('person', 'export', 'ewa.pilch@poczta.example')), all);
	assert.deepEqual(Object.fromEntries(Object.entries(all).filter(([k]) => k !== 'person').map(([k, v]) => [k, v.length])),
		{ contacts: 2, subscriptions: 2, messages: 3, attachments: 1, remarks: 1, sent: all.sent.length, answers: 1, bounces: 1 });
	assert.ok(all.sent.length >= 3, 'a confirmation and two notices');
	assert.match(all.remarks[0].text, /zieloniutenka/);
	assert.deepEqual(all.messages.map((m) => m.fate).sort(), ['bounce', 'filed', 'rsvp']);
	const files = fs.readdirSync(folder).filter((f) => f !== 'person.json');
	assert.equal(files.length, 3);
	assert.ok(files.some((f) => fs.readFileSync(path.join(folder, f), 'utf8').includes('%PDF ewa')), 'the attachment is in the mail');
	assert.ok(!JSON.stringify(all).includes('jan@poczta.example'));
});

// Is that text anywhere in the files of the database?
const holds = (house, text) => fs.readdirSync(house.dir).filter((f) => f.startsWith('uwaga.db'))
	.some((f) => fs.readFileSync(path.join(house.dir, f)).toString('latin1').toLowerCase().includes(text));

story('a person is erased: no name, address or word of theirs is left, what is counted stays', (house) => {
	known_to_us(house);
	const { id } = house.rows('person', 'list', 'pilch')[0];
	const number = house.rows('remark', 'list').find((r) => r.text.includes('zielon')).number;
	const before = house.rows('journal').map((r) => [r.id, r.fate]);
	assert.equal(house.try('person', 'erase', String(id)).status, 1, 'not without its number');
	assert.ok(holds(house, 'ewa.pilch'));
	const gone = house.rows('person', 'erase', 'ewa.pilch@poczta.example', '--yes', String(id))[0];
	assert.deepEqual([gone.contacts, gone.messages, gone.remarks], [2, 3, 0]);
	for (const word of ['ewa.pilch', 'pilchowska', '110000501', '%pdf ewa'])
		assert.ok(!holds(house, word), word);
	assert.match(house.rows('remark', 'list').find((r) => r.number === number).text, /zieloniutenka/, 'remarks stay');
	assert.deepEqual(house.rows('journal').map((r) => [r.id, r.fate]), before);
	assert.equal(house.rows('meeting', 'show', 's-10ke-ledziny-2')[0].no, 1);
	assert.deepEqual(subscriptions(house).map((s) => s.to), ['jan@poczta.example']);
	assert.deepEqual(house.rows('person', 'list', 'pilch'), []);
	assert.equal(house.try('person', 'show', String(id)).status, 1);
	assert.equal(house.try('person', 'export', String(id)).status, 1);
	assert.equal(house.try('verify').status, 0);
	house.poll();
	assert.equal(JSON.parse(house.run('--json', 'meeting', 'cancel', 's-10ke-ledziny-2', '--dry-run')).recipients, 1);
	write(house, 'ewa.pilch@poczta.example', 'ZAPISZ Imielin');
	assert.equal(house.rows('person', 'list', 'pilch').length, 1, 'who writes again is somebody new');
});

story('with the words of their remarks, and the chain says that they are gone', (house) => {
	known_to_us(house);
	const { id } = house.rows('person', 'list', 'pilch')[0];
	const row = house.rows('remark', 'list').find((r) => r.text.includes('zielon'));
	house.run('person', 'erase', String(id), '--yes', String(id), '--remarks');
	for (const word of ['ewa.pilch', 'pilchowska', 'zieloniutenk'])
		assert.ok(!holds(house, word), word);
	const after = house.rows('remark', 'list').find((r) => r.number === row.number);
	assert.equal(after.text, '');
	assert.equal(house.try('verify', '--receipt', row.receipt).status, 0, 'its receipt still proves that it came');
	assert.match(house.rows('remark', 'search', 'kosz').map((r) => r.text).join(), /kosz/);
	house.run('remark', 'show', row.number);
});

test('an import that is killed is finished by doing it again, and nobody is there twice', async () => {
	const house = new House();
	const whole = new House();
	const n = 40000;
	const list = 'e-mail;telefon;nazwa;gmina\n' + Array.from({ length: n }, (_, i) =>
		`o${i}@poczta.example;${i % 2 ? 110100000 + i : ''};Osoba ${i};Imielin\n`).join('');
	try {
		let kills = 0;
		assert.equal(load(whole, list, ...known).status, 0);
		fs.writeFileSync(path.join(house.dir, 'lista.csv'), list);
		for (let ms = 100; ; ms += 150) {
			const child = spawn(program, ['-c', house.conf, '--now', house.now, 'person', 'import',
				path.join(house.dir, 'lista.csv'), ...known], { stdio: 'ignore' });
			const ended = new Promise((resolve) => child.on('exit', (code) => resolve(code)));
			await new Promise((resolve) => setTimeout(resolve, ms));
			child.kill('SIGKILL');
			if (await ended === 0)
				break;
			kills++;
		}
		assert.ok(kills > 0);
		const rows = (h) => subscriptions(h).map((s) => [s.id, s.to, s.name, s.state].join());
		assert.deepEqual(rows(house), rows(whole));
		assert.equal(load(house, list, ...known).rows.at(-1).known, n + n / 2);
	} finally {
		house.close();
		whole.close();
	}
});

story('while a long list is imported, other commands wait a second at most', async (house) => {
	const file = path.join(house.dir, 'lang.csv');
	fs.writeFileSync(file, 'e-mail;gmina\n' + Array.from({ length: 60000 }, (_, i) => `o${i}@poczta.example;Imielin\n`).join(''));
	let over = false, longest = 0, n = 0;
	const importing = house.later('person', 'import', file, ...known).then((r) => {
		over = true;
		return r;
	});
	while (!over) {
		const began = Date.now();
		const { status, stderr } = await house.later('subscription', 'add', `x${++n}@poczta.example`, '--commune', 'Bieruń', ...known);
		assert.equal(status, 0, stderr);
		longest = Math.max(longest, Date.now() - began);
	}
	assert.equal((await importing).status, 0);
	assert.ok(n > 1 && longest < 1000, `${n} commands, the longest took ${longest} ms`);
});

// people - lists of people who want notices, and what they say of it later
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { House } from './house.mjs';

function story(name, body) {
	test(name, () => {
		const house = new House();
		try {
			body(house);
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
	})) {
		const fresh = new House();
		const { status, stderr, rows } = load(fresh, bytes);
		assert.equal(status, 0, `${name}: ${stderr}`);
		assert.deepEqual(rows.at(-1), { written: true, rows: 2, bad: 0, people: 2, contacts: 3,
			subscriptions: 3, known: 0, refused: 0 }, name);
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
`;
	const refused = load(house, bad);
	assert.equal(refused.status, 1);
	assert.match(refused.stderr, /11 of 12 rows are wrong and nothing was imported/);
	assert.deepEqual(refused.rows.map((r) => r.row), [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
	assert.equal(new Set(refused.rows.map((r) => r.why)).size, 10);
	assert.equal(subscriptions(house).length, 0);
	const skipped = load(house, bad, '--skip-bad');
	assert.equal(skipped.status, 0, skipped.stderr);
	assert.deepEqual(subscriptions(house).map((s) => s.to), ['dobry@poczta.example']);
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

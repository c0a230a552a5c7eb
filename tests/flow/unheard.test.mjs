// unheard - a change that never left is no change that people know of
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { House } from './house.mjs';

const key = 's-10ke-ledziny-2'; // 25 November, 17:30

function story(name, body) {
	test(name, () => {
		const house = new House();
		try {
			const file = path.join(house.dir, 'lista.csv');
			fs.writeFileSync(file, 'e-mail;telefon\newa@poczta.example;110000501\njan@poczta.example;\n');
			house.run('person', 'import', file, '--commune', 'Lędziny', '--source', 'karta', '--consent', '2026-11-01');
			body(house);
		} finally {
			house.close();
		}
	});
}

const tell = (house, ...args) => JSON.parse(house.run('--json', 'meeting', ...args));
// The last that left for each, as [recipient, words].
function last(house) {
	house.poll();
	const said = house.rows('outbox', 'list').filter((r) => r.state === 'sent' && /meeting/.test(r.template));
	return Object.fromEntries(said.map((r) => [r.to, r.text]));
}

story('who never heard of the first change is told of the second against what they know', (house) => {
	tell(house, 'announce', key, '--yes', '3');
	house.poll();
	tell(house, 'change', key, '--starts', '2026-11-28 18:00', '--venue', 'Szkoła nr 1', '--yes', '3');
	tell(house, 'change', key, '--starts', '2026-11-30 18:00', '--yes', '3');
	const said = last(house);
	assert.match(said['jan@poczta.example'], /BYŁO:\s+25 listopada 2026 r\., godz\. 17:30, Miejski[^]*JEST:\s+poniedziałek, 30 listopada[^]*Szkoła nr 1/);
});

story('a cancellation names the time that each was told, and the calendar its newest number', (house) => {
	house.now = '2026-11-22T21:00:00+01:00';
	tell(house, 'announce', key, '--yes', '3', '--at', '2026-11-23 09:00');
	house.now = '2026-11-23T09:00:00+01:00';
	house.poll();
	house.now = '2026-11-23T21:00:00+01:00'; // texts wait until the morning
	tell(house, 'change', key, '--starts', '2026-11-28 18:00', '--yes', '3');
	house.poll();
	const plan = tell(house, 'cancel', key, '--dry-run');
	assert.deepEqual([plan.mail, plan.sms], [2, 1]);
	tell(house, 'cancel', key, '--yes', '3');
	house.now = '2026-11-24T08:00:00+01:00';
	const said = last(house);
	assert.match(said['jan@poczta.example'], /ODWOŁANE: sobota, 28 listopada/, 'the mails of the change had left');
	assert.match(said['+48110000501'], /25\.11 g\. 17:30 nie odbedzie sie/, 'the text had not');
	const letter = fs.readdirSync(path.join(house.dir, 'out/new')).map((f) => fs.readFileSync(path.join(house.dir, 'out/new', f), 'latin1'))
		.find((m) => /^To: jan/m.test(m) && /METHOD:CANCEL/.test(m));
	assert.match(letter, /SEQUENCE:2/);
	assert.match(letter, /DTSTART;TZID=3DEurope\/Warsaw:20261128T180000/);
});

story('a telephone that hears of it for the first time is told what its person knows', (house) => {
	const file = path.join(house.dir, 'jan.csv');
	tell(house, 'announce', key, '--yes', '3');
	house.poll();
	tell(house, 'change', key, '--starts', '2026-11-24 18:00', '--yes', '3', '--at', '2026-11-22 12:30');
	fs.writeFileSync(file, 'e-mail;telefon\njan@poczta.example;110000503\n');
	house.run('person', 'import', file, '--commune', 'Imielin', '--source', 'karta', '--consent', '2026-11-01');
	house.now = '2026-11-22T19:00:00+01:00'; // late: by text, too
	house.run('notice', 'abort', '2');
	tell(house, 'cancel', key, '--yes', String(tell(house, 'cancel', key, '--dry-run').recipients));
	const said = last(house);
	assert.match(said['+48110000503'], /25\.11 g\. 17:30 nie odbedzie sie/);
});

story('what is a slip is refused in words: no change, no place, cancelled already', (house) => {
	const refused = (...args) => {
		const { status, stderr } = house.try('meeting', ...args);
		assert.equal(status, 1, stderr);
		return stderr;
	};
	house.run('meeting', 'add', 'BL-10KE', '--commune', 'Lędziny', '--starts', '2026-12-01 17:00', '--key', 's-nowhere');
	assert.match(refused('announce', 's-nowhere', '--dry-run'), /s-nowhere has no place: give it one, uwaga meeting change s-nowhere --venue/);
	tell(house, 'announce', key, '--yes', '3');
	house.poll();
	assert.match(refused('change', key, '--starts', '2026-11-25 17:30', '--yes', '3'), /nothing was changed: time and place[^]*these already/);
	assert.match(refused('change', key, '--venue', '', '--yes', '3'), /has no place/);
	const { notice } = tell(house, 'change', key, '--venue', 'Szkoła nr 1', '--yes', '3');
	house.run('notice', 'abort', String(notice));
	tell(house, 'change', key, '--venue', 'Szkoła nr 1', '--yes', '3');
	assert.match(last(house)['jan@poczta.example'], /BYŁO:[^]*Miejski[^]*Szkoła nr 1/, 'the first one reached nobody');
	tell(house, 'cancel', key, '--yes', '3');
	house.poll();
	assert.match(refused('cancel', key, '--yes', '0'), /cancelled already/);
	assert.equal(house.rows('meeting', 'show', key)[0].sequence, 3);
});

story('who left altogether is counted among those who are left out', (house) => {
	house.mail('From: jan@poczta.example\r\nTo: konsultacje@powiat.example\r\nSubject: x\r\nMessage-ID: <s@poczta.example>\r\n' +
		'Date: Sun, 22 Nov 2026 10:00:00 +0100\r\n\r\nSTOP\r\n');
	house.poll();
	const plan = tell(house, 'announce', key, '--dry-run');
	assert.deepEqual([plan.mail, plan.sms, plan.stopped], [1, 1, 1]);
	assert.match(house.run('meeting', 'announce', key, '--dry-run'), /Left out: 1 want no notices/);
});

// notice_time - nobody is told of a meeting when it is too late, and staff see why
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { House } from './house.mjs';

// Ewa by mail and text, Jan by mail, both for Lędziny; Jan for Bieruń, too.
const people = `e-mail;telefon;gmina
ewa@poczta.example;110 000 501;Lędziny
jan@poczta.example;;Lędziny
jan@poczta.example;;Bieruń
`;

const early = 's-10ke-bierun-2'; // on the 24th at 17:00
const late = 's-10ke-ledziny-2'; // on the 25th at 17:30

function story(name, body) {
	test(name, () => {
		const house = new House({ extra: 'quiet_hours = "20:00-08:00"' });
		try {
			const file = path.join(house.dir, 'lista.csv');
			fs.writeFileSync(file, people);
			house.run('person', 'import', file, '--source', 'karta', '--consent', '2026-11-01');
			body(house);
		} finally {
			house.close();
		}
	});
}

// What left, mails and texts together.
const left = (house) => ['out/new', 'spool/outbox'].flatMap((d) => fs.readdirSync(path.join(house.dir, d))).length;
const announce = (house, ...args) => JSON.parse(house.run('--json', 'meeting', 'announce', ...args));
const show = (house, id) => house.rows('notice', 'show', String(id))[0];
const at = (house, time) => {
	house.now = `2026-11-${time}+01:00`;
	house.poll();
};
// The mail server cannot be reached until the function that comes back is called.
const unplug = (house) => {
	fs.renameSync(path.join(house.dir, 'out'), path.join(house.dir, 'away'));
	fs.writeFileSync(path.join(house.dir, 'out'), '');
	return () => {
		fs.rmSync(path.join(house.dir, 'out'));
		fs.renameSync(path.join(house.dir, 'away'), path.join(house.dir, 'out'));
	};
};

function refused(house, why, ...args) {
	const { status, stderr } = house.try('meeting', ...args);
	assert.equal(status, 1, args.join(' '));
	assert.match(stderr, why);
	assert.equal(stderr.trim().split('\n').length, 1, stderr);
	house.poll();
	assert.deepEqual(house.rows('notice', 'list'), []);
	assert.equal(left(house), 0);
}

story('an announcement for a time that is over is refused, also as a dry run', (house) => {
	const why = /--at 2026-11-22 11:59 is over.*leave out --at/;
	refused(house, why, 'announce', late, '--at', '2026-11-22 11:59', '--yes', '3');
	refused(house, why, 'announce', late, '--at', '2026-11-22 11:59', '--dry-run');
});

story('an announcement that would leave when the meeting has begun is refused; of several the earliest counts', (house) => {
	const why = /is not before meeting s-10ke-ledziny-2.*2026-11-25.17:30.*give an earlier/;
	refused(house, why, 'announce', late, '--at', '2026-11-25 17:30', '--yes', '3');
	refused(house, why, 'announce', late, '--at', '2026-11-26 08:00', '--yes', '3');
	refused(house, /before meeting s-10ke-bierun-2/, 'announce', late, early, '--at', '2026-11-24 17:00', '--yes', '3');
	assert.equal(house.rows('meeting', 'show', late)[0].state, 'planned');
	announce(house, late, early, '--at', '2026-11-24 16:59', '--yes', '3');
});

story('a meeting cannot be changed to a time that is over, nor to end before it begins', (house) => {
	refused(house, /has begun by then.*--starts/, 'change', late, '--starts', '2026-11-22 11:00', '--yes', '0');
	refused(house, /ends before it begins.*--ends/, 'change', late, '--ends', '2026-11-25 17:00', '--yes', '0');
	house.now = '2026-11-25T18:00:00+01:00';
	refused(house, /has begun by then.*--starts/, 'change', late, '--venue', 'Szkoła nr 1', '--yes', '0');
	const { sequence, venue } = house.rows('meeting', 'show', late)[0];
	assert.deepEqual([sequence, venue === 'Szkoła nr 1'], [0, false]);
	house.run('meeting', 'change', late, '--starts', '2026-11-28 17:00', '--yes', '0');
});

story('news of a change does not wait for a later time than the meeting as people know it', (house) => {
	announce(house, late, '--yes', '3');
	house.poll();
	for (const [starts, why] of [['2026-11-28 17:00', /2026-11-25.17:30/], ['2026-11-25 15:00', /2026-11-25.15:00/]]) {
		const { status, stderr } = house.try('meeting', 'change', late, '--starts', starts, '--at', '2026-11-25 17:30', '--yes', '3');
		assert.equal(status, 1);
		assert.match(stderr, why);
	}
	assert.equal(house.try('meeting', 'cancel', late, '--at', '2026-11-26 08:00', '--yes', '3').status, 1);
});

story('what could not leave before the meeting began never does, and staff see why', (house) => {
	const { notice } = announce(house, late, '--yes', '3');
	at(house, '25T17:30:00');
	assert.equal(left(house), 0);
	assert.deepEqual([show(house, notice).cancelled, show(house, notice).waiting], [3, 0]);
	const rows = house.rows('outbox', 'list').filter((r) => /meeting_announcement/.test(r.template)).slice(-3);
	assert.deepEqual(rows.map((r) => [r.state, r.why]),
		Array(3).fill(['cancelled', 'the meeting had begun before it could leave']));
	at(house, '25T18:00:00');
	assert.equal(left(house), 0);
});

story('a notice that staff paused for too long is not sent when they resume it', (house) => {
	const { notice } = announce(house, late, '--yes', '3');
	house.run('notice', 'pause', String(notice));
	at(house, '25T19:00:00');
	assert.equal(show(house, notice).waiting, 3, 'paused, it waits');
	house.run('notice', 'resume', String(notice));
	house.poll();
	assert.equal(left(house), 0);
	assert.equal(show(house, notice).cancelled, 3);
});

story('a reminder that could not leave in time never does', (house) => {
	announce(house, late, '--yes', '3');
	house.poll();
	const before = left(house);
	const plug = unplug(house);
	house.now = '2026-11-25T15:00:00+01:00';
	house.try('run', '--once'); // the reminder by text leaves, the mails cannot
	plug();
	const texts = left(house) - before;
	at(house, '25T18:00:00');
	assert.equal(left(house), before + texts);
	const mails = house.rows('outbox', 'list').filter((r) => r.template === 'meeting_reminder');
	assert.deepEqual(mails.map((r) => r.state), ['cancelled', 'cancelled']);
	assert.ok(mails.every((r) => /had begun/.test(r.why)));
});

story('a notice of several meetings leaves while one of them is to come', (house) => {
	const { notice } = announce(house, early, late, '--yes', '3');
	at(house, '24T18:00:00');
	assert.deepEqual([show(house, notice).sent, show(house, notice).cancelled], [3, 0]);
});

story('whom the quiet hours would let hear of it too late is left out, and counted', (house) => {
	house.run('meeting', 'change', late, '--starts', '2026-11-23 07:30', '--yes', '0');
	house.now = '2026-11-22T21:00:00+01:00';
	const plan = announce(house, late, '--dry-run');
	assert.deepEqual([plan.mail, plan.sms, plan.late], [2, 0, 1]);
	assert.match(house.run('meeting', 'announce', late, '--dry-run'), /1 could be told only when it has begun/);
	const { notice } = announce(house, late, '--yes', '2');
	at(house, '23T08:00:00');
	assert.equal(show(house, notice).sent + show(house, notice).cancelled, 2);
	assert.equal(fs.readdirSync(path.join(house.dir, 'spool/outbox')).length, 0);
});

story('that a meeting does not take place is said until it would have ended', (house) => {
	announce(house, late, '--yes', '3');
	house.poll();
	const before = left(house);
	house.run('--json', 'meeting', 'cancel', late, '--yes', '3');
	at(house, '25T17:45:00');
	assert.equal(left(house), before + 3, 'for who stands before the door');
});

story('a change to a time that has begun meanwhile is not sent', (house) => {
	announce(house, late, '--yes', '3');
	house.poll();
	const before = left(house);
	house.run('--json', 'meeting', 'change', late, '--starts', '2026-11-24 15:00', '--yes', '3');
	at(house, '24T15:00:01');
	assert.equal(left(house), before);
	assert.equal(house.rows('outbox', 'list').filter((r) => r.state === 'cancelled').length, 3);
});

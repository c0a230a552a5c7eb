// restore - after a copy was put in place every source is read again: what the
// copy has is recognised, what came after it is not lost
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { House, program } from './house.mjs';

const arrived = new Date('2026-11-22T11:00:00+01:00');

class RestoredHouse extends House {
	at(...parts) {
		return path.join(this.dir, ...parts);
	}

	// The names in a folder, without hidden ones.
	list(sub) {
		return fs.existsSync(this.at(sub)) ? fs.readdirSync(this.at(sub))
			.filter((name) => !name.startsWith('.')).sort() : [];
	}

	// A mail that came on the day of the test, whenever that runs.
	letter(who) {
		const name = this.mail(who === '' ? '' : letter(who));
		fs.utimesSync(this.at('maildir/new', name), arrived, arrived);
		return name;
	}

	sms(i, text) {
		const name = this.text({ from: `+4811000030${i}`, text,
			at: `2026-11-22T10:0${i}:00+01:00` });
		fs.utimesSync(this.at('spool/inbox', name), arrived, arrived);
		return name;
	}

	before(name, when) {
		fs.writeFileSync(this.at('maildir/cur', name), letter('przed'));
		fs.utimesSync(this.at('maildir/cur', name), when, when);
	}

	journal() {
		return this.rows('journal').map((r) =>
			[r.source, r.external_id, r.fate, r.code].join(' ')).sort();
	}

	remarks() {
		return this.rows('remark', 'list').map((r) => [r.number, r.text]);
	}
}

const letter = (who) => [
	'Received: from mx.poczta.example by mx.powiat.example; Sun, 22 Nov 2026 10:00:00 +0100',
	'Authentication-Results: mx.powiat.example; dmarc=pass header.from=poczta.example',
	`From: ${who}@poczta.example`, 'To: konsultacje@powiat.example',
	'Subject: BL-7M4H', `Message-ID: <${who}@poczta.example>`, '',
	`Prosimy o kurs dla ${who}.`, ''].join('\r\n');

const taken = ['1600000001.old.test:2,S', '1600000002.young.test:2,RS'];

// Five messages in the copy, four after it; `house.whole` is the journal that
// nothing may be missing from.
function story(name, body) {
	test(name, async () => {
		const house = new RestoredHouse();
		try {
			house.before(taken[0], new Date('2025-01-01T00:00:00Z'));
			house.before(taken[1], new Date('2026-11-23T00:00:00Z'));
			['ewa', 'jan', 'ola'].forEach((who) => house.letter(who));
			house.sms(1, 'BL-7M4H Prosimy o lawki.');
			house.sms(2, 'BL-7M4H Prosimy o drzewa.');
			house.poll();
			house.known = house.remarks();
			house.run('backup', house.at('copy.db'));
			house.letter('pia');
			house.letter(''); // no mail: it goes to aside
			house.sms(3, 'BL-7M4H Prosimy o wiate.');
			house.poll();
			house.whole = house.journal();
			assert.equal(house.whole.length, 8);
			assert.equal(house.list('maildir/aside').length, 1);
			assert.equal(house.list('spool/processed').length, 3);
			house.said = house.run('restore', house.at('copy.db'));
			await body(house);
		} finally {
			house.close();
		}
	});
}

function check(house) {
	assert.deepEqual(house.journal(), house.whole, 'each message once');
	const remarks = house.remarks();
	assert.deepEqual(remarks.slice(0, 5), house.known, 'what was known is as it was');
	const fresh = remarks.slice(5);
	assert.deepEqual(fresh.map(([, text]) => text).sort(),
		['Prosimy o kurs dla pia.', 'Prosimy o wiate.']);
	for (const [number] of fresh)
		assert.ok(Number(String(number).replace(/.*\//, '')) > 1000, `${number} is new`);
	house.run('verify');
	assert.deepEqual(house.list('maildir/new'), []);
	assert.deepEqual(house.list('spool/inbox'), []);
	assert.equal(house.list('maildir/aside').length, 1);
	assert.equal(house.list('maildir/cur').length, 4 + taken.length);
	assert.equal(house.list('spool/processed').length, 3);
	for (const name of taken)
		assert.ok(house.list('maildir/cur').includes(name), `${name} was not touched`);
}

story('what was stored after the copy is read again, once', (house) => {
	assert.match(house.said, /get a new number and confirmation/);
	assert.equal(house.journal().length, 5);
	const letters = house.list('out/new').length;
	assert.match(house.poll(), /^Received 3 messages: filed 2, unreadable 1\./);
	check(house);
	assert.equal(house.list('out/new').length, letters + 1, 'only the new one is confirmed');
	const journal = house.rows('journal');
	assert.match(house.poll(), /^Received 0 messages/);
	assert.deepEqual(house.rows('journal'), journal, 'a second run changes nothing');
	check(house);
});

story('a mail that came meanwhile is served too, and a second copy put in place', (house) => {
	house.letter('zoe');
	assert.match(house.poll(), /^Received 4 messages: filed 3, unreadable 1\./);
	const whole = house.journal();
	house.now = '2026-11-22T12:05:00+01:00';
	house.run('restore', house.at('copy.db'));
	assert.equal(house.journal().length, 5);
	assert.match(house.poll(), /^Received 4 messages: filed 3, unreadable 1\./);
	assert.deepEqual(house.journal(), whole);
	assert.equal(new Set(house.remarks().map(([number]) => number)).size, 8);
});

story('the daemon reads again too', async (house) => {
	const child = spawn(program, ['-c', house.conf, '--now', house.now, 'run'],
		{ stdio: 'ignore' });
	const ended = new Promise((resolve) => child.on('exit', resolve));
	try {
		const limit = Date.now() + 20000;
		while (house.journal().length < 8 || house.list('maildir/new').length > 0 ||
			house.list('spool/inbox').length > 0) {
			assert.ok(Date.now() < limit, 'never read again');
			await new Promise((resolve) => setTimeout(resolve, 20));
		}
	} finally {
		child.kill('SIGTERM');
		await ended;
	}
	check(house);
});

story('killed at any step and started again, it comes to the same', (house) => {
	const saved = house.dir + '.saved';
	let steps = 0;
	fs.cpSync(house.dir, saved, { recursive: true, preserveTimestamps: true });
	try {
		for (let killed = true; killed; steps++) {
			fs.rmSync(house.dir, { recursive: true });
			fs.cpSync(saved, house.dir, { recursive: true, preserveTimestamps: true });
			const { signal } = spawnSync(program,
				['-c', house.conf, '--now', house.now, 'run', '--once'],
				{ env: { ...process.env, UWAGA_CRASH_AT: String(steps + 1) } });
			killed = signal === 'SIGKILL';
			house.poll();
			check(house);
		}
	} finally {
		fs.rmSync(saved, { recursive: true, force: true });
	}
	assert.ok(steps > 30, `${steps} steps were tried`);
});

// smtp_story - a test in a house whose mail leaves through a scripted server
//
// Place: smtp.test.mjs and smtp_us.test.mjs are made of such stories.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Daemon, House } from './house.mjs';
import { ScriptedSmtp } from './smtp_script.mjs';

// A resident's remark; each asks for another thing.
export const remark = (from, i) => ['Received: from mx.poczta.example by mx.powiat.example; Sun, 22 Nov 2026 10:00:00 +0100',
	`Authentication-Results: mx.powiat.example; dmarc=pass header.from=${from.split('@')[1]}`,
	`From: ${from}`, 'To: konsultacje@powiat.example',
	'Subject: BL-7M4H', `Message-ID: <m${i}@poczta.example>`, '',
	`Prosimy o kurs numer ${i}.`, ''].join('\r\n');

export const person = (i) => `osoba${i}@poczta.example`;

// A house whose mail leaves through a scripted server; rows of the sample
// context are set aside.
export function story(name, { server: options = {}, smtp = {}, extra }, body) {
	test(name, async () => {
		const server = await new ScriptedSmtp(options).start();
		const house = new House({ extra, smtp: { url: server.url, connections: 1, ...smtp } });
		const before = Math.max(0, ...house.rows('outbox', 'list').map((r) => r.id));
		const daemons = [];
		Object.assign(house, {
			come: (n, from = person) => {
				for (let i = 1; i <= n; i++)
					house.mail(remark(from(i), ++house.came));
			},
			came: 0,
			said: '',
			send: async () => {
				const done = await house.later('run', '--once');
				house.said += done.stderr;
				return done;
			},
			owed: () => house.rows('outbox', 'list').filter((r) => r.id > before),
			states: () => house.owed().map((r) => r.state),
			start: (settings) => {
				daemons.push(new Daemon(house, settings));
				return daemons.at(-1);
			},
		});
		try {
			await body(house, server);
			assert.deepEqual(server.faults, []);
			const log = house.said + daemons.map((d) => d.log).join('');
			assert.doesNotMatch(log, /@poczta|@powiat|@daleko|Prosimy|tajne/, 'no address, word or secret in the log');
		} finally {
			for (const d of daemons)
				d.child.kill('SIGKILL');
			await server.close();
			house.close();
		}
	});
}

// Each arrived once, under the Message-ID of its row; only what is marked as
// having been in doubt may have arrived more often, once for each doubt.
export function eachOnce(house, server) {
	const times = new Map();
	for (const id of server.messageIds)
		times.set(id, (times.get(id) || 0) + 1);
	for (const row of house.owed().filter((r) => r.state === 'sent')) {
		const n = times.get(`<${row.message_id}>`);
		assert.ok(n >= 1 && n <= 1 + row.doubts, `row ${row.id} arrived ${n} times`);
		times.delete(`<${row.message_id}>`);
	}
	assert.equal(times.size, 0, 'nothing arrived that is not marked as sent');
}

// The hour later, when what was deferred is due again.
export const anHourLater = (house) => house.now = new Date(Date.parse(house.now) + 3600e3).toISOString();

export const dated = (rows, key) => rows.map((r) => r[key]);

export const later = (ms, value) => new Promise((resolve) => setTimeout(resolve, ms, value));

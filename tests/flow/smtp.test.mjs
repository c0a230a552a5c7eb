// smtp - mail goes out through a server that answers in every way there is
//
// Each mail that came in owes its author a confirmation; whatever the server
// does, each arrives once, or is in the list with the reason.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Daemon, House, until } from './house.mjs';
import { CUT, SILENT, ScriptedSmtp } from './smtp_script.mjs';

const remark = (from, i) => ['Received: from mx.poczta.example by mx.powiat.example; Sun, 22 Nov 2026 10:00:00 +0100',
	`Authentication-Results: mx.powiat.example; dmarc=pass header.from=${from.split('@')[1]}`,
	`From: ${from}`, 'To: konsultacje@powiat.example',
	'Subject: BL-7M4H', `Message-ID: <m${i}@poczta.example>`, '',
	`Prosimy o kurs numer ${i}.`, ''].join('\r\n');

const person = (i) => `osoba${i}@poczta.example`;

// A house whose mail leaves through a scripted server; rows of the sample
// context are set aside.
function story(name, { server: options = {}, smtp = {}, extra }, body) {
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
			send: () => house.later('run', '--once'),
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
		} finally {
			for (const d of daemons)
				d.child.kill('SIGKILL');
			await server.close();
			house.close();
		}
	});
}

// Each arrived once, under the Message-ID of its row.
function eachOnce(house, server) {
	const ids = server.messageIds;
	assert.equal(new Set(ids).size, ids.length, 'no Message-ID twice');
	assert.deepEqual(ids.slice().sort(), house.owed().filter((r) => r.state === 'sent')
		.map((r) => `<${r.message_id}>`).sort(), 'what arrived is what is marked as sent');
}

story('many mails take one connection and one round trip each', {}, async (house, server) => {
	house.come(120);
	const done = await house.send();
	assert.equal(done.status, 0, done.stderr);
	assert.equal(server.accepted.length, 120);
	assert.ok(house.states().every((s) => s === 'sent'));
	eachOnce(house, server);
	assert.equal(server.connections, 1);
	assert.equal(server.quits, 1);
	assert.ok(server.writes < 1.2 * 120, `${server.writes} writes`);
	const [first] = server.accepted;
	assert.match(first.data, /^Auto-Submitted: auto-replied\r$/m);
	assert.match(first.from, /^konsultacje\+[a-z0-9.]+@powiat\.example$/);
	assert.match(first.mailArgs, /^SIZE=\d+$/);
	assert.equal(first.rcptArgs, '');
	assert.match(house.owed()[0].external_id, /^S\d+$/);
});

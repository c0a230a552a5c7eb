// imap_trouble - what goes wrong on a server, and must not be made worse: mails
// under new numbers, lists that cannot be read, waiting that ends at once,
// folders that may only be read
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Daemon, until } from './house.mjs';
import { fates, filed, mail, poll, texts, upTo, withScript } from './imap_house.mjs';
import { Folder } from './imap_script.mjs';

// The connection breaks, and behind it the same numbers mean other mails.
function renumber(session, n) {
	const { inbox } = session.server;
	inbox.validity = 99;
	inbox.mails = [];
	inbox.next = 1;
	for (let i = 1; i <= n; i++)
		inbox.add(mail(1000 + i));
	session.hangUp();
	return true;
}

for (const [when, n, asked] of [['when one batch of two is moved', 450, /^UID MOVE/],
	['before the only batch is moved', 3, /^NAMESPACE/]])
	test(`the numbers mean other mails ${when}: none is moved unread`, async () => {
		await withScript({ keys: { poll_every: 1 } }, async (house, server) => {
			await poll(house);
			upTo(n).forEach((i) => server.inbox.add(mail(i)));
			server.asked.length = 0;
			server.twist = (session, tag, command) => asked.test(command) &&
				server.times(asked) === 1 && renumber(session, n);
			const daemon = new Daemon(house);
			await until('all new ones are put away', () =>
				server.inbox.validity === 99 && server.inbox.mails.length === 0);
			await daemon.stop();
			assert.deepEqual(texts(house), [...upTo(Math.min(n, 400)), ...upTo(n).map((i) => 1000 + i)]);
			assert.deepEqual([...new Set(fates(house))], filed(1));
		});
	});

// What a server can do to an IDLE that tells nothing.
const idles = {
	'NO to IDLE': (session, tag) => session.say(`${tag} NO not today`),
	'the server hangs up at IDLE': (session) => session.hangUp(),
	'the server ends IDLE by itself': (session, tag) => ['+ idling', `${tag} OK enough`].forEach((l) => session.say(l)),
	'each IDLE begins with EXISTS': (session, tag) => {
		session.idling = tag;
		['+ idling', `* ${session.folder.mails.length} EXISTS`].forEach((l) => session.say(l));
	},
};

for (const [what, how] of Object.entries(idles))
	test(`${what}: the server is not asked without rest, and mail comes in`, async () => {
		const twist = (session, tag, command) => command === 'IDLE' && (how(session, tag), true);
		await withScript({ twist }, async (house, server) => {
			const daemon = new Daemon(house);
			await until('it waits', () => server.times(/^IDLE/) > 0);
			const began = Date.now();
			await until('it has tried for a while', () => Date.now() - began > 4000);
			const asked = server.times(/^IDLE/);
			assert.ok(asked <= 12 && server.opened <= 8, `${asked} times, ${server.opened} connections`);
			server.twist = null;
			server.inbox.add(mail(1));
			await until('it is stored', () => server.folders.Przetworzone?.mails.length === 1);
			await until('it waits as before', () => server.sessions.size === 1 &&
				[...server.sessions][0].idling !== null);
			await daemon.stop();
			assert.deepEqual(texts(house), [1]);
		});
	});

for (const [what, prepare] of [
	['whose newest mail was taken away', (server) => server.folders.Junk.next = 7],
	['that the server tells nothing of', (server) => server.twist = (session, tag, command) =>
		/^STATUS/.test(command) && (session.say(`${tag} NO not now`), true)]])
	test(`a junk folder ${what} does not keep the mailbox from waiting`, async () => {
		await withScript({ keys: { junk: 'Junk', poll_every: 3600 } }, async (house, server) => {
			server.folders.Junk = new Folder(5);
			const daemon = new Daemon(house);
			await until('it waits', () => server.times(/^IDLE/) === 1);
			prepare(server);
			server.arrive(mail(1));
			await until('it waits again', () => server.folders.Przetworzone?.mails.length === 1 &&
				[...server.sessions].some((s) => s.idling !== null));
			const asked = server.asked.length, waits = server.times(/^IDLE/);
			const began = Date.now();
			await until('a while has gone', () => Date.now() - began > 1500);
			assert.equal(server.times(/^IDLE/), waits);
			assert.equal(server.asked.length, asked, `${server.asked.slice(asked)}`);
			server.arrive(mail(2));
			await until('it hears of mail', () => server.folders.Przetworzone.mails.length === 2);
			await daemon.stop();
			assert.equal(server.opened, 1);
		});
	});

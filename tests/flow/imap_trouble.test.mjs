// imap_trouble - what goes wrong on a server, and must not be made worse: mails
// under new numbers, lists that cannot be read, waiting that ends at once,
// folders that may only be read
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Daemon, until } from './house.mjs';
import { fates, filed, mail, poll, texts, upTo, withScript } from './imap_house.mjs';

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

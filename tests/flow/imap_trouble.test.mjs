// imap_trouble - what goes wrong on a server, and must not be made worse: mails
// under new numbers, lists that cannot be read, waiting that ends at once,
// folders that may only be read
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';

import { Daemon, preload, until } from './house.mjs';
import { fates, filed, isBody, isList, journal, mail, poll, texts, upTo,
	withScript } from './imap_house.mjs';
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
	'each IDLE begins with a greeting': (session, tag) => {
		session.idling = tag;
		['+ idling', '* OK Still here'].forEach((l) => session.say(l));
	},
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
			assert.ok(asked <= 40 && server.opened <= 8, `${asked} times, ${server.opened} connections`);
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
			assert.equal(server.opened, 1); // told to stop amid a move it may open another
			await daemon.stop();
		});
	});

// Lists mail 3 as `how` has it, whoever it is asked for with.
const listed = (how) => (session, tag, command) => {
	if (!isList(command))
		return false;
	const [, set, what] = command.match(/^UID FETCH (\S+) (.*)$/);
	for (const m of session.chosen(set))
		session.raw(m.uid === 3 ? Buffer.from(how(m, what)) : session.item(m, what));
	session.say(`${tag} OK done`);
	return true;
};
const fact = (m, { flags = '', date = '"22-Nov-2026 09:00:00 +0000"' }, what) =>
	`* 3 FETCH (UID 3${/FLAGS/.test(what) ? ` FLAGS (${flags})` : ''} INTERNALDATE ${date} RFC822.SIZE ${m.size})\r\n`;

for (const [what, how, received] of [
	['a flag that libetpan cannot read', (m, w) => fact(m, { flags: '\\Seen Pilne(2)' }, w), '2026-11-22T10:00:00+01:00'],
	['a date that is none', (m, w) => fact(m, { date: 'NIL' }, w), '2026-11-22T12:00:00+01:00'],
	['a line that makes no sense', () => '* 3 FETCH ((((\r\n', '2026-11-22T12:00:00+01:00']])
	test(`one mail cannot be listed, for ${what}: it is read all the same, and stops no other`, async () => {
		await withScript({ n: 9, twist: listed(how) }, async (house, server) => {
			const { stderr } = await house.later('run', '--once');
			assert.deepEqual(texts(house), upTo(9), stderr);
			assert.equal(journal(house).find((r) => /UID=3$/.test(r.external_id)).received_at, received);
			assert.deepEqual(server.inbox.uids, []);
			server.asked.length = 0;
			await poll(house);
			assert.equal(server.times(/FETCH|SEARCH/), 0);
		});
	});

test('a mail that can be neither listed nor fetched is put aside, also among thousands', async () => {
	const bad = listed(() => '* 3 FETCH ((((\r\n');
	const twist = (session, tag, command) => {
		if (isBody(command) && /^UID FETCH (3|[12]:)/.test(command))
			session.hangUp();
		return bad(session, tag, command);
	};
	await withScript({ n: 1000, twist }, async (house, server) => {
		const { stderr } = await house.later('run', '--once');
		assert.deepEqual(texts(house), upTo(1000).filter((i) => i !== 3), stderr);
		const bad = journal(house).filter((r) => r.fate === 'unreadable');
		assert.deepEqual(bad.map((r) => /UID=3$/.test(r.external_id)), [true]);
		assert.deepEqual(server.inbox.uids, []);
		assert.equal(server.folders['Za duze'].mails.length, 1);
		assert.ok(server.opened < 30, `${server.opened}`);
	});
});

test('mails that are gone before the rest of the list is asked for are not looked for again and again', async () => {
	const bad = listed(() => '* 3 FETCH ((((\r\n');
	const twist = (session, tag, command) => {
		if (/^UID SEARCH/.test(command) && session.server.times(/^UID SEARCH UID [2-9]/) > 1)
			session.server.inbox.mails.length = 0;
		return bad(session, tag, command);
	};
	await withScript({ n: 9, twist }, async (house, server) => {
		await poll(house);
		assert.ok(server.times(/^UID SEARCH/) < 20, `${server.asked}`);
		assert.deepEqual(server.inbox.uids, []);
	});
});

for (const [what, item] of Object.entries({ NIL: 'NIL', 'a quoted nothing': '""', 'an empty literal': '{0}\r\n' }))
	test(`a mail of which the server sends nothing (${what}) is put aside, not taken for an empty one`, async () => {
		const twist = (session, tag, command) => {
			if (!isBody(command))
				return false;
			const [, set, how] = command.match(/^UID FETCH (\S+) (.*)$/);
			for (const m of session.chosen(set))
				session.raw(m.uid === 3 ? Buffer.from(`* 3 FETCH (UID 3 BODY[] ${item})\r\n`) : session.item(m, how));
			session.say(`${tag} OK done`);
			return true;
		};
		await withScript({ n: 5, twist }, async (house, server) => {
			await house.later('run', '--once');
			assert.deepEqual(texts(house), [1, 2, 4, 5]);
			assert.match(journal(house).find((r) => r.fate === 'unreadable').why, /does not hand it over .*Za duze/);
			assert.deepEqual(server.inbox.uids, []);
			assert.equal(server.folders['Za duze'].mails.length, 1);
		});
	});

for (const [what, lines] of [['is opened for reading only', ['* OK [PERMANENTFLAGS ()] none']],
	['lets nothing be deleted', ['* OK [PERMANENTFLAGS (\\Seen \\Answered)] these', 'READ-WRITE']]])
	for (const capabilities of lines[1] ? ['UIDPLUS'] : ['UIDPLUS', 'MOVE UIDPLUS'])
		test(`a mailbox that ${what} (${capabilities}): mail is stored once, copied nowhere, and that is said`, async () => {
			const twist = (session, tag, command) => {
				if (/^SELECT INBOX/.test(command)) {
					session.folder = session.server.inbox;
					[`* ${session.folder.mails.length} EXISTS`, '* OK [UIDVALIDITY 17] so',
						`* OK [UIDNEXT ${session.folder.next}] so`, lines[0],
						`${tag} OK [${lines[1] ?? 'READ-ONLY'}] open`].forEach((l) => session.say(l));
					return true;
				}
				if (/^UID (STORE|MOVE)/.test(command)) {
					session.say(`${tag} NO [NOPERM] you may not`);
					return true;
				}
				return false;
			};
			await withScript({ n: 2, twist, capabilities }, async (house, server) => {
				for (let i = 0; i < 3; i++) {
					const { status, stderr } = await house.later('run', '--once');
					assert.equal(status, 1);
					assert.match(stderr, /stored mails cannot be moved .*take nothing out of the folder INBOX.*right/);
				}
				assert.deepEqual(texts(house), [1, 2]);
				assert.deepEqual(server.inbox.uids, [1, 2]);
				assert.equal(server.folders.Przetworzone?.mails.length ?? 0, 0);
				const { status, stdout } = await house.later('check');
				assert.equal(status, 1);
				assert.match(stdout, /mailbox konsultacje +WRONG.*INBOX may not be changed by this user.*right to delete/);
			});
		});

for (const [what, refuse] of [
	['says NO to every fetch', (session, tag) => session.say(`${tag} NO [UNAVAILABLE] the storage is away`)],
	['hangs up at every fetch', (session) => session.hangUp()]])
	test(`a server that ${what} for a while: its mails are not all put aside`, async () => {
		const twist = (session, tag, command) => isBody(command) && (refuse(session, tag), true);
		await withScript({ n: 12, twist }, async (house, server) => {
			const { status, stderr } = await house.later('run', '--once');
			assert.equal(status, 1);
			assert.match(stderr, /it hands over no mail, and is asked again later/);
			server.twist = null;
			await poll(house);
			assert.deepEqual(texts(house), upTo(12).slice(3));
			assert.equal(server.folders['Za duze'].mails.length, 3);
			assert.deepEqual(server.inbox.uids, []);
		});
	});

test('four bad mails in a row do not stop those behind for ever', async () => {
	const twist = (session, tag, command) => {
		const from = isBody(command) && Number(/^UID FETCH (\d+)/.exec(command)[1]);
		if (!from || from > 4)
			return false;
		session.say(`${tag} NO [SERVERBUG] Internal error occurred`);
		return true;
	};
	await withScript({ n: 8, twist }, async (house, server) => {
		let runs = 0;
		while (server.inbox.mails.length > 0 && runs++ < 6)
			await house.later('run', '--once');
		assert.ok(runs < 6);
		assert.deepEqual(texts(house), upTo(8).slice(4));
		assert.equal(server.folders['Za duze'].mails.length, 4);
	});
});

test('a server that hangs up when it is to list is not connected to in quick succession', async () => {
	const twist = (session, tag, command) => isList(command) &&
		(session.say('* BYE [UNAVAILABLE] back soon'), session.hangUp(), true);
	await withScript({ n: 3, twist }, async (house, server) => {
		const daemon = new Daemon(house);
		await daemon.said(/mailbox konsultacje failed retry_ms=\d+/);
		assert.ok(server.opened <= 2, `${server.opened}`);
		await daemon.stop();
		server.twist = null;
		await poll(house);
		assert.deepEqual(texts(house), upTo(3));
	});
});

for (const [words, passes] of [['NO [INUSE] the mailbox is locked', true], ['NO [LIMIT] too much', true],
	['BAD User is authenticated but not connected.', true], ['NO [ALERT] the account is suspended', false]])
	test(`"${words}" to SELECT ${passes ? 'passes' : 'has to be mended'}`, async () => {
		const twist = (session, tag, command) => /^SELECT/.test(command) && (session.say(`${tag} ${words}`), true);
		await withScript({ n: 1, twist }, async (house, server) => {
			const daemon = new Daemon(house);
			const [, ms] = await daemon.said(/mailbox konsultacje failed retry_ms=(\d+) why="[^"]*the server says: /);
			assert.equal(Number(ms) < 10000, passes, ms);
			await daemon.stop();
			assert.equal(server.opened, 1);
		});
	});

test('folders that would lead in a circle are refused, each with what to do', async () => {
	for (const [keys, says] of [
		[{ processed: 'inbox' }, /must not be the folder "INBOX", which is read/],
		[{ oversize: 'Spam', junk: 'Junk, Spam' }, /must not be the folder "Spam", which is read/],
		[{ junk: 'INBOX' }, /"INBOX" is named twice in url and junk/],
		[{ processed: '' }, /must name a folder/]])
		await withScript({ n: 1, keys }, async (house, server) => {
			const { status, stdout } = await house.later('check');
			assert.equal(status, 1);
			assert.match(stdout, says);
			assert.equal(server.opened, 0);
		});
	// Two names of one folder are seen when the server is asked.
	await withScript({ prefix: 'INBOX.', separator: '.', keys: { processed: 'INBOX.Poczta' } }, async (house, server) => {
		fs.writeFileSync(house.conf, fs.readFileSync(house.conf, 'utf8').replace('/INBOX"', '/Poczta"'));
		server.folders['INBOX.Poczta'] = new Folder();
		server.folders['INBOX.Poczta'].add(mail(1));
		const { stderr } = await house.later('run', '--once');
		assert.match(stderr, /that is the folder INBOX\.Poczta, which they lie in/);
		assert.deepEqual(server.folders['INBOX.Poczta'].uids, [1]);
	});
});

test('check says its sentence whatever bytes the server, or a long name, puts into it', async () => {
	const twist = (session, tag, command) => {
		if (/^SELECT/.test(command))
			session.say(`${tag} NO none`);
		else if (/^LIST/.test(command))
			[...(/\*/.test(command) ? ['* LIST () "/" "Urz\xb1d"'] : []), `${tag} OK done`].forEach((l) => session.say(l));
		else
			return false;
		return true;
	};
	for (const json of [[], ['--json']])
		await withScript({ twist }, async (house) => {
			let { stdout } = await house.later(...json, 'check');
			assert.match(stdout, /mailbox konsultacje.*WRONG.*the server has no folder .*INBOX.*; it has: Urz/);
			const name = `${'Załatwione sprawy i uwagi złożone '.repeat(4)}ąąąą`;
			for (const x of ['', 'x']) {
				fs.writeFileSync(house.conf, fs.readFileSync(house.conf, 'utf8').replace(/\/[^/]*" start/, `/${x}${name}" start`));
				({ stdout } = await house.later(...json, 'check'));
				assert.match(stdout, /mailbox konsultacje.*WRONG.*the server has no folder .*Załatwione/);
			}
		});
});

test('IDLE is begun anew long before the 29 minutes after which servers end it', async () => {
	await withScript({ keys: { poll_every: 7200 } }, async (house, server) => {
		const at = [];
		server.twist = (session, tag, command) => {
			if (command === 'IDLE')
				at.push(Date.now());
			return false;
		};
		const daemon = new Daemon(house, { env: { LD_PRELOAD: preload(house.dir, 'hurry'),
			ASAN_OPTIONS: 'verify_asan_link_order=0' } });
		await until('it has waited three times', () => at.length === 3);
		for (const i of [1, 2]) {
			const minutes = (at[i] - at[i - 1]) * 100 / 60000;
			assert.ok(minutes > 1 && minutes < 28, `${minutes}`);
		}
		assert.equal(server.opened, 1);
		server.arrive(mail(1));
		await until('mail comes in', () => server.folders.Przetworzone?.mails.length === 1);
		await daemon.kill();
	});
});

test('one FETCH asks for at most 200 mails and 8 MiB', async () => {
	await withScript({}, async (house, server) => {
		const sizes = new Map();
		const add = (i, text) => sizes.set(server.inbox.add(mail(i, { text })), server.inbox.mails.at(-1).size);
		upTo(450).forEach((i) => add(i));
		upTo(5).forEach((i) => add(450 + i, `Proszę o ławkę nr ${450 + i}.\r\n${'Dużo słów. \r\n'.repeat(200000)}`));
		await poll(house);
		const asked = server.asked.filter(isBody).map((c) => /^UID FETCH (\d+)(?::(\d+))? /.exec(c))
			.map(([, from, to = from]) => [...sizes].filter(([uid]) => uid >= Number(from) && uid <= Number(to)));
		assert.equal(asked.flat().length, 455);
		for (const mails of asked) {
			assert.ok(mails.length <= 200);
			assert.ok(mails.reduce((sum, [, size]) => sum + size, 0) <= 8 << 20);
		}
		assert.ok(asked.some((mails) => mails.length > 1 && mails[0][1] > 2e6), 'not one by one either');
	});
});

test('an answer to NAMESPACE that libetpan cannot read does not keep stored mails from their folder', async () => {
	const twist = (session, tag, command) => {
		if (command !== 'NAMESPACE')
			return false;
		// The example of RFC 2342.
		session.say('* NAMESPACE (("" "/" "X-PARAM" ("FLAG1" "FLAG2"))) NIL NIL');
		session.say(`${tag} OK done`);
		return true;
	};
	await withScript({ n: 3, twist, keys: { processed: 'Sprawy/Gotowe' } }, async (house, server) => {
		await house.later('run', '--once');
		assert.deepEqual(texts(house), upTo(3));
		assert.deepEqual(server.inbox.uids, []);
		assert.equal(server.folders['Sprawy/Gotowe'].mails.length, 3);
		assert.equal(server.times(/^NAMESPACE/), 1);
	});
});

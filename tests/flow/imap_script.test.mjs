// imap_script - IMAP servers that no real server would be: whatever they do,
// each mail is stored once, one bad mail stops no other, and nothing hangs
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { test } from 'node:test';

import { Daemon, program, until } from './house.mjs';
import { fates, filed, isBody, isList, journal, mail, poll, texts, upTo,
	withScript } from './imap_house.mjs';
import { Folder, ImapScript } from './imap_script.mjs';

test('what is asked of a server: the least, in few commands', async () => {
	await withScript({ n: 10 }, async (house, server) => {
		await poll(house);
		assert.deepEqual(texts(house), upTo(10));
		assert.deepEqual(server.inbox.uids, []);
		assert.equal(server.folders.Przetworzone.mails.length, 10);
		assert.deepEqual(server.subscribed, ['Przetworzone']);
		assert.equal(server.times(/^UID FETCH .*BODY/), 1);
		for (const command of server.asked.filter((c) => /FETCH/.test(c)))
			assert.match(command, /^UID FETCH \S+ \((UID FLAGS INTERNALDATE RFC822\.SIZE|UID BODY\.PEEK\[\])\)$/);
		const nothing = server.asked.length;
		await poll(house);
		assert.deepEqual(server.asked.slice(nothing).map((c) => c.split(' ')[0]),
			['CAPABILITY', 'SELECT', 'LOGOUT'], 'a poll without news');
	});
});

test('ten new mails among 100,000 old ones cost ten mails', async () => {
	await withScript({ keys: { start: 'now' } }, async (house, server) => {
		for (let i = 1; i <= 100000; i++)
			server.inbox.mails.push({ uid: i, bytes: Buffer.from('x'), size: 1,
				date: new Date('2020-01-01'), flags: new Set() });
		server.inbox.next = 100001;
		await poll(house);
		assert.deepEqual(fates(house), []);
		assert.equal(server.times(/FETCH|SEARCH/), 0);
		for (let i = 1; i <= 10; i++)
			server.inbox.add(mail(i));
		server.asked.length = 0;
		await poll(house);
		assert.deepEqual(texts(house), upTo(10));
		assert.equal(server.inbox.mails.length, 100000);
		assert.deepEqual(server.asked.filter((c) => /FETCH|SEARCH/.test(c)),
			['UID FETCH 100001:* (UID FLAGS INTERNALDATE RFC822.SIZE)',
				'UID FETCH 100001:100010 (UID BODY.PEEK[])']);
		const { stdout } = await house.later('check');
		assert.match(stdout, /INBOX holds 100000 mails: 100000 from before the first contact, 0 waiting/);
	});
});

test('untagged surprises change nothing', async () => {
	const twist = (session, tag, command) => {
		if (command.startsWith('IDLE') || !session.folder)
			return false;
		for (const line of ['* OK [ALERT] the cat sat on the server', '* 1 FETCH (FLAGS (\\Seen))',
			'* 7 RECENT', '* FLAGS (\\Seen)', '* LIST () "/" "Kosz"', '* SEARCH 1 2 3',
			'* CAPABILITY IMAP4rev1 MOVE UIDPLUS IDLE NAMESPACE', '* 3 FETCH (UID 3 FLAGS ())',
			'* OK [HIGHESTMODSEQ 715194045007] Highest'])
			session.say(line);
		return false;
	};
	await withScript({ n: 5, twist }, async (house, server) => {
		await poll(house);
		assert.deepEqual(texts(house), upTo(5));
		assert.deepEqual(server.inbox.uids, []);
	});
});

test('answers repeated, in any order, and for what nobody asked, count once', async () => {
	const twist = (session, tag, command) => {
		if (!isBody(command) && !isList(command))
			return false;
		const what = command.replace(/^UID FETCH \S+ /, '');
		const items = session.folder.mails.map((m) => session.item(m, what)).reverse();
		if (isBody(command))
			items.push(session.bodyItem(1, 999, Buffer.from('asked by nobody'), 15),
				Buffer.from('* 2 FETCH (BODY[] {5}\r\nabcde)\r\n'));
		for (const item of [...items, ...items])
			session.raw(item);
		session.say(`${tag} OK done`);
		return true;
	};
	await withScript({ n: 5, twist }, async (house, server) => {
		await poll(house);
		assert.deepEqual(texts(house), upTo(5));
		assert.deepEqual(fates(house), filed(5));
		assert.deepEqual(server.inbox.uids, []);
	});
});

// The answer for mail 3, whoever it is asked for with; the others are right.
const spoil = (how) => (session, tag, command) => {
	if (!isBody(command))
		return false;
	const [, set, what] = command.match(/^UID FETCH (\S+) (.*)$/);
	const uids = set.split(',').flatMap((part) => {
		const [a, b = a] = part.split(':').map(Number);
		return Array.from({ length: b - a + 1 }, (_, i) => a + i);
	});
	for (const m of session.folder.mails.filter((one) => uids.includes(one.uid))) {
		if (m.uid === 3 && how(session, m, tag) === 'end')
			return true;
		if (m.uid !== 3)
			session.raw(session.item(m, what));
	}
	session.say(`${tag} OK done`);
	return true;
};

const spoilt = {
	'the server says BYE in the middle of it': (session, m) => {
		session.raw(`* 3 FETCH (UID 3 BODY[] {${m.bytes.length}}\r\nFrom: `);
		session.say('* BYE I have had enough');
		session.hangUp();
		return 'end';
	},
	'the connection breaks before it': (session) => {
		session.hangUp();
		return 'end';
	},
	'its literal is announced too small': (session, m) => {
		session.raw(session.bodyItem(3, 3, m.bytes, m.bytes.length - 30));
	},
	'its literal is far larger than the size that was listed': (session) => {
		session.raw(session.bodyItem(3, 3, Buffer.alloc(3 << 20, 'x'), 3 << 20));
	},
	'two gigabytes are announced for it': (session, m) => {
		session.raw(session.bodyItem(3, 3, m.bytes, 2147483648));
		session.hangUp();
		return 'end';
	},
	'a line of 50 MB comes instead': (session) => {
		session.raw(Buffer.concat([Buffer.from('* OK '), Buffer.alloc(50 << 20, 'x'), Buffer.from('\r\n')]));
	},
	'the server refuses it': (session, m, tag) => {
		session.say(`${tag} NO [SERVERBUG] Internal error occurred`);
		return 'end';
	},
	'the server forgets it': () => {},
	'its answer makes no sense': (session) => {
		session.raw('* 3 FETCH (UID 3 BODY[ (((\r\n');
	},
};

for (const [sentence, how] of Object.entries(spoilt)) {
	test(`one bad mail stops no other: ${sentence}`, async () => {
		await withScript({ n: 9, twist: spoil(how) }, async (house, server) => {
			await house.later('run', '--once');
			assert.deepEqual(texts(house), upTo(9).filter((i) => i !== 3));
			const bad = journal(house).filter((r) => r.fate === 'unreadable');
			assert.equal(bad.length, 1);
			assert.match(bad[0].why, /the mail server does not hand it over .*folder Za duze/);
			assert.match(bad[0].external_id, /UID=3$/);
			assert.deepEqual(server.inbox.uids, []);
			assert.equal(server.folders['Za duze'].mails.length, 1);
			// It is over: nothing of it is tried again.
			server.asked.length = 0;
			await poll(house);
			assert.equal(server.times(/FETCH/), 0);
		});
	});
}

test('a daemon that waits for a silent server stops at once, and nothing is lost', async () => {
	const twist = (session, tag, command) => isBody(command);
	await withScript({ n: 2, twist }, async (house, server) => {
		const daemon = new Daemon(house);
		await until('the mails are asked for', () => server.times(/BODY/) > 0);
		await daemon.stop();
		assert.deepEqual(fates(house), []);
		server.twist = null;
		await poll(house);
		assert.deepEqual(texts(house), [1, 2]);
	});
});

test('run --once that waits for a silent server ends at SIGTERM, and another run goes on', async () => {
	const twist = (session, tag, command) => isBody(command);
	await withScript({ n: 2, twist }, async (house, server) => {
		const child = spawn(program, ['-c', house.conf, '--now', house.now, 'run', '--once']);
		const ended = once(child, 'close');
		let words = '';
		child.stderr.on('data', (bytes) => words += bytes);
		await until('the mails are asked for', () => server.times(/BODY/) > 0);
		child.kill('SIGTERM');
		assert.deepEqual(await ended, [1, null]);
		assert.match(words, /stopped by signal 15; .*another run goes on/);
		assert.deepEqual(fates(house), []);
		server.twist = null;
		await poll(house);
		assert.deepEqual(texts(house), [1, 2]);
	});
});

test('a server that hangs up is connected to once in a run, and what it did is said', async () => {
	const twist = (session, tag, command) => command === 'CAPABILITY' && (session.hangUp(), true);
	await withScript({ n: 1, twist }, async (house, server) => {
		const { status, stderr } = await house.later('run', '--once');
		assert.equal(status, 1);
		assert.match(stderr, /mailbox konsultacje: 127\.0\.0\.1:\d+[:,]/);
		assert.equal(server.opened, 1);
		server.twist = null;
		await poll(house);
		assert.deepEqual(texts(house), [1]);
	});
});

test('what cannot be opened ends a run at once, also while a silent server is connected to', async () => {
	const twist = (session, tag, command) => command === 'CAPABILITY';
	await withScript({ n: 1, twist }, async (house) => {
		fs.writeFileSync(house.conf, fs.readFileSync(house.conf, 'utf8')
			.replace(/maildir:[^"]*\/out/, 'gopher://out.example'));
		const began = Date.now();
		const { status, stderr } = await house.later('run', '--once');
		assert.equal(status, 1);
		assert.match(stderr, /gopher/);
		assert.ok(Date.now() - began < 10000);
	});
});

// With more than a batch holds, the next one is fetched while one is stored.
const overlapped = {
	'nothing happens': () => false,
	'the connection is cut in the middle of the next': (session, tag, command) => {
		if (!isBody(command) || session.server.times(/BODY/) !== 2)
			return false;
		const items = session.folder.mails.slice(200, 300).map((m) => session.item(m, '(UID BODY.PEEK[])'));
		session.raw(Buffer.concat(items));
		session.hangUp();
		return true;
	},
	'NO to the next': (session, tag, command) => {
		if (!isBody(command) || session.server.times(/BODY/) !== 2)
			return false;
		session.say(`${tag} NO not today`);
		return true;
	},
	'the connection is cut when the first is moved': (session, tag, command) => {
		if (!/^UID MOVE/.test(command) || session.server.times(/^UID MOVE/) !== 1)
			return false;
		session.hangUp();
		return true;
	},
	'the numbers of the folder change on the way': (session, tag, command) => {
		if (!/^UID MOVE/.test(command) || session.server.times(/^UID MOVE/) !== 1)
			return false;
		const { inbox } = session.server;
		inbox.validity = 99;
		inbox.mails.forEach((m) => { m.uid += 1000; });
		inbox.next += 1000;
		session.hangUp();
		return true;
	},
};

for (const [what, twist] of Object.entries(overlapped)) {
	test(`one batch is fetched while another is stored, and ${what}: each mail once`, async () => {
		await withScript({ n: 450, twist, keys: { poll_every: 1 } }, async (house, server) => {
			const daemon = new Daemon(house);
			await until('all are put away', () => server.folders.Przetworzone?.mails.length === 450);
			await daemon.stop();
			const asked = server.asked.filter((c) => isBody(c) || /^UID MOVE/.test(c));
			assert.ok(isBody(asked[1]), 'the second is asked for before the first is moved');
			assert.deepEqual(texts(house), upTo(450));
			assert.deepEqual(fates(house), filed(450));
			assert.deepEqual(server.inbox.uids, []);
		});
	});
}

for (const word of ['CAPABILITY', 'SELECT', 'UID FETCH', 'UID MOVE', 'CREATE', 'SUBSCRIBE', 'NAMESPACE', 'LIST']) {
	for (const no of ['NO', 'BAD']) {
		test(`${no} to ${word}: one sentence, and nothing lost or doubled`, async () => {
			const twist = (session, tag, command) => {
				if (!command.startsWith(word))
					return false;
				session.say(`${tag} ${no} not today`);
				return true;
			};
			await withScript({ n: 3, twist }, async (house, server) => {
				const { status, stderr } = await house.later('run', '--once');
				if (['SELECT', 'UID FETCH', 'UID MOVE', 'CREATE'].includes(word)) {
					assert.equal(status, 1);
					assert.match(stderr, /mailbox konsultacje: .*(not today|does not send it)/);
				}
				server.twist = null;
				await poll(house);
				await poll(house);
				const known = word === 'UID FETCH' ? journal(house).length : texts(house).length;
				assert.equal(known, 3);
				// Without capabilities there is no MOVE and no UIDPLUS.
				const left = server.inbox.mails;
				assert.ok(left.every((m) => m.flags.has('\\Deleted')));
				assert.equal(left.length, word === 'CAPABILITY' ? 3 : 0);
			});
		});
	}
}

test('without MOVE mails are copied, marked and removed alone', async () => {
	await withScript({ n: 3, capabilities: 'UIDPLUS' }, async (house, server) => {
		const foreign = server.inbox.add(mail(4));
		server.inbox.mails.at(-1).flags.add('\\Deleted');
		await poll(house);
		assert.deepEqual(texts(house), upTo(4), 'also what somebody marked before we came');
		assert.equal(foreign, 4);
		assert.deepEqual(server.inbox.uids, []);
		assert.equal(server.times(/^EXPUNGE/), 0);
		assert.equal(server.times(/^UID EXPUNGE 1:4/), 1);
	});
});

test('without MOVE and UIDPLUS they are marked as deleted, and not read again', async () => {
	await withScript({ n: 3, capabilities: '' }, async (house, server) => {
		await poll(house);
		assert.deepEqual(server.inbox.mails.map((m) => [...m.flags].join()),
			Array(3).fill('\\Deleted'));
		server.inbox.add(mail(4));
		server.asked.length = 0;
		await poll(house);
		assert.deepEqual(texts(house), upTo(4));
		assert.equal(server.times(/BODY/), 1);
		assert.equal(server.times(/EXPUNGE/), 0);
		assert.equal(server.folders.Przetworzone.mails.length, 4);
	});
});

test('stored mails that cannot be moved are reported, not fetched again, and new ones still come', async () => {
	const twist = (session, tag, command) => {
		if (!/^UID (MOVE|COPY)|^CREATE/.test(command))
			return false;
		session.say(`${tag} NO [OVERQUOTA] the mailbox is full`);
		return true;
	};
	await withScript({ n: 3, twist }, async (house, server) => {
		const { status, stderr } = await house.later('run', '--once');
		assert.equal(status, 1);
		assert.match(stderr, /stored mails cannot be moved to the folder "Przetworzone".*the mailbox is full/);
		server.inbox.add(mail(4));
		server.asked.length = 0;
		await house.later('run', '--once');
		assert.deepEqual(texts(house), upTo(4));
		assert.deepEqual(server.asked.filter(isBody), ['UID FETCH 4 (UID BODY.PEEK[])']);
		server.twist = null;
		server.asked.length = 0;
		await poll(house);
		assert.deepEqual(server.inbox.uids, []);
		assert.equal(server.times(/BODY/), 0);
		assert.deepEqual(fates(house), filed(4));
	});
});

test('mail that vanishes between the list and the fetch is nobody\'s', async () => {
	const twist = (session, tag, command) => {
		if (isBody(command) && session.folder.mails.some((m) => m.uid === 2))
			session.remove(session.folder.mails.filter((m) => m.uid === 2 || m.uid === 5));
		return false;
	};
	await withScript({ n: 5, twist }, async (house, server) => {
		await poll(house);
		assert.deepEqual(texts(house), [1, 3, 4]);
		assert.deepEqual(fates(house), filed(3));
		assert.deepEqual(server.inbox.uids, []);
	});
});

test('new numbers for the same mails: what is stored is recognised, the rest is read', async () => {
	await withScript({ n: 3, keys: { start: 'now' } }, async (house, server) => {
		server.inbox.mails.forEach((m) => m.date = new Date('2026-11-01T09:00:00Z'));
		await poll(house);
		// Two stored that stay, one of them without a Message-ID.
		server.twist = (session, tag, command) => {
			if (!/^UID MOVE|^CREATE/.test(command))
				return false;
			session.say(`${tag} NO not now`);
			return true;
		};
		const date = new Date('2026-11-22T10:59:00Z');
		server.inbox.add(mail(4), { date });
		server.inbox.add(mail(5, { id: '' }), { date });
		await house.later('run', '--once');
		assert.deepEqual(texts(house), [4, 5]);
		server.twist = null;
		server.inbox.validity = 99;
		server.inbox.mails.forEach((m, i) => m.uid = i + 1);
		server.inbox.next = 6;
		server.inbox.add(mail(6), { date });
		await poll(house);
		assert.deepEqual(texts(house), [4, 5, 6]);
		assert.deepEqual(fates(house), filed(3), 'no duplicates, and nothing from before us');
		assert.deepEqual(server.inbox.uids, [1, 2, 3]);
		server.asked.length = 0;
		await poll(house);
		assert.equal(server.times(/BODY/), 0);
	});
});

test('the mailbox moves to another server: nothing is read twice, nothing passed over', async () => {
	await withScript({ n: 2 }, async (house, server) => {
		await poll(house);
		const other = await new ImapScript().start();
		try {
			// The same numbers mean other mails there.
			other.inbox.add(mail(3));
			other.inbox.add(mail(1));
			fs.writeFileSync(house.conf, fs.readFileSync(house.conf, 'utf8').replace(server.url, other.url));
			await poll(house);
			assert.deepEqual(texts(house), [1, 2, 3]);
			assert.deepEqual(fates(house), filed(3));
			assert.deepEqual(other.inbox.uids, []);
		} finally {
			await other.close();
		}
	});
});

test('a server that puts everything below INBOX, with dots between', async () => {
	await withScript({ n: 1, prefix: 'INBOX.', separator: '.', keys: { processed: 'Urząd/Załatwione' } },
		async (house, server) => {
			await poll(house);
			assert.deepEqual(Object.keys(server.folders), ['INBOX', 'INBOX.Urz&AQU-d.Za&AUI-atwione']);
			assert.deepEqual(server.subscribed, ['INBOX.Urz&AQU-d.Za&AUI-atwione']);
		});
});

test('a server that does not say where its folder ends', async () => {
	await withScript({ n: 2, hidesNext: true, keys: { start: 'now' } }, async (house, server) => {
		await poll(house);
		assert.deepEqual(fates(house), []);
		server.inbox.add(mail(3));
		await poll(house);
		assert.deepEqual(texts(house), [3]);
	});
});

test('a folder that does not exist is named beside those that do', async () => {
	await withScript({}, async (house, server) => {
		server.folders['Urz&AQU-d'] = new Folder();
		fs.writeFileSync(house.conf, fs.readFileSync(house.conf, 'utf8').replace('/INBOX', '/Skrzynka'));
		const { status, stderr } = await house.later('run', '--once');
		assert.equal(status, 1);
		assert.match(stderr, /the server has no folder "Skrzynka"; it has: INBOX, Urząd/);
	});
});

test('IDLE: mail is there at once, and a server that only says it is still there wakes nobody', async () => {
	await withScript({ keys: { poll_every: 3600 } }, async (house, server) => {
		const daemon = new Daemon(house);
		await until('it waits', () => [...server.sessions].some((s) => s.idling !== null));
		for (const session of server.sessions)
			session.say('* OK Still here');
		await until('it waits again', () => server.times(/^IDLE/) > 1 &&
			[...server.sessions].some((s) => s.idling !== null));
		const lists = server.times(/FETCH/);
		const began = Date.now();
		server.arrive(mail(1));
		await until('stored', () => server.folders.Przetworzone?.mails.length === 1);
		assert.ok(Date.now() - began < 1000, `${Date.now() - began} ms`);
		assert.equal(lists, 0, 'no list without news');
		assert.equal(server.opened, 1, 'over one connection');
		await daemon.stop();
	});
});

test('without IDLE the poll finds it, over the same connection', async () => {
	await withScript({ capabilities: 'MOVE', keys: { poll_every: 1 } }, async (house, server) => {
		const daemon = new Daemon(house);
		await until('it was there', () => server.times(/^NOOP/) > 0);
		server.inbox.add(mail(1));
		await until('stored', () => server.folders.Przetworzone?.mails.length === 1);
		assert.equal(server.opened, 1);
		assert.equal(server.times(/^IDLE/), 0);
		await daemon.stop();
	});
});

test('news told while something else is answered counts', async () => {
	const twist = (session, tag, command) => {
		// A mail comes while the first one is moved, and is told of only then.
		if (/^UID MOVE/.test(command) && session.server.times(/^UID MOVE/) === 1) {
			session.answer(tag, command);
			session.server.inbox.add(mail(2));
			session.say('* 1 EXISTS');
			session.server.late = true;
			return true;
		}
		return false;
	};
	await withScript({ n: 1, twist, keys: { poll_every: 3600 } }, async (house, server) => {
		const daemon = new Daemon(house);
		await until('both are stored', () => server.folders.Przetworzone?.mails.length === 2);
		await daemon.stop();
		assert.deepEqual(texts(house), [1, 2]);
	});
});

test('a mail that is too large is filed from its beginning, and the whole is put aside', async () => {
	const part = (name) => `--b\r\nContent-Type: application/pdf; name="${name}"\r\n` +
		`Content-Disposition: attachment; filename="${name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n` +
		`${'JVBERi0xLjQK'.repeat(60)}\r\n`.repeat(1000);
	const large = (i, body) => `From: Osoba ${i} <osoba${i}@poczta.example>\r\nSubject: BL-7M4H\r\n` +
		`Message-ID: <m${i}@poczta.example>\r\nMIME-Version: 1.0\r\n` +
		`Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n${body}` +
		`${part('mapa.pdf')}--b--\r\n`;
	await withScript({ keys: { max_message_size: 300000 } }, async (house, server) => {
		server.inbox.add(large(1, 'Prosimy o ławkę nr 1.\r\n'.replace('ławkę', '=?')).replace('=?', 'lawke'));
		server.inbox.add(mail(2));
		server.inbox.add(large(3, 'Bardzo dlugie slowa. '.repeat(20000) + '\r\n'));
		await poll(house);
		const [first, second, third] = journal(house);
		assert.deepEqual([first.fate, second.fate, third.fate].sort(), ['filed', 'filed', 'held']);
		const held = journal(house).find((r) => r.fate === 'held');
		assert.match(held.why, /too large, and its words may go on/);
		assert.deepEqual(server.asked.filter(isBody).map((c) => /<0\.262144>/.test(c)), [true, false, true]);
		assert.equal(server.folders['Za duze'].mails.length, 2);
		assert.equal(server.folders.Przetworzone.mails.length, 1);
		const waiting = house.rows('inbound', 'list').map((r) => r.from);
		assert.ok(waiting.includes('osoba1@poczta.example'), 'staff see the filed one');
		assert.ok(waiting.includes('osoba3@poczta.example'), 'and the held one');
	});
});

test('junk is read too, held, not answered, and stays where it is', async () => {
	await withScript({ n: 1, keys: { junk: 'Junk, Kosz/Spam' } }, async (house, server) => {
		server.folders.Junk = new Folder(5);
		server.folders['Kosz/Spam'] = new Folder(6);
		server.folders.Junk.add(mail(2));
		await poll(house);
		server.folders['Kosz/Spam'].add(mail(3));
		await poll(house);
		assert.deepEqual(fates(house), ['filed', 'held', 'held']);
		assert.deepEqual(journal(house).filter((r) => r.fate === 'held').map((r) => r.why),
			['it lay in the folder Junk', 'it lay in the folder Kosz/Spam']);
		assert.deepEqual(server.folders.Junk.uids, [1]);
		assert.equal(house.rows('outbox', 'list').filter((r) => /^osoba[23]/.test(r.to)).length, 0);
		server.asked.length = 0;
		await poll(house);
		assert.equal(server.times(/FETCH/), 0);
		assert.equal(server.times(/^SELECT/), 1, 'quiet folders are only asked about');
	});
});

// smtp - mail goes out through a server that answers in every way there is
//
// Each mail that came in owes its author a confirmation; whatever the server
// does, each arrives once, or is in the list with the reason.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';

import { subscribe } from '../crash/notice.mjs';
import { House, until } from './house.mjs';
import { Authority } from './servers.mjs';
import { CUT, SILENT, ScriptedSmtp } from './smtp_script.mjs';
import { anHourLater, dated, eachOnce, later, person, remark, story } from './smtp_story.mjs';

// Begun before all others, as it takes its time.
const patient = (async () => {
	const server = await new ScriptedSmtp({ script: { greeting: () => later(31500) } }).start();
	const house = new House({ smtp: { url: server.url, connections: 1 } });
	try {
		house.mail(remark(person(1), 1));
		return { ...await house.later('run', '--once'), sent: server.accepted.length };
	} finally {
		await server.close();
		house.close();
	}
})();

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

story('a server without PIPELINING is asked one thing at a time', { server: { offers: [] } },
	async (house, server) => {
		house.come(5);
		assert.equal((await house.send()).status, 0);
		eachOnce(house, server);
		assert.equal(server.accepted.length, 5);
		assert.equal(server.connections, 1);
		assert.ok(server.writes >= 4 * 5);
		assert.ok(!server.commands.some((c) => /SIZE=/.test(c)));
	});

for (const [how, script] of [
	['DATA is refused too', {}],
	['DATA is let through', { dataAnyway: true }],
])
	for (const offers of [['PIPELINING'], []])
		story(`an unknown recipient is final, and the others go on: ${how}${offers}`, { server: { offers,
			script: { ...script,
				rcpt: (s) => s.letter.to === person(2) ? '550 5.1.1 no such user' : undefined } } },
			async (house, server) => {
				house.come(4);
				const done = await house.send();
				assert.equal(done.status, 0, done.stderr);
				assert.deepEqual(house.states(), ['sent', 'failed', 'sent', 'sent']);
				assert.match(house.owed()[1].why, /^550 5\.1\.1 no such user$/);
				assert.match(house.run('outbox', 'list', '--state', 'failed'), /550 5\.1\.1/);
				assert.equal(server.connections, 1);
				eachOnce(house, server);
			});

story('"later" for one recipient delays that one', { server: { script: {
	rcpt: (s) => s.letter.to === person(1) && (s.again = (s.again || 0) + 1) && !open.has(person(1))
		? '450 4.2.0 Greylisted, come again' : undefined } } }, async (house, server) => {
	open.clear();
	house.come(3);
	assert.equal((await house.send()).status, 0);
	const [first, ...others] = house.owed();
	assert.deepEqual([first.state, first.attempts, first.why], ['deferred', 1, '450 4.2.0 Greylisted, come again']);
	assert.equal(Date.parse(first.due_at) - Date.parse(house.now), 60000);
	assert.deepEqual(dated(others, 'state'), ['sent', 'sent']);
	await house.send();
	assert.equal(house.owed()[0].attempts, 1, 'not before its time');
	open.add(person(1));
	anHourLater(house);
	await house.send();
	assert.deepEqual(house.states(), ['sent', 'sent', 'sent']);
	eachOnce(house, server);
});

const open = new Set();

story('what is said of a domain holds for its other mail', { server: { script: {
	rcpt: (s) => /@daleko/.test(s.letter.to) && !open.has('daleko')
		? '451 4.4.1 no route to that host' : undefined } } }, async (house, server) => {
	open.clear();
	house.come(6, (i) => `osoba${i}@${i % 2 ? 'daleko' : 'blisko'}.example`);
	assert.equal((await house.send()).status, 0);
	const far = () => house.owed().filter((r) => /daleko/.test(r.to));
	assert.deepEqual(dated(far(), 'state'), ['deferred', 'deferred', 'deferred']);
	assert.deepEqual(dated(far(), 'attempts'), [1, 0, 0], 'one was tried');
	assert.ok(far().every((r) => /451 4\.4\.1/.test(r.why)));
	assert.equal(server.accepted.length, 3, 'the others went');
	anHourLater(house);
	await house.send();
	assert.deepEqual(dated(far(), 'attempts'), [2, 0, 0], 'the same one again');
	open.add('daleko');
	anHourLater(house);
	await house.send();
	assert.ok(house.states().every((s) => s === 'sent'));
	eachOnce(house, server);
});

story('what a domain did not take in five days is given up, also what waited behind; what came later is not', {
	server: { script: { rcpt: (s) => /@daleko/.test(s.letter.to) ? '451 4.4.1 no route to that host' : undefined } } },
	async (house, server) => {
		house.come(3, (i) => `osoba${i}@daleko.example`);
		for (let i = 0; i < 6; i++) {
			await house.send();
			anHourLater(house);
		}
		house.now = '2026-11-27T11:00:00+01:00';
		house.come(1, (i) => `osoba${i + 3}@daleko.example`);
		house.come(1, (i) => `osoba${i}@blisko.example`);
		await house.send();
		assert.deepEqual(house.states(), ['deferred', 'deferred', 'deferred', 'deferred', 'sent']);
		house.now = '2026-11-27T13:00:00+01:00';
		await house.send();
		assert.deepEqual(house.states(), ['failed', 'failed', 'failed', 'deferred', 'sent']);
		assert.deepEqual(dated(house.owed(), 'attempts').slice(1, 3), [0, 0]);
		assert.ok(house.owed().slice(0, 3).every((r) =>
			/^given up after \d attempts in five days: 451 4\.4\.1 no route/.test(r.why)));
		assert.equal(server.accepted.length, 1);
	});

for (const step of ['mail', 'dot'])
	story(`a server that closes after ten mails (421 at ${step}) is called again`, { server: { script: {
		[step]: (s) => s.mails >= 10 ? '421 4.7.0 enough for now' : undefined } } },
		async (house, server) => {
			house.come(35);
			const done = await house.send();
			assert.equal(done.status, 0, done.stderr);
			eachOnce(house, server);
			// What it said to a mail is an answer; that one waits a minute.
			const late = step === 'dot' ? 3 : 0;
			assert.equal(server.accepted.length, 35 - late);
			assert.equal(house.states().filter((s) => s === 'deferred').length, late);
			assert.equal(server.connections, 4);
			anHourLater(house);
			await house.send();
			assert.equal(server.accepted.length, 35);
			eachOnce(house, server);
		});

for (const [how, dot] of [
	['cut', () => CUT],
	['garbage', () => '%$#@!'],
	['an answer without an end', () => `250 ${'x'.repeat(1 << 20)}`],
	['two answers in one', () => '250-one\r\n550 two'],
	['silence', () => SILENT],
])
	story(`after the dot, ${how}: that one is in doubt, and no other`, { smtp: { timeout: 1 },
		server: { script: { dot: (s) => s.letter.to === person(2) && !open.has('dot') ? dot() : undefined } } },
		async (house, server) => {
			open.clear();
			house.come(5);
			await house.send();
			const rows = house.owed();
			assert.deepEqual(dated(rows, 'doubts'), [0, 1, 0, 0, 0]);
			assert.deepEqual(dated(rows, 'attempts').slice(0, 2), [1, 1]);
			assert.equal(rows[1].state, 'deferred', 'a confirmation comes again');
			assert.match(rows[1].why, /before the mail server said/);
			open.add('dot');
			anHourLater(house);
			const done = await house.send();
			assert.equal(done.status, 0, done.stderr);
			assert.ok(house.states().every((s) => s === 'sent'));
			assert.equal(house.owed()[1].message_id, rows[1].message_id, 'the same Message-ID');
			assert.deepEqual(house.owed().map((r) => /arrived twice/.test(r.why)),
				[false, true, false, false, false], 'the list says so');
			eachOnce(house, server);
		});

story('other mail in doubt waits for staff', { server: { script: { dot: () => CUT } } },
	async (house) => {
		house.mail(remark('jan@poczta.example', 1).replace('BL-7M4H', 'zapytanie')
			.replace('Prosimy o kurs', 'Kiedy pojedzie kurs'));
		await house.send();
		const [row] = house.owed();
		assert.notEqual(row.template, 'confirm_remark');
		assert.deepEqual([row.state, row.doubts], ['unknown', 1]);
		assert.match(house.run('outbox', 'list', '--waiting'), /unknown/);
	});

story('or is sent again, if that is wanted', { smtp: { on_unknown: 'resend' },
	server: { script: { dot: () => open.has('dot') ? undefined : CUT } } }, async (house, server) => {
	open.clear();
	house.mail(remark('jan@poczta.example', 1).replace('BL-7M4H', 'zapytanie'));
	await house.send();
	assert.deepEqual(house.states(), ['deferred']);
	open.add('dot');
	anHourLater(house);
	await house.send();
	eachOnce(house, server);
	assert.deepEqual(house.states(), ['sent']);
});

for (const [how, script, rows] of [
	['cut before any answer', { mail: () => CUT }, [1, 'deferred']],
	['a cut at DATA', { data: () => CUT }, [1, 'deferred']],
	['garbage', { mail: () => 'HTTP/1.1 400 Bad Request' }, [1, 'deferred']],
	['a megabyte', { rcpt: () => `250 ${'x'.repeat(1 << 20)}` }, [1, 'deferred']],
	['silence', { rcpt: () => SILENT }, [1, 'deferred']],
	['"you are not logged in"', { mail: () => '530 5.7.0 login first' }, [1, 'deferred']],
	['"not now" to our sender', { mail: () => '451 4.3.0 later' }, [1, 'deferred']],
	['a yes to DATA', { data: () => '250 Ok' }, [1, 'deferred']],
	['421 at once', { greeting: () => '421 4.3.2 too many' }, [0, 'queued']],
	['no greeting', { greeting: () => CUT }, [0, 'queued']],
	['a refused EHLO and HELO', { ehlo: () => '554 no' }, [0, 'queued']],
])
	story(`no mail is sent, and the rest stays queued: ${how}`, { smtp: { timeout: 1 }, server: { script } },
		async (house, server) => {
			house.come(3);
			const done = await house.send();
			assert.equal(done.status, 1);
			assert.notEqual(done.stderr, '');
			const owed = house.owed();
			assert.deepEqual([owed[0].attempts, owed[0].state], rows, owed[0].why);
			assert.deepEqual(dated(owed.slice(1), 'state'), ['queued', 'queued']);
			assert.deepEqual(dated(owed.slice(1), 'attempts'), [0, 0]);
			assert.ok(owed.every((r) => r.why && r.doubts === 0), 'the list says why');
			assert.equal(server.accepted.length, 0);
			assert.ok(!/osoba\d/.test(done.stderr), 'no address');
			Object.assign(server.script, { mail: undefined, rcpt: undefined, data: undefined,
				greeting: undefined, ehlo: undefined });
			anHourLater(house);
			const again = await house.send();
			assert.equal(again.status, 0, again.stderr);
			assert.equal(server.accepted.length, 3);
			eachOnce(house, server);
		});

story('replies come byte by byte', { server: { offers: ['PIPELINING', 'DSN'],
	write: async (socket, bytes) => {
		for (const byte of bytes) {
			socket.write(Buffer.from([byte]));
			await new Promise((resolve) => setImmediate(resolve));
		}
	} } }, async (house, server) => {
	house.come(12);
	assert.equal((await house.send()).status, 0);
	assert.equal(server.accepted.length, 12);
	eachOnce(house, server);
});

story('a server that thinks before each answer is waited for', { server: { script: {
	data: () => later(100), dot: () => later(100) } } }, async (house, server) => {
	house.come(5);
	assert.equal((await house.send()).status, 0);
	assert.equal(server.accepted.length, 5);
	eachOnce(house, server);
});

story('a drip that would last for ever ends', { smtp: { timeout: 1 }, server: {
	write: async (socket, bytes) => {
		if (!/queued as/.test(bytes.toString()))
			return socket.write(bytes);
		for (let i = 0; !socket.destroyed && i < 200; i++)
			await later(50, socket.write('2'));
		return false;
	} } }, async (house) => {
	house.come(1);
	const began = Date.now();
	assert.equal((await house.send()).status, 1);
	assert.ok(Date.now() - began < 9000);
	assert.equal(house.owed()[0].doubts, 1);
});

story('delivery reports are asked for where they are offered', { server: { offers: ['PIPELINING', 'DSN'] } },
	async (house, server) => {
		house.come(1, () => 'jan+lis@poczta.example');
		await house.send();
		const [mail] = server.accepted;
		assert.match(mail.mailArgs, /^RET=HDRS ENVID=[a-z0-9]+$/);
		assert.equal(mail.rcptArgs, 'NOTIFY=FAILURE,DELAY ORCPT=rfc822;jan+2Blis@poczta.example');
	});

story('an envelope may be the office\'s', { smtp: { envelope: 'office' } }, async (house, server) => {
	house.come(1);
	await house.send();
	assert.equal(server.accepted[0].from, 'konsultacje@powiat.example');
});

story('a mail that is larger than the server takes is refused in words', { server: { offers: ['SIZE 500'] } },
	async (house, server) => {
		house.come(1);
		assert.equal((await house.send()).status, 0);
		assert.match(house.owed()[0].why, /the mail server takes 500 at most/);
		assert.deepEqual(house.states(), ['failed']);
		assert.equal(server.begun, 0);
	});

for (const step of ['mail', 'dot'])
	story(`552 at ${step} is about that mail`, { server: { script: {
		[step]: (s) => s.letter.to === person(1) || s.letter.data === undefined && !s.seen && (s.seen = true)
			? '552 5.3.4 too large' : undefined } } }, async (house, server) => {
		house.come(3);
		const done = await house.send();
		assert.equal(done.status, 0, done.stderr);
		assert.deepEqual(house.states(), ['failed', 'sent', 'sent']);
		eachOnce(house, server);
	});

story('the rate holds across runs and restarts', { smtp: { rate_per_minute: 7 } }, async (house, server) => {
	house.come(20);
	const after = (s) => {
		house.now = new Date(Date.parse('2026-11-22T12:00:00+01:00') + s * 1000).toISOString();
		return house.send();
	};
	await after(0);
	assert.equal(server.accepted.length, 7);
	await after(59);
	assert.equal(server.accepted.length, 7);
	await after(60);
	assert.equal(server.accepted.length, 14);
	await after(100);
	assert.equal(server.accepted.length, 14);
	await after(121);
	assert.equal(server.accepted.length, 20);
	eachOnce(house, server);
});

for (const offers of [['SMTPUTF8', '8BITMIME'], ['8BITMIME']])
	story(`an address beyond ASCII, where the server offers ${offers}`, { server: { offers } },
		async (house, server) => {
			house.come(1, () => 'józef@poczta.example');
			await house.send();
			const [row] = house.owed();
			if (offers.includes('SMTPUTF8')) {
				assert.equal(server.accepted[0].to, 'józef@poczta.example');
				assert.match(server.accepted[0].mailArgs, /SMTPUTF8/);
				assert.equal(row.state, 'sent');
			} else {
				assert.equal(row.state, 'failed');
				assert.match(row.why, /SMTPUTF8/);
				assert.equal(server.begun, 0);
			}
		});

test('after STARTTLS the server is asked anew what it offers', async () => {
	const ca = new Authority();
	const server = await new ScriptedSmtp({ cert: ca.good, script: {
		ehlo: (s) => s.tls ? ['PIPELINING', 'AUTH PLAIN', 'DSN'] : ['SIZE 10', 'SMTPUTF8', 'XTRA'] } }).start();
	const house = new House({ smtp: { url: `smtp://localhost:${server.port}`, connections: 1,
		user: 'konsultacje', password: 'tajne-haslo', ca_file: ca.file } });
	try {
		house.mail(remark(person(1), 1));
		const done = await house.later('run', '--once');
		assert.equal(done.status, 0, done.stderr);
		assert.match(server.accepted[0].mailArgs, /^RET=HDRS ENVID=\S+$/, 'not what was said before TLS');
		const check = await house.later('check');
		assert.match(check.stdout, /logged in; offers PIPELINING DSN; certificate until \S+, public key sha256\/\//);
		assert.equal(server.accepted.length, 1, 'check sends nothing');
		assert.ok(!/tajne/.test(check.stdout + check.stderr + done.stderr));
		assert.deepEqual(server.faults, []);
	} finally {
		await server.close();
		house.close();
		ca.close();
	}
});

story('where one connection is the limit, one does all', { smtp: { connections: 3 }, server: { script: {
	greeting: (s) => s.first === undefined && holders.size > 0 && !holders.has(s) ? '421 4.7.0 too many connections'
		: void holders.add(s),
	dot: () => later(5) } } }, async (house, server) => {
	holders.clear();
	house.come(130);
	const daemon = house.start();
	await until('all sent', () => server.accepted.length === 130);
	await until('all settled', () => house.states().every((s) => s === 'sent'));
	await daemon.stop();
	eachOnce(house, server);
});

const holders = new Set();

story('several connections share the work, and no row is sent by two', { smtp: { connections: 5 },
	server: { script: { dot: () => later(10) } } }, async (house, server) => {
	house.come(400);
	const daemon = house.start();
	await until('all sent', () => server.accepted.length === 400);
	await until('all settled', () => house.states().every((s) => s === 'sent'));
	await daemon.stop();
	assert.ok(server.most >= 3, `${server.most} at once`);
	assert.equal(server.accepted.length, 400);
	eachOnce(house, server);
	assert.equal(server.quits, server.connections, 'each said goodbye');
	assert.ok(house.owed().every((r) => r.attempts === 1 && r.doubts === 0));
});

story('told to stop, it waits for the answer to what is under way and gives the rest back', {
	server: { script: { dot: (s) => s.mails < 3 ? undefined : later(2000) } } }, async (house, server) => {
	house.come(20);
	const daemon = house.start();
	await until('the fourth mail is under way', () => server.begun === 4);
	await daemon.stop();
	assert.equal(server.accepted.length, 4);
	const states = house.states();
	assert.deepEqual([...new Set(states)].sort(), ['queued', 'sent']);
	assert.equal(states.filter((s) => s === 'sent').length, 4);
	eachOnce(house, server);
});

story('told to stop, it does not wait for a server that says nothing', {
	server: { script: { dot: () => SILENT } } }, async (house, server) => {
	house.come(5);
	const daemon = house.start();
	await until('a mail is under way', () => server.begun === 1);
	await daemon.stop();
	assert.deepEqual(dated(house.owed(), 'doubts'), [1, 0, 0, 0, 0]);
	assert.deepEqual(house.states().slice(1), ['queued', 'queued', 'queued', 'queued']);
});

story('told to stop, twenty connections to a server that fell silent do not wait one after the other', {
	smtp: { connections: 20 }, server: { script: { dot: () => later(200) } } }, async (house, server) => {
	house.come(1050);
	const daemon = house.start();
	await until('all are open', () => server.open >= 15, 60000);
	await until('all is sent', () => server.accepted.length === 1050, 60000);
	await until('all is noted', () => house.states().every((s) => s === 'sent'), 60000);
	for (const socket of server.sockets)
		socket.pause();
	await daemon.stop(); // within ten seconds
});

story('killed while it sends: what was in its hands is listed and comes again', { smtp: { connections: 2 },
	server: { script: { dot: (s) => s.mails < 20 ? undefined : later(50) } } }, async (house, server) => {
	house.come(300);
	const daemon = house.start();
	await until('it is at work', () => server.accepted.length >= 60);
	await daemon.kill();
	const inHand = house.rows('outbox', 'list', '--state', 'claimed');
	assert.ok(inHand.length > 0 && inHand.length <= 100, `${inHand.length} in hand`);
	const next = house.start();
	await until('all arrived', () => new Set(server.messageIds).size === 300);
	await until('all settled', () => house.states().every((s) => s === 'sent'));
	await next.stop();
	const again = house.owed().filter((r) => r.doubts > 0).map((r) => r.id);
	assert.deepEqual(again, inHand.map((r) => r.id), 'those and no others are marked');
	assert.equal(next.log.match(/in_doubt=yes row=\d+ msg=\d+ again=yes/g).length, inHand.length);
	eachOnce(house, server);
});

story('told of another server while it sends: what is under way is finished there, the rest leaves by the new one', {
	server: { script: { dot: (s) => s.mails < 3 ? undefined : later(1000) } } }, async (house, server) => {
	const other = await new ScriptedSmtp().start();
	try {
		house.come(20);
		const daemon = house.start();
		await until('the fourth mail is under way', () => server.begun === 4);
		fs.writeFileSync(house.conf, fs.readFileSync(house.conf, 'utf8').replace(server.url, other.url));
		daemon.child.kill('SIGHUP');
		await until('all sent', () => house.states().every((s) => s === 'sent'));
		await daemon.stop();
		assert.deepEqual([server.accepted.length, other.accepted.length, other.faults.length], [4, 16, 0]);
		assert.ok(house.owed().every((r) => r.attempts === 1 && r.doubts === 0));
	} finally {
		await other.close();
	}
});

for (const wish of ['ask', 'resend'])
	story(`killed while a notice goes to many, with on_unknown = ${wish}: nobody is left out or told twice unasked`, {
		smtp: { on_unknown: wish }, server: { script: { dot: (s) => s.mails < 20 ? undefined : later(40) } } },
		async (house, server) => {
			const people = 150;
			subscribe(house, people);
			house.run('meeting', 'announce', 's-10ke-ledziny-2', '--yes', String(people));
			const daemon = house.start();
			await until('it is at work', () => server.accepted.length >= 70);
			await daemon.kill();
			const inHand = dated(house.rows('outbox', 'list', '--state', 'claimed'), 'id');
			assert.ok(inHand.length > 0 && inHand.length <= 50, `${inHand.length} in hand`);
			server.script.dot = undefined;
			const next = house.start();
			const notices = () => house.owed().filter((r) => /^osoba/.test(r.to));
			const left = wish === 'ask' ? inHand.length : 0;
			await until('all others are sent', () =>
				notices().filter((r) => r.state === 'sent').length === people - left);
			await next.stop();
			assert.deepEqual(dated(notices().filter((r) => r.doubts > 0), 'id'), inHand);
			if (wish === 'ask') {
				assert.equal(new Set(server.messageIds).size, server.messageIds.length, 'nobody was told twice');
				assert.deepEqual(dated(house.rows('outbox', 'list', '--waiting'), 'id'), inHand);
				house.run('outbox', 'retry', ...inHand.map(String));
				await house.send();
			}
			assert.equal(new Set(server.accepted.map((m) => m.to)).size, people);
			eachOnce(house, server);
		});

story('after a crash, mail that is no confirmation waits for staff', { server: { script: { dot: () => SILENT } } },
	async (house, server) => {
		house.mail(remark('jan@poczta.example', 1).replace('BL-7M4H', 'zapytanie'));
		const daemon = house.start();
		await until('a mail is under way', () => server.begun === 1);
		await daemon.kill();
		server.script.dot = undefined;
		assert.equal((await house.send()).status, 0);
		const [row] = house.owed();
		assert.deepEqual([row.state, row.doubts], ['unknown', 1]);
		house.run('outbox', 'release', String(row.id));
		await house.send();
		assert.deepEqual(house.states(), ['sent']);
		eachOnce(house, server);
	});

story('an idle connection is closed, and one that the server closed is not used', { server: { script: {} } },
	async (house, server) => {
		const daemon = house.start();
		house.come(1);
		await until('the first', () => server.accepted.length === 1);
		for (const socket of server.sockets)
			socket.end('421 4.4.2 idle for too long\r\n');
		house.come(1);
		await until('the second', () => server.accepted.length === 2);
		await until('settled', () => house.states().every((s) => s === 'sent'));
		assert.equal(server.connections, 2);
		assert.deepEqual(dated(house.owed(), 'attempts'), [1, 1]);
		await daemon.stop();
		eachOnce(house, server);
	});

test('a server that looks up our name for half a minute before it greets us is waited for', async () => {
	const done = await patient;
	assert.equal(done.status, 0, done.stderr);
	assert.equal(done.sent, 1);
});

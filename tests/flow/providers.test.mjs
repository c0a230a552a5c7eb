// providers - every provider of texts, as it should be and as it should not
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { Daemon, House, until } from './house.mjs';
import { Infobip, SzybkiSms, Twilio, connect, poll, stubs } from './providers.mjs';
import { Authority } from './servers.mjs';

const authority = new Authority();
const cert = authority.issue({ names: ['bramka.elsewhere.example'], self: true });
test.after(() => authority.close());

function story(name, body, kinds = stubs) {
	for (const Kind of kinds)
		test(`${new Kind().name}: ${name}`, async () => {
			const house = new House();
			const stub = await new Kind({ cert }).start();
			try {
				connect(house, stub);
				stub.now = Date.parse(house.now);
				await body(house, stub);
			} finally {
				await stub.close();
				house.close();
			}
		});
}

const owed = (house) => house.rows('outbox', 'list').filter((r) => r.channel === 'sms');
const later = (house, minutes) => house.now = new Date(Date.parse(house.now) + minutes * 6e4)
	.toISOString();

async function ok(house) {
	const done = await poll(house);
	assert.equal(done.status, 0, done.stderr);
	return done;
}

async function fails(house, words) {
	const done = await poll(house);
	assert.equal(done.status, 1);
	assert.match(done.stderr, words);
	return done;
}

story('a text comes in and its confirmation goes out, once', async (house, stub) => {
	stub.receive({ text: 'BL-7M4H Prosimy o ławki, żółte.', at: '2026-11-22T10:00:00Z' });
	await ok(house);
	const [row] = house.rows('journal');
	assert.equal(row.fate, 'filed', row.why);
	assert.equal(row.received_at, '2026-11-22T11:00:00+01:00', 'by the provider\'s clock');
	assert.equal(house.rows('remark', 'list')[0].text, 'Prosimy o ławki, żółte.');
	assert.equal(stub.sent.length, 1);
	assert.equal(stub.sent[0].to, '+48110000301');
	const [answer] = owed(house);
	assert.equal(answer.text, stub.sent[0].text);
	assert.equal(answer.external_id, stub.sent[0].id);
	await ok(house);
	await ok(house);
	assert.equal(house.rows('journal').length, 1);
	assert.equal(stub.sent.length, 1);
});

story('many pages are all read, and read once', async (house, stub) => {
	for (let i = 0; i < 450; i++)
		stub.receive({ from: `+48110${String(i).padStart(6, '0')}`,
			text: `BL-7M4H Prosimy o kurs numer ${i}.`,
			at: new Date(Date.parse('2026-11-22T08:00:00Z') + i * 1000).toISOString() });
	await ok(house);
	assert.equal(house.rows('remark', 'list').length, 450);
	const asked = stub.count('poll');
	assert.ok(asked >= 3 && asked <= (stub.name === 'szybkisms' ? 11 : 8), `${asked} requests`);
	stub.receive({ text: 'BL-7M4H I jeszcze jeden.', at: '2026-11-22T10:30:00Z' });
	await ok(house);
	assert.equal(house.rows('remark', 'list').length, 451);
});

story('at the first contact nothing of before is read, unless told so', async (house, stub) => {
	connect(house, stub, { start: 'now' });
	stub.receive({ text: 'BL-7M4H Dawno temu.', at: '2026-11-20T10:00:00Z' });
	await ok(house);
	assert.equal(house.rows('journal').length, 0);
	stub.receive({ text: 'BL-7M4H Teraz.', at: '2026-11-22T11:01:00Z' });
	later(house, 5);
	await ok(house);
	assert.deepEqual(house.rows('remark', 'list').map((r) => r.text), ['Teraz.']);
}, stubs.filter((s) => s !== Infobip));

story('told to wait, it waits; nothing is lost', async (house, stub) => {
	stub.receive({ text: 'BL-7M4H Prosimy o ławki.' });
	stub.fault('poll', { status: 429, headers: { 'Retry-After': '60' } });
	await fails(house, /HTTP 429/);
	assert.equal(stub.count('poll'), 1, 'asked once, whoever asks again');
	await ok(house);
	assert.equal(house.rows('remark', 'list').length, 1);
});

for (const [name, how] of [['an error of theirs', { status: 500 }], ['half an answer', 'half'],
	['silence', 'silent'], ['no JSON at all', () => 'Service down'],
	['nothing', () => ''],
	['lists that are none', (json) => Array.isArray(json) ? { a: 'b' } : JSON.parse(
		JSON.stringify(json).replace(/"(items|messages|results)":\[.*?\}\]/g, '"$1":{"a":"b"}'))],
	['a redirect', { status: 302, headers: { Location: 'https://127.0.0.2/' } }]])
	story(`${name} loses nothing and asks once`, async (house, stub) => {
		stub.receive({ text: 'BL-7M4H Prosimy o ławki.' });
		stub.fault('poll', how);
		await fails(house, /sms bramka/);
		assert.equal(stub.count('poll'), 1);
		await ok(house);
		assert.equal(house.rows('remark', 'list').length, 1);
		assert.equal(stub.sent.length, 1);
	}, stubs.filter((s) => s !== Infobip || how !== 'half'));

story('a text without its fields is kept for staff and holds nobody up', async (house, stub) => {
	stub.receive({ text: 'BL-7M4H Pierwsza.' });
	stub.receive({ text: 'BL-7M4H Druga.', from: '+48110000302' });
	stub.receive({ text: 'BL-7M4H Trzecia.', from: '+48110000303' });
	let n = 0;
	stub.fault('poll', (json) => JSON.parse(JSON.stringify(json).replace(/"(SenderNumber|phone|from|sender)":"[^"]*"/g,
		(all, key) => n++ === 1 ? `"${key}":{"number":[1]}` : all)), 100);
	await ok(house);
	const fates = house.rows('journal').map((r) => r.fate).sort();
	assert.deepEqual(fates, ['filed', 'filed', 'unreadable']);
	n = 0;
	await ok(house);
	assert.equal(house.rows('journal').length, 3);
});

story('half an emoji or a NUL does not stop those behind it', async (house, stub) => {
	stub.receive({ text: 'BL-7M4H Prosimy \ud83d', at: '2026-11-22T09:00:00Z' });
	stub.receive({ text: 'BL-7M4H Nic\u0000nic', from: '+48110000302', at: '2026-11-22T09:00:01Z' });
	stub.receive({ text: 'BL-7M4H Dobrze 😀', from: '+48110000303', at: '2026-11-22T09:00:02Z' });
	await ok(house);
	assert.deepEqual(house.rows('remark', 'list').map((r) => r.text),
		['Prosimy \ufffd', 'Nic nic', 'Dobrze 😀']);
});

story('ids as numbers are the same as ids as text', async (house, stub) => {
	stub.receive({ text: 'BL-7M4H Prosimy o ławki.' });
	await ok(house);
	stub.fault('poll', (json) => JSON.parse(JSON.stringify(json)
		.replace(/"(ID|id)":"?(\d+)"?/g, (all, key, id) =>
			`"${key}":${all.includes('"' + id) ? id : `"${id}"`}`)), 10);
	later(house, 1);
	stub.receive({ text: 'BL-7M4H I kosze.', from: '+48110000302' });
	await ok(house);
	assert.equal(house.rows('journal').length, 2);
});

story('the same page for ever ends, and what was on it is stored', async (house, stub) => {
	for (let i = 0; i < 300; i++)
		stub.receive({ from: `+48110${String(i).padStart(6, '0')}`, text: `BL-7M4H Kurs ${i}.` });
	let first;
	stub.fault('poll', (json) => first ??= json, 1000);
	await poll(house);
	assert.ok(stub.count('poll') <= 12, `${stub.count('poll')} requests`);
	assert.equal(house.rows('remark', 'list').length, { serwersms: 100, szybkisms: 50 }[stub.name] ?? 200);
	stub.faults = [];
	await ok(house);
	assert.equal(house.rows('remark', 'list').length, 300);
});

story('a login that is refused says so, and what to look at', async (house, stub) => {
	stub.secret = 'inne';
	await fails(house, /token_file/);
	assert.ok(stub.count('refused') <= 2);
	const check = await poll(house, 'check');
	assert.equal(check.status, 1);
	assert.match(check.stdout + check.stderr, /token_file/);
	assert.doesNotMatch(check.stdout + check.stderr, /tajne-haslo/);
});

story('another key than the pinned one gets nothing', async (house, stub) => {
	const good = stub.cert.pin;
	stub.cert = { ...stub.cert, pin: authority.good.pin };
	connect(house, stub);
	stub.cert = { ...stub.cert, pin: good };
	await fails(house, /pin/);
	assert.deepEqual(stub.asked, {});
});

for (const [name, how] of [['too many requests', { status: 429, headers: { 'Retry-After': '60' } }],
	['closed for a while', { status: 503 }]])
	story(`${name}: the answer goes later, once`, async (house, stub) => {
		stub.receive({ text: 'BL-7M4H Prosimy o ławki.' });
		stub.fault('send', how);
		await ok(house);
		assert.equal(owed(house)[0].state, 'deferred');
		later(house, /twilio|infobip/.test(stub.name) ? 20 : 2);
		await ok(house);
		assert.equal(owed(house)[0].state, 'sent');
		assert.equal(stub.sent.length, 1);
	});

for (const how of ['taken', 'half', { status: 500 }, () => '', () => 'x'])
	story(`what may have been taken (${JSON.stringify(how) ?? how}) is looked up before it is sent again`, async (house, stub) => {
		stub.receive({ text: 'BL-7M4H Prosimy o ławki.' });
		stub.fault('send', how);
		await ok(house);
		assert.equal(owed(house)[0].state, 'deferred');
		stub.fault('find', 'silent');
		later(house, 2);
		await ok(house);
		assert.equal(owed(house)[0].state, 'deferred', 'not known: not sent');
		assert.equal(stub.count('send'), 1);
		later(house, 10);
		await ok(house);
		if (typeof how === 'object') { // it was not taken, and is known not to be
			later(house, 20);
			await ok(house);
		}
		assert.equal(owed(house)[0].state, 'sent', owed(house)[0].why);
		assert.equal(stub.sent.length, 1, 'once');
		assert.equal(owed(house)[0].external_id, stub.sent[0].id);
	});

story('a next page on another host is not asked for, nor with our login', async (house, stub) => {
	for (let i = 0; i < 300; i++)
		stub.receive({ from: `+48110${String(i).padStart(6, '0')}`, text: `BL-7M4H Kurs ${i}.` });
	for (const uri of [`https://127.0.0.2:${stub.port}/2010-04-01/x`, '//127.0.0.2/x',
		'/elsewhere', '@127.0.0.2/x', '.127.0.0.2/x']) {
		stub.fault('poll', (json) => ({ ...json, next_page_uri: uri }));
		await fails(house, /somewhere else/);
	}
	await ok(house);
	assert.equal(house.rows('remark', 'list').length, 300);
}, [Twilio]);

story('what became of a text is asked, shown, and asked again more and more rarely', async (house, stub) => {
	stub.receive({ text: 'BL-7M4H Prosimy o ławki.' });
	stub.receive({ text: 'BL-7M4H Prosimy o kosze.', from: '+48110000302' });
	await ok(house);
	assert.deepEqual(owed(house).map((r) => r.arrival), ['open', 'open']);
	later(house, 2);
	stub.fault('find', 'silent');
	await ok(house);
	assert.deepEqual(owed(house).map((r) => r.arrival), ['open', 'open'], 'not known yet');
	const asked = stub.count('find');
	await ok(house);
	assert.equal(stub.count('find'), asked, 'not again at once');
	stub.sent[0].status = stub.name === 'smseagle' ? 'DeliveryOK' : 'delivered';
	stub.sent[1].status = stub.name === 'smseagle' ? 'DeliveryFailed' : 'undelivered';
	stub.sent[1].reason = 'wrong_number';
	later(house, 3);
	await ok(house);
	const [first, second] = owed(house);
	assert.deepEqual([first.arrival, second.arrival], ['delivered', 'failed']);
	assert.match(second.arrival_why, /wrong_number|undeliver|DeliveryFailed/i);
	assert.match(house.run('outbox', 'show', String(second.id)), /arrival\s+failed/);
	const [stats] = house.rows('stats');
	const of = stats.consultations.find((c) => c.code === 'BL-7M4H');
	assert.deepEqual([of.texts, of.undelivered], [2, 1]);
	assert.equal(of.segments, first.segments + second.segments);
	const before = stub.count('find');
	later(house, 600);
	await ok(house);
	assert.equal(stub.count('find'), before, 'known for good');
});

// ---- those that forget what they gave, or are told to ------------------------

const number = (i) => `+48110${String(i).padStart(6, '0')}`;

function someTexts(stub, n) {
	for (let i = 0; i < n; i++)
		stub.receive({ from: number(i), text: `BL-7M4H Prosimy o kurs numer ${i}.` });
}

const remarks = (house) => house.rows('remark', 'list').map((r) => r.text);

story('an answer that breaks off gives every whole text, and staff see the rest', async (house, stub) => {
	someTexts(stub, 5);
	stub.fault('poll', 'half');
	await ok(house);
	assert.equal(stub.texts.length, 0, 'they are gone there');
	const rows = house.rows('journal');
	assert.ok(remarks(house).length >= 1, 'those that came whole');
	const cut = rows.filter((r) => r.fate === 'unreadable');
	assert.equal(cut.length, 1);
	assert.match(cut[0].why, /broke off.*ask the provider/);
	await ok(house);
	assert.equal(house.rows('journal').length, rows.length, 'read once');
}, [Infobip]);

story('all of it is read at the first contact, as it is given only once', async (house, stub) => {
	connect(house, stub, { start: 'now' });
	stub.receive({ text: 'BL-7M4H Wczoraj.', at: '2026-11-21T10:00:00Z' });
	await ok(house);
	assert.deepEqual(remarks(house), ['Wczoraj.']);
}, [Infobip]);

story('what is no answer is kept once, for staff', async (house, stub) => {
	for (let i = 0; i < 3; i++) {
		stub.fault('poll', () => ({ verdict: 'maintenance' }));
		await fails(house, /holds no list of texts; it is kept as a file aside/);
	}
	const files = fs.readdirSync(path.join(house.dir, 'answers-bramka'));
	assert.deepEqual(files.length, 1, files.join(' '));
	assert.match(fs.readFileSync(path.join(house.dir, 'answers-bramka', files[0]), 'utf8'), /maintenance/);
}, [Infobip]);

story('without room to keep an answer nothing is asked', async (house, stub) => {
	someTexts(stub, 1);
	fs.writeFileSync(path.join(house.dir, 'answers-bramka'), 'no folder');
	await fails(house, /nothing is asked|cannot look for kept answers/);
	assert.equal(stub.count('poll'), 0);
	const check = await poll(house, 'check');
	assert.equal(check.status, 1);
	assert.match(check.stdout + check.stderr, /answers-bramka cannot be used/);
	stub.asked = {};
	fs.unlinkSync(path.join(house.dir, 'answers-bramka'));
	await ok(house);
	assert.equal(remarks(house).length, 1);
}, [Infobip, SzybkiSms]);

story('killed at each step between the answer and the end, nothing is lost', async (house, stub) => {
	const log = path.join(house.dir, 'steps');
	let n = 0;
	for (let at = 1, over = false; !over; at++) {
		stub.receive({ from: number(at), text: `BL-7M4H Prosimy o kurs numer ${at}.` });
		n++;
		const how = await poll(house, 'run', '--once',
			{ UWAGA_CRASH_AT: String(at), UWAGA_CRASH_LOG: log });
		over = how.signal !== 'SIGKILL';
		later(house, 1);
		stub.now = Date.parse(house.now);
	}
	assert.ok(n > 8, `${n} steps`);
	assert.match(fs.readFileSync(log, 'utf8'), /answer kept/);
	for (let i = 0; i < 4; i++) {
		await ok(house);
		later(house, 20);
		stub.now = Date.parse(house.now);
	}
	assert.equal(new Set(remarks(house)).size, n);
	assert.equal(remarks(house).length, n);
	assert.equal(stub.texts.length, 0);
	assert.equal(stub.sent.length, n, 'each answered once');
}, [Infobip, SzybkiSms]);

story('killed while the answer is coming, what came is read', async (house, stub) => {
	await ok(house);
	someTexts(stub, 3);
	// As the file stands when the program dies between two pieces of the answer.
	const whole = JSON.stringify({ results: stub.texts.map((t) => ({ messageId: String(t.id),
		from: t.from.slice(1), to: '48110010010', text: t.text,
		receivedAt: '2026-11-22T10:00:00.000+0000' })) });
	fs.writeFileSync(path.join(house.dir, 'answers-bramka/.coming'), whole.slice(0, -40));
	stub.texts = [];
	await ok(house);
	assert.equal(remarks(house).length, 2);
	assert.equal(house.rows('journal').filter((r) => r.fate === 'unreadable').length, 1);
}, [Infobip]);

story('a restored database finds again what is gone there', async (house, stub) => {
	house.run('backup', `${house.dir}/copy.db`);
	someTexts(stub, 3);
	await ok(house);
	assert.equal(remarks(house).length, 3);
	assert.equal(stub.texts.length, 0);
	house.run('restore', `${house.dir}/copy.db`);
	assert.equal(remarks(house).length, 0);
	await ok(house);
	assert.equal(remarks(house).length, 3);
	await ok(house);
	assert.equal(house.rows('journal').length, 3);
}, [Infobip, SzybkiSms]);

story('years of old texts behind ours cost a few requests, and stay there', async (house, stub) => {
	connect(house, stub, { start: 'now' });
	for (let i = 0; i < 1000; i++)
		stub.receive({ from: number(i), text: `BL-7M4H Dawno temu ${i}.`, at: '2025-01-01T10:00:00Z' });
	await ok(house);
	later(house, 60);
	for (let i = 0; i < 120; i++)
		stub.receive({ from: number(i), text: `BL-7M4H Teraz ${i}.`, at: '2026-11-22T11:30:00Z' });
	const before = stub.count('poll');
	await ok(house);
	assert.deepEqual(remarks(house), Array.from({ length: 120 }, (_, i) => `Teraz ${i}.`),
		'oldest first');
	assert.ok(stub.count('poll') - before <= 16, `${stub.count('poll') - before} requests`);
	assert.equal(stub.texts.length, 1000);
}, [SzybkiSms]);

story('texts that cannot be deleted are no second remarks', async (house, stub) => {
	someTexts(stub, 3);
	stub.fault('delete', { status: 500 });
	await fails(house, /HTTP 500|left alone/);
	assert.equal(stub.texts.length, 3);
	await ok(house);
	assert.equal(stub.texts.length, 0);
	assert.equal(remarks(house).length, 3);
	assert.equal(house.rows('journal').length, 3);
}, [SzybkiSms]);

// Three seconds of a daemon that asks every second, and whether all came in the end.
async function watch(Kind, fault) {
	const house = new House();
	const stub = await new Kind({ cert: authority.good }).start();
	connect(house, stub);
	stub.now = Date.parse(house.now);
	for (let i = 0; i < 20; i++)
		stub.receive({ from: `+48110${String(i).padStart(6, '0')}`, text: `BL-7M4H Kurs ${i}.` });
	let first;
	stub.fault('poll', fault ?? ((json) => first ??= json), 1e9);
	const daemon = new Daemon(house);
	try {
		await until('it asks', () => stub.count('poll') > 0);
		await new Promise((resolve) => setTimeout(resolve, 3000));
		const asked = stub.count('poll');
		await daemon.kill();
		stub.faults = [];
		await ok(house);
		return { name: stub.name, asked, filed: house.rows('remark', 'list').length };
	} finally {
		await daemon.kill();
		await stub.close();
		house.close();
	}
}

for (const [name, fault] of [['an error of theirs', { status: 500 }], ['nothing', () => ''],
	['too many requests', { status: 429, headers: { 'Retry-After': '60' } }],
	['the same page', null]])
	test(`for ever ${name}: the daemon asks at most some times a second, and loses nothing`, async () => {
		for (const { name: who, asked, filed } of await Promise.all(stubs.map((Kind) => watch(Kind, fault)))) {
			assert.ok(asked <= (fault?.status === 429 ? 1 : 8), `${who}: ${asked} requests in 3 s`);
			assert.equal(filed, 20, who);
		}
	});

// answer - what the office decided: given, proven, told, asked for
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

import { Daemon, House, program, until } from './house.mjs';
import { Phone } from './phone.mjs';

let serial = 0;

const mail = ({ from = 'jan.lis@poczta.example', to = 'konsultacje@powiat.example',
	subject = 'BL-7M4H', text, inReplyTo, dmarc = 'pass', at = '2026-11-22T10:00:00+01:00' }) => {
	const date = new Date(at).toUTCString().replace('GMT', '+0000');
	return [`Return-Path: <${from}>`,
		`Received: from mx.poczta.example by mx.powiat.example; ${date}`,
		...(dmarc ? [`Authentication-Results: mx.powiat.example; dmarc=${dmarc} header.from=poczta.example`] : []),
		`From: ${from}`, `To: ${to}`, `Subject: ${subject}`, `Date: ${date}`,
		`Message-ID: <a${++serial}@poczta.example>`,
		...(inReplyTo ? [`In-Reply-To: <${inReplyTo}>`] : []),
		'MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8',
		'Content-Transfer-Encoding: 8bit', '', text, ''].join('\r\n');
};

const phone = '+48110000301';
const reasons = 'W budżecie na 2027 rok nie ma na to pieniędzy.';
const remarks = (house) => house.rows('remark', 'list');
const told = (house) => house.rows('outbox', 'list')
	.filter((r) => /answer/.test(r.template));
const show = (house, number) => house.rows('remark', 'show', number)[0];
const give = (house, numbers, verdict = 'rejected', why = reasons, ...more) =>
	house.rows('remark', 'answer', ...[numbers].flat(), '--verdict', verdict, '--reasons', why, ...more)[0];
const count = (house, sql) => JSON.parse(spawnSync('sqlite3', [path.join(house.dir, 'uwaga.db'), sql],
	{ encoding: 'utf8' }).stdout);

function story(name, body, options) {
	test(name, async () => {
		const house = new House(options);
		try {
			await body(house);
		} finally {
			house.close();
		}
	});
}

story('an answer reaches its author by mail with verdict, reasons and what was said', (house) => {
	house.mail(mail({ text: 'Prosimy o dwie ławki.' }));
	house.poll();
	const [{ number }] = remarks(house);
	const done = give(house, number);
	assert.deepEqual([done.mail, done.sms, done.remarks[0].told], [1, 0, true]);
	house.poll();
	const [row] = told(house);
	assert.equal(row.state, 'sent');
	assert.match(row.subject, /nieuwzględniona/);
	for (const words of [reasons, '> Prosimy o dwie ławki.', number, done.remarks[0].receipt])
		assert.ok(row.text.includes(words), words);
	assert.ok(row.in_reply_to, 'it goes on with the author’s own mail');
	assert.deepEqual([remarks(house)[0].state, remarks(house)[0].verdict, remarks(house)[0].reasons],
		['answered', 'rejected', reasons]);
	const proof = house.rows('verify', '--receipt', done.remarks[0].receipt)[0];
	assert.deepEqual([proof.sound, proof.event, proof.subject], [true, 'answered', number]);
});

story('the same answer again changes nothing and tells nobody', (house) => {
	house.mail(mail({ text: 'Prosimy o dwie ławki.' }));
	house.poll();
	const [{ number }] = remarks(house);
	give(house, number);
	const links = house.rows('verify')[0].links;
	const again = give(house, [number, number], 'nieuwzględniona', `  ${reasons}\n`);
	assert.deepEqual([again.answer, again.remarks.length, again.remarks[0].unchanged], [null, 1, true]);
	assert.match(house.run('remark', 'answer', number, '--verdict', 'rejected', '--reasons', reasons), /already/);
	assert.equal(house.rows('verify')[0].links, links);
	assert.equal(told(house).length, 1);
});

story('another answer takes the place of the first, and says so', (house) => {
	house.mail(mail({ text: 'Prosimy o dwie ławki.' }));
	house.poll();
	const [{ number }] = remarks(house);
	give(house, number);
	house.poll();
	give(house, number, 'partly', 'Będzie jedna.', '--wording', '§ 4 ust. 2. Jedna ławka.');
	house.poll();
	const rows = told(house);
	assert.deepEqual(rows.map((r) => r.state), ['sent', 'sent']);
	assert.doesNotMatch(rows[0].text, /zastępuje/);
	assert.match(rows[1].text, /zastępuje poprzednie, z 22 listopada 2026/);
	assert.match(rows[1].text, /§ 4 ust\. 2\. Jedna ławka\./);
	assert.deepEqual(show(house, number).answers.map((a) => [a.verdict, a.replaced, a.version]),
		[['rejected', true, 1], ['partly', false, 1]]);
	assert.match(house.run('remark', 'show', number), /rejected \(replaced\)/);
	assert.equal(show(house, number).verdict, 'partly');
	assert.equal(house.rows('verify')[0].sound, true);
});

story('an answer that is followed before it left is not sent, and the next speaks of no other', (house) => {
	house.text({ from: phone, text: 'BL-7M4H Dwie lawki', at: '2026-11-22T10:00:00+01:00' });
	house.poll();
	house.now = '2026-11-22T21:00:00+01:00';
	const [{ number }] = remarks(house);
	give(house, number);
	give(house, number, 'accepted', 'Tak.');
	house.poll();
	assert.deepEqual(told(house).map((r) => [r.state, r.due_at]),
		[['cancelled', null], ['queued', '2026-11-23T08:00:00+01:00']]);
	house.now = '2026-11-23T08:00:00+01:00';
	house.poll();
	assert.equal(told(house)[1].state, 'sent');
	assert.doesNotMatch(told(house)[1].text, /Zamiast/);
});

story('the quiet hours hold for an answer that could not leave before they began', (house) => {
	house.text({ from: phone, text: 'BL-7M4H Dwie lawki', at: '2026-11-22T10:00:00+01:00' });
	house.poll();
	house.now = '2026-11-22T19:59:00+01:00';
	give(house, remarks(house)[0].number);
	assert.equal(told(house)[0].due_at, house.now);
	house.now = '2026-11-22T20:01:00+01:00';
	house.poll();
	assert.deepEqual([told(house)[0].state, told(house)[0].due_at], ['queued', '2026-11-23T08:00:00+01:00']);
});

story('alike remarks are answered together: one mail or text to each person', (house) => {
	for (const text of ['Dwie ławki.', 'Ławki dwie.'])
		house.mail(mail({ text }));
	house.mail(mail({ from: 'ewa@poczta.example', text: 'Dwie ławki, proszę.' }));
	house.text({ from: phone, text: 'BL-7M4H Dwie lawki', at: '2026-11-22T10:00:00+01:00' });
	house.poll();
	const numbers = remarks(house).map((r) => r.number);
	const done = give(house, numbers);
	assert.deepEqual([done.mail, done.sms], [2, 1]);
	house.poll();
	const [jan, ewa, text] = told(house);
	for (const words of [numbers[0], numbers[1], '> Dwie ławki.', '> Ławki dwie.'])
		assert.ok(jan.text.includes(words), words);
	assert.ok(!jan.text.includes('proszę') && ewa.text.includes('> Dwie ławki, proszę.'));
	assert.match(ewa.text, /bardzo podobną uwagę: 3\./);
	assert.match(text.text, /^Uwaga nr BL-7M4H\/\d: nieuwzgledniona\. W budzecie na 2027 rok nie ma/);
	assert.equal(text.template, 'sms_answer_ready');
	assert.equal(text.segments, 1);
	assert.equal(new Set(remarks(house).map((r) => r.answered_at)).size, 1);
});

story('long reasons by text are cut within the segments, whole words, with where the rest is', (house) => {
	house.text({ from: phone, text: 'BL-7M4H Dwie lawki', at: '2026-11-22T10:00:00+01:00' });
	house.poll();
	const long = 'Źródła finansowania są niewystarczające. '.repeat(50);
	give(house, remarks(house)[0].number, 'off_topic', long);
	const [row] = told(house);
	assert.ok(row.segments <= 2, `${row.segments} segments`);
	assert.match(row.text, /poza przedmiotem konsultacji\. Zrodla finansowania .*\w\.?\.\.\. Calosc: tel\. 110000000\. Starostwo Powiatowe$/);
	const size = house.rows('sms-size', row.text)[0];
	assert.deepEqual([size.encoding, size.segments], ['gsm7', row.segments]);
});

story('whatever the reasons are, a text stays of plain letters and within its segments', (house) => {
	house.text({ from: phone, text: 'BL-7M4H Dwie lawki', at: '2026-11-22T10:00:00+01:00' });
	house.poll();
	const [{ number }] = remarks(house);
	for (const [why, begins] of [['x'.repeat(300), /rejected|nieuwzgledniona\. Calosc: tel/],
		['a'.repeat(159), /\. a{159} Starostwo/], ['a'.repeat(161), /nieuwzgledniona\. Calosc/],
		['Nie 😀 “teraz” — później…', /\. Nie \? "teraz" - pozniej\.\.\. Starostwo/],
		['€^{}'.repeat(30), /€/], ['raz\r\n\r\n\tdwa', /\. raz +dwa Starostwo/],
		['{{title}} {{#a}}', /\{\{title\}\}/]]) {
		give(house, number, 'rejected', why);
		const { text, segments } = told(house).at(-1);
		assert.match(text, begins, text);
		assert.doesNotMatch(text, /\n/);
		const size = house.rows('sms-size', text)[0];
		assert.deepEqual([size.encoding, size.segments], ['gsm7', segments]);
		assert.ok(segments <= 3, text);
	}
});

story('who is told: nobody who said WSZYSTKO, whose mail came back, or whom we may not answer', (house) => {
	house.mail(mail({ from: 'cicha@poczta.example', text: 'Jedna.' }));
	house.mail(mail({ from: 'stop@poczta.example', text: 'Druga.' }));
	house.mail(mail({ from: 'martwa@poczta.example', text: 'Trzecia.' }));
	house.mail(mail({ from: 'obca@poczta.example', text: 'Czwarta.', dmarc: 'fail' }));
	house.mail(mail({ from: 'niema@poczta.example', text: 'Piąta, nikt nie ręczy.', dmarc: null }));
	house.poll();
	const held = house.rows('inbound', 'list').find((r) => r.from === 'obca@poczta.example');
	house.run('inbound', 'assign', String(held.id), 'BL-7M4H');
	house.mail(mail({ from: 'cicha@poczta.example', subject: 'dość', text: 'WSZYSTKO' }));
	house.mail(mail({ from: 'stop@poczta.example', subject: 'dość', text: 'STOP' }));
	const confirmation = house.rows('outbox', 'list').find((r) => r.to === 'martwa@poczta.example');
	house.mail(fs.readFileSync('samples/mail/d20-bounce-postfix-511.eml', 'utf8')
		.replaceAll('s-10ke-bierun-2.0.k3f9@konsultacje.powiat.example', confirmation.message_id));
	house.poll();
	const done = give(house, remarks(house).map((r) => r.number));
	const by = new Map(done.remarks.map((r) => [remarks(house).find((x) => x.number === r.number).from, r]));
	assert.deepEqual([...by].map(([who, r]) => [who.split('@')[0], r.told]).sort(),
		[['cicha', false], ['martwa', false], ['niema', true], ['obca', false], ['stop', true]]);
	assert.match(by.get('cicha@poczta.example').why, /nothing more/);
	assert.match(by.get('martwa@poczta.example').why, /no mail/);
	assert.match(by.get('obca@poczta.example').why, /not one to write to/);
	assert.deepEqual(told(house).map((r) => r.to).sort(), ['niema@poczta.example', 'stop@poczta.example']);
	const silent = told(house).find((r) => r.to === 'niema@poczta.example').text;
	assert.doesNotMatch(silent, /nikt nie ręczy/, 'words that nobody vouched for are not repeated');
	assert.equal(remarks(house).filter((r) => r.state === 'answered').length, 5, 'all are answered');
});

story('WSZYSTKO takes an answer that has not left off the queue', (house) => {
	house.text({ from: phone, text: 'BL-7M4H Dwie lawki', at: '2026-11-22T10:00:00+01:00' });
	house.poll();
	house.now = '2026-11-22T21:00:00+01:00';
	give(house, remarks(house)[0].number);
	house.text({ from: phone, text: 'WSZYSTKO', at: '2026-11-22T21:00:00+01:00' });
	house.poll();
	assert.equal(told(house)[0].state, 'cancelled');
});

story('what is refused, and changes nothing', (house) => {
	house.mail(mail({ text: 'Prosimy o dwie ławki.' }));
	house.mail(mail({ from: 'ewa@poczta.example', text: 'Po pierwsze ławki. Po drugie lampy.' }));
	house.mail(mail({ from: 'iza@poczta.example', subject: 'BL-T4NR', text: 'Nocne autobusy.' }));
	house.mail(mail({ from: 'ula@poczta.example', text: 'Kosze.' }));
	house.poll();
	const number = (who) => remarks(house).find((r) => r.from === `${who}@poczta.example`).number;
	house.mail(mail({ from: 'ula@poczta.example', text: `WYCOFUJĘ ${number('ula')}` }));
	house.poll();
	house.run('remark', 'split', number('ewa'), '--at', 'Po drugie');
	const before = house.rows('verify')[0];
	const refused = (pattern, status, ...args) => {
		const r = house.try('remark', 'answer', ...args);
		assert.equal(r.status, status, args.join(' '));
		assert.match(r.stderr, pattern);
	};
	const jan = number('jan.lis'), why = ['--reasons', reasons];
	refused(/was withdrawn/, 1, jan, number('ula'), '--verdict', 'accepted', ...why);
	refused(/was split/, 1, number('ewa'), '--verdict', 'accepted', ...why);
	refused(/two consultations/, 1, jan, number('iza'), '--verdict', 'accepted', ...why);
	refused(/there is no remark/, 1, jan, 'BL-7M4H/99', '--verdict', 'accepted', ...why);
	refused(/no verdict "maybe".*accepted \(uwzględniona\)/, 1, jan, '--verdict', 'maybe', ...why);
	refused(/needs its reasons/, 1, jan, '--verdict', 'accepted');
	refused(/needs its reasons/, 1, jan, '--verdict', 'accepted', '--reasons', ' \n ');
	refused(/not UTF-8|at most/, 1, jan, '--verdict', 'accepted', '--reasons', 'x'.repeat(30000));
	refused(/cannot be read/, 1, jan, '--verdict', 'accepted', '--file', path.join(house.dir, 'none'));
	refused(/usage/, 2, jan, ...why);
	refused(/usage/, 2, '--verdict', 'accepted', ...why);
	refused(/usage/, 2, jan, '--verdict', 'accepted', ...why, '--file', 'x');
	fs.writeFileSync(path.join(house.dir, 'latin'), Buffer.from([0xb3, 0x61]));
	refused(/not UTF-8/, 1, jan, '--verdict', 'accepted', '--file', path.join(house.dir, 'latin'));
	assert.equal(house.rows('verify')[0].head, before.head);
	assert.equal(told(house).length, 0);
	assert.equal(count(house, 'SELECT COUNT(*) FROM answer'), 0);
});

story('a dry run shows who would be told what, and changes nothing', (house) => {
	house.mail(mail({ text: 'Prosimy o dwie ławki.' }));
	house.text({ from: phone, text: 'BL-7M4H Dwie lawki', at: '2026-11-22T10:00:00+01:00' });
	house.poll();
	const head = house.rows('verify')[0].head;
	fs.writeFileSync(path.join(house.dir, 'why.txt'), `${reasons}\r\n\r\nProsimy o cierpliwość.\r\n`);
	const said = house.run('remark', 'answer', ...remarks(house).map((r) => r.number), '--verdict', 'rejected',
		'--file', path.join(house.dir, 'why.txt'), '--dry-run');
	assert.match(said, /1 mail and 1 text \(1 segment\) would tell/);
	assert.match(said, /Subject: Stanowisko/);
	assert.match(said, /Prosimy o cierpliwość\./);
	assert.match(said, /nothing was changed/i);
	assert.equal(house.rows('verify')[0].head, head);
	assert.deepEqual(remarks(house).map((r) => r.state), ['new', 'new']);
	assert.equal(told(house).length, 0);
});

story('STAN tells verdict and reasons, by mail and by text', (house) => {
	house.mail(mail({ text: 'Prosimy o dwie ławki.' }));
	house.mail(mail({ text: 'Prosimy o lampy.' }));
	house.text({ from: phone, text: 'BL-7M4H Dwie lawki', at: '2026-11-22T10:00:00+01:00' });
	house.poll();
	const [first, , text] = remarks(house).map((r) => r.number);
	give(house, [first, text]);
	house.mail(mail({ subject: 'pytanie', text: 'STAN' }));
	house.text({ from: phone, text: 'Stan', at: '2026-11-22T10:05:00+01:00' });
	house.poll();
	const states = house.rows('outbox', 'list').filter((r) => /state/.test(r.template));
	const own = states.find((r) => r.channel === 'mail').text;
	assert.match(own, /rozpatrzona 22 listopada 2026 r\.[^]*Wynik: +nieuwzględniona[^]*W budżecie na 2027 rok/);
	assert.match(own, /czeka na rozpatrzenie/);
	const short = states.find((r) => r.channel === 'sms');
	assert.match(short.text, /^Twoje uwagi: BL-7M4H\/\d nieuwzgledniona: W budzecie na 2027 rok nie ma na to pieniedzy\./);
	assert.ok(short.segments <= 2);
});

story('several remarks by text: a verdict each, and STAN with a number gives the reasons', (house) => {
	['Dwie lawki', 'Trzy lampy'].forEach((words, i) =>
		house.text({ from: phone, text: `BL-7M4H ${words}`, at: `2026-11-22T10:${i}0:00+01:00` }));
	house.poll();
	const numbers = remarks(house).map((r) => r.number);
	give(house, numbers[1]);
	house.text({ from: phone, text: 'STAN', at: '2026-11-22T10:30:00+01:00' });
	house.poll();
	const list = house.rows('outbox', 'list').at(-1);
	assert.match(list.text, /\/1 przyjeta; BL-7M4H\/2 nieuwzgledniona; STAN \+ numer: uzasadnienie\./);
	assert.doesNotMatch(list.text, /budzecie/);
	// Each is a question of its own, asked at once; the same again is not answered.
	[numbers[1], numbers[0], numbers[1]].forEach((number, i) => {
		house.text({ from: phone, text: `STAN ${number}`, at: `2026-11-22T10:4${i}:00+01:00` });
		house.poll();
	});
	const shown = house.rows('outbox', 'list').filter((row) => row.id > list.id);
	assert.equal(shown.length, 2);
	assert.match(shown[0].text, /nieuwzgledniona: W budzecie na 2027 rok/);
	assert.match(shown[1].text, /przyjeta/);
});

story('words corrected after the answer wait again, and may be answered the same', (house) => {
	house.mail(mail({ text: 'Prosimy o dwie ławki.' }));
	house.poll();
	const [{ number }] = remarks(house);
	give(house, number);
	house.poll();
	house.mail(mail({ subject: 'Re: stanowisko', inReplyTo: told(house)[0].message_id,
		text: 'KOREKTA\nProsimy o jedną ławkę.' }));
	house.poll();
	assert.equal(remarks(house)[0].state, 'corrected');
	assert.equal(remarks(house)[0].text, 'Prosimy o jedną ławkę.');
	house.mail(mail({ subject: 'pytanie', text: 'STAN' }));
	house.poll();
	assert.doesNotMatch(house.rows('outbox', 'list').at(-1).text, /nieuwzględniona/);
	assert.equal(give(house, number).remarks[0].unchanged, false);
	assert.deepEqual(show(house, number).answers.map((a) => a.version), [1, 2]);
});

story('TAK after an answer still answers the question before it', (house) => {
	house.mail(mail({ text: 'Prosimy o dwie ławki.' }));
	house.poll();
	house.mail(mail({ subject: 'BL-7N4H', text: 'Prosimy o lampy.' }));
	house.poll();
	give(house, remarks(house)[0].number);
	house.poll();
	house.mail(mail({ subject: 'Re: pytanie', text: 'TAK' }));
	house.poll();
	assert.equal(remarks(house).length, 2);
});

story('an answer in the author’s language', (house) => {
	house.mail(mail({ text: 'Dear Sir or Madam, we would like to have two more benches in the park, please.' }));
	house.poll();
	give(house, remarks(house)[0].number);
	assert.match(told(house)[0].subject, /^Answer to your remark no\. BL-7M4H\/\d: not accepted$/);
});

story('an answer is no reply: it takes nothing from the hourly limits', (house) => {
	for (let i = 0; i < 5; i++)
		house.mail(mail({ from: `osoba${i}@poczta.example`, text: `Prosimy o ${i} ławek.` }));
	house.poll();
	give(house, remarks(house).map((r) => r.number));
	house.poll();
	assert.deepEqual(told(house).map((r) => r.state), Array(5).fill('sent'));
	house.mail(mail({ from: 'nowa@poczta.example', subject: 'pytanie', text: 'Pytanie bez kodu.' }));
	house.poll();
	assert.equal(house.rows('outbox', 'list').at(-1).state, 'sent');
}, { extra: 'replies_per_hour = 2\n' });

story('killed at every durable step, and started again: one answer, told once', (house) => {
	house.mail(mail({ text: 'Prosimy o dwie ławki.' }));
	house.text({ from: phone, text: 'BL-7M4H Dwie lawki', at: '2026-11-22T10:00:00+01:00' });
	house.poll();
	const numbers = remarks(house).map((r) => r.number);
	let kills = 0, status = null;
	for (let n = 1; status !== 0; n++, kills++) {
		status = spawnSync(program, ['-c', house.conf, '--now', house.now, 'remark', 'answer', ...numbers,
			'--verdict', 'rejected', '--reasons', reasons],
		{ env: { ...process.env, UWAGA_CRASH_AT: String(n) } }).status;
		assert.ok(n < 20, 'it comes to its end');
		assert.equal(house.rows('verify')[0].sound, true);
		assert.equal(told(house).length, count(house, 'SELECT COUNT(*) FROM answer_remark'), 'all or nothing');
	}
	assert.ok(kills >= 3, `${kills} kills`);
	assert.equal(count(house, 'SELECT COUNT(*) FROM answer'), 1);
	for (let n = 1, done = false; !done; n++) {
		done = spawnSync(program, ['-c', house.conf, '--now', house.now, 'run', '--once'],
			{ env: { ...process.env, UWAGA_CRASH_AT: String(n) } }).status === 0;
		assert.ok(n < 60, 'it comes to its end');
	}
	const rows = told(house);
	assert.equal(rows.length, 2);
	const out = fs.readdirSync(path.join(house.dir, 'out/new'))
		.map((f) => fs.readFileSync(path.join(house.dir, 'out/new', f), 'utf8'))
		.filter((letter) => /^Subject: .*Stanowisko/m.test(letter));
	const texts = fs.readdirSync(path.join(house.dir, 'spool/outbox'))
		.filter((f) => fs.readFileSync(path.join(house.dir, 'spool/outbox', f), 'utf8').includes('nieuwzgledniona'));
	assert.ok(out.length <= 1 && texts.length <= 1, `${out.length} mails, ${texts.length} texts`);
	for (const [row, n] of [[rows.find((r) => r.channel === 'mail'), out.length],
		[rows.find((r) => r.channel === 'sms'), texts.length]])
		assert.ok((row.state === 'sent' && n === 1) || row.state === 'unknown',
			`${row.channel} ${row.state} ${n}: sent once, or shown to staff`);
});

test('through a real gammu-smsd and a daemon that runs: told, and STAN', async () => {
	const house = new House({ extra: 'quiet_hours = ""\n' });
	fs.writeFileSync(house.conf, fs.readFileSync(house.conf, 'utf8')
		.replace('textable_prefixes', 'poll_every = 1 textable_prefixes'));
	const modem = new Phone(house);
	const daemon = new Daemon(house);
	const got = (words) => () => house.rows('outbox', 'list')
		.find((r) => r.channel === 'sms' && r.text.includes(words));
	try {
		modem.receive({ from: phone, text: 'BL-7M4H Dwie ławki' });
		await until('a remark', () => remarks(house)[0]);
		give(house, remarks(house)[0].number, 'accepted', 'Będą dwie ławki.');
		// The daemon looks for what commands owe from time to time.
		await until('the answer left', () => got('uwzgledniona. Beda dwie lawki.')()?.state === 'sent', 60000);
		await until('the phone sent it', () => modem.files('sent').length >= 2);
		modem.receive({ from: phone, text: 'Stan', at: '2026-11-22T10:10:00Z' });
		await until('STAN is answered', () => got('uwzgledniona: Beda dwie lawki.')()?.state === 'sent');
		await daemon.stop();
	} finally {
		daemon.child.kill('SIGKILL');
		await modem.stop();
		house.close();
	}
});

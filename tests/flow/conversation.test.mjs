// conversation - what people and the gateway say to each other, step by step
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { House, fold } from './house.mjs';

let serial = 0;

// A mail of a resident whose server vouches for the sender unless told else.
function mail({ from = 'jan.lis@poczta.example', to = 'konsultacje@powiat.example',
	subject = 'uwaga', text, at = '2026-11-22T10:00:00+01:00', id, inReplyTo,
	dmarc = 'pass', extra = [] }) {
	const date = new Date(at).toUTCString().replace('GMT', '+0000');
	const domain = from.split('@')[1].replace('>', '');
	return ['Return-Path: <' + from.replace(/.*<|>/g, '') + '>',
		`Delivered-To: ${to}`,
		`Received: from mx.${domain} by mx.powiat.example; ${date}`,
		...(dmarc ? [`Authentication-Results: mx.powiat.example; dmarc=${dmarc} header.from=${domain}`] : []),
		`From: ${from}`, `To: ${to}`, `Subject: ${subject}`, `Date: ${date}`,
		...(id === null ? [] : [`Message-ID: <${id ?? `t${++serial}@${domain}`}>`]),
		...(inReplyTo ? [`In-Reply-To: <${inReplyTo}>`] : []), ...extra,
		'MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8',
		'Content-Transfer-Encoding: 8bit', '', text, ''].join('\r\n');
}

const row = (house, key) =>
	house.rows('journal').find((r) => r.external_id === key);
const remarks = (house) => house.rows('remark', 'list');
const owed = (house) => house.rows('outbox', 'list')
	.filter((r) => r.state !== 'cancelled' && r.id > house.before);
const templates = (house) => owed(house).map((r) => r.template);

// A test with a house of its own; outbox rows of the context are set aside.
function story(name, body, options) {
	test(name, () => {
		const house = new House(options);
		house.before = Math.max(0, ...house.rows('outbox', 'list').map((r) => r.id));
		try {
			body(house);
		} finally {
			house.close();
		}
	});
}

story('a near miss is asked back, and TAK by mail files it', (house) => {
	const first = house.mail(mail({ subject: 'BL-7N4H', text: 'Prosimy o nabór w maju.' }));
	house.poll();
	const [question] = owed(house);
	assert.equal(question.template, 'unknown_code');
	assert.match(house.run('outbox', 'show', String(question.id)), /BL-7M4H/);
	const yes = house.mail(mail({ subject: 'Re: pytanie', text: 'Tak\n', inReplyTo: question.message_id }));
	house.poll();
	assert.equal(row(house, first).fate, 'filed');
	assert.equal(row(house, yes).fate, 'command');
	assert.equal(remarks(house)[0].code, 'BL-7M4H');
	assert.deepEqual(templates(house), ['unknown_code', 'confirm_remark']);
});

story('TAK said twice files once', (house) => {
	house.mail(mail({ subject: 'BL-7N4H', text: 'Prosimy o nabór w maju.' }));
	house.poll();
	house.mail(mail({ text: 'TAK' }));
	house.mail(mail({ text: 'TAK' }));
	house.poll();
	assert.equal(remarks(house).length, 1);
});

story('somebody else’s TAK files nothing', (house) => {
	house.mail(mail({ subject: 'BL-7N4H', text: 'Prosimy o nabór w maju.' }));
	house.poll();
	const other = house.mail(mail({ from: 'obcy@poczta.example', text: 'TAK', inReplyTo: owed(house)[0].message_id }));
	house.poll();
	assert.equal(row(house, other).fate, 'held');
	assert.equal(remarks(house).length, 0);
});

story('words without a code are filed when the code alone follows', (house) => {
	const words = house.mail(mail({ text: 'Potrzebny jest chodnik do szkoły.' }));
	house.poll();
	assert.equal(row(house, words).fate, 'held');
	assert.deepEqual(templates(house), ['no_code']);
	const code = house.mail(mail({ subject: 'BL-T4NR', text: '' }));
	house.poll();
	assert.equal(row(house, words).fate, 'filed');
	assert.equal(row(house, code).fate, 'command');
	assert.equal(fold(remarks(house)[0].text), 'Potrzebny jest chodnik do szkoły.');
});

story('the same words again with a code take the place of the held ones', (house) => {
	const text = 'Potrzebny jest chodnik do szkoły w Lędzinach.';
	const held = house.mail(mail({ text }));
	house.poll();
	const again = house.mail(mail({ subject: 'BL-T4NR', text }));
	house.poll();
	assert.equal(row(house, again).fate, 'filed');
	assert.equal(row(house, held).fate, 'duplicate');
	assert.match(row(house, held).why, /superseded/);
	assert.equal(remarks(house).length, 1);
});

story('other words with a code leave the held ones waiting', (house) => {
	const held = house.mail(mail({ text: 'Kiedy będzie remont mostu na rzece?' }));
	house.poll();
	house.mail(mail({ subject: 'BL-T4NR', text: 'Brakuje autobusów nocnych.' }));
	house.poll();
	assert.equal(row(house, held).fate, 'held');
});

story('a held message is remembered once, before its time ends', (house) => {
	house.mail(mail({ text: 'Potrzebny jest chodnik do szkoły.' }));
	house.poll();
	house.now = '2026-11-25T12:00:00+01:00';
	house.poll();
	assert.deepEqual(templates(house), ['no_code']);
	house.now = '2026-11-28T12:00:00+01:00';
	house.poll();
	house.poll();
	assert.deepEqual(templates(house), ['no_code', 'held_reminder']);
});

story('TAK answers the reminder of a near miss as well', (house) => {
	const first = house.mail(mail({ subject: 'BL-7N4H', text: 'Prosimy o nabór w maju.' }));
	house.poll();
	house.now = '2026-11-28T12:00:00+01:00';
	house.poll();
	assert.deepEqual(templates(house), ['unknown_code', 'held_reminder']);
	const reminder = owed(house).at(-1);
	assert.match(house.run('outbox', 'show', String(reminder.id)), /BL-7M4H/);
	house.mail(mail({ subject: 'Re: przypomnienie', text: 'Tak.', inReplyTo: reminder.message_id,
		at: '2026-11-28T11:00:00+01:00' }));
	house.poll();
	assert.equal(row(house, first).fate, 'filed');
	assert.deepEqual(templates(house), ['unknown_code', 'held_reminder', 'confirm_remark']);
});

story('a remark sent too early is filed on the day its consultation opens', (house) => {
	const early = house.mail(mail({ subject: 'BL-D5K2', text: 'Więcej żłobków.' }));
	house.poll();
	assert.equal(row(house, early).fate, 'not_open');
	assert.deepEqual(templates(house), ['not_open_yet']);
	house.now = '2026-12-07T08:00:00+01:00';
	house.poll();
	assert.equal(row(house, early).fate, 'filed');
	assert.deepEqual(templates(house), ['not_open_yet', 'confirm_remark']);
});

story('STOP before the opening takes the early remark back', (house) => {
	const early = house.mail(mail({ subject: 'BL-D5K2', text: 'Więcej żłobków.' }));
	house.poll();
	house.mail(mail({ text: 'REZYGNUJĘ' }));
	house.poll();
	house.now = '2026-12-07T08:00:00+01:00';
	house.poll();
	assert.equal(row(house, early).fate, 'withdrawn');
	assert.equal(remarks(house).length, 0);
});

story('a mail that its domain disowns is held and not answered', (house) => {
	const forged = house.mail(mail({ subject: 'BL-10KE', text: 'Popieram.', dmarc: 'fail' }));
	house.poll();
	assert.equal(row(house, forged).fate, 'held');
	assert.deepEqual(templates(house), []);
});

story('a mail that claims to be ours is held and not answered', (house) => {
	const forged = house.mail(mail({ from: 'wojt@powiat.example', subject: 'BL-10KE', text: 'Popieram.', dmarc: null }));
	house.poll();
	assert.equal(row(house, forged).fate, 'held');
	assert.deepEqual(templates(house), []);
});

story('without a verdict on the sender the answer does not repeat the words', (house) => {
	house.mail(mail({ subject: 'BL-10KE', text: 'Spotkania w soboty, proszę.', dmarc: null }));
	house.mail(mail({ from: 'ewa@poczta.example', subject: 'BL-10KE', text: 'Zebrania w niedziele, proszę.' }));
	house.poll();
	const [without, withText] = owed(house).map((r) => house.run('outbox', 'show', String(r.id)));
	assert.doesNotMatch(without, /Spotkania w soboty/);
	assert.match(without, /BL-10KE\/\d/);
	assert.match(withText, /Zebrania w niedziele/);
});

story('the same mail by another way is no second voice', (house) => {
	const bytes = mail({ subject: 'BL-10KE', text: 'Spotkania w soboty, proszę.' });
	house.mail(bytes);
	const again = house.mail(bytes);
	house.poll();
	assert.equal(row(house, again).fate, 'duplicate');
	assert.deepEqual(templates(house), ['confirm_remark']);
});

story('a reused Message-ID with other words is a second message', (house) => {
	house.mail(mail({ subject: 'BL-10KE', text: 'Spotkania w soboty, proszę.', id: 'same@poczta.example' }));
	house.mail(mail({ subject: 'BL-10KE', text: 'I w niedziele też.', id: 'same@poczta.example' }));
	house.poll();
	assert.equal(remarks(house).length, 2);
});

story('a reply to the confirmation is tied by its token, without any code', (house) => {
	house.mail(mail({ subject: 'BL-10KE', text: 'Spotkania w soboty, proszę.' }));
	house.poll();
	const sent = fs.readdirSync(path.join(house.dir, 'out/new'))
		.map((f) => fs.readFileSync(path.join(house.dir, 'out/new', f), 'utf8'));
	assert.equal(sent.length, 1);
	const to = sent[0].match(/^Reply-To: .*?([^<\s]+@powiat\.example)/m)[1];
	assert.match(to, /^konsultacje\+/);
	const reply = house.mail(mail({ to: to.toUpperCase(), subject: 'dopisek', text: 'I jeszcze w gminach.' }));
	house.poll();
	assert.equal(row(house, reply).fate, 'filed');
	assert.equal(row(house, reply).code, 'BL-10KE');
});

story('a forged token ties nothing', (house) => {
	const forged = house.mail(mail({ to: 'konsultacje+abcdefghijklmnop.1.abcdefghij@powiat.example', text: 'Halo, halo.' }));
	house.poll();
	assert.equal(row(house, forged).fate, 'held');
});

story('what the person typed beats what the reply inherited', (house) => {
	const key = house.mail(mail({ subject: 'Re: [BL-10KE] Bieruń, 24.11: spotkanie', inReplyTo: 's-10ke-bierun-2.0.k3f9@konsultacje.powiat.example', text: 'BL-T4NR\n\nBrakuje autobusów.' }));
	house.poll();
	assert.equal(row(house, key).code, 'BL-T4NR');
});

story('the same question is asked once a day', (house) => {
	for (let i = 0; i < 3; i++)
		house.mail(mail({ text: `Pytanie numer ${i}, bez kodu.` }));
	house.poll();
	assert.deepEqual(templates(house), ['no_code']);
});

story('beyond the hourly limit replies wait for staff, who can release them', (house) => {
	for (let i = 0; i < 4; i++)
		house.mail(mail({ from: `osoba${i}@poczta.example`, text: `Pytanie numer ${i}, bez kodu.` }));
	house.poll();
	const waiting = owed(house).filter((r) => r.state === 'deferred');
	assert.equal(waiting.length, 2);
	house.run('outbox', 'release', String(waiting[0].id));
	house.poll();
	assert.equal(owed(house).filter((r) => r.state === 'sent').length, 3);
}, { extra: 'replies_per_hour = 2\n' });

story('old mail is filed and confirmed, but gets no error reply', (house) => {
	house.mail(mail({ text: 'Bez kodu, sprzed miesiąca.', at: '2026-11-10T10:00:00+01:00' }));
	house.mail(mail({ subject: 'BL-10KE', text: 'Stara, ale w terminie.', at: '2026-11-10T11:00:00+01:00' }));
	house.poll();
	assert.deepEqual(templates(house), ['confirm_remark']);
});

story('staff assign a held message: it is filed as of its receipt', (house) => {
	const key = house.mail(mail({ text: 'Potrzebny jest chodnik do szkoły.' }));
	house.poll();
	const { id } = row(house, key);
	assert.equal(house.try('inbound', 'assign', String(id), 'BL-XXXX').status, 1);
	house.now = '2026-12-24T12:00:00+01:00'; // closed by now, but it came in time
	house.run('inbound', 'assign', String(id), 'BL-T4NR');
	house.poll();
	assert.equal(row(house, key).fate, 'filed');
	assert.deepEqual(templates(house), ['no_code', 'confirm_remark']);
	assert.equal(house.try('inbound', 'assign', String(id), 'BL-T4NR').status, 1);
});

story('staff retry a held message and it is decided again', (house) => {
	const key = house.mail(mail({ subject: 'BL-10KF', text: 'Potrzebny jest chodnik.' }));
	house.poll();
	const { id } = row(house, key);
	house.run('inbound', 'retry', String(id));
	assert.equal(row(house, key).fate, 'held');
	assert.equal(remarks(house).length, 0);
});

story('a text in two consultations’ names without clear parts waits for staff', (house) => {
	const key = house.mail(mail({ text: 'Popieram to, co jest w BL-10KE oraz w BL-T4NR, razem.' }));
	house.poll();
	assert.equal(row(house, key).fate, 'held');
	assert.deepEqual(templates(house), []);
});

story('words in the attachment only wait for staff', (house) => {
	const key = house.mail(mail({ subject: 'BL-10KE', text: [
		'--b', 'Content-Type: text/plain', '', '', '--b',
		'Content-Type: application/pdf; name="uwaga.pdf"',
		'Content-Disposition: attachment; filename="uwaga.pdf"',
		'Content-Transfer-Encoding: base64', '', 'JVBERi0xLjQK', '--b--'].join('\r\n') })
		.replace('text/plain; charset=utf-8', 'multipart/mixed; boundary=b'));
	house.poll();
	assert.equal(row(house, key).fate, 'held');
	const id = row(house, key).id, files = path.join(house.dir, 'files');
	const save = (of) => house.try('inbound', 'show', String(of), '--save', files);
	assert.match(save(id).stderr, /folder .* cannot be opened: No such file/);
	fs.mkdirSync(files);
	const saved = save(id);
	assert.equal(saved.status, 0, saved.stderr);
	assert.match(saved.stdout, new RegExp(`${id}-1-uwaga.pdf`));
	assert.deepEqual(fs.readFileSync(path.join(files, `${id}-1-uwaga.pdf`), 'latin1'), '%PDF-1.4\n');
	assert.match(save(id).stderr, /it is there already/);
	const bad = house.mail(mail({ subject: 'BL-10KE', text: [
		'--b', 'Content-Type: text/plain', '', 'Prosze o wiate.', '--b',
		`Content-Type: image/png; name="=?utf-8?Q?..=2F=1B[2J${'=C5=BC'.repeat(20)}.png?="`,
		'Content-Disposition: attachment', '', 'x', '--b--'].join('\r\n') })
		.replace('text/plain; charset=utf-8', 'multipart/mixed; boundary=b'));
	const plain = house.mail(mail({ subject: 'BL-10KE', text: 'Prosze o ławki.' }));
	house.poll();
	assert.equal(save(row(house, bad).id).status, 0);
	const odd = fs.readdirSync(files).filter((name) => name.startsWith(`${row(house, bad).id}-`));
	assert.equal(odd.length, 1);
	assert.match(odd[0], /^[^/\u0000-\u001f]+\.png$/u);
	assert.match(save(row(house, plain).id).stderr, /has no attachment/);
});

story('a text alone waits for its code, which then comes by text', (house) => {
	house.now = '2026-11-17T09:00:00+01:00';
	house.text({ from: '+48110000777', text: 'Wiecej lawek przy przychodni', at: '2026-11-17T08:59:00+01:00' });
	house.poll();
	house.now = '2026-11-17T09:10:00+01:00';
	house.text({ from: '+48110000777', text: 'BL-T4NR', at: '2026-11-17T09:09:00+01:00' });
	house.poll();
	assert.equal(remarks(house).length, 1);
	assert.equal(remarks(house)[0].text, 'Wiecej lawek przy przychodni');
	assert.equal(remarks(house)[0].channel, 'sms');
});

story('a name that cannot be answered gets no text back', (house) => {
	house.text({ from: 'INFOKREDYT', text: 'BL-T4NR pozyczka', at: '2026-11-22T10:00:00+01:00' });
	house.poll();
	assert.deepEqual(templates(house), []);
});

story('bounces of our confirmation mark it as failed', (house) => {
	house.mail(mail({ subject: 'BL-10KE', text: 'Spotkania w soboty, proszę.' }));
	house.poll();
	const [sent] = owed(house);
	const bounce = fs.readFileSync('samples/mail/d20-bounce-postfix-511.eml', 'utf8')
		.replaceAll('s-10ke-bierun-2.0.k3f9@konsultacje.powiat.example', sent.message_id);
	const key = house.mail(bounce);
	house.poll();
	assert.equal(row(house, key).fate, 'bounce');
	assert.equal(owed(house)[0].state, 'failed');
});

story('our own address with a detail and our own number are never answered', (house) => {
	house.now = '2026-11-22T12:00:00+01:00';
	const loop = house.mail(mail({ from: 'konsultacje+abc@powiat.example', subject: 'BL-10KE', text: 'Sam do siebie.' }));
	house.text({ from: '+48110010010', text: 'BL-T4NR Sam do siebie', at: '2026-11-22T11:59:00+01:00' });
	house.poll();
	assert.equal(row(house, loop).fate, 'held');
	assert.equal(house.rows('journal').find((r) => r.channel === 'sms').fate, 'held');
	assert.deepEqual(templates(house), []);
});

story('a reminder is owed however old its message is by then', (house) => {
	fs.writeFileSync(house.conf, fs.readFileSync(house.conf, 'utf8').replace(/^answer_within.*/m, ''));
	house.mail(mail({ text: 'Potrzebny jest chodnik do szkoły.' }));
	house.poll();
	house.now = '2026-11-28T12:00:00+01:00';
	house.poll();
	assert.deepEqual(templates(house), ['no_code', 'held_reminder']);
});

story('a remark sent too early is filed though nobody ran the program while it was open', (house) => {
	const early = house.mail(mail({ subject: 'BL-D5K2', text: 'Więcej żłobków.' }));
	house.poll();
	house.now = '2027-02-01T08:00:00+01:00';
	house.poll();
	assert.equal(row(house, early).fate, 'filed');
	assert.deepEqual(templates(house), ['not_open_yet', 'confirm_remark']);
});

story('TAK finds its question behind a confirmation that came between', (house) => {
	const near = house.mail(mail({ subject: 'BL-7N4H', text: 'Prosimy o nabór w maju.' }));
	house.poll();
	house.now = '2026-11-22T12:10:00+01:00';
	house.mail(mail({ subject: 'BL-10KE', text: 'Spotkania w soboty, proszę.' }));
	house.poll();
	house.mail(mail({ text: 'TAK' }));
	house.poll();
	assert.equal(row(house, near).fate, 'filed');
});

story('TAK answers the question it replies to, not the last one', (house) => {
	const near = house.mail(mail({ subject: 'BL-7N4H', text: 'Prosimy o nabór w maju.' }));
	house.poll();
	const [question] = owed(house);
	house.now = '2026-11-22T12:10:00+01:00';
	const other = house.mail(mail({ subject: 'BL-T4NX', text: 'Brakuje autobusów nocnych.' }));
	house.poll();
	house.mail(mail({ text: 'TAK', inReplyTo: question.message_id }));
	house.poll();
	assert.equal(row(house, near).fate, 'filed');
	assert.equal(row(house, other).fate, 'held');
});

story('a server’s clock that is ahead makes nobody late', (house) => {
	const key = house.mail(mail({ subject: 'BL-10KE', text: 'Spotkania w soboty, proszę.', at: '2027-03-01T10:00:00+01:00' }));
	house.poll();
	assert.equal(row(house, key).fate, 'filed');
	assert.ok(Date.parse(row(house, key).received_at) <= Date.parse(house.now));
});

story('what came after the copy was made is read again when that is restored', (house) => {
	const copy = path.join(house.dir, 'copy.db');
	house.mail(mail({ subject: 'BL-10KE', text: 'Spotkania w soboty, proszę.' }));
	house.text({ from: '+48110000777', text: 'BL-T4NR Wiecej lawek', at: '2026-11-22T08:00:00+01:00' });
	house.poll();
	house.run('backup', copy);
	const late = house.mail(mail({ from: 'ewa@poczta.example', subject: 'BL-10KE', text: 'Zebrania w niedziele, proszę.' }));
	house.mail(Buffer.from([0, 1, 2]));
	house.text({ from: '+48110000778', text: 'BL-T4NR I kosze', at: '2026-11-22T09:00:00+01:00' });
	// Files have the time of the day that the test speaks of.
	for (const dir of ['maildir/new', 'spool/inbox'])
		for (const file of fs.readdirSync(path.join(house.dir, dir)))
			fs.utimesSync(path.join(house.dir, dir, file), new Date(house.now), new Date(house.now));
	house.poll();
	const numbers = new Set(remarks(house).map((r) => r.number));
	house.run('restore', copy);
	house.poll();
	assert.equal(row(house, late).fate, 'filed');
	assert.equal(house.rows('stats')[0].received, 5);
	assert.equal(remarks(house).length, 4);
	assert.equal(remarks(house).filter((r) => numbers.has(r.number)).length, 2);
	house.poll();
	assert.equal(house.rows('stats')[0].received, 5);
});

story('texts within five minutes are confirmed together', (house) => {
	const text = (words, at) => house.text({ from: '+48110000777', text: `BL-T4NR ${words}`, at: `2026-11-22T${at}+01:00` });
	const confirmed = () => owed(house).filter((r) => r.state === 'sent').map((r) => r.text.match(/BL-T4NR\/\d+/g));
	text('Wiecej lawek', '11:59:00');
	text('I kosze', '11:59:30');
	house.poll();
	const [first, second] = remarks(house).map((r) => r.number);
	assert.deepEqual(confirmed(), [[first, second]]);
	house.now = '2026-11-22T12:01:00+01:00';
	text('I wiate', '12:01:00');
	house.poll();
	assert.equal(confirmed().length, 1); // what has left makes the next wait
	house.now = '2026-11-22T12:02:00+01:00';
	text('I lampe', '12:02:00');
	house.poll();
	house.now = '2026-11-22T12:05:00+01:00';
	house.poll();
	const [, , third, fourth] = remarks(house).map((r) => r.number);
	assert.deepEqual(confirmed(), [[first, second], [third, fourth]]);
	for (const r of remarks(house)) // and each with its receipt
		assert.ok(owed(house).some((o) => o.state === 'sent' && o.text.includes(r.receipt)));
	house.now = '2026-11-22T12:30:00+01:00';
	text('I stojak', '12:29:59');
	house.poll();
	assert.equal(confirmed().length, 3);
});

story('a retry does not take what is left of a message for the whole', (house) => {
	const conf = fs.readFileSync(house.conf, 'utf8');
	fs.writeFileSync(house.conf, conf.replace('authserv_id', 'max_message_size = 65536 authserv_id'));
	fs.writeFileSync(path.join(house.dir, 'spool/inbox/IN20261122_100000_00_+48110000777_00.txt'), 'garbage');
	house.mail(mail({ subject: 'BL-10KE', text: `Poczatek. ${'Slowo.\r\n'.repeat(50000)}` }));
	house.poll();
	for (const { id, fate } of house.rows('journal')) {
		assert.equal(fate, 'unreadable');
		house.run('inbound', 'retry', String(id));
	}
	assert.deepEqual(house.rows('journal').map((r) => r.fate), ['unreadable', 'unreadable']);
	assert.equal(remarks(house).length, 0);
	assert.equal(house.rows('inbound', 'list').length, 2);
});

story('thanks above a name are thanks: nobody is told that they wrote nothing', (house) => {
	const from = 'Marek Sojka <m.sojka@poczta.example>';
	house.mail(mail({ from, subject: 'BL-7M4H', text: 'Prosimy o nabór w maju.' }));
	house.poll();
	const [notice] = owed(house);
	const thanks = ['Dziękuję bardzo, pozdrawiam\nMarek', 'Dziękuję!\n\nPozdrawiam\nMarek Sojka',
		'Dzień dobry,\ndziękuję za informację.\n\nPozdrawiam serdecznie\nMarek'].map((text) =>
		house.mail(mail({ from, subject: 'Re: uwaga', text, inReplyTo: notice.message_id })));
	const more = house.mail(mail({ from, subject: 'Re: uwaga', inReplyTo: notice.message_id,
		text: 'Dziękuję!\nProszę dopisać także czerwiec.\n\nPozdrawiam\nMarek' }));
	house.poll();
	for (const key of thanks)
		assert.match(row(house, key).why, /^thanks/, row(house, key).text);
	assert.equal(row(house, more).fate, 'filed');
	assert.deepEqual(templates(house), ['confirm_remark', 'confirm_remark']);
});

// ---- a person's own remarks: KOREKTA, WYCOFUJĘ, STAN ----------------------

const ours = (house, key) => remarks(house).find((r) => r.inbound === row(house, key).id);
const sms = (house, text, from = '+48110000301', at = '2026-11-22T10:00:00+01:00') =>
	house.text({ from, text, at });

story('KOREKTA in answer to the confirmation replaces the words, and keeps the old ones', (house) => {
	const first = house.mail(mail({ subject: 'BL-7M4H', text: 'Prosimy o nabór w maju.' }));
	house.poll();
	const [done] = owed(house);
	const again = house.mail(mail({ subject: 'Re: uwaga', inReplyTo: done.message_id,
		text: 'KOREKTA\nProsimy o nabór w czerwcu.\n\nPozdrawiam\nJan Lis\n' }));
	house.poll();
	assert.equal(row(house, again).fate, 'corrected', row(house, again).why);
	const remark = ours(house, first);
	assert.equal(remark.text, 'Prosimy o nabór w czerwcu.');
	assert.equal(remark.state, 'corrected');
	assert.deepEqual(templates(house), ['confirm_remark', 'correction_done']);
	const shown = house.run('outbox', 'show', String(owed(house)[1].id));
	assert.match(shown, /> Prosimy o nabór w czerwcu\./);
	const versions = JSON.parse(house.run('--json', 'remark', 'show', remark.number)).versions;
	assert.deepEqual(versions.map((v) => v.text), ['Prosimy o nabór w maju.', 'Prosimy o nabór w czerwcu.']);
	assert.notEqual(owed(house)[1].receipt, done.receipt);
	house.run('verify', '--receipt', owed(house)[1].receipt);
});

story('KOREKTA with a number means that remark, without one the last', (house) => {
	const keys = ['Więcej ławek.', 'Więcej lamp.', 'Więcej koszy.'].map((text) =>
		house.mail(mail({ subject: 'BL-7M4H', text })));
	house.poll();
	const number = ours(house, keys[0]).number;
	house.mail(mail({ text: `KOREKTA ${number}: Więcej ławek w parku.` }));
	house.mail(mail({ text: `Korekta nr ${ours(house, keys[1]).number.split('/')[1]}. Więcej lamp w parku.` }));
	const loose = house.mail(mail({ text: `KOREKTA ${ours(house, keys[1]).number.split('/')[1]} lampy w parku` }));
	house.mail(mail({ text: 'KOREKTA 30 koszy w parku' }));
	house.poll();
	assert.deepEqual(keys.map((key) => ours(house, key).text),
		['Więcej ławek w parku.', 'Więcej lamp w parku.', '30 koszy w parku']);
	assert.equal(templates(house).filter((t) => t === 'correction_done').length, 3);
	assert.match(row(house, loose).why, /not clear; asked back/, 'remark 2, or two lamps?');
});

story('nobody corrects or withdraws the remark of another', (house) => {
	const first = house.mail(mail({ subject: 'BL-7M4H', text: 'Prosimy o nabór w maju.' }));
	house.poll();
	const { number } = ours(house, first);
	const [done] = owed(house);
	const tries = [
		{ from: 'obcy@poczta.example', text: `KOREKTA ${number}: Nic nie róbcie.` },
		{ from: 'obcy@poczta.example', text: 'KOREKTA\nNic nie róbcie.', inReplyTo: done.message_id },
		{ from: 'obcy@poczta.example', text: `WYCOFUJĘ ${number}` },
		{ dmarc: null, text: `KOREKTA ${number}: Nic nie róbcie.` },
		{ dmarc: null, text: 'WYCOFUJĘ', inReplyTo: done.message_id },
		{ dmarc: 'fail', text: 'WYCOFUJĘ', inReplyTo: done.message_id },
	].map((m) => house.mail(mail(m)));
	house.poll();
	for (const key of tries)
		assert.equal(row(house, key).fate, 'held', row(house, key).why);
	assert.equal(ours(house, first).text, 'Prosimy o nabór w maju.');
	assert.equal(ours(house, first).state, 'new');
});

story('the token of our reply address proves the author where no server does', (house) => {
	const first = house.mail(mail({ subject: 'BL-7M4H', text: 'Prosimy o nabór w maju.', dmarc: null }));
	house.poll();
	const letter = fs.readFileSync(path.join(house.dir, 'out/new',
		fs.readdirSync(path.join(house.dir, 'out/new')).at(-1)), 'utf8');
	const to = letter.match(/^Reply-To: (\S+)/m)[1];
	house.mail(mail({ to, dmarc: null, text: 'WYCOFUJĘ' }));
	house.poll();
	assert.equal(ours(house, first).state, 'withdrawn');
});

story('WYCOFUJĘ takes back one remark, asks when several could be meant', (house) => {
	const keys = ['Więcej ławek.', 'Więcej lamp.'].map((text) =>
		house.mail(mail({ subject: 'BL-7M4H', text })));
	house.poll();
	const unclear = house.mail(mail({ text: 'Wycofuję uwagę' }));
	house.poll();
	assert.match(row(house, unclear).why, /not clear; asked back/);
	assert.equal(templates(house).at(-1), 'state');
	const clear = house.mail(mail({ text: `WYCOFUJĘ ${ours(house, keys[1]).number}` }));
	house.poll();
	assert.equal(row(house, clear).fate, 'withdrawn');
	assert.deepEqual(keys.map((key) => ours(house, key).state), ['new', 'withdrawn']);
	assert.equal(templates(house).at(-1), 'withdrawn');
	house.run('verify');
	const again = house.mail(mail({ subject: 'BL-7M4H', text: 'Więcej lamp.' }));
	house.poll();
	assert.equal(row(house, again).fate, 'filed', 'what was withdrawn can be sent again');
});

story('after the end a correction is late, and what came in time stands', (house) => {
	const first = house.mail(mail({ subject: 'BL-7M4H', text: 'Prosimy o nabór w maju.' }));
	house.poll();
	house.now = '2027-06-01T12:00:00+02:00';
	const late = house.mail(mail({ text: 'KOREKTA: Prosimy o nabór w lipcu.', at: '2027-06-01T10:00:00+02:00' }));
	const back = house.mail(mail({ text: 'WYCOFUJĘ', at: '2027-06-01T10:00:00+02:00' }));
	house.poll();
	assert.equal(row(house, late).fate, 'closed', row(house, late).why);
	assert.equal(row(house, back).fate, 'closed');
	assert.match(row(house, late).text, /w lipcu/, 'kept');
	assert.equal(ours(house, first).text, 'Prosimy o nabór w maju.');
	assert.equal(ours(house, first).state, 'new');
	assert.equal(templates(house).at(-1), 'too_late');
});

story('the same words as a correction change nothing', (house) => {
	house.mail(mail({ subject: 'BL-7M4H', text: 'Prosimy o nabór w maju.' }));
	house.poll();
	const same = house.mail(mail({ text: 'KOREKTA: Prosimy o nabór w maju.' }));
	const marks = house.mail(mail({ text: 'KOREKTA: Prosimy o nabór w Maju.' }));
	house.poll();
	assert.equal(row(house, same).fate, 'duplicate');
	assert.equal(row(house, marks).fate, 'corrected', 'a letter is a change');
});

story('a code with a slip behind KOREKTA corrects nothing', (house) => {
	house.mail(mail({ subject: 'BL-7M4H', text: 'Prosimy o nabór w maju.' }));
	house.poll();
	const slip = house.mail(mail({ text: 'KOREKTA BL-7N4H/1 Prosimy o nabór w lipcu.' }));
	house.poll();
	assert.equal(row(house, slip).fate, 'held');
	assert.equal(remarks(house)[0].text, 'Prosimy o nabór w maju.');
});

story('STAN tells what became of one’s remarks, and nothing of others’', (house) => {
	const keys = ['Więcej ławek.', 'Więcej lamp.'].map((text) =>
		house.mail(mail({ subject: 'BL-7M4H', text })));
	house.mail(mail({ from: 'obcy@poczta.example', subject: 'BL-7M4H', text: 'Mniej ławek.' }));
	house.poll();
	house.mail(mail({ text: `WYCOFUJĘ ${ours(house, keys[1]).number}` }));
	house.poll();
	house.mail(mail({ text: 'STAN' }));
	house.mail(mail({ from: 'nowa@poczta.example', text: 'STAN' }));
	house.poll();
	const [own, none] = owed(house).slice(-2).map((r) => house.run('outbox', 'show', String(r.id)));
	assert.match(own, new RegExp(ours(house, keys[0]).number));
	assert.match(own, /wycofana przez autora/);
	assert.equal(own.split('Uwaga nr').length - 1, 2);
	assert.match(none, /nie mamy żadnej uwagi/);
});

story('the same by text: KOREKTA, STAN, WYCOFUJE, NIE, USUN, POMOC, ZAPISZ', (house) => {
	sms(house, 'BL-7M4H Wiecej lawek');
	house.poll();
	sms(house, 'KOREKTA Wiecej lawek w parku');
	house.poll();
	assert.equal(remarks(house)[0].text, 'Wiecej lawek w parku');
	sms(house, 'Stan');
	sms(house, 'Usun');
	sms(house, 'Pomoc');
	sms(house, 'ZAPISZ BL-7M4H');
	house.poll();
	sms(house, 'WYCOFUJE');
	house.poll();
	assert.deepEqual(templates(house).slice(1), ['sms_correction_done', 'sms_state',
		'sms_ask_stop_or_withdraw', 'sms_help', 'sms_start_confirm', 'sms_withdrawn']);
	assert.equal(remarks(house)[0].state, 'withdrawn');
	for (const r of owed(house))
		assert.ok(r.segments <= 2, `${r.template}: ${r.segments}`);
});

story('NIE to a near miss lets the words wait for the right code', (house) => {
	const first = house.mail(mail({ subject: 'BL-7N4H', text: 'Prosimy o nabór w maju.' }));
	house.poll();
	const no = house.mail(mail({ text: 'Nie' }));
	house.poll();
	assert.equal(row(house, no).fate, 'command', row(house, no).why);
	assert.equal(row(house, first).fate, 'held');
	assert.deepEqual(templates(house), ['unknown_code', 'no_code']);
	const yes = house.mail(mail({ text: 'TAK' }));
	house.mail(mail({ subject: 'BL-T4NR', text: '' }));
	house.poll();
	assert.equal(row(house, yes).fate, 'held', 'the question was withdrawn');
	assert.equal(row(house, first).fate, 'filed');
	assert.equal(ours(house, first).code, 'BL-T4NR');
});

story('TAK to a question that was denied files nothing', (house) => {
	const first = house.mail(mail({ subject: 'BL-7N4H', text: 'Prosimy o nabór w maju.' }));
	house.poll();
	const [question] = owed(house);
	house.mail(mail({ text: 'Nie' }));
	house.poll();
	const yes = house.mail(mail({ text: 'TAK', inReplyTo: question.message_id }));
	house.poll();
	assert.match(row(house, yes).why, /was denied/);
	assert.equal(row(house, first).fate, 'held');
});

story('STOP without proof of its sender takes back no words', (house) => {
	const early = house.mail(mail({ subject: 'BL-D5K2', text: 'Więcej żłobków.' }));
	house.poll();
	house.mail(mail({ text: 'STOP', dmarc: null }));
	house.poll();
	assert.equal(row(house, early).fate, 'not_open');
});

story('STOP to the address of a letter of ours is for whom it went to, and for who says it', (house) => {
	const active = () => house.rows('subscription', 'list').filter((r) => r.state === 'active')
		.map((r) => r.contact ?? r.address ?? r.to);
	const subscribe = (who) => house.run('subscription', 'add', who, '--commune', 'Lędziny',
		'--source', 'karta', '--consent', '2026-11-01');
	['jan@poczta.example', 'jan.nowy@inna.example', 'ewa@poczta.example'].forEach(subscribe);
	house.run('meeting', 'announce', 's-10ke-ledziny-2', '--yes', '3');
	house.poll();
	const letter = fs.readdirSync(path.join(house.dir, 'out/new'))
		.map((f) => fs.readFileSync(path.join(house.dir, 'out/new', f), 'utf8'))
		.find((l) => /^To: .*jan@poczta/m.test(l));
	const to = letter.match(/^Reply-To: (?:.*<)?([^>\s]+)/m)[1];
	assert.equal(active().length, 3);
	const stop = house.mail(mail({ from: 'jan.nowy@inna.example', to, subject: 'Re: spotkanie', text: 'STOP' }));
	house.poll();
	assert.equal(row(house, stop).fate, 'command', row(house, stop).why);
	const left = house.rows('subscription', 'list').filter((r) => r.state === 'active');
	assert.equal(left.length, 1, JSON.stringify(left));
	assert.match(JSON.stringify(left), /ewa@poczta/);
});

story('START after STOP brings the notices back', (house) => {
	house.mail(mail({ text: 'STOP' }));
	house.poll();
	house.mail(mail({ text: 'START' }));
	house.mail(mail({ from: 'nowa@poczta.example', text: 'ZAPISZ' }));
	house.poll();
	assert.deepEqual(templates(house), ['unsubscribe_confirm', 'subscribe_confirm', 'help']);
});

// ---- answers to meetings --------------------------------------------------

const notice = 's-10ke-ledziny-2.0.m7q2@konsultacje.powiat.example'; // of the context
const meeting = (house, key = 's-10ke-ledziny-2') =>
	house.rows('meeting', 'show', key)[0];

const itip = ({ from = 'jan@poczta.example', attendee = from, partstat = 'ACCEPTED',
	uid = 'spotkanie-bl-10ke-ledziny-2@konsultacje.powiat.example', method = 'REPLY',
	stamp = '20261122T100000Z', sequence = 0, extra = [], at }) =>
	mail({ from, subject: `Accepted: spotkanie`, text: '', extra: [], at })
		.replace(/MIME-Version[^]*$/, ['MIME-Version: 1.0',
			`Content-Type: text/calendar; charset=utf-8; method=${method}`, '',
			'BEGIN:VCALENDAR', 'VERSION:2.0', `METHOD:${method}`, 'PRODID:-//x//y//EN',
			'BEGIN:VEVENT', `UID:${uid}`, `DTSTAMP:${stamp}`, `SEQUENCE:${sequence}`,
			`ATTENDEE;PARTSTAT=${partstat}:MAILTO:${attendee}`, ...extra, 'END:VEVENT',
			'END:VCALENDAR', ''].join('\r\n'));

story('BĘDĘ counts one head, the last answer of a person counts, words are kept for staff', (house) => {
	const yes = house.mail(mail({ text: 'Będę, razem z mężem.', inReplyTo: notice }));
	house.mail(mail({ from: 'ewa@poczta.example', text: 'Nie przyjdę.', inReplyTo: notice }));
	house.poll();
	assert.equal(row(house, yes).fate, 'rsvp', row(house, yes).why);
	assert.deepEqual(templates(house), ['rsvp_confirm', 'rsvp_confirm']);
	assert.match(house.run('outbox', 'show', String(owed(house)[0].id)), /będziesz na spotkaniu/);
	assert.deepEqual([meeting(house).yes, meeting(house).no], [1, 1]);
	assert.equal(meeting(house).answers[0].comment, 'Będę, razem z mężem.');
	house.now = '2026-11-23T12:00:00+01:00';
	house.mail(mail({ text: 'Nie', at: '2026-11-23T10:00:00+01:00' }));
	house.poll();
	assert.deepEqual([meeting(house).yes, meeting(house).no], [0, 2], 'a bare NO answers what we said last');
	assert.match(house.run('meeting', 'show', 's-10ke-ledziny-2'), /Nie przyjdę/);
});

story('a calendar’s answer counts for its own sender only', (house) => {
	const good = house.mail(itip({}));
	const other = house.mail(itip({ from: 'obcy@poczta.example', attendee: 'jan@poczta.example', partstat: 'DECLINED' }));
	const foreign = house.mail(itip({ uid: 'x@gdzie.example' }));
	const counter = house.mail(itip({ from: 'ewa@poczta.example', method: 'COUNTER' }));
	const maybe = house.mail(itip({ from: 'ola@poczta.example', partstat: 'TENTATIVE' }));
	house.poll();
	assert.equal(row(house, good).fate, 'rsvp', row(house, good).why);
	assert.equal(row(house, maybe).fate, 'rsvp');
	for (const key of [other, foreign, counter])
		assert.equal(row(house, key).fate, 'held', row(house, key).why);
	assert.deepEqual([meeting(house).yes, meeting(house).no, meeting(house).maybe], [1, 0, 1]);
	assert.deepEqual(templates(house), [], 'calendars are not answered');
});

story('answers count in the order they were given: by calendar and in words', (house) => {
	const counts = () => [meeting(house).yes, meeting(house).no, meeting(house).maybe];
	house.mail(itip({ partstat: 'DECLINED', stamp: '20261122T080000Z', at: '2026-11-22T10:00:00+01:00' }));
	house.poll();
	const late = house.mail(itip({ stamp: '20261122T070000Z', at: '2026-11-22T10:10:00+01:00' }));
	house.poll();
	assert.deepEqual(counts(), [0, 1, 0], 'the older answer came last');
	assert.equal(row(house, late).fate, 'rsvp');
	assert.match(row(house, late).why, /a newer answer of theirs/);
	house.mail(mail({ from: 'jan@poczta.example', text: 'Może będę.', inReplyTo: notice, at: '2026-11-22T10:20:00+01:00' }));
	house.poll();
	assert.deepEqual(counts(), [0, 0, 1], 'words that came later count');
	house.mail(itip({ stamp: '29991231T235959Z', sequence: 999999, at: '2026-11-22T10:30:00+01:00' }));
	house.poll();
	assert.deepEqual(counts(), [1, 0, 0]);
	house.mail(itip({ partstat: 'DECLINED', stamp: '20261122T094000Z', at: '2026-11-22T10:40:00+01:00' }));
	house.poll();
	assert.deepEqual(counts(), [0, 1, 0], 'a clock far ahead does not outlive the next answer');
	house.mail(mail({ from: 'jan@poczta.example', text: 'Jednak będę.', inReplyTo: notice, at: '2026-11-22T10:50:00+01:00' }));
	house.poll();
	const slow = house.mail(itip({ partstat: 'DECLINED', stamp: '20261122T094500Z', at: '2026-11-22T11:00:00+01:00' }));
	house.poll();
	assert.deepEqual(counts(), [1, 0, 0], 'given before the words, and long on its way');
	assert.match(row(house, slow).why, /a newer answer of theirs/);
	house.mail(itip({ partstat: 'DECLINED', stamp: '20261122T100500Z', at: '2026-11-22T11:06:00+01:00' }));
	house.poll();
	const said = templates(house).length;
	const words = house.mail(mail({ from: 'jan@poczta.example', text: 'Będę!', inReplyTo: notice, at: '2026-11-22T11:02:00+01:00' }));
	house.poll();
	assert.deepEqual(counts(), [0, 1, 0], 'words that came before it was given, read later');
	assert.match(row(house, words).why, /a newer answer of theirs/);
	assert.equal(templates(house).length, said, 'what does not count is not confirmed');
});

story('who sends somebody else does not come; the other answers for themselves', (house) => {
	const gone = house.mail(itip({ partstat: 'DELEGATED;DELEGATED-TO="mailto:ewa@poczta.example"', extra: ['COMMENT:choruję'] }));
	house.mail(itip({ from: 'ewa@poczta.example' }));
	house.poll();
	assert.equal(row(house, gone).fate, 'rsvp');
	assert.match(row(house, gone).why, /somebody else comes instead/);
	const now = meeting(house);
	assert.deepEqual([now.yes, now.no], [1, 1]);
	assert.equal(now.answers.find((one) => one.answer === 'no').comment,
		'choruję\nDELEGATED-TO: ewa@poczta.example');
});

story('another time proposed, or the invitation asked for anew, waits for staff with the reason', (house) => {
	const counter = house.mail(itip({ method: 'COUNTER', partstat: 'TENTATIVE', extra: ['DTSTART;TZID=Europe/Warsaw:20261125T173000'] }));
	const refresh = house.mail(itip({ from: 'ewa@poczta.example', method: 'REFRESH', partstat: 'NEEDS-ACTION' }));
	house.poll();
	assert.equal(row(house, counter).fate, 'held');
	assert.match(row(house, counter).why, /proposes another time \(20261125T173000\)/);
	assert.equal(row(house, refresh).fate, 'held');
	assert.match(row(house, refresh).why, /REFRESH/);
	assert.deepEqual(templates(house), []);
});

story('an answer that holds a wish is a remark as well', (house) => {
	const both = house.mail(mail({ text: 'Będę, i proszę o wiatę na przystanku.', inReplyTo: notice }));
	house.poll();
	assert.equal(row(house, both).fate, 'rsvp', row(house, both).why);
	assert.equal(meeting(house).yes, 1);
	assert.equal(ours(house, both).code, 'BL-10KE');
	assert.deepEqual(templates(house), ['confirm_remark', 'rsvp_confirm']);
});

story('an answer to no notice waits for staff', (house) => {
	const lost = house.mail(mail({ text: 'Będę, razem z mężem.' }));
	house.poll();
	assert.equal(row(house, lost).fate, 'held');
	assert.match(row(house, lost).why, /no notice/);
});

story('ZAPISZ with the name of a commune asks for its meetings, and STOP ends that', (house) => {
	house.text({ from: '+48110000301', text: 'ZAPISZ Chełm Śląski', at: '2026-11-22T10:00:00+01:00' });
	house.poll();
	const [asked] = house.rows('journal');
	assert.equal(asked.fate, 'command', asked.why);
	const [one] = house.rows('subscription', 'list').filter((s) => s.commune);
	assert.equal(one.commune, 'Chełm Śląski');
	assert.equal(one.state, 'active');
	const shown = house.rows('outbox', 'list').find((r) => r.inbound === asked.id);
	assert.match(shown.text, /Chelm Slaski.*STOP/, 'what they were told is kept beside the message');
	house.text({ from: '+48110000301', text: 'stop chelm slaski.', at: '2026-11-22T11:00:00+01:00' });
	house.poll();
	assert.equal(house.rows('subscription', 'list').find((s) => s.commune).state, 'stopped');
	house.text({ from: '+48110000301', text: 'ZAPISZ Kraków', at: '2026-11-22T11:30:00+01:00' });
	house.text({ from: '+48110000301', text: 'Zapisz Bieruń na listę gmin z dymem', at: '2026-11-22T11:31:00+01:00' });
	house.poll();
	assert.equal(house.rows('journal').filter((r) => r.fate === 'command').length, 2,
		'only the whole name of one of ours');
	assert.equal(house.rows('subscription', 'list').filter((s) => s.commune).length, 1);
});

// ---- texts in a row ---------------------------------------------------------

const said = (house) => house.rows('journal').filter((r) => r.channel === 'sms');
const fates = (house) => said(house).map((r) => r.fate);

// Texts of one number, each at its own minute; polled after each.
function talk(house, lines, from = '+48110000301') {
	for (const [minute, text] of lines) {
		const at = new Date(Date.parse('2026-11-22T10:00:00+01:00') + minute * 60000).toISOString();
		if (Date.parse(at) > Date.parse(house.now))
			house.now = at;
		sms(house, text, from, at);
		house.poll();
	}
}

story('a text without a code that follows one with a code at once belongs to it, a later one does not', (house) => {
	talk(house, [[0, 'BL-T4NR Prosimy o autobus do szpitala'], [2, 'i o wiate na przystanku'],
		[4, 'i o kosz'], [20, 'Kiedy bedzie remont mostu?']]);
	assert.deepEqual(fates(house), ['filed', 'filed', 'filed', 'held']);
	assert.deepEqual(remarks(house).map((r) => r.code), ['BL-T4NR', 'BL-T4NR', 'BL-T4NR']);
	assert.match(said(house)[1].why, /follows a text with that code/);
});

story('after a text for two consultations none is guessed', (house) => {
	talk(house, [[0, 'bl-10ke plakaty w sklepach. bl-t4nr autobus po 22'], [1, 'i w niedziele']]);
	assert.deepEqual(fates(house), ['filed', 'held']);
});

story('another number that texts in between is another person', (house) => {
	talk(house, [[0, 'BL-T4NR Prosimy o autobus do szpitala']]);
	talk(house, [[1, 'i o wiate na przystanku']], '+48110000302');
	assert.deepEqual(fates(house), ['filed', 'held']);
});

story('texts in a row without a code are asked for it once, and all filed when it comes', (house) => {
	talk(house, [[0, 'Brakuje lawek przy przychodni,'], [1, 'szczegolnie od strony parku,'],
		[2, 'i koszy na smieci.'], [30, 'BL-T4NR']]);
	assert.deepEqual(fates(house), ['filed', 'filed', 'filed', 'command']);
	assert.deepEqual(remarks(house).map((r) => r.text), ['Brakuje lawek przy przychodni,',
		'szczegolnie od strony parku,', 'i koszy na smieci.']);
	assert.deepEqual(templates(house), ['sms_no_code', 'sms_confirm_remark'], 'one confirmation');
	for (const r of remarks(house))
		assert.ok(owed(house).at(-1).text.includes(r.receipt));
});

story('words, then at once their code with more words: both are filed', (house) => {
	talk(house, [[0, 'Brakuje lawek przy przychodni'], [2, 'BL-T4NR oraz koszy w parku']]);
	assert.deepEqual(fates(house), ['filed', 'filed']);
});

story('held words of another day are not filed with a row', (house) => {
	talk(house, [[-600, 'Kiedy bedzie remont mostu?'], [0, 'Brakuje lawek'], [1, 'BL-T4NR']]);
	assert.deepEqual(fates(house), ['held', 'filed', 'command']);
});

story('TAK files the near miss and what was sent with it', (house) => {
	talk(house, [[0, 'BL-T4NP Potrzebna wiata na przystanku'], [1, 'i lawka obok'], [3, 'TAK']]);
	assert.deepEqual(templates(house).filter((t) => t !== 'sms_confirm_remark'), ['sms_unknown_code']);
	assert.deepEqual(fates(house), ['filed', 'filed', 'command']);
	assert.deepEqual(remarks(house).map((r) => r.code), ['BL-T4NR', 'BL-T4NR']);
});

story('a code sent alone waits a day for its words, and no longer', (house) => {
	talk(house, [[-1500, 'BL-7M4H'], [-100, 'Wiecej pieniedzy na kluby seniora']]);
	assert.deepEqual(fates(house), ['empty', 'filed']);
	talk(house, [[-1500, 'BL-7M4H'], [0, 'Wiecej pieniedzy na kluby seniora']], '+48110000302');
	assert.deepEqual(fates(house).slice(2), ['empty', 'held']);
});

story('who changes their mind about a meeting by text is counted anew, and it is no remark', (house) => {
	house.run('subscription', 'add', '+48110000301', '--commune', 'Lędziny', '--source', 'karta',
		'--consent', '2026-11-01');
	house.run('meeting', 'announce', 's-10ke-ledziny-2', '--yes', '1');
	house.poll();
	talk(house, [[180, 'Bede z zona'], [181, 'nie przyjde jednak'], [182, 'Jednak przyjde'],
		[183, 'Jednak nie'], [184, 'I prosze o podjazd dla wozkow']]);
	assert.deepEqual(fates(house), ['rsvp', 'rsvp', 'rsvp', 'rsvp', 'filed']);
	assert.deepEqual([meeting(house).yes, meeting(house).no], [0, 1]);
	assert.equal(remarks(house)[0].code, 'BL-10KE');
	talk(house, [[184 + 4 * 1440, 'Kiedy bedzie remont mostu?']]);
	assert.equal(fates(house).at(-1), 'held', 'not for ever');
});

story('our own number and what cannot be texted are in no list, and are not sent to', (house) => {
	for (const [to, why] of [['+48110010010', /our own/], ['110 010 010', /our own/],
		['+48223456789', /cannot be texted/], ['7248', /cannot be texted/], ['INFO', /cannot be texted/]]) {
		const { status, stderr } = house.try('subscription', 'add', to, '--commune', 'Lędziny',
			'--source', 'karta', '--consent', '2026-11-01');
		assert.equal(status, 1, to);
		assert.match(stderr, why);
	}
	house.run('subscription', 'add', '+48110000301', '--commune', 'Lędziny', '--source', 'karta',
		'--consent', '2026-11-01');
	house.run('meeting', 'announce', 's-10ke-ledziny-2', '--yes', '1');
	fs.writeFileSync(house.conf, fs.readFileSync(house.conf, 'utf8') // a line that we got since
		.replace('number = "+48110010010"', 'number = "+48110000301"'));
	house.poll();
	const [notice] = owed(house);
	assert.equal(notice.state, 'failed');
	assert.match(notice.why, /one of our own/);
});

story('an order that was asked back waits for no code; "usun moja uwage" takes it back', (house) => {
	talk(house, [[0, 'BL-T4NR Prosimy o autobus'], [20, 'KOREKTA'], [21, 'Brakuje koszy'], [22, 'BL-7M4H']]);
	assert.deepEqual(fates(house), ['filed', 'held', 'filed', 'command']);
	assert.deepEqual(remarks(house).map((r) => [r.code, r.text]), [['BL-T4NR', 'Prosimy o autobus'],
		['BL-7M4H', 'Brakuje koszy']]);
	talk(house, [[0, 'BL-T4NR Prosimy o tramwaj'], [20, 'Usun moja uwage']], '+48110000302');
	assert.equal(remarks(house).at(-1).state, 'withdrawn');
});

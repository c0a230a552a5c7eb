// notice - staff tell many people of meetings: each is told once
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { House, program } from './house.mjs';

// Ewa by mail and text for Lędziny, Jan by mail for Lędziny and Bieruń, Ola by
// mail for the consultation BL-7M4H.
const people = `e-mail;telefon;gmina;kod
ewa@poczta.example;110 000 501;Lędziny;
jan@poczta.example;;Lędziny;
jan@poczta.example;;Bieruń;
ola@poczta.example;;;BL-7M4H
`;

function story(name, body) {
	test(name, () => {
		const house = new House();
		try {
			const file = path.join(house.dir, 'lista.csv');
			fs.writeFileSync(file, people);
			house.run('person', 'import', file, '--source', 'karta', '--consent', '2026-11-01');
			house.seen = new Set(letters(house));
			body(house);
		} finally {
			house.close();
		}
	});
}

const folder = (house) => path.join(house.dir, 'out/new');
const letters = (house) => fs.readdirSync(folder(house));

// The mails that went out since the last call, parsed: { to, subject, raw, text }.
function sent(house) {
	const fresh = letters(house).filter((f) => !house.seen.has(f));
	fresh.forEach((f) => house.seen.add(f));
	return fresh.map((f) => {
		const raw = fs.readFileSync(path.join(folder(house), f), 'utf8').replace(/\r?\n/g, '\r\n');
		const parsed = JSON.parse(house.run('parse', path.join(folder(house), f)));
		return { raw, to: raw.match(/^To: (\S+)/m)[1], subject: parsed.subject, text: parsed.text,
			files: parsed.attachments.map((a) => a.name), calendar: calendar(raw),
			replyTo: raw.match(/^Reply-To: (\S+)/m)?.[1] };
	}).sort((a, b) => a.to.localeCompare(b.to));
}

// The calendar of a mail, unfolded: a list of lines; null without one.
function calendar(raw) {
	const part = raw.split(/\r\n--=_\w+\r\n/).find((p) => p.startsWith('Content-Type: text/calendar'));
	if (!part)
		return null;
	const bytes = part.split('\r\n\r\n').slice(1).join('\r\n\r\n').replace(/=\r\n/g, '')
		.replace(/=([0-9A-F]{2})/g, (m, h) => String.fromCharCode(parseInt(h, 16)));
	return Buffer.from(bytes, 'latin1').toString('utf8').replace(/\r\n /g, '').split('\r\n');
}

const texts = (house) => fs.readdirSync(path.join(house.dir, 'spool/outbox'))
	.map((f) => fs.readFileSync(path.join(house.dir, 'spool/outbox', f), 'utf8'));
const announce = (house, ...args) =>
	JSON.parse(house.run('--json', 'meeting', 'announce', ...args));

story('a dry run shows whom it reaches and what they read, and sends nothing', (house) => {
	const shown = house.run('meeting', 'announce', 's-10ke-ledziny-2', '--dry-run');
	assert.match(shown, /3 recipients: 2 by mail, 1 by text \(1 segment\)/);
	assert.match(shown, /s-10ke-ledziny-2, Lędziny: 2 by mail, 1 by text/);
	assert.match(shown, /Subject: \[BL-10KE\] Lędziny/);
	assert.match(shown, /BĘDĘ    lub    NIE BĘDĘ/);
	house.poll();
	assert.deepEqual(sent(house), []);
	assert.deepEqual(house.rows('notice', 'list'), []);
});

story('nothing is sent unless the right number is given', (house) => {
	for (const args of [[], ['--yes', '2'], ['--yes', 'x'], ['--yes', '4']]) {
		const { status, stderr } = house.try('meeting', 'announce', 's-10ke-ledziny-2', ...args);
		assert.notEqual(status, 0);
		assert.ok(stderr.length > 0);
	}
	house.poll();
	assert.deepEqual(sent(house), []);
	assert.equal(house.rows('meeting', 'show', 's-10ke-ledziny-2')[0].state, 'planned');
});

story('each recipient gets one notice of the meetings for them, and nobody gets it twice', (house) => {
	const told = announce(house, 's-10ke-ledziny-2', 's-10ke-bierun-2', '--yes', '3');
	assert.deepEqual([told.recipients, told.mail, told.sms], [3, 2, 1]);
	house.poll();
	const mails = sent(house);
	assert.deepEqual(mails.map((m) => m.to), ['ewa@poczta.example', 'jan@poczta.example']);
	assert.match(mails[0].subject, /Lędziny/);
	assert.ok(!mails[0].text.includes('Bieruń'), 'only the meeting for her');
	assert.match(mails[1].text, /SPOTKANIE NR 1[^]*SPOTKANIE NR 2/);
	assert.equal(texts(house).length, 1);
	assert.equal(house.rows('meeting', 'show', 's-10ke-ledziny-2')[0].state, 'announced');
	const again = announce(house, 's-10ke-ledziny-2', 's-10ke-bierun-2', '--yes', '0');
	assert.deepEqual([again.recipients, again.told], [0, 4]);
	house.poll();
	assert.deepEqual(sent(house), []);
	const [notice] = house.rows('notice', 'list');
	assert.deepEqual([notice.state, notice.total, notice.sent], ['done', 3, 3]);
});

story('the notice is a mail that calendars and mail programs understand', (house) => {
	announce(house, 's-10ke-ledziny-2', '--yes', '3');
	house.poll();
	const [ewa, jan] = sent(house);
	assert.match(ewa.raw, /^Auto-Submitted: auto-generated/m);
	assert.match(ewa.raw, /^List-Id:[^]*?<konsultacje\.powiat\.example>/m);
	assert.ok(ewa.raw.includes(`<mailto:${ewa.replyTo}?subject=REZYGNUJE>`));
	assert.notEqual(ewa.replyTo, jan.replyTo, 'a token each');
	assert.deepEqual(ewa.files, ['invite.ics']);
	for (const line of ['METHOD:REQUEST', 'UID:spotkanie-bl-10ke-ledziny-2@konsultacje.powiat.example', 'SEQUENCE:0'])
		assert.ok(ewa.calendar.includes(line), line);
	assert.ok(ewa.calendar.some((l) => l.startsWith('ORGANIZER;') && l.endsWith(`mailto:${ewa.replyTo}`)));
	assert.ok(ewa.calendar.some((l) => l.startsWith('ATTENDEE;') && l.endsWith('RSVP=TRUE:mailto:ewa@poczta.example')));
	assert.ok(!ewa.raw.includes('uwaga.invalid') && !ewa.raw.includes('X-UWAGA'), 'no mark is left');
});

story('answers to a notice count: by mail, by its button, by text', (house) => {
	announce(house, 's-10ke-ledziny-2', '--yes', '3');
	house.poll();
	const [ewa, jan] = sent(house);
	const answer = (from, to, text) => house.mail(`From: ${from}\r\nTo: ${to}\r\nSubject: Re: x\r\n` +
		`Message-ID: <${from.length}${text.length}@poczta.example>\r\nDate: Sun, 22 Nov 2026 10:00:00 +0100\r\n` +
		`MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${text}\r\n`);
	answer('jan@poczta.example', jan.replyTo, 'BĘDĘ');
	house.text({ from: '+48110000501', text: 'nie', at: '2026-11-22T10:00:00+01:00' });
	house.poll();
	const { yes, no } = house.rows('meeting', 'show', 's-10ke-ledziny-2')[0];
	assert.deepEqual([yes, no], [1, 1]);
	answer('ewa@poczta.example', ewa.replyTo, 'REZYGNUJĘ');
	house.poll();
	assert.equal(house.rows('subscription', 'list', '--active').filter((s) => s.to === 'ewa@poczta.example').length, 0);
});

// A mail that answers what was sent to `to`.
let serial = 0;
const reply = (house, ...letter) => house.mail(reply.bytes(...letter));
reply.bytes = (from, to, text, at) => (at ? `Received: from a by b; ${at} +0100\r\n` : '') +
	`From: ${from}\r\nTo: ${to}\r\nSubject: Re: x\r\n` +
	`Message-ID: <n${++serial}@poczta.example>\r\nDate: Sun, 22 Nov 2026 10:00:00 +0100\r\n` +
	`MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${text}\r\n`;

// The same by a calendar.
const accept = (house, from, to, stamp, at) => house.mail(reply.bytes(from, to, ['BEGIN:VCALENDAR',
	'VERSION:2.0', 'METHOD:REPLY', 'PRODID:-//x//y//EN', 'BEGIN:VEVENT',
	'UID:spotkanie-bl-10ke-ledziny-2@konsultacje.powiat.example', stamp, 'SEQUENCE:0',
	`ATTENDEE;PARTSTAT=ACCEPTED:mailto:${from}`, 'END:VEVENT', 'END:VCALENDAR'].join('\r\n'), at)
	.replace('text/plain', 'text/calendar; method=REPLY'));

story('who was told of several meetings answers by their numbers', (house) => {
	announce(house, 's-10ke-ledziny-2', 's-10ke-bierun-2', '--yes', '3');
	house.poll();
	const jan = sent(house)[1];
	const said = () => ['s-10ke-ledziny-2', 's-10ke-bierun-2'].map((key) => {
		const { yes, no } = house.rows('meeting', 'show', key)[0];
		return `${yes}${no}`;
	});
	const say = (text) => {
		reply(house, jan.to, jan.replyTo, text);
		house.poll();
		return sent(house).map((m) => m.text).join();
	};
	assert.match(say('BĘDĘ'), /1\. [^]*2\. [^]*1 TAK, 2 NIE/, 'asked back');
	assert.deepEqual(said(), ['00', '00']);
	assert.match(say('1 TAK, 2 NIE'), /1\. Lędziny.*\s+będziesz[^]*2\. Bieruń.*\s+nie będziesz/);
	assert.deepEqual(said(), ['10', '01']);
	say('Będę na 1 i 2, proszę o pętlę indukcyjną.');
	assert.deepEqual(said(), ['10', '10']);
	say('nie 1');
	assert.deepEqual(said(), ['01', '10']);
	say('TAK 7');
	say('1. Tak, popieram remont. 2. Nie zgadzam się na wycinkę drzew.');
	assert.deepEqual(said(), ['01', '10'], 'a number that is none, and a remark');
	assert.equal(house.rows('remark', 'list').length, 1);
	const access = house.rows('meeting', 'show', 's-10ke-bierun-2')[0].answers[0];
	assert.ok(access.needs_staff && access.needs_staff_by < house.rows('meeting', 'show', 's-10ke-bierun-2')[0].starts_at);
	assert.match(house.run('meeting', 'show', 's-10ke-bierun-2'), /for staff, was due 2026-11-21 17:00[^]*pętlę/);
	say('Dzień dobry,\nna pierwsze tak, na drugie nie.\n\nPozdrawiam\nJan Nowak');
	assert.deepEqual(said(), ['10', '01'], 'in words');
	say('Będę na obu');
	assert.deepEqual(said(), ['10', '10']);
	const cells = house.rows('meeting', 'matrix', 'BL-10KE');
	const of = (commune) => cells.find((c) => c.commune === commune);
	assert.deepEqual([of('Lędziny').remarks_yes, of('Bieruń').remarks_yes, of('Imielin').remarks_yes], [1, 1, 0]);
	assert.match(of('Bieruń').remarks, /announced \(yes 1\)$/);
});

story('a wish for access that says nothing of coming is shown with the hour it must be met by', (house) => {
	announce(house, 's-10ke-ledziny-2', '--yes', '3');
	house.poll();
	const jan = sent(house)[1];
	for (const text of ['Czy na spotkaniu będzie pętla indukcyjna?', 'Brakuje wiaty na przystanku.']) {
		reply(house, jan.to, jan.replyTo, text);
		house.poll();
	}
	house.mail('From: obcy@poczta.example\r\nTo: konsultacje@powiat.example\r\nSubject: BL-10KE\r\nMessage-ID: <obcy@poczta.example>\r\n' +
		'MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nPotrzebny jest tłumacz migowy.\r\n');
	house.poll();
	const [shown] = house.rows('meeting', 'show', 's-10ke-ledziny-2');
	assert.deepEqual(shown.wishes.map((w) => [w.from, w.comment.trim()]),
		[[jan.to, 'Czy na spotkaniu będzie pętla indukcyjna?']]);
	assert.ok(shown.wishes[0].needs_staff_by < shown.starts_at);
	assert.match(house.run('meeting', 'show', 's-10ke-ledziny-2'), /wish, .*, for staff[^]*pętla/);
	assert.deepEqual(house.rows('meeting', 'show', 's-10ke-bierun-2')[0].wishes, []);
	reply(house, jan.to, jan.replyTo, 'Będę, i proszę o pętlę indukcyjną.');
	house.poll();
	assert.equal(house.rows('meeting', 'show', 's-10ke-ledziny-2')[0].wishes.length, 1, 'what stands with an answer is not shown twice');
});

story('TAK with a wish for an interpreter is a yes with a wish', (house) => {
	announce(house, 's-10ke-ledziny-2', '--yes', '3');
	house.poll();
	const tell = (text) => {
		house.text({ from: '+48110000501', text, at: '2026-11-22T10:00:00+01:00' });
		house.poll();
		const { yes, answers } = house.rows('meeting', 'show', 's-10ke-ledziny-2')[0];
		return [yes, answers.map((a) => [a.answer, a.needs_staff])];
	};
	assert.deepEqual(tell('TAK prosze o tlumacza migowego'), [1, [['yes', true]]]);
	assert.equal(house.rows('remark', 'list').length, 0);
	assert.deepEqual(tell('Nie zgadzam sie na brak podjazdu dla wozkow'), [1, [['yes', true]]], 'no is more than a word');
});

story('by text, too', (house) => {
	house.run('person', 'import', (() => {
		const file = path.join(house.dir, 'tel.csv');
		fs.writeFileSync(file, 'telefon;gmina\n110000502;Lędziny\n110000502;Bieruń\n');
		return file;
	})(), '--source', 'karta', '--consent', '2026-11-01');
	announce(house, 's-10ke-ledziny-2', 's-10ke-bierun-2', '--yes', '4');
	house.poll();
	const say = (text) => {
		house.text({ from: '+48110000502', text, at: '2026-11-22T10:00:00+01:00' });
		house.poll();
		return ['s-10ke-ledziny-2', 's-10ke-bierun-2'].map((key) => {
			const { yes, no } = house.rows('meeting', 'show', key)[0];
			return `${yes}${no}`;
		});
	};
	assert.deepEqual(say('tak'), ['00', '00']);
	assert.deepEqual(say('TAK 2'), ['00', '10'], 'numbered as in the question');
	assert.deepEqual(say('1 nie 2 nie'), ['01', '01']);
	assert.deepEqual(say('TAK WSZYSTKIE'), ['10', '10']);
	const replies = house.rows('outbox', 'list').filter((r) => r.to === '+48110000502').map((r) => r.template);
	assert.deepEqual([...new Set(replies)].sort(), ['sms_meeting_announcement', 'sms_rsvp_several', 'sms_which_meeting']);
});

story('who was told of one meeting and speaks of a second is asked back, by mail and by text', (house) => {
	announce(house, 's-10ke-ledziny-2', '--yes', '3');
	house.poll();
	const jan = sent(house)[1];
	const count = () => {
		const { yes, no } = house.rows('meeting', 'show', 's-10ke-ledziny-2')[0];
		return [yes, no];
	};
	const say = (text) => {
		reply(house, jan.to, jan.replyTo, text);
		house.poll();
		return sent(house).map((m) => m.text).join();
	};
	assert.match(say('Na drugie tak.'), /tylko o jednym[^]*Lędziny, środa, 25 listopada[^]*TAK albo NIE/);
	assert.deepEqual(count(), [0, 0]);
	say('nie 2');
	say('Na pierwsze nie, na drugie tak.');
	assert.deepEqual(count(), [0, 0], 'none of these is about that one');
	say('Na pierwsze tak');
	assert.deepEqual(count(), [1, 0]);
	say('NIE');
	assert.deepEqual(count(), [0, 1], 'what was asked back is about it, too');
	say('TAK 2');
	assert.deepEqual(count(), [1, 0], 'two people, perhaps: for staff');
	house.text({ from: '+48110000501', text: 'na drugie tak', at: '2026-11-22T10:00:00+01:00' });
	house.poll();
	assert.deepEqual(count(), [1, 0]);
	const asked = house.rows('outbox', 'list').at(-1);
	assert.equal(asked.template, 'sms_which_meeting');
	assert.match(asked.text, /tylko o jednym: Ledziny 25\.11/);
	assert.equal(JSON.parse(house.run('sms-size', asked.text)).segments, 1);
	house.text({ from: '+48110000501', text: 'tak', at: '2026-11-22T10:01:00+01:00' });
	house.poll();
	assert.deepEqual(count(), [2, 0]);
});

story('who was never invited may come, and is marked for staff', (house) => {
	announce(house, 's-10ke-ledziny-2', '--yes', '3');
	house.poll();
	const [ewa, jan] = sent(house);
	reply(house, ewa.to, ewa.replyTo, 'BĘDĘ');
	reply(house, jan.to, jan.replyTo, 'Nie będę.');
	reply(house, 'adam@poczta.example', jan.replyTo, 'Będę, Jan przesłał mi zaproszenie.');
	accept(house, 'ola@poczta.example', jan.replyTo, 'DTSTAMP:20261122T103000Z', '22 Nov 2026 11:30:00');
	house.poll();
	assert.deepEqual(sent(house).map((m) => m.to).sort(), ['adam@poczta.example', ewa.to, jan.to], 'confirmed as anybody');
	const shown = house.rows('meeting', 'show', 's-10ke-ledziny-2')[0];
	assert.deepEqual([shown.yes, shown.no, shown.not_invited], [3, 1, 2]);
	assert.deepEqual(shown.answers.map((one) => [one.from, one.invited]).sort(), [['adam@poczta.example', false],
		[ewa.to, true], [jan.to, true], ['ola@poczta.example', false]]);
	const page = house.run('meeting', 'show', 's-10ke-ledziny-2');
	assert.match(page, /yes, not invited, ola@poczta/, 'also without a comment');
	assert.match(page, /yes, not invited, adam@poczta\.example[^]*przesłał/);
	assert.doesNotMatch(page, /not invited, (ewa|jan)@/);
	assert.match(house.rows('journal').find((r) => r.id === shown.answers.find((one) =>
		one.from.startsWith('ola')).inbound).why, /no notice of ours told them of it/);
	const [cell] = house.rows('meeting', 'matrix', 'BL-10KE').filter((c) => c.commune === 'Lędziny');
	assert.deepEqual([cell.remarks_yes, cell.remarks_not_invited], [3, 2]);
	assert.match(cell.remarks, /announced \(yes 3 \(2 not invited\), no 1\)$/);
});

story('what was sent before a newer answer, and read behind it, is not confirmed of several meetings either', (house) => {
	announce(house, 's-10ke-ledziny-2', 's-10ke-bierun-2', '--yes', '3');
	house.poll();
	const jan = sent(house)[1];
	const say = (text, at) => {
		reply(house, jan.to, jan.replyTo, text, `22 Nov 2026 ${at}`);
		house.poll();
		return sent(house).filter((m) => /Zapisaliśmy/.test(m.subject)).map((m) => m.text).join();
	};
	const yes = () => ['s-10ke-ledziny-2', 's-10ke-bierun-2'].map((key) => house.rows('meeting', 'show', key)[0].yes);
	say('TAK 1', '11:30:00');
	house.now = '2026-11-23T13:00:00+01:00'; // so that the day's limit hides nothing
	const told = say('NIE WSZYSTKIE', '11:00:00');
	assert.match(told, /2\. Bieruń.*\s+nie będziesz/);
	assert.doesNotMatch(told, /1\. Lędziny.*\s+nie będziesz/);
	assert.deepEqual(yes(), [1, 0]);
	house.now = '2026-11-24T14:00:00+01:00';
	assert.equal(say('1 NIE, 2 TAK', '10:30:00'), '', 'nothing of it counts');
	assert.match(house.rows('journal').at(-1).why, /a newer answer of theirs/);
	assert.deepEqual(yes(), [1, 0]);
});

story('a calendar that dates its answer before the invitation came answers when it comes', (house) => {
	announce(house, 's-10ke-ledziny-2', '--yes', '3');
	house.poll();
	const jan = sent(house)[1];
	const stamp = jan.calendar.find((l) => l.startsWith('DTSTAMP:'));
	house.now = '2026-11-22T13:00:00+01:00';
	reply(house, jan.to, jan.replyTo, 'Nie będę.', '22 Nov 2026 12:30:00');
	accept(house, jan.to, jan.replyTo, stamp, '22 Nov 2026 12:45:00');
	house.poll();
	const { yes, no } = house.rows('meeting', 'show', 's-10ke-ledziny-2')[0];
	assert.deepEqual([yes, no], [1, 0], 'it copied our own stamp');
});

story('a change reaches those who got the notice, and the calendar counts on', (house) => {
	announce(house, 's-10ke-ledziny-2', '--yes', '3');
	house.poll();
	const [old, jan] = sent(house);
	reply(house, jan.to, jan.replyTo, 'Nie będę.');
	house.poll();
	sent(house);
	const args = ['--json', 'meeting', 'change', 's-10ke-ledziny-2', '--starts', '2026-11-26 18:00',
		'--venue', 'Szkoła nr 1', '--reason', 'awaria ogrzewania'];
	house.run(...args, '--yes', '3');
	house.poll();
	const [ewa] = sent(house);
	assert.match(ewa.subject, /ZMIANA/);
	assert.match(ewa.text, /BYŁO:[^]*JEST:[^]*26 listopada[^]*awaria ogrzewania/);
	assert.ok(ewa.calendar.includes('SEQUENCE:1'));
	const shown = house.rows('meeting', 'show', 's-10ke-ledziny-2')[0];
	assert.deepEqual([shown.state, shown.sequence, shown.venue], ['changed', 1, 'Szkoła nr 1']);
	assert.deepEqual([shown.no, shown.stale, shown.answers[0].stale], [1, 1, true], 'answered before the change');
	assert.match(house.run('meeting', 'show', 's-10ke-ledziny-2'), /no before the change, jan@/);
	reply(house, old.to, old.replyTo, 'Będę.');
	house.poll();
	assert.ok(sent(house).some((m) => /zmieniły się po zawiadomieniu/.test(m.text)), 'the old notice was answered');
	assert.deepEqual([house.rows('meeting', 'show', 's-10ke-ledziny-2')[0].yes, house.rows('meeting', 'show', 's-10ke-ledziny-2')[0].stale], [1, 2]);
	house.run('--json', 'meeting', 'cancel', 's-10ke-ledziny-2', '--yes', '3');
	house.poll();
	const [gone] = sent(house);
	assert.match(gone.subject, /ODWOŁANE/);
	assert.ok(gone.calendar.includes('METHOD:CANCEL') && gone.calendar.includes('SEQUENCE:2'));
	assert.equal(texts(house).length, 3);
	assert.match(house.try('meeting', 'announce', 's-10ke-ledziny-2', '--yes', '3').stderr, /cancelled/);
});

story('who says they will come to a meeting that was cancelled is told so, and does not count', (house) => {
	announce(house, 's-10ke-ledziny-2', '--yes', '3');
	house.poll();
	const [ewa, jan] = sent(house);
	const show = () => house.rows('meeting', 'show', 's-10ke-ledziny-2')[0];
	reply(house, ewa.to, ewa.replyTo, 'BĘDĘ');
	house.poll();
	house.run('--json', 'meeting', 'cancel', 's-10ke-ledziny-2', '--yes', '3');
	house.poll();
	sent(house);
	const say = (...letter) => {
		reply(house, ...letter);
		house.poll();
		return sent(house);
	};
	const [told] = say(jan.to, jan.replyTo, 'Będę z żoną.');
	assert.match(told.subject, /Spotkanie odwołane – Lędziny/);
	assert.match(told.text, /zostało odwołane[^]*środa, 25 listopada 2026 r\., godz\. 17:30[^]*Uwagę możesz wysłać/);
	assert.doesNotMatch(told.text, /będziesz/);
	assert.match(say('adam@poczta.example', jan.replyTo, 'I will be there, thank you for the invitation.')[0].text,
		/was cancelled/);
	const both = say(ewa.to, ewa.replyTo, 'Będę, i proszę o wiatę na przystanku.');
	assert.equal(both.length, 2, 'the wish is a remark, and the answer is answered');
	assert.equal(house.rows('remark', 'list')[0].code, 'BL-10KE');
	assert.deepEqual(say(jan.to, jan.replyTo, 'NIE'), [], 'nothing to tell to who stays at home');
	accept(house, 'ola@poczta.example', jan.replyTo, 'DTSTAMP:20261122T103000Z');
	house.poll();
	const [calendar] = sent(house);
	assert.deepEqual([calendar.to, calendar.subject], ['ola@poczta.example', told.subject]);
	house.text({ from: '+48110000501', text: 'tak', at: '2026-11-22T10:00:00+01:00' });
	house.poll();
	const text = house.rows('outbox', 'list').at(-1);
	assert.equal(text.template, 'sms_meeting_off');
	assert.match(text.text, /25\.11 g\. 17:30 ODWOLANE/);
	const size = JSON.parse(house.run('sms-size', text.text));
	assert.deepEqual([size.encoding, size.segments], ['gsm7', 1]);
	const { yes, no, maybe, late, answers, late_answers: after } = show();
	assert.deepEqual([yes, no, maybe, late, answers.length], [1, 0, 0, 6, 1], 'only what was said before');
	const wife = after.find((one) => one.comment === 'Będę z żoną.');
	assert.deepEqual([wife.answer, wife.from, wife.too_late], ['yes', jan.to, 'cancelled']);
	assert.match(house.run('meeting', 'show', 's-10ke-ledziny-2'), /yes after it was cancelled, jan@[^]*z żoną/);
	assert.match(house.rows('journal').find((r) => r.id === wife.inbound).why, /was cancelled/);
});

story('who answers when the meeting is over is told so, and does not count', (house) => {
	announce(house, 's-10ke-ledziny-2', '--yes', '3');
	house.poll();
	const [ewa, jan] = sent(house);
	house.now = '2026-11-26T09:00:00+01:00';
	house.poll();
	sent(house);
	reply(house, ewa.to, ewa.replyTo, 'Będę, spóźnię się.', '25 Nov 2026 17:40:00');
	house.poll();
	const yes = () => house.rows('meeting', 'show', 's-10ke-ledziny-2')[0].yes;
	assert.equal(yes(), 1, 'it came in time, and counts');
	assert.match(sent(house)[0].subject, /Termin spotkania minął/, 'read when it was over');
	reply(house, jan.to, jan.replyTo, 'BĘDĘ', '26 Nov 2026 08:00:00');
	accept(house, 'ola@poczta.example', jan.replyTo, 'DTSTAMP:20261126T070000Z', '26 Nov 2026 08:01:00');
	house.poll();
	assert.equal(yes(), 1);
	const told = sent(house);
	assert.deepEqual(told.map((m) => m.to), ['jan@poczta.example'], 'a calendar is not told');
	assert.match(told[0].text, /już minął/);
	assert.equal(house.rows('meeting', 'show', 's-10ke-ledziny-2')[0].late_answers[0].too_late, 'over');
});

story('of several meetings the one that was cancelled is named, whatever was said', (house) => {
	announce(house, 's-10ke-ledziny-2', 's-10ke-bierun-2', '--yes', '3');
	house.poll();
	const jan = sent(house)[1];
	house.run('--json', 'meeting', 'cancel', 's-10ke-bierun-2', '--yes', '1');
	house.poll();
	sent(house);
	const say = (text) => {
		reply(house, jan.to, jan.replyTo, text);
		house.poll();
		return sent(house).map((m) => m.text).join();
	};
	const yes = () => ['s-10ke-ledziny-2', 's-10ke-bierun-2'].map((key) => house.rows('meeting', 'show', key)[0].yes);
	assert.match(say('BĘDĘ'), /1\. Lędziny.*17:30\s+2\. Bieruń.*\s+ODWOŁANE\s/, 'in the question, too');
	assert.match(say('TAK 1'), /1\. Lędziny.*\s+będziesz/);
	assert.match(say('TAK WSZYSTKIE'), /1\. Lędziny.*\s+będziesz\s+2\. Bieruń.*\s+ODWOŁANE/, 'told on the same day');
	assert.deepEqual(yes(), [1, 0]);
});

story('who left hears of a change only when they said they would come', (house) => {
	announce(house, 's-10ke-ledziny-2', '--yes', '3');
	house.poll();
	const mails = sent(house);
	for (const [i, m] of mails.entries()) {
		const say = (text, n) => house.mail(`From: ${m.to}\r\nTo: ${m.replyTo}\r\nSubject: Re: x\r\n` +
			`Message-ID: <${i}${n}@poczta.example>\r\nDate: Sun, 22 Nov 2026 10:0${n}:00 +0100\r\n` +
			`MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${text}\r\n`);
		if (m.to.startsWith('jan'))
			say('BĘDĘ', 1);
		house.poll();
		say('STOP', 2);
		house.poll();
	}
	sent(house);
	const plan = JSON.parse(house.run('--json', 'meeting', 'cancel', 's-10ke-ledziny-2', '--dry-run'));
	assert.deepEqual([plan.mail, plan.sms, plan.stopped], [1, 0, 2], 'Ewa left by mail, and is not texted either');
});

story('the button of the mail program unsubscribes, confirmed once; it is taken from any address', (house) => {
	announce(house, 's-10ke-ledziny-2', '--yes', '3');
	house.poll();
	const [ewa, jan] = sent(house);
	const [, to, subject] = jan.raw.replace(/\r\n[ \t]/g, ' ').match(/^List-Unsubscribe: <mailto:([^?>]+)\?subject=([^>]+)>/m);
	const press = (from, address) => {
		house.mail(`From: ${from}\r\nTo: ${address}\r\nSubject: ${subject}\r\nMessage-ID: <u${++serial}@poczta.example>\r\n` +
			'Date: Sun, 22 Nov 2026 10:00:00 +0100\r\n\r\n\r\n');
		house.poll();
	};
	const active = () => house.rows('subscription', 'list', '--active').map((s) => s.to);
	press('jan@poczta.example', to);
	press('jan@poczta.example', to);
	assert.ok(!active().includes('jan@poczta.example'));
	assert.deepEqual(sent(house).map((m) => m.to), ['jan@poczta.example'], 'confirmed once');
	press('inny@poczta.example', ewa.replyTo);
	assert.deepEqual(active(), ['ola@poczta.example'], 'a forwarded letter: hers, by mail and by text');
	press('ola@poczta.example', to.replace('+', '+x'));
	assert.deepEqual(active(), [], 'a token that is none: for who says it');
});

// Who got the notice is told when somebody else ended their notices with it.
story('a STOP with a forwarded notice is told to whom the notice went, once, and ZAPISZ takes it back', (house) => {
	announce(house, 's-10ke-ledziny-2', '--yes', '3');
	house.poll();
	const ewa = sent(house)[0];
	const active = () => house.rows('subscription', 'list', '--active').map((s) => s.to).includes(ewa.to);
	const say = (from, to, text) => {
		reply(house, from, to, text);
		house.poll();
		return sent(house);
	};
	const [hers, theirs, ...more] = say('inny@poczta.example', ewa.replyTo, 'REZYGNUJĘ');
	assert.deepEqual([hers.to, theirs.to, more.length, active()], [ewa.to, 'inny@poczta.example', 0, false]);
	assert.match(hers.text, /na adres ewa@poczta\.example nie wyślemy[^]*z innego adresu[^]*odpowiedz:\s+ZAPISZ\s/);
	assert.match(hers.raw, /^Auto-Submitted: auto-generated/m);
	assert.ok(!hers.raw.includes('inny@') && !theirs.raw.includes('ewa@'), 'neither learns who the other is');
	assert.match(theirs.text, /poszło na inny adres/);
	assert.deepEqual(say('trzeci@poczta.example', ewa.replyTo, 'REZYGNUJĘ').map((m) => m.to), ['trzeci@poczta.example'], 'once');
	say(ewa.to, hers.replyTo, 'ZAPISZ');
	assert.ok(active());
	say('czwarty@poczta.example', ewa.replyTo, 'REZYGNUJĘ');
	const told = house.rows('outbox', 'list').filter((r) => r.template === 'stopped_by_another');
	assert.deepEqual(told.map((r) => r.to), [ewa.to], 'at most once a day, whoever plays with it');
	assert.deepEqual(say(ewa.to, ewa.replyTo, 'STOP').filter((m) => /z innego adresu|na inny adres/.test(m.text)), []);
});

story('of a stop of one consultation ZAPISZ with its code is the way back; WSZYSTKO is told as what it is', (house) => {
	announce(house, 's-7m4h-ledziny-2', '--yes', '4');
	house.poll();
	const [, jan, ola] = sent(house);
	const say = (from, to, text) => {
		reply(house, from, to, text);
		house.poll();
		return sent(house);
	};
	let hers = say('inny@poczta.example', ola.replyTo, 'STOP BL-7M4H').find((m) => m.to === ola.to);
	assert.match(hers.text, /o konsultacjach BL-7M4H[^]*ZAPISZ BL-7M4H/);
	assert.ok(!house.rows('subscription', 'list', '--active').some((s) => s.to === ola.to));
	say(ola.to, hers.replyTo, 'ZAPISZ BL-7M4H');
	assert.ok(house.rows('subscription', 'list', '--active').some((s) => s.to === ola.to));
	hers = say('inny@poczta.example', jan.replyTo, 'WSZYSTKO').find((m) => m.to === jan.to);
	assert.match(hers.text.replace(/\s+/g, ' '), /Nie napiszemy też o zmianach i odwołanych spotkaniach/);
});

story('WSZYSTKO ends even that, and is confirmed once', (house) => {
	announce(house, 's-10ke-ledziny-2', '--yes', '3');
	house.poll();
	const jan = sent(house)[1];
	for (const text of ['BĘDĘ', 'STOP', 'WSZYSTKO', 'WSZYSTKO']) {
		reply(house, jan.to, jan.replyTo, text);
		house.poll();
	}
	assert.equal(sent(house).filter((m) => m.subject === 'Nie będziemy już do Ciebie pisać').length, 1);
	const change = ['--json', 'meeting', 'cancel', 's-10ke-ledziny-2', '--dry-run'];
	const plan = () => JSON.parse(house.run(...change));
	assert.deepEqual([plan().mail, plan().stopped], [1, 1]);
	reply(house, jan.to, jan.replyTo, 'ZAPISZ');
	house.poll();
	assert.deepEqual([plan().mail, plan().stopped], [2, 0]);
});

story('what comes back is counted by notice and meeting, and that address is not written to again', (house) => {
	const { notice } = announce(house, 's-10ke-ledziny-2', '--yes', '3');
	house.poll();
	const [ewa, jan] = sent(house);
	const bounce = (status, extra, to = 'konsultacje@powiat.example') => house.mail('Return-Path: <>\r\nFrom: MAILER-DAEMON@poczta.example\r\n' +
		`To: ${to}\r\nSubject: Undelivered\r\nMessage-ID: <b${++serial}@poczta.example>\r\nDate: Sun, 22 Nov 2026 10:00:00 +0100\r\n` +
		'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n' +
		'x\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.poczta.example\r\n\r\n' +
		`Final-Recipient: rfc822; x@poczta.example\r\nAction: failed\r\nStatus: ${status}\r\n\r\n${extra}--b--\r\n`);
	bounce('5.1.1', '--b\r\nContent-Type: text/rfc822-headers\r\n\r\n' + jan.raw.match(/^Message-ID: .*$/mi)[0] + '\r\n\r\n');
	bounce('4.2.2', '', ewa.replyTo);
	house.poll();
	assert.deepEqual([house.rows('notice', 'show', String(notice))[0].bounced,
		house.rows('meeting', 'show', 's-10ke-ledziny-2')[0].notices[0].bounced], [2, 2]);
	assert.match(house.run('meeting', 'show', 's-10ke-ledziny-2'), /failed 2 \(bounced 2\)/);
	const plan = JSON.parse(house.run('--json', 'meeting', 'announce', 's-10ke-ledziny-2', '--dry-run'));
	assert.deepEqual([plan.mail, plan.bounced], [1, 1], 'who had a full box is told again');
});

// A report that `letter` came back.
const cameBack = (house, letter, status, kind = 'failed') => house.mail('Return-Path: <>\r\nFrom: MAILER-DAEMON@poczta.example\r\n' +
	`To: ${letter.replyTo}\r\nSubject: Undelivered\r\nMessage-ID: <b${++serial}@poczta.example>\r\n` +
	`Received: from a by b; ${new Date(house.now).toUTCString().replace('GMT', '+0000')}\r\n` +
	'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n' +
	'x\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.poczta.example\r\n\r\n' +
	`Final-Recipient: rfc822; ${letter.to}\r\nAction: ${kind}\r\nStatus: ${status}\r\n\r\n--b--\r\n`);
const later = (house, ms) => {
	house.now = new Date(Date.parse(house.now) + ms).toISOString().replace('.000', '');
};
const dated = (house, from, text) => {
	house.mail(`Received: from a by b; ${new Date(house.now).toUTCString().replace('GMT', '+0000')}\r\nFrom: ${from}\r\n` +
		`To: konsultacje@powiat.example\r\nSubject: x\r\nMessage-ID: <w${++serial}@poczta.example>\r\n\r\n${text}\r\n`);
	house.poll();
};
const stateOf = (house, address) => house.rows('subscription', 'list').find((s) => s.to === address).state;

story('whose address takes no mail, or who has stopped before, is not told', (house) => {
	announce(house, 's-10ke-ledziny-2', '--yes', '3');
	house.poll();
	const [ewa, jan] = sent(house);
	cameBack(house, jan, '5.1.1');
	reply(house, ewa.to, ewa.replyTo, 'STOP');
	house.poll();
	sent(house);
	for (const letter of [ewa, jan]) {
		reply(house, 'inny@poczta.example', letter.replyTo, 'STOP');
		house.poll();
	}
	assert.deepEqual(sent(house).map((m) => m.to), ['inny@poczta.example']);
});

story('an address that takes no mail is left out until the person writes', (house) => {
	announce(house, 's-10ke-ledziny-2', '--yes', '3');
	house.poll();
	const jan = sent(house)[1];
	announce(house, 's-7m4h-ledziny-2', '--yes', '4', '--at', '2026-11-23 08:00');
	cameBack(house, jan, '5.1.1');
	later(house, 60e3);
	house.poll();
	assert.equal(stateOf(house, jan.to), 'bounced');
	assert.ok(house.rows('outbox', 'list').some((r) => r.to === jan.to && r.state === 'cancelled'), 'what had not left never does');
	assert.deepEqual([JSON.parse(house.run('--json', 'meeting', 'announce', 's-10ke-bierun-2', '--dry-run')).bounced], [1]);
	assert.match(house.run('meeting', 'announce', 's-10ke-bierun-2', '--dry-run'), /1 addresses take no mail/);
	later(house, 60e3);
	dated(house, jan.to, 'POMOC');
	assert.equal(stateOf(house, jan.to), 'active');
});

story('mail that comes back for now counts, rests the address, and is forgotten in time or when the person writes', (house) => {
	const letters = [];
	for (const key of ['s-10ke-ledziny-2', 's-10ke-bierun-2', 's-7m4h-ledziny-2']) {
		house.run('--json', 'meeting', 'announce', key, '--yes', String(JSON.parse(house.run('--json', 'meeting', 'announce', key, '--dry-run')).recipients));
		house.poll();
		letters.push(sent(house).find((m) => m.to.startsWith('jan')));
	}
	const back = (i, status = '4.2.2') => {
		later(house, 3600e3);
		cameBack(house, letters[i], status);
		house.poll();
	};
	back(0);
	back(0);
	back(0, '4.4.1');
	assert.equal(stateOf(house, 'jan@poczta.example'), 'active', 'one letter counts once');
	cameBack(house, letters[1], '4.4.1', 'delayed');
	back(1, '5.7.1');
	assert.equal(stateOf(house, 'jan@poczta.example'), 'active', 'a policy is no fault of the address');
	back(2, '5.2.2');
	assert.equal(stateOf(house, 'jan@poczta.example'), 'resting', 'three do');
	assert.equal(JSON.parse(house.run('--json', 'meeting', 'announce', 's-10ke-bierun-2', '--dry-run')).resting, 1);
	assert.match(house.run('meeting', 'announce', 's-10ke-bierun-2', '--dry-run'), /of 1 too much came back of late/);
	const before = house.now;
	later(house, 31 * 24 * 3600e3);
	assert.equal(stateOf(house, 'jan@poczta.example'), 'active', 'a month later it is tried again');
	house.now = before;
	later(house, 3600e3);
	dated(house, 'jan@poczta.example', 'POMOC');
	assert.equal(stateOf(house, 'jan@poczta.example'), 'active');
	back(2);
	assert.equal(stateOf(house, 'jan@poczta.example'), 'active', 'it counts anew');
});

story('a meeting that was held has its head counts and points, and a point becomes a remark', (house) => {
	const key = 's-10ke-ledziny-2';
	const held = (...args) => house.run('--json', 'meeting', 'held', key, ...args);
	assert.match(house.try('meeting', 'held', key).stderr, /has not begun/);
	house.now = '2026-11-28T12:00:00+01:00';
	for (const bad of ['mieszkańcy', '=3', 'radni=-1', 'radni=x', 'radni='])
		assert.equal(house.try('meeting', 'held', key, '--count', bad).status, 2, bad);
	held('--count', 'mieszkańcy=21', '--count', 'radni=3', '--point', 'Więcej zieleni przy szkole.', '--point', 'Za mało ławek.');
	const shown = () => house.rows('meeting', 'show', key)[0];
	assert.deepEqual([shown().state, shown().people, shown().counts], ['held', 24, { mieszkańcy: 21, radni: 3 }]);
	held('--count', 'mieszkańcy=19', '--file', '2');
	assert.deepEqual(shown().counts, { mieszkańcy: 19, radni: 3 }, 'corrected');
	const [remark] = house.rows('remark', 'list');
	assert.deepEqual([remark.text, remark.channel, remark.code], ['Za mało ławek.', 'meeting', 'BL-10KE']);
	assert.deepEqual(shown().points.map((p) => [p.number, p.remark]), [[1, null], [2, remark.number]]);
	assert.match(house.try('meeting', 'held', key, '--file', '2', '--count', 'radni=9').stderr, /is remark BL-10KE\/\d+ already/);
	assert.equal(house.try('meeting', 'held', key, '--file', '7').status, 1);
	assert.equal(shown().counts.radni, 3, 'all or nothing');
	assert.match(house.run('meeting', 'show', key), /mieszkańcy[^]*19[^]*point 2, remark BL-10KE/);
	assert.match(house.run('verify'), /./);
	const file = path.join(house.dir, 'punkty.txt');
	fs.writeFileSync(file, '\ufeff- Zebra przy szkole.\n- Ścieżka\n  do lasu.\r\n\nPrzystanek\nprzy kościele.\n\n\n');
	held('--points', file, '--file', '3');
	assert.deepEqual(shown().points.slice(2).map((p) => p.text.replace(/\s+/g, ' ')),
		['Zebra przy szkole.', 'Ścieżka do lasu.', 'Przystanek przy kościele.']);
	assert.match(shown().points[2].remark, /^BL-10KE\//, 'a point of the file becomes a remark at once');
	const n = shown().points.length;
	for (const [bytes, why] of [['', /no points/], ['\n \n', /no points/], [Buffer.from([0xb3, 0x0a]), /not UTF-8/],
		['x'.repeat(20001), /line 1: longer than/], ['- a\n-\n- b\n', /line 2: a point without words[^]*nothing was noted: 1 point /],
		['a\n\n*\n\nb', /line 3: a point without words/], ['- \u202e\u200b\n', /line 1: a point without words/],
		['- a\n'.repeat(501), /line 501: at most 500 points[^]*nothing was noted/],
		['-\n'.repeat(99), /^([^\n]*line \d+: a point without words[^\n]*\n){20}uwaga: nothing was noted: 99 points/], ['x'.repeat((1 << 20) + 1), /larger than 1024 KiB/]]) {
		fs.writeFileSync(file, bytes);
		const bad = house.try('meeting', 'held', key, '--points', file);
		assert.equal(bad.status, 1, String(why));
		assert.match(bad.stderr, why);
	}
	assert.match(house.try('meeting', 'held', key, '--points', `${file}.no`).stderr, /cannot be read/);
	assert.equal(shown().points.length, n, 'nothing was noted of a file that was refused');
	assert.match(house.try('meeting', 'held', key, '--point', ' ').stderr, /--point: a point without words/);
	fs.writeFileSync(file, '- Kładka\u202e \x1b[31mprzez\x07 rzekę\u2066.\n*\ttabulator\n-bez odstępu\n');
	held('--points', file, '--count', 'go\u202e\x1bście=1');
	assert.deepEqual(shown().points.slice(n).map((p) => p.text), ['Kładka [31mprzez rzekę.', 'tabulator\n-bez odstępu']);
	assert.equal(shown().counts['goście'], 1);
	fs.writeFileSync(file, Array.from({ length: 500 }, (_, i) => `- ${i}`).join('\n'));
	held('--points', file);
	assert.equal(shown().points.length, n + 2 + 500);
});

story('a late change or cancellation goes by text, too, to those whose telephone is known', (house) => {
	const file = path.join(house.dir, 'ola.csv');
	fs.writeFileSync(file, 'e-mail;telefon;gmina;kod\nola@poczta.example;110 000 503;;BL-7M4H\nola@poczta.example;;Lędziny;\n');
	house.run('person', 'import', file, '--source', 'karta', '--consent', '2026-11-01');
	announce(house, 's-10ke-ledziny-2', '--yes', '4');
	house.poll();
	const reach = () => {
		const plan = JSON.parse(house.run('--json', 'meeting', 'cancel', 's-10ke-ledziny-2', '--dry-run'));
		return [plan.mail, plan.sms];
	};
	assert.deepEqual(reach(), [3, 1], 'in time: as they were told');
	const { starts_at } = house.rows('meeting', 'show', 's-10ke-ledziny-2')[0];
	house.now = new Date(Date.parse(starts_at) - 26 * 3600e3).toISOString().replace('.000', '');
	assert.deepEqual(reach(), [3, 2]);
	const before = texts(house).length;
	house.run('--json', 'meeting', 'cancel', 's-10ke-ledziny-2', '--yes', '5');
	house.poll();
	assert.equal(texts(house).length, before + 2);
	assert.deepEqual(house.rows('outbox', 'list').filter((r) => r.template === 'sms_meeting_cancelled').map((r) => r.to).sort(),
		['+48110000501', '+48110000503']);
});

story('a place of any length leaves the text in one part, and stands whole in the mail', (house) => {
	const venue = 'Wielofunkcyjna Sala Widowiskowo-Konferencyjna Powiatowego Centrum Kultury i Sportu im. św. Klemensa';
	house.run('meeting', 'add', 'BL-10KE', '--commune', 'Lędziny', '--starts', '2026-12-01 17:00', '--venue', venue,
		'--address', 'ul. Generała Stefana Grota-Roweckiego 123A/45', '--key', 's-long');
	const plan = house.run('meeting', 'announce', 's-long', '--dry-run');
	assert.match(plan, /by text \((\d+) segments?\)/);
	const [, texts, segments] = plan.match(/, (\d+) by text \((\d+) segments?\)/);
	assert.equal(texts, segments, plan);
	assert.match(plan, /spotkanie 01\.12 g\. 17:00, Wielofunkcyjna Sala\b[^\n]*\. Bedziesz\?/);
	assert.ok(plan.replace(/\s+/g, ' ').includes(venue));
});

story('what has not left can be paused, resumed and aborted, and told again', (house) => {
	const { notice } = announce(house, 's-10ke-ledziny-2', '--yes', '3', '--at', '2026-11-23 08:00');
	house.poll();
	assert.deepEqual(sent(house), [], 'not before its time');
	house.run('notice', 'pause', String(notice));
	house.now = '2026-11-23T12:00:00+01:00';
	house.poll();
	assert.deepEqual(sent(house), [], 'paused');
	assert.equal(house.try('notice', 'pause', String(notice)).status, 1);
	house.run('notice', 'abort', String(notice));
	house.poll();
	assert.deepEqual(sent(house), []);
	assert.equal(house.rows('notice', 'show', String(notice))[0].cancelled, 3);
	const second = announce(house, 's-10ke-ledziny-2', '--yes', '3').notice;
	house.run('notice', 'pause', String(second));
	house.run('notice', 'resume', String(second));
	house.poll();
	assert.equal(sent(house).length, 2);
	assert.match(house.run('notice', 'show', String(second)), /\[#{40}\] 3 of 3/);
});

story('who says STOP before the notice left does not get it', (house) => {
	announce(house, 's-10ke-ledziny-2', '--yes', '3', '--at', '2026-11-23 08:00');
	house.mail('From: jan@poczta.example\r\nTo: konsultacje@powiat.example\r\nSubject: x\r\n' +
		'Message-ID: <s1@poczta.example>\r\nDate: Sun, 22 Nov 2026 10:00:00 +0100\r\n\r\nSTOP\r\n');
	house.poll();
	sent(house);
	house.now = '2026-11-23T12:00:00+01:00';
	house.poll();
	assert.deepEqual(sent(house).map((m) => m.to), ['ewa@poczta.example']);
});

story('who left the consultation is not told of its meetings, though they follow the commune', (house) => {
	house.mail('From: jan@poczta.example\r\nTo: konsultacje@powiat.example\r\nSubject: x\r\n' +
		'Message-ID: <s2@poczta.example>\r\nDate: Sun, 22 Nov 2026 10:00:00 +0100\r\n\r\nSTOP BL-10KE\r\n');
	house.poll();
	const plan = JSON.parse(house.run('--json', 'meeting', 'announce', 's-10ke-ledziny-2', '--dry-run'));
	assert.deepEqual([plan.mail, plan.stopped], [1, 1]);
});

story('TAK is no answer to a notice that has not left', (house) => {
	house.mail('From: jan@poczta.example\r\nTo: konsultacje@powiat.example\r\nSubject: BL-7N4H\r\n' +
		'Message-ID: <q1@poczta.example>\r\nDate: Sun, 22 Nov 2026 10:00:00 +0100\r\n\r\nWięcej ławek w parku.\r\n');
	house.poll();
	announce(house, 's-10ke-ledziny-2', '--yes', '3', '--at', '2026-11-23 08:00');
	house.mail('From: jan@poczta.example\r\nTo: konsultacje@powiat.example\r\nSubject: x\r\n' +
		'Message-ID: <q2@poczta.example>\r\nDate: Sun, 22 Nov 2026 10:05:00 +0100\r\n\r\nTAK\r\n');
	house.poll();
	assert.equal(house.rows('remark', 'list').length, 1);
	assert.equal(house.rows('meeting', 'show', 's-10ke-ledziny-2')[0].yes, 0);
});

story('a notice of several meetings that has not left must be settled before one of them changes', (house) => {
	announce(house, 's-10ke-ledziny-2', 's-10ke-bierun-2', '--yes', '3', '--at', '2026-11-23 08:00');
	const { status, stderr } = house.try('meeting', 'cancel', 's-10ke-ledziny-2', '--yes', '3');
	assert.equal(status, 1);
	assert.match(stderr, /notice 1, of this and other meetings/);
});

story('whom a notice did not reach is told by the next one', (house) => {
	const { notice } = announce(house, 's-10ke-ledziny-2', '--yes', '3');
	house.poll();
	sent(house);
	const { notice: gone } = JSON.parse(house.run('--json', 'meeting', 'cancel', 's-10ke-ledziny-2',
		'--yes', '3', '--at', '2026-11-23 08:00'));
	assert.notEqual(gone, notice);
	house.run('notice', 'abort', String(gone));
	house.run('--json', 'meeting', 'cancel', 's-10ke-ledziny-2', '--yes', '3');
	house.poll();
	assert.deepEqual(sent(house).map((m) => m.calendar.includes('SEQUENCE:1')), [true, true]);
	house.run('meeting', 'import', 'samples/context/meetings.json');
	const again = house.rows('meeting', 'show', 's-10ke-ledziny-2')[0];
	assert.equal(again.sequence, 1, 'an import does not count back');
});

story('a change before the notice left takes its place', (house) => {
	announce(house, 's-10ke-ledziny-2', '--yes', '3', '--at', '2026-11-23 08:00');
	house.run('--json', 'meeting', 'change', 's-10ke-ledziny-2', '--venue', 'Szkoła nr 1', '--yes', '3');
	house.now = '2026-11-23T12:00:00+01:00';
	house.poll();
	assert.deepEqual(sent(house).map((m) => m.subject.includes('ZMIANA')), [true, true]);
});

test('killed at any moment while it is written, nobody is left out and nobody told twice', async () => {
	const house = new House();
	try {
		const n = 3000;
		const file = path.join(house.dir, 'lista.csv');
		fs.writeFileSync(file, 'e-mail\n' + Array.from({ length: n }, (_, i) => `o${i}@poczta.example`).join('\n'));
		house.run('person', 'import', file, '--commune', 'Lędziny', '--source', 'karta', '--consent', '2026-11-01');
		let kills = 0;
		for (let ms = 20; ms < 400; ms += 40) {
			const child = spawn(program, ['-c', house.conf, '--now', house.now, 'meeting', 'announce',
				's-10ke-ledziny-2', '--yes', String(n)], { stdio: 'ignore' });
			const ended = new Promise((resolve) => child.on('exit', (code) => resolve(code)));
			await new Promise((resolve) => setTimeout(resolve, ms));
			child.kill('SIGKILL');
			const code = await ended;
			if (code === 0)
				break;
			kills++;
		}
		assert.ok(kills > 0);
		const { recipients } = JSON.parse(house.run('--json', 'meeting', 'announce', 's-10ke-ledziny-2', '--dry-run'));
		if (recipients > 0)
			house.run('--json', 'meeting', 'announce', 's-10ke-ledziny-2', '--yes', String(recipients));
		assert.ok(recipients === 0 || recipients === n, `all or nothing, not ${recipients}`);
		const rows = house.rows('outbox', 'list').filter((r) => r.template === 'meeting_announcement' && r.state === 'queued');
		assert.equal(rows.length, n);
		assert.equal(new Set(rows.map((r) => r.to)).size, n);
	} finally {
		house.close();
	}
});

story('in the quiet hours nobody gets a notice by text; mail and replies go', (house) => {
	house.now = '2026-11-22T21:30:00+01:00';
	announce(house, 's-10ke-ledziny-2', '--yes', '3');
	house.text({ from: '+48110000399', text: 'BL-7M4H Prosimy o ławki.', at: house.now });
	house.poll();
	assert.equal(sent(house).filter((m) => /Lędziny/.test(m.subject)).length, 2);
	assert.equal(texts(house).length, 1, 'the reply only');
	const waits = house.rows('outbox', 'list').find((r) => r.channel === 'sms' && r.state === 'queued');
	assert.equal(waits.due_at, '2026-11-23T08:00:00+01:00');
	house.now = '2026-11-23T07:59:00+01:00';
	house.poll();
	assert.equal(texts(house).length, 1);
	house.now = '2026-11-23T08:00:00+01:00';
	house.poll();
	assert.equal(texts(house).length, 2);
});

// The meeting begins on Wednesday 2026-11-25 at 17:30.
const at = (house, when) => {
	house.now = `2026-11-${when}:00+01:00`;
	house.poll();
	return { mails: sent(house), texts: texts(house).slice(house.seenTexts ?? 0) };
};
const say = (house, m, text, id) => house.mail(`From: ${m.to}\r\nTo: ${m.replyTo}\r\nSubject: Re: x\r\n` +
	`Message-ID: <${id}@poczta.example>\r\nDate: Sun, 22 Nov 2026 10:00:00 +0100\r\n` +
	`MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${text}\r\n`);

story('people are reminded twice, each time once, but for those who said no', (house) => {
	announce(house, 's-10ke-ledziny-2', '--yes', '3');
	house.poll();
	const jan = sent(house)[1];
	say(house, jan, 'NIE BĘDĘ', 'r1');
	assert.equal(at(house, '22T17:29').mails.filter((m) => /Przypomnienie/.test(m.subject)).length, 0);
	house.seenTexts = texts(house).length;
	const first = at(house, '22T17:30');
	assert.deepEqual(first.mails.map((m) => m.to), ['ewa@poczta.example']);
	assert.match(first.mails[0].subject, /Przypomnienie: 25 listopada o 17:30 spotkanie – Lędziny/);
	assert.equal(first.mails[0].calendar, null, 'the calendar has it already');
	assert.match(first.mails[0].raw, /^List-Unsubscribe:/m);
	assert.equal(first.texts.length, 1);
	assert.match(first.texts[0], /Przypominamy: 25 listopada g\. 17:30/);
	house.seenTexts = texts(house).length;
	assert.deepEqual(at(house, '22T18:30'), { mails: [], texts: [] });
	const last = at(house, '24T18:00');
	assert.match(last.mails[0].subject, /Przypomnienie: jutro o 17:30/);
	assert.match(last.texts[0], /Przypominamy: jutro g\. 17:30/);
	assert.equal(last.mails.length, 1);
	house.seenTexts = texts(house).length;
	assert.deepEqual(at(house, '25T17:00'), { mails: [], texts: [] });
	say(house, last.mails[0], 'Będę', 'r2');
	house.poll();
	const shown = house.rows('meeting', 'show', 's-10ke-ledziny-2')[0];
	assert.deepEqual([shown.yes, shown.no], [1, 1]);
	assert.deepEqual(shown.notices.map((n) => [n.kind, n.sent]),
		[['announcement', 3], ['reminder', 2], ['reminder', 2]]);
	assert.deepEqual(house.rows('notice', 'list').map((n) => n.meetings), Array(3).fill('s-10ke-ledziny-2'));
});

story('who was told late, or left, is not reminded; what was missed is made up for once', (house) => {
	house.now = '2026-11-23T12:00:00+01:00';
	announce(house, 's-10ke-ledziny-2', '--yes', '3');
	house.poll();
	const jan = sent(house)[1];
	assert.deepEqual(at(house, '23T13:00').mails, [], 'they have just been told');
	say(house, jan, 'REZYGNUJĘ', 'r3');
	at(house, '23T14:00');
	house.seenTexts = texts(house).length;
	// Nobody ran at the time, and then in the night.
	const made = at(house, '24T23:00');
	assert.deepEqual(made.mails.map((m) => m.to), ['ewa@poczta.example']);
	assert.equal(made.texts.length, 0, 'not in the quiet hours');
	assert.match(at(house, '25T08:00').texts[0], /Przypominamy: dzis g\. 17:30/, 'as of when it leaves');
});

story('a reminder that nobody ran for is not sent when it helps nobody', (house) => {
	announce(house, 's-10ke-ledziny-2', '--yes', '3');
	house.poll();
	sent(house);
	assert.deepEqual(at(house, '25T16:40').mails, []);
	assert.deepEqual(at(house, '25T16:50').mails, []);
});

story('a meeting that is moved is reminded of anew, one that is cancelled never', (house) => {
	announce(house, 's-10ke-ledziny-2', '--yes', '3');
	house.poll();
	sent(house);
	assert.equal(at(house, '22T17:30').mails.length, 2);
	house.run('--json', 'meeting', 'change', 's-10ke-ledziny-2', '--venue', 'Szkoła nr 1', '--yes', '3');
	assert.equal(at(house, '22T17:45').mails.filter((m) => /Przypomnienie/.test(m.subject)).length, 0);
	house.run('--json', 'meeting', 'change', 's-10ke-ledziny-2', '--starts', '2026-11-27 18:00', '--yes', '3');
	assert.ok(at(house, '22T18:30').mails.every((m) => /ZMIANA/.test(m.subject)));
	const anew = at(house, '24T18:05').mails;
	assert.deepEqual(anew.map((m) => /Przypomnienie: 27 listopada o 18:00/.test(m.subject)), [true, true]);
	house.run('--json', 'meeting', 'cancel', 's-10ke-ledziny-2', '--yes', '3');
	assert.equal(at(house, '24T19:00').mails.length, 2);
	assert.deepEqual(at(house, '26T18:30').mails, []);
});

test('killed while reminders are written, each goes out once', async () => {
	const house = new House();
	try {
		const n = 3000;
		const file = path.join(house.dir, 'lista.csv');
		fs.writeFileSync(file, 'e-mail\n' + Array.from({ length: n }, (_, i) => `o${i}@poczta.example`).join('\n'));
		house.run('person', 'import', file, '--commune', 'Lędziny', '--source', 'karta', '--consent', '2026-11-01');
		announce(house, 's-10ke-ledziny-2', '--yes', String(n));
		house.poll();
		house.now = '2026-11-24T17:31:00+01:00';
		let kills = 0;
		for (let ms = 30; ms < 400; ms += 40) {
			const child = spawn(program, ['-c', house.conf, '--now', house.now, 'run', '--once'], { stdio: 'ignore' });
			const ended = new Promise((resolve) => child.on('exit', (code) => resolve(code)));
			await new Promise((resolve) => setTimeout(resolve, ms));
			child.kill('SIGKILL');
			if (await ended === 0)
				break;
			kills++;
		}
		assert.ok(kills > 0);
		house.poll();
		// What a dead run had prepared is cleared away, by whoever comes next.
		const [row] = house.rows('meeting', 'show', 's-10ke-ledziny-2');
		const alive = row.notices.filter((x) => x.kind === 'reminder' && x.total > x.cancelled);
		assert.deepEqual(alive.map((x) => x.total), [n]);
		const gone = house.rows('outbox', 'list').filter((r) => r.template === 'meeting_reminder' && r.state !== 'cancelled');
		assert.equal(new Set(gone.map((r) => r.to)).size, n);
		assert.equal(gone.length, n);
	} finally {
		house.close();
	}
});

story('who complains about a notice is written to no more, and nobody else is', (house) => {
	announce(house, 's-10ke-ledziny-2', '--yes', '3');
	house.poll();
	const jan = sent(house).find((m) => m.to === 'jan@poczta.example');
	const complain = (id, messageId) => house.mail('From: <staff@hotmail.example>\r\nTo: konsultacje@powiat.example\r\n' +
		`Subject: complaint about message\r\nMessage-ID: <${id}@hotmail.example>\r\nDate: Sun, 22 Nov 2026 10:30:00 +0100\r\n` +
		'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n' +
		'--b\r\nContent-Type: text/plain\r\n\r\nThis is an email abuse report.\r\n' +
		'--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: x/1\r\nVersion: 1\r\n' +
		`--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: ${messageId}\r\nSubject: x\r\n\r\ny\r\n--b--\r\n`);
	const active = () => house.rows('subscription', 'list', '--active').map((r) => r.to).sort();
	const before = active();
	complain('c1', '<made-up@powiat.example>');
	house.poll();
	assert.deepEqual(active(), before, 'of a message that is not ours');
	complain('c2', jan.raw.match(/^Message-ID: (\S+)/mi)[1]);
	house.poll();
	assert.deepEqual(active(), before.filter((to) => to !== 'jan@poczta.example'));
	assert.deepEqual(sent(house), [], 'a complaint is never answered');
	const fates = house.rows('journal').map((r) => r.fate);
	assert.equal(fates.filter((x) => x === 'complaint').length, 2);
	const plan = JSON.parse(house.run('--json', 'meeting', 'announce', 's-10ke-bierun-2', '--dry-run'));
	assert.equal(plan.mail, 0);
});

// orders - staff order a notice by mail: nothing leaves without the PIN that went
// to the configured address, and whoever else tries sends nothing
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { Daemon, House, program, until } from './house.mjs';
import { Authority, Dovecot, Postfix, SmtpSink } from './servers.mjs';

const anna = 'a.mrozek@powiat.example';
const marcin = 'm.slupik@powiat.example';
const office = 'konsultacje+polecenia@powiat.example';

const staff = `
alert { mail = "admin@powiat.example" }
segment_price = "0.07 zł"
staff "${anna}" { name = "Anna Mrozek" rights = "announce,answer" }
staff "${marcin}" { name = "Marcin Słupik" rights = "announce" }
staff "z.kowol@powiat.example" { name = "Zofia Kowol" rights = "triage" }
`;

// Ewa by mail and text, Jan by mail, both for Bojszowy; Ola left.
const people = `e-mail;telefon;gmina;kod
ewa@poczta.example;110 000 501;Bojszowy;
jan@poczta.example;;Bojszowy;
`;

const pass = 'mx.powiat.example; dmarc=pass header.from=powiat.example';
const notice = /^To: (ewa|jan)@poczta\.example/m;

// `server`: what our mail server is called, where it is called otherwise.
function story(name, body, { extra = '', server = 'mx.powiat.example' } = {}) {
	test(name, async () => {
		const house = new House({ extra: staff + extra });
		try {
			fs.writeFileSync(house.conf, fs.readFileSync(house.conf, 'utf8')
				.replace('authserv_id = "mx.powiat.example"', `authserv_id = "${server}"`));
			const file = path.join(house.dir, 'lista.csv');
			fs.writeFileSync(file, people);
			house.run('person', 'import', file, '--source', 'karta', '--consent', '2026-11-01');
			house.serialOfMail = 0;
			house.seen = new Set();
			await body(house);
		} finally {
			house.close();
		}
	});
}

const folder = (house) => path.join(house.dir, 'out/new');

// The mails that went out since the last call: { raw, to, subject, text, ... }.
function sent(house) {
	const fresh = fs.readdirSync(folder(house)).filter((f) => !house.seen.has(f));
	fresh.forEach((f) => house.seen.add(f));
	return fresh.map((f) => {
		const file = path.join(folder(house), f);
		const raw = fs.readFileSync(file, 'utf8').replace(/\r?\n/g, '\r\n');
		const { subject, text, message_id: id } = JSON.parse(house.run('parse', file));
		return { raw, subject, text, id, to: raw.match(/^To: (\S+)/m)[1],
			replyTo: raw.match(/^Reply-To: (\S+)/m)?.[1],
			pin: text.match(/(?:WYŚLIJ|SEND) (\d{6})/)?.[1] };
	});
}

// A mail of staff; `answers` is the mail of ours it replies to.
function letter(house, text, { from = `Anna Mrozek <${anna}>`, verdict = pass, answers, subject, headers = [],
	to = answers?.replyTo || office } = {}) {
	const n = ++house.serialOfMail;
	return [
		'Received: from ex.powiat.example by mx.powiat.example; ' +
			`${new Date(house.now).toUTCString().replace('GMT', '+0000')}`,
		...(verdict ? [`Authentication-Results: ${verdict}`] : []), ...headers,
		`From: ${from}`, `To: ${to}`,
		`Subject: ${subject ?? (answers ? 'Re: ' + 'podglad' : 'zawiadomienie')}`,
		`Message-ID: <staff-${n}@powiat.example>`, 'Date: Sun, 22 Nov 2026 12:00:00 +0100',
		...(answers ? [`In-Reply-To: <${answers.id}>`, `References: <${answers.id}>`] : []),
		'MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8',
		'Content-Transfer-Encoding: 8bit', '', ...text.split('\n'), ''].join('\r\n');
}

const say = (house, text, how) => house.mail(letter(house, text, how));

// The same, and what came back at once.
function tell(house, text, how) {
	say(house, text, how);
	house.poll();
	return sent(house);
}

const order = 'ROZEŚLIJ\nKod: BL-T4NR\nGmina: Bojszowy';
const last = (house) => house.rows('journal').at(-1);
const notices = (house) => house.rows('notice', 'list');
const meeting = (house, key = 's-t4nr-bojszowy-1') => house.rows('meeting', 'show', key)[0];
const texts = (house) => fs.readdirSync(path.join(house.dir, 'spool/outbox')).length;

// Nothing was sent to the people, and nothing will be.
function nothingSent(house) {
	house.poll();
	assert.deepEqual(notices(house).filter((n) => n.total > 0), []);
	assert.equal(texts(house), 0);
	assert.equal(fs.readdirSync(folder(house)).filter((f) =>
		notice.test(fs.readFileSync(path.join(folder(house), f), 'utf8'))).length, 0);
}

// Held, told to the administrator, and not answered.
function held(house, out, why) {
	const { fate, may_answer: may, id } = house.rows('inbound', 'show', String(last(house).id))[0];
	assert.deepEqual([fate, may], ['held', false], last(house).why);
	assert.match(last(house).why, why);
	assert.deepEqual(out.map((m) => m.to), ['admin@powiat.example']);
	assert.ok(house.rows('inbound', 'list').some((r) => r.id === id));
	assert.ok(out[0].text.includes(`uwaga inbound show ${id}`));
}

// ---- what an office worker does ------------------------------------------

story('the sample order yields a preview with exact counts, and its PIN sends what was shown', (house) => {
	house.mail(fs.readFileSync('samples/mail/d27-staff-broadcast.eml'));
	house.poll();
	const [preview, ...more] = sent(house);
	assert.deepEqual(more, []);
	assert.equal(preview.to, anna);
	assert.equal(last(house).fate, 'staff');
	assert.match(preview.subject, /Podgląd zlecenia 1 \(odbiorców: 3\)/);
	for (const words of [/E-mail: 2, SMS: 1 \(części: 1\)/, /Koszt SMS: 0\.07 zł/,
		/Bojszowy, 30 listopada 2026 r\., godz\. 17:00\s+BL-T4NR \(s-t4nr-bojszowy-1\): e-mail 2, SMS 1/,
		/wypisali się: 0/, /adres nie działa: 0/, /już zawiadomieni: 0/, /do: 22 listopada 2026 r\., godz\. 14:00/,
		/Kod: BL-T4NR/, /Zapraszamy mieszkańców gminy\. Porozmawiamy/, /Prowadzi: Anna Mrozek/,
		/wejście bez progu, pętla indukcyjna/, /SMS \(pl\), dla: 1/])
		assert.match(preview.text, words);
	assert.equal(meeting(house).state, 'planned');
	assert.match(preview.pin, /^\d{6}$/);
	const stored = house.rows('outbox', 'list').find((r) => r.to === anna);
	assert.ok(!JSON.stringify(stored).includes(preview.pin), 'the PIN is stored nowhere');
	assert.ok(!fs.readFileSync(path.join(house.dir, 'uwaga.db')).includes(preview.pin));

	const out = tell(house, `WYŚLIJ ${preview.pin}`, { answers: preview });
	const [ewa] = out.filter((m) => notice.test(m.raw));
	assert.deepEqual(out.map((m) => m.to).sort(), [anna, 'ewa@poczta.example', 'jan@poczta.example']);
	assert.match(out.find((m) => m.to === anna).subject, /PIN przyjęty/);
	assert.match(ewa.text, /30 listopada 2026 r\., godz\. 17:00–19:00[^]*Gminny Ośrodek Kultury[^]*Zapraszamy mieszkańców gminy/);
	assert.ok(!ewa.text.includes('Wydział Strategii'));
	assert.equal(texts(house), 1);
	assert.deepEqual([meeting(house).state, meeting(house).venue, meeting(house).address],
		['announced', 'Gminny Ośrodek Kultury', 'ul. Ćwiczebna 3, Bojszowy']);
	assert.deepEqual(notices(house).map((n) => [n.by, n.total]), [['Anna Mrozek', 3]]);

	house.poll();
	const [report] = sent(house);
	assert.deepEqual([report.to, report.subject], [anna, 'Zlecenie 1: wysłano 3 z 3']);
	house.poll();
	assert.deepEqual(sent(house), []);
});

story('a meeting that is not on the list yet comes with the order, and not before its PIN', (house) => {
	const text = 'Dzień dobry,\n\nROZEŚLIJ\nKod: BL-T4NR\nGmina: Imielin\nRodzaj: zbieranie potrzeb\n' +
		'Termin: wtorek, 8 grudnia 2026 r., godz. 16.30–18.00\nMiejsce: Biblioteka, ul. Wzorcowa 12\n\n' +
		'Prosimy zabrać\nrozkład jazdy.\n\nPozdrawiam\nAnna Mrozek';
	const before = house.rows('meeting', 'list').length;
	const [preview] = tell(house, text);
	assert.match(preview.text, /NOWE SPOTKANIE/);
	assert.match(preview.text, /ODBIORCY: 0/);
	assert.equal(house.rows('meeting', 'list').length, before);
	tell(house, `Wyślij ${preview.pin}`, { answers: preview });
	const added = house.rows('meeting', 'list').find((m) => m.commune === 'Imielin' && m.code === 'BL-T4NR' &&
		m.starts_at.startsWith('2026-12-08T16:30'));
	assert.deepEqual([added.state, added.phase, added.venue], ['announced', 'needs', 'Biblioteka']);
	assert.ok(added.ends_at.startsWith('2026-12-08T18:00'));
});

story('a change and a cancellation are ordered in the same way, and reach whoever was told', (house) => {
	let [preview] = tell(house, 'ROZEŚLIJ s-t4nr-bojszowy-1');
	tell(house, preview.pin, { answers: preview });
	house.poll();
	sent(house);
	[preview] = tell(house, 'ZMIEŃ\nSpotkanie: s-t4nr-bojszowy-1\nTermin: 1.12.2026 18:00-20:00\nMiejsce: Szkoła, ul. Nowa 1\nPowód: awaria');
	assert.match(preview.text, /BYŁO:[^]*30 listopada[^]*JEST:[^]*1 grudnia 2026 r\., godz\. 18:00–20:00[^]*awaria/);
	assert.ok(meeting(house).starts_at.startsWith('2026-11-30'));
	let out = tell(house, '', { answers: preview, subject: `WYŚLIJ ${preview.pin}` });
	assert.equal(out.filter((m) => notice.test(m.raw)).length, 2);
	assert.deepEqual([meeting(house).state, meeting(house).venue], ['changed', 'Szkoła']);
	house.poll();
	sent(house);
	[preview] = tell(house, 'ODWOŁAJ\nKod: BL-T4NR\nGmina: Bojszowy\n\nProwadząca zachorowała.');
	assert.match(preview.text, /POWÓD:\s+Prowadząca zachorowała/);
	out = tell(house, `WYŚLIJ ${preview.pin.slice(0, 3)} ${preview.pin.slice(3)}`, { answers: preview });
	assert.equal(out.filter((m) => /ODWOŁANE/.test(m.subject)).length, 2);
	assert.equal(meeting(house).state, 'cancelled');
});

story('several meetings, at a time to come', (house) => {
	const [preview] = tell(house, 'ROZEŚLIJ\nSpotkania: s-t4nr-bojszowy-1, s-t4nr-chelm-1\nWysyłka: 2026-11-23 09:00');
	assert.match(preview.text, /WYSYŁKA: 23 listopada 2026 r\., godz\. 9:00/);
	assert.match(preview.text, /Chełm Śląski[^]*e-mail 0, SMS 0/);
	assert.equal(tell(house, `WYŚLIJ ${preview.pin}`, { answers: preview }).length, 1);
	house.now = '2026-11-23T09:01:00+01:00';
	house.poll();
	assert.equal(sent(house).filter((m) => notice.test(m.raw)).length, 2);
});

for (const [what, text, why] of [
	['no meeting', 'ROZEŚLIJ\nGmina: Bojszowy', /Nie wiemy, o które spotkanie chodzi[^]*- Gmina: Bojszowy[^]*TAK JEST DOBRZE/],
	['an unknown code', 'ROZEŚLIJ\nKod: BL-ZZZZ', /Nie ma konsultacji o kodzie „BL-ZZZZ”/],
	['an unknown commune', 'ROZEŚLIJ\nKod: BL-T4NR\nGmina: Kraków', /Nie znamy gminy „Kraków”/],
	['a time that is none', 'ROZEŚLIJ\nKod: BL-T4NR\nTermin: w poniedziałek', /Zły termin: „w poniedziałek”/],
	['an end before the start', 'ZMIEŃ\nSpotkanie: s-t4nr-bojszowy-1\nTermin: 2026-12-01 19:00-17:00', /Zły termin/],
	['another time', 'ROZEŚLIJ\nKod: BL-T4NR\nGmina: Bojszowy\nTermin: 2026-11-30 18:00', /s-t4nr-bojszowy-1[^]*ZMIEŃ/],
	['a new meeting without a place', 'ROZEŚLIJ\nKod: BL-T4NR\nGmina: Imielin\nTermin: 2026-12-08 16:30', /podaj Miejsce/],
	['several that fit', 'ODWOŁAJ\nKod: BL-T4NR', /Pasuje kilka spotkań: s-t4nr-bojszowy-1\s+\(2026-11-30 17:00\), /],
	['nothing that changes', 'ZMIEŃ\nSpotkanie: s-t4nr-bojszowy-1\nTermin: 2026-11-30 17:00-19:00', /ma już taki termin/],
	['a sending in the past', `${order}\nWysyłka: 2026-11-20 08:00`, /Czasu wysyłki/],
	['a sending when the meeting has begun', `${order}\nWysyłka: 2026-11-30 17:00`, /Czasu wysyłki[^]*spotkanie wtedy już\strwa/],
	['an unknown meeting', 'ODWOŁAJ s-nigdzie', /Nie ma spotkania „s-nigdzie”/],
	['a label twice', `${order}\nKod: BL-7M4H`, /stoi dwa razy/],
	['a day that there is not', 'ZMIEŃ\nSpotkanie: s-t4nr-bojszowy-1\nTermin: 2027-02-29 17:00', /Zły termin/],
	['another day of the week', 'ZMIEŃ\nSpotkanie: s-t4nr-bojszowy-1\nTermin: poniedziałek, 1 grudnia 2026, 17:00', /dzień tygodnia/],
	['an end before the start by the clock of that night', 'ZMIEŃ\nSpotkanie: s-t4nr-bojszowy-1\nTermin: 2027-03-28 02:30-03:00', /Zły termin/],
	['a label with a slip, which would tell all communes', 'ROZEŚLIJ\nKod: BL-T4NR\n\nGmnia: Bojszowy', /Nie znamy nazwy „Gmnia”/],
	['a label there is not', `${order}\nUwagi: wysłać dziś`, /Nie znamy nazwy „Uwagi”/],
	['the commune of another meeting', 'ODWOŁAJ s-t4nr-bojszowy-1\nGmina: Imielin', /„Imielin” nie zgadza się ze spotkaniem s-t4nr-bojszowy-1/],
	['the code of another consultation', 'ROZEŚLIJ s-t4nr-bojszowy-1\nKod: BL-7M4H', /„BL-7M4H” nie zgadza się/],
	['the time of another meeting', 'ODWOŁAJ s-t4nr-bojszowy-1\nTermin: 2026-12-24', /„2026-12-24” nie zgadza się/],
])
	story(`an order that cannot be understood is explained: ${what}`, (house) => {
		const [answer, ...more] = tell(house, text);
		assert.deepEqual([answer.to, more.length], [anna, 0]);
		assert.match(answer.text, why);
		assert.equal(last(house).fate, 'staff');
		nothingSent(house);
	});

story('ANULUJ takes an order back, and stops one that is leaving', (house) => {
	let [preview] = tell(house, order);
	let [answer] = tell(house, 'ANULUJ', { answers: preview });
	assert.match(answer.subject, /odwołane, nic nie wyszło/);
	[answer] = tell(house, `WYŚLIJ ${preview.pin}`, { answers: preview });
	assert.match(answer.text, /zostało wcześniej odwołane/);
	nothingSent(house);
	[preview] = tell(house, `${order}\nWysyłka: 2026-11-23 09:00`);
	tell(house, `WYŚLIJ ${preview.pin}`, { answers: preview });
	const out = tell(house, 'ANULUJ 2');
	assert.equal(out.length, 2);
	assert.ok(out.some((m) => /wysyłka zatrzymana/.test(m.subject)));
	assert.match(out.find((m) => /wysłano/.test(m.subject)).text, /Wysyłka została zatrzymana[^]*Wysłane: +0[^]*Nie wysłane: +3/);
	house.now = '2026-11-23T09:01:00+01:00';
	house.poll();
	assert.deepEqual(sent(house), []);
});

story('WSTRZYMAJ holds up what is leaving, WZNÓW lets it go on', (house) => {
	const [preview] = tell(house, `${order}\nWysyłka: 2026-11-23 09:00`);
	assert.match(tell(house, 'WSTRZYMAJ 1')[0].text, /Nie ma wysyłki o tym numerze/, 'nothing is leaving yet');
	tell(house, `WYŚLIJ ${preview.pin}`, { answers: preview });
	assert.match(tell(house, 'Wstrzymaj zlecenie 1.')[0].subject, /wysyłka wstrzymana/);
	assert.equal(house.rows('notice', 'list')[0].state, 'paused');
	house.now = '2026-11-23T09:01:00+01:00';
	house.poll();
	assert.deepEqual(sent(house), [], 'nobody got it');
	assert.match(tell(house, 'WZNÓW 7')[0].text, /Nie ma wstrzymanej wysyłki/);
	const out = tell(house, 'WZNÓW', { answers: preview });
	assert.ok(out.some((m) => /wysyłka wznowiona/.test(m.subject)));
	house.poll();
	assert.equal(house.rows('notice', 'list')[0].sent, 3);
	assert.equal(house.rows('order', 'list')[0].state, 'done');
	assert.match(house.run('order', 'show', '1'), /its PIN came back[^]*ROZEŚLIJ/);
});

story('whatever is answered while it leaves, nobody is told that nothing has left', (house) => {
	const [preview] = tell(house, `${order}\nWysyłka: 2026-11-23 09:00`);
	tell(house, `WYŚLIJ ${preview.pin}`, { answers: preview });
	const [answer] = tell(house, 'Chyba jest błąd w adresie.', { answers: preview });
	assert.match(answer.text, /już w wysyłce[^]*ANULUJ 1[^]*WSTRZYMAJ 1/);
	assert.ok(!answer.text.includes('Nic nie wyszło'));
	assert.ok(tell(house, 'ANULUJ! Jest błąd w adresie.', { answers: preview }).some((m) => /wysyłka zatrzymana/.test(m.subject)));
	assert.equal(house.rows('notice', 'list')[0].state, 'aborted');
	tell(house, 'Dziękuję bardzo!', { answers: preview });
	assert.equal(last(house).fate, 'thanks');
});

story('the number that is typed beats the preview that is answered', (house) => {
	const [one] = tell(house, order);
	tell(house, 'ROZEŚLIJ s-t4nr-chelm-1');
	tell(house, 'ANULUJ 2', { answers: one });
	assert.deepEqual(house.rows('order', 'list').map((o) => [o.id, o.state]), [[2, 'cancelled'], [1, 'asked']]);
	assert.match(tell(house, 'Rezygnuję', { answers: one })[0].subject, /Zlecenie 1: odwołane/);
});

story('WSTRZYMAJ without a number means the only sending there is', (house) => {
	const later = '\nWysyłka: 2026-11-23 09:00';
	const file = path.join(house.dir, 'chelm.csv');
	fs.writeFileSync(file, 'e-mail;gmina\nola@poczta.example;Chełm Śląski\n');
	house.run('person', 'import', file, '--source', 'karta', '--consent', '2026-11-01');
	const [one] = tell(house, order + later);
	assert.match(tell(house, 'WSTRZYMAJ')[0].text, /Nie ma wysyłki/);
	const [accepted] = tell(house, `WYŚLIJ ${one.pin}`, { answers: one });
	assert.match(tell(house, 'Wstrzymaj')[0].subject, /Zlecenie 1: wysyłka wstrzymana/);
	assert.ok(tell(house, 'WZNÓW', { answers: accepted }).some((m) => /Zlecenie 1: wysyłka wznowiona/.test(m.subject)));
	const [two] = tell(house, `ROZEŚLIJ s-t4nr-chelm-1${later}`);
	tell(house, `WYŚLIJ ${two.pin}`, { answers: two });
	assert.match(tell(house, 'WSTRZYMAJ')[0].text, /Wysyłek jest kilka/);
	assert.match(tell(house, 'Wstrzymaj zlecenie nr 1, proszę!')[0].subject, /Zlecenie 1: wysyłka wstrzymana/);
	tell(house, 'Wstrzymaj, proszę, budowę drogi, BL-7M4H.');
	assert.equal(last(house).fate, 'filed');
});

for (const [what, text, how] of [
	['below an introduction', `Szanowni Państwo,\n\nproszę o rozesłanie:\n\n${order}\n\nZapraszamy.\n\nPozdrawiam\nAnna Mrozek`, {}],
	['with the verb in the subject', 'Kod: BL-T4NR\nGmina: Bojszowy\n\nZapraszamy.', { subject: 'ROZEŚLIJ' }],
	['with the meeting in the subject', 'Zapraszamy.', { subject: 'ROZEŚLIJ s-t4nr-bojszowy-1' }],
	['with the blanks of Outlook', order.replaceAll(': ', ':\u00a0') + '\n\nZapraszamy.', {}],
	['with bold names in a list', '*ROZEŚLIJ*\n*Kod:* BL-T4NR\n- Gmina: Bojszowy\n\nZapraszamy.', {}],
])
	story(`an order ${what} is read, and again when its PIN comes`, (house) => {
		const [preview] = tell(house, text, how);
		assert.match(preview.text, /ODBIORCY: 3[^]*Zapraszamy\./);
		const out = tell(house, `WYŚLIJ PIN ${preview.pin}`, { answers: preview });
		assert.equal(out.filter((m) => notice.test(m.raw)).length, 2);
	});

story('who orders with a poster is told that it goes to nobody', (house) => {
	const mail = letter(house, order).replace('Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n',
		'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n') +
		'\r\n--b\r\nContent-Type: application/pdf; name="plakat.pdf"\r\nContent-Disposition: attachment; filename="plakat.pdf"\r\n' +
		'Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK\r\n--b--\r\n';
	house.mail(mail);
	house.poll();
	const [preview] = sent(house);
	assert.match(preview.text, /ZAŁĄCZNIKI z tego zlecenia nie zostaną rozesłane/);
	assert.ok(!tell(house, order)[0].text.includes('ZAŁĄCZNIKI'));
});

story('an order that reaches nobody says so, and its report names no notice', (house) => {
	const [preview] = tell(house, 'ROZEŚLIJ s-t4nr-chelm-1');
	assert.match(preview.text, /NIKT NIE DOSTANIE tej wiadomości[^]*jest zapisany na te zaproszenia/);
	tell(house, `WYŚLIJ ${preview.pin}`, { answers: preview });
	house.poll();
	const [report] = sent(house);
	assert.match(report.subject, /wysłano 0 z 0/);
	assert.ok(!report.text.includes('notice show'));
});

story('an order without its verb is no remark', (house) => {
	const [answer] = tell(house, 'Proszę rozesłać zawiadomienie:\nKod: BL-T4NR\nGmina: Bojszowy');
	assert.match(answer.text, /nie mówi, co zrobić[^]*ROZEŚLIJ, ZMIEŃ albo ODWOŁAJ/);
	assert.equal(last(house).fate, 'staff');
	assert.equal(house.rows('inbound', 'list').length, 1);
	nothingSent(house);
});

story('the words of staff that are no order go the way of everybody\'s', (house) => {
	tell(house, 'Zmień proszę rozkład BL-7M4H, brakuje kursów o szóstej.');
	assert.equal(last(house).fate, 'filed');
	tell(house, 'ZMIEŃ rozkład BL-7M4H, brakuje kursów o siódmej.', { from: 'jan@poczta.example',
		verdict: 'mx.powiat.example; dmarc=pass header.from=poczta.example' });
	assert.equal(last(house).fate, 'filed');
});

// ---- whoever else tries --------------------------------------------------

story('a forged sender is held and told to the administrator, not answered', (house) => {
	held(house, tell(house, order, { verdict: 'mx.powiat.example; dmarc=fail header.from=powiat.example' }), /DMARC fail/);
	nothingSent(house);
});

story('no verdict where our server gives verdicts is held', (house) => {
	held(house, tell(house, order, { verdict: null }), /without a verdict/);
	nothingSent(house);
});

story('a verdict that another server wrote is none', (house) => {
	held(house, tell(house, order, { verdict: 'mx.evil.example; dmarc=pass header.from=powiat.example' }), /without a verdict/);
	held(house, tell(house, order, { verdict: null, headers: ['Authentication-Results: mx.powiat.example.evil.example; dmarc=pass header.from=powiat.example'] }), /without a verdict/);
	held(house, tell(house, order, { verdict: 'mx.powiat.example; dmarc=pass header.from=evil.example' }), /without a verdict/);
	nothingSent(house);
});

story('a name that shows a member of staff is not one', (house) => {
	const evil = 'mx.powiat.example; dmarc=pass header.from=evil.example';
	for (const from of [`"${anna}" <kto@evil.example>`, '"Anna Mrozek" <kto@evil.example>'])
		held(house, tell(house, order, { from, verdict: evil }), /shows the name/);
	held(house, tell(house, order, { from: 'kto@evil.example', verdict: evil }), /not of staff/);
	held(house, tell(house, order, { from: 'a.mrozek@powiat.example.evil.example', verdict: evil }), /not of staff/);
	nothingSent(house);
});

story('the right PIN from a forged sender is held too, and so is a forged ANULUJ', (house) => {
	const [preview] = tell(house, order);
	const fail = 'mx.powiat.example; dmarc=fail header.from=powiat.example';
	for (const text of [`WYŚLIJ ${preview.pin}`, 'ANULUJ'])
		for (const verdict of [fail, null])
			held(house, tell(house, text, { verdict, answers: preview }), /DMARC fail|without a verdict/);
	held(house, tell(house, 'ANULUJ 1', { verdict: null }), /without a verdict/);
	assert.equal(tell(house, `WYŚLIJ ${preview.pin}`, { answers: preview }).length, 3, 'the order still waited');
});

story('mail that our server marked as spam orders nothing', (house) => {
	held(house, tell(house, order, { headers: ['X-Spam-Flag: YES'] }), /spam/);
	nothingSent(house);
});

story('a forged copy of an order that comes first does not take its place', (house) => {
	const real = letter(house, order);
	const forged = [real.replace('dmarc=pass', 'dmarc=fail'), real.replace(/Authentication-Results: .*\r\n/, '')];
	for (const [i, why] of [/DMARC fail/, /without a verdict/].entries()) {
		house.mail(forged[i]);
		house.poll();
		held(house, sent(house), why);
	}
	house.mail(real);
	house.poll();
	const [preview, ...more] = sent(house);
	assert.deepEqual([preview.to, more.length, last(house).fate], [anna, 0, 'staff']);
	for (const again of [real, ...forged]) {
		house.mail(again);
		house.poll();
		assert.equal(last(house).fate, 'duplicate');
	}
	assert.deepEqual(sent(house), [], 'the order is taken once');
	assert.equal(house.rows('order', 'list').length, 1);
	assert.equal(tell(house, `WYŚLIJ ${preview.pin}`, { answers: preview }).filter((m) => notice.test(m.raw)).length, 2);
});

story('the administrator is not flooded', (house) => {
	for (let i = 0; i < 8; i++)
		say(house, `${order}\n\n${i}`, { verdict: null });
	house.poll();
	assert.equal(sent(house).length, 5);
	assert.equal(house.rows('inbound', 'list').length, 8);
});

story('staff without the right are told so, and send nothing', (house) => {
	const [answer, ...more] = tell(house, order, { from: 'z.kowol@powiat.example' });
	assert.deepEqual([answer.to, more.length], ['z.kowol@powiat.example', 0]);
	assert.match(answer.text, /brakuje uprawnienia/);
	assert.ok(house.rows('inbound', 'list').some((r) => r.fate === 'staff'));
	nothingSent(house);
});

story('the preview goes to the configured address, whatever Reply-To says', (house) => {
	const out = tell(house, order, { headers: ['Reply-To: kto@evil.example', 'Sender: kto@evil.example'] });
	assert.deepEqual(out.map((m) => m.to), [anna]);
});

story('a PIN works once', (house) => {
	const [preview] = tell(house, order);
	tell(house, `WYŚLIJ ${preview.pin}`, { answers: preview });
	house.poll();
	sent(house);
	const [answer, ...more] = tell(house, `WYŚLIJ ${preview.pin}`, { answers: preview });
	assert.match(answer.text, /został już użyty/);
	assert.deepEqual(more, []);
	assert.equal(notices(house).length, 1);
});

story('a PIN expires', (house) => {
	const [preview] = tell(house, order);
	house.now = '2026-11-22T14:00:01+01:00';
	const [answer] = tell(house, `WYŚLIJ ${preview.pin}`, { answers: preview });
	assert.match(answer.text, /stracił ważność: działa 2 godz/);
	nothingSent(house);
});

story('an order that expired by the clock stays so, and its author is told once', (house) => {
	const [preview] = tell(house, order);
	house.now = '2026-11-22T15:00:00+01:00';
	house.poll();
	house.poll();
	const told = house.rows('outbox', 'list').filter((r) => r.template === 'staff_order_answer');
	assert.equal(told.length, 1);
	assert.match(house.run('outbox', 'show', String(told[0].id)), /wygasło: PIN nie wrócił na czas/);
	const [one] = house.rows('order', 'list');
	assert.deepEqual([one.state, one.verb, one.until, one.notice], ['expired', 'announce', null, null]);
	house.now = '2026-11-22T13:00:00+01:00';
	assert.ok(tell(house, `WYŚLIJ ${preview.pin}`, { answers: preview }).some((m) => /stracił ważność/.test(m.text)));
	nothingSent(house);
});

story('the PIN of one person is none for another', (house) => {
	const [preview] = tell(house, order);
	const [answer] = tell(house, `WYŚLIJ ${preview.pin}`, { from: marcin, answers: preview });
	assert.equal(answer.to, marcin);
	assert.match(answer.text, /dostała inna osoba/);
	assert.match(tell(house, `WYŚLIJ ${preview.pin}`, { from: marcin })[0].text, /Żadne Twoje zlecenie/);
	nothingSent(house);
});

story('whoever got the preview forwarded cannot send it', (house) => {
	const [preview] = tell(house, order);
	const from = 'jan@poczta.example', verdict = 'mx.powiat.example; dmarc=pass header.from=poczta.example';
	held(house, tell(house, `WYŚLIJ ${preview.pin}`, { from, verdict, answers: preview }), /not of staff/);
	held(house, tell(house, `WYŚLIJ ${preview.pin}`, { from, verdict }), /not of staff/);
	held(house, tell(house, preview.pin, { from, verdict, answers: preview }), /not of staff/);
	nothingSent(house);
});

story('three wrong PINs make an order void', (house) => {
	const [preview] = tell(house, order);
	const wrong = (n) => String((Number(preview.pin) + n) % 1000000).padStart(6, '0');
	for (const [n, left] of [[1, 2], [2, 1]])
		assert.match(tell(house, `WYŚLIJ ${wrong(n)}`, { answers: preview })[0].text, new RegExp(`Zostało prób: ${left}`));
	const out = tell(house, `WYŚLIJ ${wrong(3)}`);
	assert.deepEqual(out.map((m) => m.to).sort(), [anna, 'admin@powiat.example']);
	assert.match(out.find((m) => m.to === anna).text, /unieważnione/);
	assert.match(tell(house, `WYŚLIJ ${preview.pin}`, { answers: preview })[0].text, /unieważnione/);
	nothingSent(house);
});

story('what is quoted orders nothing', (house) => {
	const [preview] = tell(house, order);
	const quote = `\n\nW dniu 22.11.2026 o 12:00, Starostwo Powiatowe pisze:\n> WYŚLIJ ${preview.pin}\n> ANULUJ\n> ${order.replaceAll('\n', '\n> ')}`;
	const [answer] = tell(house, `Chyba brakuje godziny.${quote}`, { answers: preview });
	assert.match(answer.text, /Nie rozumiemy tej odpowiedzi/);
	tell(house, `Dzień dobry, czy to dobra treść?${quote}`, { from: marcin });
	assert.notEqual(last(house).fate, 'staff');
	nothingSent(house);
	assert.equal(tell(house, `WYŚLIJ ${preview.pin}${quote}`, { answers: preview }).length, 3, 'the order still waited');
});

story('out of office is no answer to the preview', (house) => {
	const [preview] = tell(house, order);
	assert.match(preview.raw, /^Auto-Submitted: auto-replied/m);
	assert.deepEqual(tell(house, `WYŚLIJ ${preview.pin}`, { answers: preview,
		headers: ['Auto-Submitted: auto-replied (vacation)'] }), []);
	assert.equal(last(house).fate, 'automatic');
	nothingSent(house);
});

story('what changed since the preview is shown again, and the old PIN is void', (house) => {
	const [preview] = tell(house, order);
	const file = path.join(house.dir, 'nowa.csv');
	fs.writeFileSync(file, 'e-mail;gmina\nola@poczta.example;Bojszowy\n');
	house.run('person', 'import', file, '--source', 'karta', '--consent', '2026-11-01');
	const [again, ...more] = tell(house, `WYŚLIJ ${preview.pin}`, { answers: preview });
	assert.deepEqual(more, []);
	assert.match(again.subject, /ZMIENIŁO SIĘ[^]*odbiorców: 4/);
	assert.notEqual(again.pin, preview.pin);
	assert.match(tell(house, `WYŚLIJ ${preview.pin}`, { answers: preview })[0].text, /nieaktualny/);
	nothingSent(house);
	assert.equal(tell(house, `WYŚLIJ ${again.pin}`, { answers: again }).length, 4);
});

story('a meeting that moved since the preview is shown again', (house) => {
	const [preview] = tell(house, order);
	house.run('--json', 'meeting', 'change', 's-t4nr-bojszowy-1', '--venue', 'Remiza', '--yes', '0');
	const [again] = tell(house, `WYŚLIJ ${preview.pin}`, { answers: preview });
	assert.match(again.text, /Remiza/);
	house.run('--json', 'meeting', 'cancel', 's-t4nr-bojszowy-1', '--yes', '0');
	assert.match(tell(house, `WYŚLIJ ${again.pin}`, { answers: again })[0].text, /nie da się teraz wykonać/);
	nothingSent(house);
});

story('two orders at once: each PIN is for its own', (house) => {
	const [one] = tell(house, order);
	const [two] = tell(house, 'ROZEŚLIJ s-t4nr-chelm-1');
	assert.notEqual(one.pin, two.pin);
	assert.match(tell(house, `WYŚLIJ ${two.pin}`, { answers: one })[0].text, /nie pasuje do zlecenia 1/);
	assert.match(tell(house, 'ANULUJ')[0].text, /Czeka kilka zleceń/);
	tell(house, `WYŚLIJ ${two.pin}`);
	assert.equal(meeting(house, 's-t4nr-chelm-1').state, 'announced');
	assert.equal(meeting(house).state, 'planned');
	tell(house, `WYŚLIJ ${one.pin}`, { answers: one });
	assert.equal(meeting(house).state, 'announced');
});

story('two orders of one meeting: the second is shown again when the first has left', (house) => {
	const [one] = tell(house, order);
	const [two] = tell(house, order, { from: marcin });
	tell(house, `WYŚLIJ ${one.pin}`, { answers: one });
	const [again] = tell(house, `WYŚLIJ ${two.pin}`, { from: marcin, answers: two })
		.filter((m) => m.to === marcin);
	assert.match(again.text, /ZLECENIE 2[^]*ODBIORCY: 0[^]*już zawiadomieni: 3/);
});

story('the same mail twice is one order', (house) => {
	say(house, order);
	house.serialOfMail--;
	say(house, order);
	house.poll();
	assert.equal(sent(house).length, 1);
	assert.equal(last(house).fate, 'duplicate');
});

story('refusals have a limit an hour', (house) => {
	for (let i = 0; i < 13; i++)
		say(house, `ROZEŚLIJ\nGmina: Bojszowy\n\nWersja ${i}.`);
	house.poll();
	assert.equal(sent(house).length, 10);
	assert.equal(house.rows('journal').filter((r) => r.fate === 'staff').length, 13);
});

story('orders have a limit an hour', (house) => {
	for (let i = 0; i < 11; i++)
		say(house, `${order}\n\nWersja ${i}.`);
	house.poll();
	const out = sent(house);
	assert.equal(out.filter((m) => m.pin).length, 10);
	assert.match(out.find((m) => !m.pin).text, /za dużo zleceń/);
});

// ---- two persons ---------------------------------------------------------

const two = { extra: 'order_two_persons = true\n' };

story('with two persons both PINs are needed', (house) => {
	const [preview] = tell(house, order);
	assert.match(preview.text, /zapytana druga osoba/);
	const out = tell(house, `WYŚLIJ ${preview.pin}`, { answers: preview });
	assert.deepEqual(out.map((m) => m.to).sort(), [anna, marcin]);
	const second = out.find((m) => m.to === marcin);
	assert.match(second.text, /Anna Mrozek zleca wysyłkę/);
	assert.match(tell(house, `WYŚLIJ ${preview.pin}`, { answers: preview })[0].text, /już użyty/);
	assert.match(tell(house, `WYŚLIJ ${second.pin}`, { answers: second })[0].text, /dostała inna osoba/);
	nothingSent(house);
	const left = tell(house, `WYŚLIJ ${second.pin}`, { from: marcin, answers: second });
	assert.equal(left.filter((m) => notice.test(m.raw)).length, 2);
}, two);

story('without a second person nothing can be ordered', (house) => {
	fs.writeFileSync(house.conf, fs.readFileSync(house.conf, 'utf8')
		.replace('rights = "announce" }', 'rights = "triage" }'));
	assert.match(tell(house, order)[0].text, /nie ma drugiej osoby/);
	nothingSent(house);
}, two);

story('what a second person does to an order, its author hears', (house) => {
	const ask = (text = order) => {
		const [preview] = tell(house, text);
		return tell(house, `WYŚLIJ ${preview.pin}`, { answers: preview }).find((m) => m.to === marcin);
	};
	const toAnna = (out) => out.find((m) => m.to === anna);
	let second = ask();
	assert.match(toAnna(tell(house, 'ANULUJ', { from: marcin, answers: second })).text, /jest odwołane[^]*Marcin Słupik/);
	second = ask(`${order}\n\nJeszcze raz.`);
	for (let i = 1; i < 3; i++)
		tell(house, `WYŚLIJ ${String((Number(second.pin) + i) % 1000000).padStart(6, '0')}`, { from: marcin, answers: second });
	const wrong = `WYŚLIJ ${String((Number(second.pin) + 3) % 1000000).padStart(6, '0')}`;
	assert.match(toAnna(tell(house, wrong, { from: marcin, answers: second })).text, /unieważnione[^]*Marcin Słupik/);
	second = ask(`${order}\n\nTrzeci raz.`);
	house.now = '2026-11-22T14:30:00+01:00';
	assert.match(toAnna(tell(house, `WYŚLIJ ${second.pin}`, { from: marcin, answers: second })).text, /wygasło/);
	nothingSent(house);
}, two);

story('the second address of who ordered it is no second person', (house) => {
	const again = 'anna@powiat.example';
	const [preview] = tell(house, order);
	const out = tell(house, `WYŚLIJ ${preview.pin}`, { answers: preview });
	assert.deepEqual(out.map((m) => m.to).sort(), [anna, marcin]);
	const second = out.find((m) => m.to === marcin);
	assert.match(tell(house, `WYŚLIJ ${second.pin}`, { from: again, answers: second })[0].text, /dostała inna osoba/);
	nothingSent(house);
	fs.writeFileSync(house.conf, fs.readFileSync(house.conf, 'utf8')
		.replace('rights = "announce" }', 'rights = "triage" }'));
	assert.match(tell(house, 'ROZEŚLIJ s-t4nr-chelm-1')[0].text, /nie ma drugiej osoby/);
}, { extra: `${two.extra}staff "anna@powiat.example" { name = "Anna Mrozek" rights = "announce" }\n` });

story('the second person can stop it', (house) => {
	const [preview] = tell(house, order);
	const second = tell(house, `WYŚLIJ ${preview.pin}`, { answers: preview }).find((m) => m.to === marcin);
	assert.match(tell(house, 'ANULUJ', { from: marcin, answers: second })[0].subject, /odwołane/);
	assert.match(tell(house, `WYŚLIJ ${second.pin}`, { from: marcin, answers: second })[0].text, /odwołane/);
	nothingSent(house);
}, two);

// ---- a server that says nothing ------------------------------------------

for (const server of ['microsoft365', ''])
	story(`where the server says nothing (${server || 'no name'}) the PIN proves it, in an answer to its preview`, (house) => {
		const [preview] = tell(house, order, { verdict: null });
		assert.equal(preview.to, anna);
		held(house, tell(house, `WYŚLIJ ${preview.pin}`, { verdict: null }), /neither a verdict/);
		held(house, tell(house, 'ANULUJ 1', { verdict: null }), /neither a verdict/);
		nothingSent(house);
		const out = tell(house, `WYŚLIJ ${preview.pin}`, { verdict: null, answers: preview });
		assert.equal(out.filter((m) => notice.test(m.raw)).length, 2);
	}, { server });

story('where the server says nothing, what our answers tell to answer works', (house) => {
	const [preview] = tell(house, `${order}\nWysyłka: 2026-11-23 09:00`, { verdict: null });
	const [wrong] = tell(house, `WYŚLIJ ${preview.pin === '000000' ? '000001' : '000000'}`, { verdict: null, answers: preview });
	assert.match(wrong.text, /nie pasuje/);
	const [accepted] = tell(house, `WYŚLIJ ${preview.pin}`, { verdict: null, answers: wrong });
	assert.match(accepted.text, /odpowiedz: ANULUJ 1/);
	const [paused] = tell(house, 'WSTRZYMAJ 1', { verdict: null, answers: accepted });
	assert.match(paused.subject, /wstrzymana/);
	assert.ok(tell(house, 'ANULUJ 1', { verdict: null, answers: paused }).some((m) => /zatrzymana/.test(m.subject)));
	assert.deepEqual(notices(house).map((n) => [n.sent, n.cancelled]), [[0, 3]]);
}, { server: 'microsoft365' });

// ---- killed --------------------------------------------------------------

// Runs once, stopped at the n-th durable step; true when it came to its end.
const cut = (house, n) => spawnSync(program, ['-c', house.conf, '--now', house.now, 'run', '--once'],
	{ env: { ...process.env, UWAGA_CRASH_AT: String(n) } }).status === 0;

const owed = (house) => house.rows('outbox', 'list').filter((r) => r.to);
const toPeople = (house) => owed(house).filter((r) => /meeting_announcement/.test(r.template) && r.state !== 'cancelled');

// Stops the program at each durable step in turn, from the same beginning, lets
// it go on, and looks at what came of it.
function stopEverywhere(house, look) {
	const kept = `${house.dir}.kept`;
	const { seen } = house;
	let n = 0, whole = false;
	fs.cpSync(house.dir, kept, { recursive: true });
	try {
		while (!whole) {
			fs.rmSync(house.dir, { recursive: true });
			fs.cpSync(kept, house.dir, { recursive: true });
			house.seen = new Set(seen);
			whole = cut(house, ++n);
			house.poll();
			house.poll();
			look(n);
		}
	} finally {
		fs.rmSync(kept, { recursive: true });
	}
	return n;
}

story('stopped at any durable step, an order is one order with one preview', (house) => {
	say(house, order);
	const n = stopEverywhere(house, () => {
		assert.deepEqual(house.rows('journal').map((r) => r.fate), ['staff']);
		const rows = owed(house);
		assert.deepEqual(rows.map((r) => [r.template, r.to]), [['staff_broadcast_preview', anna]]);
		assert.ok(['sent', 'unknown'].includes(rows[0].state));
		const pins = new Set(sent(house).map((m) => m.pin));
		assert.ok(pins.size <= 1, 'sent again it has the same PIN');
	});
	assert.ok(n > 8, `${n} steps`);
});

story('stopped at any durable step, a PIN sends once, to all', (house) => {
	const [preview] = tell(house, order);
	say(house, `WYŚLIJ ${preview.pin}`, { answers: preview });
	const n = stopEverywhere(house, (at) => {
		const rows = toPeople(house);
		assert.deepEqual(rows.map((r) => r.to).sort(), ['+48110000501', 'ewa@poczta.example', 'jan@poczta.example'], `step ${at}`);
		assert.ok(rows.every((r) => r.state === 'sent' || r.state === 'unknown'), `step ${at}`);
		assert.equal(notices(house).filter((x) => x.total > 0 && x.state !== 'aborted').length, 1, `step ${at}`);
		assert.equal(meeting(house).state, 'announced');
		assert.deepEqual(house.rows('journal').map((r) => r.fate), ['staff', 'staff']);
	});
	assert.ok(n > 15, `${n} steps`);
});

story('killed at random, the daemon sends once or not at all, never half', async (house) => {
	const [preview] = tell(house, order);
	say(house, `WYŚLIJ ${preview.pin}`, { answers: preview });
	for (let i = 0; i < 12; i++) {
		const daemon = new Daemon(house);
		await new Promise((resolve) => setTimeout(resolve, 15 * i));
		await daemon.kill();
		assert.ok(notices(house).filter((n) => n.state !== 'aborted').length <= 1);
	}
	const daemon = new Daemon(house);
	await until('the notice', () => notices(house).some((n) => n.state === 'done'));
	await daemon.kill();
	house.poll();
	assert.deepEqual(toPeople(house).map((r) => r.to).sort(), ['+48110000501', 'ewa@poczta.example', 'jan@poczta.example']);
});

story('the running daemon sends at once when the PIN comes', async (house) => {
	const daemon = new Daemon(house);
	say(house, order);
	const preview = await until('a preview', () => sent(house).find((m) => m.pin));
	say(house, `WYŚLIJ ${preview.pin}`, { answers: preview });
	await until('the notice', () => notices(house).some((n) => n.sent === 3));
	await daemon.stop();
});

story('while a command sends, the order waits for its turn', async (house) => {
	const [preview] = tell(house, order);
	// As `uwaga meeting announce` holds it while somebody reads the count.
	const holder = spawn('flock', [`${house.dir}/uwaga.db.notice.lock`, 'sh', '-c', 'echo held; exec cat'],
		{ stdio: ['pipe', 'pipe', 'inherit'] });
	await new Promise((resolve) => holder.stdout.once('data', resolve));
	const [answer, ...more] = tell(house, `WYŚLIJ ${preview.pin}`, { answers: preview });
	assert.match(answer.subject, /PIN przyjęty/);
	assert.deepEqual([more, notices(house)], [[], []]);
	holder.stdin.end();
	await new Promise((resolve) => holder.on('close', resolve));
	house.poll();
	assert.equal(sent(house).filter((m) => notice.test(m.raw)).length, 2);
});

// ---- real servers --------------------------------------------------------

test('an order comes by Dovecot and leaves by Postfix, with the daemon running', async () => {
	const ca = new Authority(), servers = [];
	const up = async (server) => {
		servers.unshift(server);
		return server.start();
	};
	let house, daemon;
	try {
		const dovecot = await up(new Dovecot({ cert: ca.good, layout: 'sdbox' }));
		const sink = await up(new SmtpSink());
		const postfix = await up(new Postfix({ cert: ca.good, relay: sink.port, dovecot }));
		const account = { user: 'konsultacje', password: 'tajne-haslo', ca_file: ca.file };
		house = new House({ extra: staff, imap: { url: dovecot.url(), start: 'all', ...account },
			smtp: { url: `smtps://localhost:${postfix.smtps}`, ...account } });
		house.serialOfMail = 0;
		const file = path.join(house.dir, 'lista.csv');
		fs.writeFileSync(file, people);
		house.run('person', 'import', file, '--source', 'karta', '--consent', '2026-11-01');
		daemon = new Daemon(house);
		// What reached the destination, parsed.
		const arrived = (to) => sink.mails().filter((m) => new RegExp(`^To: ${to}`, 'm').test(m)).map((raw) => {
			const name = path.join(house.dir, 'arrived.eml');
			fs.writeFileSync(name, raw);
			const { text, message_id: id } = JSON.parse(house.run('parse', name));
			return { text, id, replyTo: raw.match(/^Reply-To: (\S+)/m)?.[1], pin: text.match(/WYŚLIJ (\d{6})/)?.[1] };
		});
		await dovecot.deliver([letter(house, order, { verdict: 'mx.powiat.example; dmarc=fail header.from=powiat.example' }),
			letter(house, order)]);
		const preview = await until('a preview', () => arrived(anna).find((m) => m.pin));
		await until('the administrator is told', () => arrived('admin@powiat.example').length === 1);
		await dovecot.deliver([letter(house, `WYŚLIJ ${preview.pin}`, { answers: preview })]);
		await until('the notices', () => arrived('ewa@poczta.example').length === 1 && arrived('jan@poczta.example').length === 1);
		await until('it is done', () => notices(house).some((n) => n.state === 'done' && n.sent === 3));
		await dovecot.deliver([letter(house, `WYŚLIJ ${preview.pin}`, { answers: preview })]);
		await until('a refusal', () => arrived(anna).some((m) => /został już użyty/.test(m.text)));
		assert.equal(notices(house).length, 1);
		await daemon.stop();
	} finally {
		daemon?.child.kill('SIGKILL');
		house?.close();
		for (const server of servers)
			await server.close();
		ca.close();
	}
});

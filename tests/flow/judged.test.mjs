// judged - mails and calendars as programs that we did not write read them
//
// postal-mime reads the mails, ical.js the calendars, Chromium with axe-core
// judges the HTML; hostile names and titles have to arrive as words, or be
// refused in a sentence.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { Browser } from './browser.mjs';
import { House, residentMail } from './house.mjs';

const modules = createRequire(path.resolve('tests/package.json'));
const load = async (name) => {
	const module = await import(pathToFileURL(modules.resolve(name)));
	return module.default?.default ?? module.default ?? module;
};
let ICAL, PostalMime, axe, browser;

before(async () => {
	ICAL = await load('ical.js');
	PostalMime = await load('postal-mime');
	axe = fs.readFileSync(modules.resolve('axe-core/axe.min.js'), 'utf8');
	browser = new Browser();
});
after(() => browser?.close());

const key = 's-10ke-ledziny-2';

function story(name, body, settings) {
	test(name, async () => {
		const house = new House(settings);
		try {
			house.seen = new Set();
			fs.writeFileSync(path.join(house.dir, 'lista.csv'),
				'e-mail;telefon;gmina;kod\newa@poczta.example;;Lędziny;\n');
			house.run('person', 'import', path.join(house.dir, 'lista.csv'),
				'--source', 'karta', '--consent', '2026-11-01');
			await sent(house);
			await body(house);
		} finally {
			house.close();
		}
	});
}

// The mails that left since the last call: as sent, and as postal-mime reads them.
async function sent(house) {
	const dir = path.join(house.dir, 'out/new');
	const fresh = fs.readdirSync(dir).filter((f) => !house.seen.has(f));
	fresh.forEach((f) => house.seen.add(f));
	return Promise.all(fresh.map(async (f) => {
		const raw = fs.readFileSync(path.join(dir, f));
		const mail = await PostalMime.parse(raw, { attachmentEncoding: 'arraybuffer' });
		return { raw: raw.toString('latin1'), mail, to: mail.to[0].address };
	}));
}

async function toEwa(house) {
	house.poll();
	const mails = (await sent(house)).filter((m) => m.to === 'ewa@poczta.example');
	assert.equal(mails.length, 1);
	return mails[0];
}

const bytesOf = (part) => Buffer.from(typeof part.content === 'string' ? Buffer.from(part.content) : part.content);

// The calendar of a mail, after what every calendar must be was looked at.
function calendar({ mail }) {
	const parts = mail.attachments.filter((a) => /calendar|ics/.test(a.mimeType));
	assert.deepEqual(parts.map((p) => p.mimeType), ['text/calendar', 'application/ics']);
	const bytes = bytesOf(parts[0]);
	assert.equal(bytesOf(parts[1]).toString('utf8').replace(/\r?\n/g, '\n'),
		bytes.toString('utf8').replace(/\r?\n/g, '\n'), 'the file is the same');
	for (const line of bytes.toString('latin1').replace(/\r?\n$/, '').split(/\r?\n/)) {
		assert.ok(line.length <= 75, `a line of ${line.length} bytes`);
		new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(line, 'latin1'));
	}
	const all = new ICAL.Component(ICAL.parse(bytes.toString('utf8')));
	const events = all.getAllSubcomponents('vevent');
	const zones = all.getAllSubcomponents('vtimezone');
	assert.deepEqual([events.length, zones.length], [1, 1]);
	assert.equal(parts[0].method, all.getFirstPropertyValue('method'), 'METHOD as MIME says it');
	const e = events[0], zone = new ICAL.Timezone(zones[0]);
	const time = (name) => {
		const p = e.getFirstProperty(name), t = p.getFirstValue();
		assert.equal(p.getParameter('tzid'), zone.tzid);
		t.zone = zone;
		return t.toUnixTime() * 1000;
	};
	const one = (name) => {
		assert.equal(e.getAllProperties(name).length, 1, `one ${name}`);
		return e.getFirstPropertyValue(name);
	};
	return { method: all.getFirstPropertyValue('method'), uid: one('uid'), sequence: one('sequence'),
		status: one('status'), starts: time('dtstart'), ends: time('dtend'),
		organizer: one('organizer'), attendee: one('attendee'), summary: one('summary'),
		location: one('location'), description: one('description'),
		role: e.getFirstProperty('attendee').getParameter('rsvp'),
		names: e.getAllProperties().map((p) => p.name).sort().join(),
		parts: all.getAllSubcomponents().map((c) => c.name).sort().join() };
}

story('REQUEST, update and CANCEL are one meeting, at the right instant on both sides of each change of clocks', async (house) => {
	house.run('--json', 'meeting', 'announce', key, '--yes', '1');
	let mail = await toEwa(house);
	const first = calendar(mail);
	assert.equal(first.method, 'REQUEST');
	assert.equal(first.uid, 'spotkanie-bl-10ke-ledziny-2@konsultacje.powiat.example');
	assert.equal(first.attendee, 'mailto:ewa@poczta.example');
	assert.equal(first.organizer, `mailto:${mail.mail.replyTo[0].address}`);
	assert.equal(first.role, 'TRUE');
	let sequence = 0;
	const times = ['2026-12-01T17:00:00+01:00', '2027-03-28T01:30:00+01:00', '2027-03-28T03:30:00+02:00',
		'2027-06-15T18:00:00+02:00', '2027-10-31T01:30:00+02:00', '2027-10-31T03:30:00+01:00'];
	for (const at of times) {
		house.run('--json', 'meeting', 'change', key, '--starts', at, '--yes', '1');
		const now = calendar(await toEwa(house));
		assert.deepEqual([now.method, now.uid, now.sequence, now.status],
			['REQUEST', first.uid, ++sequence, 'CONFIRMED']);
		assert.equal(new Date(now.starts).toISOString(), new Date(at).toISOString(), at);
		assert.equal(now.ends - now.starts, first.ends - first.starts, at);
	}
	house.run('--json', 'meeting', 'cancel', key, '--yes', '1');
	const gone = calendar(await toEwa(house));
	assert.deepEqual([gone.method, gone.uid, gone.sequence, gone.status, gone.attendee],
		['CANCEL', first.uid, sequence + 1, 'CANCELLED', first.attendee]);
});

// ---- nothing of a name or title becomes anything else -----------------------

const hostile = [
	'x\r\nBcc: zly@poczta.example', 'x\nX-Injected: 1', 'x\rX-Injected: 1', 'x\r\n\r\n<b>ciało</b>',
	'x\u0085X-Injected: 1', 'x\u2028X-Injected: 1', 'x\u000bX-Injected: 1', 'x\u001b[31mczerwone',
	'\u202egnp.exe\u202c', '\u2066abc\u2069 \u200e', 'ą'.repeat(5000), 'a'.repeat(10000), `${'a b '.repeat(2500)}z`,
	'=?utf-8?Q?=0D=0ABcc:_zly@poczta.example?=', '=?utf-8?B?DQpCY2M6IHpseUBwb2N6dGEuZXhhbXBsZQ==?=',
	'=?utf-8?Q?x?= =?utf-8?Q?y?=', '=?x', '%0d%0aBcc:%20zly@poczta.example', '&#13;&#10;Bcc: zly@poczta.example',
	'<zly@poczta.example>, "y" <y@poczta.example>', 'a, b; c: d', '"; drop', 'a\\nATTENDEE:mailto:zly@poczta.example',
	'a;X-P="b":c', 'x\r\nATTENDEE:mailto:zly@poczta.example', 'x\nEND:VEVENT\nBEGIN:VEVENT', '^nATTENDEE', ' koniec\\',
	'--=_00000000000000000000000000000000--', '.', 'From x', '<script>alert(1)</script>', '{{office_phone}}', '\ufeffx\u00ad',
];

const headersOf = (mail) => mail.headers.map((h) => h.key).sort().join();

function checkSame(what, mail, plain) {
	assert.equal(headersOf(mail.mail), headersOf(plain.mail), `${what}: the fields`);
	for (const list of ['to', 'from', 'replyTo'])
		assert.equal(mail.mail[list]?.length ?? 1, plain.mail[list]?.length ?? 1, `${what}: ${list}`);
	assert.equal(mail.mail.bcc, undefined, what);
	assert.equal(mail.mail.cc, undefined, what);
	assert.doesNotMatch(mail.mail.subject, /[\r\n\0]/, what);
	assert.equal(mail.mail.attachments.length, plain.mail.attachments.length, `${what}: the parts`);
	assert.ok(!/<script|<b>ciało/.test(mail.mail.html ?? ''), `${what}: the HTML`);
	const [ours, theirs] = [calendar(mail), calendar(plain)];
	assert.equal(ours.attendee, `mailto:${mail.to}`, what);
	for (const name of ['names', 'parts', 'method'])
		assert.equal(ours[name], theirs[name], `${what}: ${name} of the calendar`);
	return ours;
}

const blank = (s) => s.replace(/\s+/gu, ' ').trim();

story('a hostile place or reason arrives as words, or is refused', async (house) => {
	house.run('--json', 'meeting', 'announce', key, '--yes', '1');
	await toEwa(house);
	house.run('--json', 'meeting', 'change', key, '--venue', 'Szkoła', '--address', 'ul. 1', '--reason', 'bo', '--yes', '1');
	const plain = await toEwa(house);
	let arrived = 0;
	for (const words of hostile) {
		const what = JSON.stringify(words.slice(0, 60));
		const { status, stderr } = house.try('--json', 'meeting', 'change', key, '--venue', words,
			'--address', words, '--reason', words, '--yes', '1');
		if (status !== 0) {
			assert.ok(status === 1 && stderr.length > 20, `${what}: ${stderr}`);
			continue;
		}
		const { location } = checkSame(what, await toEwa(house), plain);
		assert.ok(blank(location).startsWith(blank(words).slice(0, 60)) || words.length > 1000,
			`${what}: the place is ${JSON.stringify(location)}`);
		arrived++;
	}
	assert.ok(arrived >= hostile.length / 2, `${arrived} of ${hostile.length} arrived`);
});

story('a hostile title of a consultation arrives as words, or is refused', async (house) => {
	const usual = ['--opens', '2026-11-09 00:00', '--closes', '2026-12-04 15:00', '--commune', 'Lędziny'];
	const tell = (title, n) => {
		const added = house.try('--json', 'consultation', 'add', '--title', title, '--title-short', title.slice(0, 200), ...usual);
		if (added.status !== 0)
			return added;
		const { code } = JSON.parse(added.stdout);
		house.run('meeting', 'add', code, '--commune', 'Lędziny', '--starts', '2026-11-30 17:00',
			'--venue', 'Szkoła', '--address', 'ul. 1', '--key', `h${n}`);
		return house.try('--json', 'meeting', 'announce', `h${n}`, '--yes', '1');
	};
	const first = tell('zwykły tytuł', 'zwykly');
	assert.equal(first.status, 0, first.stderr);
	const plain = await toEwa(house);
	let arrived = 0;
	for (const [n, words] of hostile.entries()) {
		const what = JSON.stringify(words.slice(0, 60));
		const { status, stderr } = tell(words, n);
		if (status !== 0) {
			assert.ok(status === 1 && stderr.length > 20, `${what}: ${stderr}`);
			continue;
		}
		checkSame(what, await toEwa(house), plain);
		arrived++;
	}
	assert.ok(arrived >= hostile.length / 2, `${arrived} of ${hostile.length} arrived`);
});

story('a hostile name of a person never reaches a field of its own', async (house) => {
	const csv = path.join(house.dir, 'nazwy.csv');
	const quoted = (s) => `"${s.replaceAll('"', '""')}"`;
	fs.writeFileSync(csv, 'nazwa;e-mail;telefon;gmina;kod\n' + hostile.map((words, i) =>
		`${quoted(words)};osoba${i}@poczta.example;;Lędziny;\n`).join(''));
	house.run('person', 'import', csv, '--source', 'karta', '--consent', '2026-11-01', '--skip-bad');
	const { recipients } = JSON.parse(house.run('--json', 'meeting', 'announce', key, '--dry-run'));
	assert.ok(recipients > hostile.length / 2, `${recipients} recipients`);
	house.run('--json', 'meeting', 'announce', key, '--yes', String(recipients));
	house.poll();
	const mails = await sent(house);
	const plain = mails.find((m) => m.to === 'ewa@poczta.example');
	assert.equal(mails.length, recipients);
	for (const mail of mails)
		checkSame(mail.to, mail, plain);
});

// ---- everybody can read it -------------------------------------------------

// A template with a word for each of its names.
function filled(house, language, name) {
	const dir = `templates/${language}`, partials = path.join(house.dir, `parts-${language}`);
	fs.mkdirSync(partials, { recursive: true });
	let text = '';
	for (const file of fs.readdirSync(dir).filter((f) => f.endsWith('.html'))) {
		fs.copyFileSync(path.join(dir, file), path.join(partials, file.replace('.html', '.mustache')));
		text += fs.readFileSync(path.join(dir, file), 'utf8');
	}
	const data = Object.fromEntries([...text.matchAll(/\{\{[#^]?(\w+)\}\}/g)].map(([, word]) =>
		[word, /url/.test(word) ? 'https://powiat.example/x' : /address|mail/.test(word) ? 'a@powiat.example' : 'Przykład']));
	fs.writeFileSync(path.join(house.dir, 'data.json'), JSON.stringify(data));
	return house.run('render', path.join(dir, `${name}.html`), '--data', path.join(house.dir, 'data.json'), '--partials', partials);
}

story('the HTML of every mail meets WCAG 2.1 AA, wide and narrow', async (house) => {
	const pages = [];
	const keep = async (what) => {
		house.poll();
		for (const { mail } of await sent(house))
			if (mail.html)
				pages.push([`${what} to ${mail.to[0].address}`, mail.html]);
	};
	house.mail(residentMail(1));
	house.mail(residentMail(2).replace('Prosimy o kurs numer 2.', 'Please, add a bus in the evening. Thank you very much for it.')
		.replace('osoba2', 'english'));
	await keep('a confirmation');
	fs.writeFileSync(path.join(house.dir, 'lista.csv'), 'e-mail;telefon;gmina;kod\nenglish@poczta.example;;Lędziny;\n' +
		'jan@poczta.example;;Lędziny;\njan@poczta.example;;Bieruń;\n');
	house.run('person', 'import', path.join(house.dir, 'lista.csv'), '--source', 'karta', '--consent', '2026-11-01');
	house.run('--json', 'meeting', 'announce', key, 's-10ke-bierun-2', '--yes', '3');
	await keep('an announcement');
	// What no command sends yet: every part of it filled in.
	for (const language of ['pl', 'en'])
		pages.push([`answer_to_remark ${language}`, filled(house, language, 'answer_to_remark')]);
	assert.ok(pages.length >= 5, pages.map(([what]) => what).join());
	const violations = [];
	for (const [what, html] of pages)
		for (const width of [320, 1200]) {
			const run = await browser.page(html, { width });
			await run(axe + ';0');
			const found = await run(`axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] })
				.then((r) => ({ passes: r.passes.length, violations: r.violations.map((v) => v.id + ': ' + v.help + ' ' + v.nodes[0].html.slice(0, 200)) }))`);
			assert.ok(found.passes > 5, `${what}: axe looked at nothing`);
			violations.push(...found.violations.map((v) => `${what}, ${width} wide: ${v}`));
		}
	assert.deepEqual(violations, []);
	// The judge sees what is wrong.
	const run = await browser.page('<html><body><img src="x"><p style="color:#ccc;background:#fff">blado</p></body></html>');
	await run(axe + ';0');
	assert.deepEqual(await run(`axe.run(document, { runOnly: ['wcag2a', 'wcag2aa'] }).then((r) => r.violations.map((v) => v.id).sort())`),
		['color-contrast', 'document-title', 'html-has-lang', 'image-alt']);
});

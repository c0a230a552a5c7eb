// wish - who asked for an interpreter is not forgotten because they answer again
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { House } from './house.mjs';

const key = 's-10ke-ledziny-2';
let serial = 0;

test('what a person asked for stays with staff when they answer again, unless they stay at home', () => {
	const house = new House();
	try {
		const file = path.join(house.dir, 'lista.csv');
		fs.writeFileSync(file, 'e-mail;telefon\newa@poczta.example;110000501\njan@poczta.example;\n;110000502\n');
		house.run('person', 'import', file, '--commune', 'Lędziny', '--source', 'karta', '--consent', '2026-11-01');
		house.run('--json', 'meeting', 'announce', key, '--yes', '4');
		house.poll();
		const letters = Object.fromEntries(fs.readdirSync(path.join(house.dir, 'out/new')).map((f) => {
			const raw = fs.readFileSync(path.join(house.dir, 'out/new', f), 'utf8');
			return [raw.match(/^To: (\S+)/m)[1], raw.match(/^Reply-To: (\S+)/m)[1]];
		}));
		const say = (from, text) => {
			const at = `2026-11-22T11:0${serial % 10}:00Z`;
			if (from.startsWith('+'))
				house.text({ from, text, at });
			else
				house.mail(`Received: from a by b; ${new Date(at).toUTCString().replace('GMT', '+0000')}\r\nFrom: ${from}\r\n` +
					`To: ${letters[from]}\r\nSubject: Re: x\r\nMessage-ID: <w${serial}@poczta.example>\r\nMIME-Version: 1.0\r\n` +
					`Content-Type: text/plain; charset=utf-8\r\n\r\n${text}\r\n`);
			serial++;
			house.poll();
		};
		const wishes = () => house.rows('meeting', 'show', key)[0].wishes.map((w) => [w.from, w.comment]);
		const asked = 'Będę, proszę o tłumacza języka migowego.';
		say('ewa@poczta.example', asked);
		assert.deepEqual(wishes(), [], 'it is her answer');
		assert.equal(house.rows('meeting', 'show', key)[0].answers[0].needs_staff, true);
		say('+48110000501', 'TAK');
		assert.deepEqual(wishes(), [['ewa@poczta.example', asked]], 'by another way, with nothing of it');
		const [shown] = house.rows('meeting', 'show', key);
		assert.deepEqual([shown.yes, shown.answers.length], [1, 1], 'one head');
		assert.ok(shown.wishes[0].needs_staff_by < shown.starts_at);
		assert.match(house.run('meeting', 'show', key), /wish, ewa@[^\n]*for staff by 2026-11-22[^]*migowego/);
		say('+48110000501', 'NIE');
		assert.deepEqual(wishes(), [], 'who stays at home needs none');
		say('ewa@poczta.example', 'Jednak będę');
		assert.deepEqual(wishes(), [['ewa@poczta.example', asked]]);
		say('+48110000502', 'Będę. Poruszam się na wózku');
		say('+48110000502', 'TAK');
		say('jan@poczta.example', 'Będę.');
		assert.deepEqual(wishes().map(([from]) => from), ['ewa@poczta.example', '+48110000502']);
	} finally {
		house.close();
	}
});

test('an interpreter is offered in the words and in the HTML, and each of several meetings says where it is', () => {
	const house = new House();
	try {
		const file = path.join(house.dir, 'lista.csv');
		fs.writeFileSync(file, 'e-mail;gmina;język\newa@poczta.example;Lędziny;pl\newa@poczta.example;Bieruń;pl\n' +
			'john@poczta.example;Lędziny;en\njohn@poczta.example;Bieruń;en\n');
		house.run('person', 'import', file, '--source', 'karta', '--consent', '2026-11-01');
		house.run('--json', 'meeting', 'announce', key, 's-10ke-bierun-2', '--yes', '2');
		house.poll();
		for (const [to, offer, number] of [['ewa', /migowego/g, /NR 1, Lędziny[^]*NR 2, Bieruń/], ['john', /sign language/g, /NO\. 1, Lędziny[^]*NO\. 2, Bieruń/]]) {
			const raw = fs.readdirSync(path.join(house.dir, 'out/new')).map((f) => fs.readFileSync(path.join(house.dir, 'out/new', f), 'latin1'))
				.find((m) => m.includes(`To: ${to}@`)).replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g, (m, h) => String.fromCharCode(parseInt(h, 16)));
			const [words, html] = Buffer.from(raw, 'latin1').toString('utf8').split('Content-Type: text/html');
			assert.match(words, number);
			for (const part of [words, html])
				assert.equal(part.match(offer)?.length, 1, to);
		}
	} finally {
		house.close();
	}
});

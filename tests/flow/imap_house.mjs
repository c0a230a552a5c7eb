// imap_house - a house whose mailbox is a scripted IMAP server, and what came in
//
// Place: the tests of imap_script and imap_trouble.
import assert from 'node:assert/strict';

import { House } from './house.mjs';
import { ImapScript } from './imap_script.mjs';

export const mail = (i, { text = `Proszę o ławkę nr ${i} przy szkole.`, id = `m${i}@poczta.example`, more = '' } = {}) =>
	`From: Osoba ${i} <osoba${i}@poczta.example>\r\nTo: konsultacje@powiat.example\r\n` +
	`Subject: BL-7M4H\r\n${id ? `Message-ID: <${id}>\r\n` : ''}${more}` +
	`MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${text}\r\n`;

// A house whose mailbox is a scripted server with `n` mails in it.
export async function withScript(options, body) {
	const { n = 0, keys = {}, ...rest } = options;
	const server = await new ImapScript(rest).start();
	const house = new House({ imap: { url: server.url, start: 'all', ...keys } });
	try {
		for (let i = 1; i <= n; i++)
			server.inbox.add(mail(i));
		await body(house, server);
	} finally {
		house.close();
		await server.close();
	}
}

// The server is in this process: a run that is waited for would wait for ever.
export async function poll(house) {
	const { status, stdout, stderr } = await house.later('run', '--once');
	assert.equal(status, 0, stderr);
	return stdout;
}

export const journal = (house) => house.rows('journal').filter((r) => r.source === 'mailbox konsultacje');
export const fates = (house) => journal(house).map((r) => r.fate).sort();
export const filed = (n) => Array(n).fill('filed');
export const texts = (house) => house.rows('remark', 'list').map((r) => r.text)
	.map((t) => Number(/ławkę nr (\d+)/.exec(t)?.[1])).filter(Boolean).sort((a, b) => a - b);
export const upTo = (n) => Array.from({ length: n }, (_, i) => i + 1);

export const isList = (command) => /^UID FETCH .*RFC822\.SIZE/.test(command);
export const isBody = (command) => /^UID FETCH .*BODY/.test(command);

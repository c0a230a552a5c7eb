// house - a gateway of its own in a temporary folder, and its daemon
//
// Place: tests/flow/*.mjs build one, drop messages in, run, and read what came
// of them through the same commands that staff use.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export const program = path.resolve(process.env.UWAGA || 'build/uwaga');

const config = (dir, extra, mailbox, smtp) => `
database = "${dir}/uwaga.db"
keys_file = "${dir}/keys"
answer_within = "240h"
office { name = "Starostwo Powiatowe" address = "konsultacje@powiat.example" domain = "powiat.example" phone = "110 000 000" }
mailbox "konsultacje" { ${mailbox} authserv_id = "mx.powiat.example" }
sms "bramka" { provider = "gammu" url = "spool:${dir}/spool" number = "+48110010010" textable_prefixes = "+4811" }
smtp { ${smtp} }
${extra}
`;

export class House {
	// Makes the folder, the configuration and the database with the sample
	// context; `extra` is added to the configuration.  `imap` and `smtp` are
	// { url, user, password, ...keys }; without them both are Maildirs.
	constructor({ extra = '', context = 'samples/context', imap, smtp } = {}) {
		this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'uwaga-flow-'));
		this.serial = 0;
		this.conf = path.join(this.dir, 'uwaga.conf');
		this.now = '2026-11-22T12:00:00+01:00';
		for (const d of ['maildir/new', 'maildir/cur', 'maildir/tmp', 'out/new',
			'out/cur', 'out/tmp', 'spool/inbox', 'spool/outbox', 'spool/sent',
			'spool/error'])
			fs.mkdirSync(path.join(this.dir, d), { recursive: true });
		fs.writeFileSync(this.conf, config(this.dir, extra,
			this.account(imap || { url: `maildir:${this.dir}/maildir` }),
			this.account(smtp || { url: `maildir:${this.dir}/out` })));
		this.run('init', '--sample', '--context', context);
	}

	// The lines of an account; its password goes into a file.
	account({ password, ...keys }) {
		if (password !== undefined) {
			keys.password_file = path.join(this.dir, `secret${++this.serial}`);
			fs.writeFileSync(keys.password_file, password, { mode: 0o600 });
		}
		return Object.entries(keys).map(([key, value]) => `${key} = "${value}"`).join(' ');
	}

	// Runs a command and answers its standard output; a failure throws.
	run(...args) {
		return execFileSync(program,
			['-c', this.conf, '--now', this.now, ...args],
			{ encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 256 << 20 });
	}

	// Runs a command that may fail: { status, stdout, stderr }.
	try(...args) {
		return spawnSync(program,
			['-c', this.conf, '--now', this.now, ...args],
			{ encoding: 'utf8' });
	}

	// The same while servers of this process answer: a promise.
	later(...args) {
		const child = spawn(program, ['-c', this.conf, '--now', this.now, ...args],
			{ stdio: ['ignore', 'pipe', 'pipe'] });
		const out = { stdout: '', stderr: '' };
		child.stdout.on('data', (bytes) => out.stdout += bytes);
		child.stderr.on('data', (bytes) => out.stderr += bytes);
		return new Promise((resolve, reject) => {
			child.on('error', reject);
			child.on('close', (status) => resolve({ status, ...out }));
		});
	}

	// The rows of a --json command.
	rows(...args) {
		return this.run('--json', ...args).split('\n').filter(Boolean)
			.map((line) => JSON.parse(line));
	}

	// Drops a mail into the Maildir; answers its key.
	mail(bytes) {
		const name = `${1700000000 + this.serial}.M${String(this.serial).padStart(6, '0')}.test`;
		this.serial++;
		fs.writeFileSync(path.join(this.dir, 'maildir/tmp', name), bytes);
		fs.renameSync(path.join(this.dir, 'maildir/tmp', name),
			path.join(this.dir, 'maildir/new', name));
		return name;
	}

	// Drops a text into the spool as gammu-smsd writes it, but whole at once.
	text({ from, text, at }) {
		const hex = (s) => [...Buffer.from(s, 'utf16le').swap16()]
			.map((b) => b.toString(16).padStart(2, '0').toUpperCase()).join('');
		const stamp = new Date(at).toISOString().replace(/[-:]/g, '').replace('.000', '');
		const serial = String(this.serial++ % 100).padStart(2, '0');
		const lines = hex(text).match(/.{1,200}/g) || [''];
		const file = `IN${stamp.slice(0, 8)}_${stamp.slice(9, 15)}_${serial}_${from}_00.txt`;
		const body = ['[SMSBackup000]', '; a comment that is never read',
			'SMSC = "+48110000000"', 'PDU = Deliver', `DateTime = ${stamp}`,
			'State = UnRead', `Number = "${from}"`,
			`NumberUnicode = ${hex(from)}`, 'Name = ""',
			...lines.map((l, i) => `Text${String(i).padStart(2, '0')} = ${l}`),
			'Coding = Unicode_No_Compression', 'Folder = 1',
			`Length = ${[...text].length}`, 'Class = -1',
			'ReplySMSC = FALSE', 'RejectDuplicates = FALSE',
			'ReplaceMessage = 0', 'MessageReference = 0', '', ''].join('\n');
		fs.writeFileSync(path.join(this.dir, 'spool', file), body);
		fs.renameSync(path.join(this.dir, 'spool', file), path.join(this.dir, 'spool/inbox', file));
		return file;
	}

	// Polls every source once and sends what is due.
	poll() {
		return this.run('run', '--once');
	}

	// A daemon that a failed test left behind ends with it.
	close() {
		this.daemon?.child.kill('SIGKILL');
		fs.rmSync(this.dir, { recursive: true, force: true });
	}
}

const limit = 20000; // milliseconds that a condition may take, not a rest

// Waits until the condition, which may be a promise, gives a value.
export async function until(what, condition, ms = limit) {
	const end = Date.now() + ms;
	for (;;) {
		const value = await condition();
		if (value)
			return value;
		assert.ok(Date.now() < end, `never: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
}

// The daemon of a house, with what it says: into a file, as nobody reads a pipe
// while a command is waited for.
export class Daemon {
	constructor(house, { now = house.now, env = {} } = {}) {
		this.file = path.join(house.dir, 'log');
		const fd = fs.openSync(this.file, 'a');
		this.child = spawn(program, ['-c', house.conf, ...(now ? ['--now', now] : []), 'run'],
			{ stdio: ['ignore', 'ignore', fd], env: { ...process.env, ...env } });
		fs.closeSync(fd);
		house.daemon = this;
		this.ended = new Promise((resolve) => this.child.on('exit',
			(code, signal) => resolve({ code, signal })));
	}

	get log() {
		return fs.readFileSync(this.file, 'utf8');
	}

	said(words) {
		return until(words, () => this.log.match(words));
	}

	// Ends it as a power cut would.
	async kill() {
		this.child.kill('SIGKILL');
		return this.ended;
	}

	async stop(signal = 'SIGTERM') {
		const began = Date.now();
		this.child.kill(signal);
		const how = await this.ended;
		assert.deepEqual(how, { code: 0, signal: null }, this.log);
		assert.ok(Date.now() - began < 10000, 'within ten seconds');
	}
}

// Builds a library that is loaded before the program; answers its file.
export function preload(dir, name) {
	const shim = path.join(dir, `${name}.so`);
	const made = spawnSync(process.env.CC || 'gcc',
		['-O2', '-shared', '-fPIC', '-o', shim, `tests/flow/${name}.c`], { encoding: 'utf8' });
	assert.equal(made.status, 0, made.stderr);
	return shim;
}

// A resident's mail, number `i`: nobody else writes the same.
export const residentMail = (i) => [
	'Received: from mx.poczta.example by mx.powiat.example; Sun, 22 Nov 2026 10:00:00 +0100',
	'Authentication-Results: mx.powiat.example; dmarc=pass header.from=poczta.example',
	`From: osoba${i}@poczta.example`, 'To: konsultacje@powiat.example',
	'Subject: BL-7M4H', `Message-ID: <m${i}@poczta.example>`, '',
	`Prosimy o kurs numer ${i}.`, ''].join('\r\n');

// A small generator of numbers in [0, 1) (mulberry32), so that what chance did
// can be had again.
export function random(state) {
	return () => {
		state = state + 0x6d2b79f5 | 0;
		let t = Math.imul(state ^ state >>> 15, 1 | state);
		t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
		return ((t ^ t >>> 14) >>> 0) / 4294967296;
	};
}

// White space and invisible characters, as samples are compared.
export const fold = (s) => s.normalize('NFC')
	.replace(/[\u200b\ufeff]/g, '').replace(/\s+/gu, ' ').trim();

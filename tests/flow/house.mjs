// house - a gateway of its own in a temporary folder, for the flow tests
//
// Place: tests/flow/*.mjs build one, drop messages in, run, and read what came
// of them through the same commands that staff use.
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export const program = path.resolve(process.env.UWAGA || 'build/uwaga');

const config = (dir, extra) => `
database = "${dir}/uwaga.db"
keys_file = "${dir}/keys"
answer_within = "240h"
office { name = "Starostwo Powiatowe" address = "konsultacje@powiat.example" domain = "powiat.example" phone = "110 000 000" }
mailbox "konsultacje" { url = "maildir:${dir}/maildir" authserv_id = "mx.powiat.example" }
sms "bramka" { provider = "gammu" url = "spool:${dir}/spool" number = "+48110010010" textable_prefixes = "+4811" }
smtp { url = "maildir:${dir}/out" }
${extra}
`;

export class House {
	// Makes the folder, the configuration and the database with the sample
	// context; `extra` is added to the configuration.
	constructor({ extra = '', context = 'samples/context' } = {}) {
		this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'uwaga-flow-'));
		this.conf = path.join(this.dir, 'uwaga.conf');
		this.now = '2026-11-22T12:00:00+01:00';
		for (const d of ['maildir/new', 'maildir/cur', 'maildir/tmp', 'out/new',
			'out/cur', 'out/tmp', 'spool/inbox', 'spool/outbox', 'spool/sent',
			'spool/error'])
			fs.mkdirSync(path.join(this.dir, d), { recursive: true });
		fs.writeFileSync(this.conf, config(this.dir, extra));
		this.run('init', '--sample', '--context', context);
		this.serial = 0;
	}

	// Runs a command and answers its standard output; a failure throws.
	run(...args) {
		return execFileSync(program,
			['-c', this.conf, '--now', this.now, ...args],
			{ encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
	}

	// Runs a command that may fail: { status, stdout, stderr }.
	try(...args) {
		return spawnSync(program,
			['-c', this.conf, '--now', this.now, ...args],
			{ encoding: 'utf8' });
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

	// Drops a text into the spool as gammu-smsd writes it.
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
		fs.writeFileSync(path.join(this.dir, 'spool/inbox', file), body);
		return file;
	}

	// Polls every source once and sends what is due.
	poll() {
		return this.run('run', '--once');
	}

	close() {
		fs.rmSync(this.dir, { recursive: true, force: true });
	}
}

// White space and invisible characters, as samples are compared.
export const fold = (s) => s.normalize('NFC')
	.replace(/[\u200b\ufeff]/g, '').replace(/\s+/gu, ' ').trim();

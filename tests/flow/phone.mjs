// phone - a real gammu-smsd of our own, over the dummy phone it comes with
//
// Place: beside house.mjs.  The phone is a folder: a file in sms/1 is a segment
// that has just come in; gammu-smsd reads and deletes it and writes into the
// house's spool, and sends what it finds in the spool's outbox.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const hex = (s) => [...Buffer.from(s, 'utf16le').swap16()]
	.map((b) => b.toString(16).padStart(2, '0').toUpperCase()).join('');

const byte = (n) => n.toString(16).padStart(2, '0').toUpperCase();

// A segment as the dummy phone keeps it; `part` is { ref, seq, total } or null.
function segment(from, text, stamp, part) {
	return ['[SMSBackup000]', 'PDU = Deliver', `DateTime = ${stamp}`,
		'State = UnRead', `Number = "${from}"`, `NumberUnicode = ${hex(from)}`,
		'Name = ""', 'NameUnicode = ',
		...(part ? [`UDH = 050003${byte(part.ref)}${byte(part.total)}${byte(part.seq)}`] : []),
		...(hex(text).match(/.{1,200}/g) || [''])
			.map((l, i) => `Text${String(i).padStart(2, '0')} = ${l}`),
		'Coding = Unicode_No_Compression', 'Folder = 1',
		`Length = ${text.length}`, 'Class = -1', 'ReplySMSC = False',
		'RejectDuplicates = False', 'ReplaceMessage = 0',
		'MessageReference = 0', '', ''].join('\n');
}

export class Phone {
	// Starts gammu-smsd over the spool of `house`, in the environment given.
	constructor(house, env = { LC_ALL: 'C' }) {
		this.dir = path.join(house.dir, 'phone');
		this.spool = path.join(house.dir, 'spool');
		this.log = path.join(house.dir, 'smsd.log');
		this.serial = 0;
		for (let i = 1; i <= 5; i++)
			fs.mkdirSync(path.join(this.dir, 'sms', String(i)), { recursive: true });
		const conf = path.join(house.dir, 'smsdrc');
		fs.writeFileSync(conf, `[gammu]
model = dummy
connection = none
device = ${this.dir}
gammuloc = /dev/null
[smsd]
service = files
inboxpath = ${this.spool}/inbox/
outboxpath = ${this.spool}/outbox/
sentsmspath = ${this.spool}/sent/
errorsmspath = ${this.spool}/error/
inboxformat = detail
transmitformat = auto
logfile = ${this.log}
debuglevel = 1
commtimeout = 1
receivefrequency = 1
multiparttimeout = 1
statusfrequency = 0
checksecurity = 0
`);
		this.child = spawn('gammu-smsd', ['-c', conf],
			{ stdio: 'ignore', env: { PATH: process.env.PATH, TZ: 'UTC', ...env } });
		this.ended = new Promise((resolve) => {
			this.child.on('exit', resolve);
			this.child.on('error', resolve);
		});
	}

	// A text arrives; one that needs several segments with those of `only`.  `zone` '': the
	// phone's clock names none.
	receive({ from, text, at = '2026-11-22T10:00:00Z', zone = 'Z', only }) {
		const stamp = new Date(at).toISOString().replace(/[-:]|\.000Z/g, '') + zone;
		const parts = text.length <= 70 ? [text] : text.match(/[^]{1,67}/g);
		const ref = ++this.serial;
		parts.forEach((part, i) => {
			if (only && !only.includes(i + 1))
				return;
			const name = String(++this.serial);
			const hidden = path.join(this.dir, `coming-${name}`);
			fs.writeFileSync(hidden, segment(from, part, stamp,
				parts.length > 1 ? { ref, seq: i + 1, total: parts.length } : null));
			fs.renameSync(hidden, path.join(this.dir, 'sms/1', name));
		});
		return parts.length;
	}

	// Waits until the phone is empty and `condition` holds.
	async until(what, condition = () => true) {
		const end = Date.now() + 20000;
		while (fs.readdirSync(path.join(this.dir, 'sms/1')).length > 0 || !condition()) {
			assert.ok(Date.now() < end && this.child.exitCode === null,
				`never: ${what}; gammu-smsd says: ${this.said()}`);
			await new Promise((resolve) => setTimeout(resolve, 20));
		}
	}

	said() {
		return fs.existsSync(this.log) ? fs.readFileSync(this.log, 'utf8') : '';
	}

	files(sub) {
		return fs.readdirSync(path.join(this.spool, sub)).filter((f) => f[0] !== '.');
	}

	async stop() {
		this.child.kill('SIGTERM');
		await this.ended;
	}
}

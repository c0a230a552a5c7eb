// modem - a modem that speaks AT over the loopback, for a real smsd (smstools 3)
//
// Place: beside phone.mjs.  smsd reaches it as a "network modem".  It keeps
// received segments as a SIM card would and remembers what it was told to send.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';

const hex = (n) => n.toString(16).padStart(2, '0').toUpperCase();
const swap = (s) => (s.length % 2 ? s + 'F' : s).replace(/(.)(.)/g, '$2$1');

// SMS-DELIVER in UCS-2 (3GPP TS 23.040); `part` is { ref, seq, total } or null.
function deliver(from, text, at, part) {
	const number = from.replace('+', '');
	const local = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Warsaw',
		dateStyle: 'short', timeStyle: 'medium' }).format(at).replace(/\D/g, '').slice(2);
	const udh = part ? `050003${hex(part.ref)}${hex(part.total)}${hex(part.seq)}` : '';
	const body = udh + Buffer.from(text, 'utf16le').swap16().toString('hex').toUpperCase();
	return `00${part ? '44' : '04'}${hex(number.length)}91${swap(number)}0008` +
		`${swap(local)}40${hex(body.length / 2)}${body}`;
}

export class Modem {
	constructor(house) {
		Object.assign(this, { spool: path.join(house.dir, 'smsd'), sim: [], sent: [], serial: 0 });
		for (const d of ['outgoing', 'checked', 'incoming', 'sent', 'failed', 'report'])
			fs.mkdirSync(path.join(this.spool, d), { recursive: true });
	}

	async start() {
		this.server = net.createServer((socket) => this.talk(socket));
		await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
		const conf = path.join(this.spool, 'smsd.conf');
		const user = process.getuid() === 0 ? 'user = root\ngroup = root\n' : '';
		fs.writeFileSync(conf, `devices = GSM1
outgoing = ${this.spool}/outgoing
checked = ${this.spool}/checked
incoming = ${this.spool}/incoming
sent = ${this.spool}/sent
failed = ${this.spool}/failed
report = ${this.spool}/report
logfile = ${this.spool}/log
infofile = ${this.spool}/running
pidfile = ${this.spool}/pid
loglevel = 7
delaytime = 1
errorsleeptime = 1
autosplit = 3
incoming_utf8 = yes
decode_unicode_text = no
${user}[GSM1]
device = @127.0.0.1:${this.server.address().port}
incoming = yes
init = ATE0
`);
		this.child = spawn('/usr/sbin/smsd', [`-c${conf}`, '-t', '-s'],
			{ stdio: 'ignore', env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'Europe/Warsaw' } });
		this.ended = new Promise((resolve) => {
			this.child.on('exit', resolve);
			this.child.on('error', resolve);
		});
		return this;
	}

	// A text arrives on the SIM card, in segments when it is long.
	receive({ from = '+48110000301', text, at = '2026-11-22T10:00:00Z' }) {
		const parts = text.length <= 70 ? [text] : text.match(/[^]{1,67}/g);
		const ref = ++this.serial % 256;
		parts.forEach((part, i) => this.sim.push(deliver(from, part, Date.parse(at),
			parts.length > 1 ? { ref, seq: i + 1, total: parts.length } : null)));
	}

	talk(socket) {
		let line = '', pdu = false;
		socket.on('error', () => {});
		socket.on('data', (bytes) => {
			for (const c of bytes.toString('latin1'))
				if (pdu && c === '\x1a') {
					this.sent.push(line.trim());
					pdu = false;
					line = '';
					socket.write(`\r\n+CMGS: ${this.sent.length}\r\n\r\nOK\r\n`);
				} else if (!pdu && c === '\r') {
					pdu = /^AT\+CMGS=/i.test(line.trim());
					socket.write(pdu ? '\r\n> ' : `\r\n${this.answer(line.trim())}\r\n`);
					line = '';
				} else {
					line += c;
				}
		});
	}

	answer(line) {
		const n = Number(/=(\d+)/.exec(line)?.[1]);
		if (/\+CPIN\?/.test(line))
			return '+CPIN: READY\r\n\r\nOK';
		if (/\+CREG\?/.test(line))
			return '+CREG: 0,1\r\n\r\nOK';
		if (/\+CSQ/.test(line))
			return '+CSQ: 25,0\r\n\r\nOK';
		if (/\+CPMS\?/.test(line))
			return `+CPMS: "SM",${this.sim.filter(Boolean).length},50,"SM",0,50,"SM",0,50\r\n\r\nOK`;
		if (/\+CMGR=/.test(line)) {
			const pdu = this.sim[n - 1];
			return pdu ? `+CMGR: 0,,${pdu.length / 2 - 1}\r\n${pdu}\r\n\r\nOK` : '+CMGR: 0,,0\r\n\r\nOK';
		}
		if (/\+CMGD=/.test(line))
			this.sim[n - 1] = undefined;
		return 'OK';
	}

	files(sub) {
		return fs.readdirSync(path.join(this.spool, sub))
			.filter((f) => f[0] !== '.' && !f.endsWith('-concatenated'));
	}

	said() {
		const log = path.join(this.spool, 'log');
		return fs.existsSync(log) ? fs.readFileSync(log, 'latin1').slice(-3000) : '';
	}

	// Waits for the condition and until new files are old enough to be whole.
	async until(what, condition) {
		const end = Date.now() + 40000;
		while (!condition() || this.files('incoming').some((f) => Date.now() -
			fs.statSync(path.join(this.spool, 'incoming', f)).mtimeMs < 2100)) {
			assert.ok(Date.now() < end && this.child.exitCode === null,
				`never: ${what}; smsd says: ${this.said()}`);
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
	}

	async stop() {
		this.child.kill('SIGTERM');
		const timer = setTimeout(() => this.child.kill('SIGKILL'), 10000);
		await this.ended;
		clearTimeout(timer);
		this.server.close();
	}
}

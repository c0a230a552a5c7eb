// talker - a scripted mail server that writes down all it is told
//
// Place: for what real servers never do, and to see that nothing secret leaves
// before a certificate is verified.  Plain, TLS at once, or STARTTLS.
import fs from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';

export class Talker {
	// `kind` is imap or smtp.  `cert` (Authority.issue()) makes it TLS at once,
	// or by STARTTLS when `starttls`.  `greeting` and `capabilities` replace the
	// usual; `answer(line, talk)` may answer a line itself (true: it did).
	constructor({ kind = 'imap', cert, starttls = false, greeting, capabilities,
		answer = () => false, tlsOptions = {}, mute = false, host = '127.0.0.1' } = {}) {
		Object.assign(this, { kind, cert, starttls, greeting, capabilities, answer,
			tlsOptions, mute, host });
		this.plain = ''; // heard without TLS
		this.heard = ''; // heard inside TLS
		this.handshakes = 0;
		this.sockets = new Set();
	}

	async start() {
		this.server = net.createServer((socket) => {
			this.sockets.add(socket);
			socket.on('close', () => this.sockets.delete(socket));
			socket.on('error', () => {});
			if (this.mute)
				return;
			if (this.cert && !this.starttls)
				this.secure(socket);
			else
				this.talk(socket, false);
		});
		await new Promise((resolve) => this.server.listen(0, this.host, resolve));
		this.port = this.server.address().port;
		return this;
	}

	secure(socket) {
		const inside = new tls.TLSSocket(socket, { isServer: true,
			secureContext: tls.createSecureContext({
				cert: fs.readFileSync(this.cert.cert),
				key: fs.readFileSync(this.cert.key), ...this.tlsOptions }) });
		inside.on('error', () => {});
		inside.on('secure', () => this.handshakes++);
		this.talk(inside, true);
	}

	talk(socket, safe) {
		let rest = '';
		const talk = { socket, safe, say: (text) => socket.write(`${text}\r\n`), sasl: null };
		const hear = (bytes) => {
			this[safe ? 'heard' : 'plain'] += bytes.toString('latin1');
			rest += bytes.toString('latin1');
			for (let end; (end = rest.indexOf('\r\n')) >= 0 && !talk.over; ) {
				const line = rest.slice(0, end);
				rest = rest.slice(end + 2);
				if (this.answer.call(this, line, talk) !== true)
					this[this.kind](line, talk);
			}
		};
		socket.on('data', hear);
		// After STARTTLS the TLS library reads the bare socket.
		talk.upgrade = () => {
			talk.over = true;
			socket.removeListener('data', hear);
			this.secure(socket);
		};
		if (!safe || !this.starttls)
			talk.say(this.greeting ?? (this.kind === 'imap' ? '* OK ready' : '220 ready'));
	}

	offer(safe) {
		const usual = this.kind === 'imap' ? ['AUTH=PLAIN', 'SASL-IR'] : ['AUTH PLAIN LOGIN'];
		const more = this.capabilities ?? usual;
		if (!this.starttls || safe)
			return more;
		return this.kind === 'imap' ? ['STARTTLS', 'LOGINDISABLED'] : ['STARTTLS'];
	}

	imap(line, talk) {
		const [tag, verb] = line.split(' ');
		switch ((verb ?? '').toUpperCase()) {
		case 'CAPABILITY':
			talk.say(`* CAPABILITY IMAP4rev1 ${this.offer(talk.safe).join(' ')}`);
			talk.say(`${tag} OK done`);
			break;
		case 'STARTTLS':
			talk.say(`${tag} OK begin`);
			talk.upgrade();
			break;
		default:
			talk.say(`${tag} OK done`);
		}
	}

	smtp(line, talk) {
		switch (line.split(' ')[0].toUpperCase()) {
		case 'EHLO': {
			const all = ['smtp.powiat.example', ...this.offer(talk.safe)];
			all.forEach((word, i) => talk.say(`250${i + 1 < all.length ? '-' : ' '}${word}`));
			break;
		}
		case 'STARTTLS':
			talk.say('220 begin');
			talk.upgrade();
			break;
		case 'AUTH':
			talk.say('235 welcome');
			break;
		default:
			talk.say('250 fine');
		}
	}

	get url() {
		const host = this.host === '::1' ? '[::1]' : 'localhost';
		return `${this.kind}${this.cert && !this.starttls ? 's' : ''}://${host}:${this.port}`;
	}

	async close() {
		for (const socket of this.sockets)
			socket.destroy();
		await new Promise((resolve) => this.server.close(resolve));
	}
}

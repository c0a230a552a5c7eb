// smtp_script - an SMTP server that does what it is told, also what no real one does
//
// Place: smtp.test.mjs sends through it.  It speaks SMTP strictly: a command out
// of turn is noted in `faults`, so that a client out of step is found.
import fs from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';

export const CUT = Symbol('cut'); // answer: nothing, the connection is reset
export const SILENT = Symbol('silent'); // answer: nothing, for ever

// `script` may have greeting, ehlo, mail, rcpt, data, dot, rset: functions of
// the session ({ connection, letter, tls, mails }) that answer a reply, CUT,
// SILENT, a promise of one of these, or undefined for the usual.  `write` may
// send the bytes of a reply in another way than at once.
export class ScriptedSmtp {
	constructor({ offers = ['PIPELINING', 'SIZE 1000000', '8BITMIME', 'ENHANCEDSTATUSCODES'],
		script = {}, cert, write } = {}) {
		Object.assign(this, { offers, script, cert, write, connections: 0, open: 0, most: 0,
			begun: 0, accepted: [], faults: [], commands: [], quits: 0, writes: 0 });
		this.sockets = new Set();
	}

	async start() {
		this.server = net.createServer({ noDelay: true }, (socket) => this.serve(socket));
		await new Promise((resolve) => this.server.listen(this.port ?? 0, '127.0.0.1', resolve));
		this.port = this.server.address().port;
		return this;
	}

	get url() {
		return `smtp://127.0.0.1:${this.port}`;
	}

	get messageIds() {
		return this.accepted.map((m) => m.messageId);
	}

	async close() {
		for (const socket of this.sockets)
			socket.destroy();
		await new Promise((resolve) => this.server.close(resolve));
	}

	serve(socket) {
		const session = { connection: ++this.connections, mails: 0, tls: false, state: 'idle',
			rest: Buffer.alloc(0), queue: Promise.resolve() };
		this.open++;
		this.most = Math.max(this.most, this.open);
		this.attach(session, socket);
		this.sockets.add(socket);
		socket.on('close', () => this.open--);
		session.queue = session.queue.then(() => this.say(session, 'greeting', '220 script.example ESMTP'));
	}

	attach(session, socket) {
		session.socket = socket;
		socket.on('error', () => {});
		socket.on('data', (bytes) => {
			this.writes++;
			session.rest = Buffer.concat([session.rest, bytes]);
			session.queue = session.queue.then(() => this.read(session));
		});
	}

	async read(session) {
		for (;;) {
			if (session.silent || session.socket.destroyed)
				return;
			const end = session.rest.indexOf(session.state === 'data' ? '\r\n.\r\n' : '\r\n');
			const empty = session.state === 'data' && session.rest.subarray(0, 3).equals(Buffer.from('.\r\n'));
			if (end < 0 && !empty)
				return;
			if (session.state === 'data') {
				const text = empty ? '' : session.rest.subarray(0, end + 2).toString('latin1');
				session.rest = session.rest.subarray(empty ? 3 : end + 5);
				await this.take(session, text);
			} else {
				const line = session.rest.subarray(0, end).toString('utf8');
				session.rest = session.rest.subarray(end + 2);
				await this.command(session, line);
			}
		}
	}

	// Says the script's answer to that step, or the usual one; answers it.
	async say(session, step, usual) {
		const told = await this.script[step]?.(session);
		const reply = told === undefined ? usual : told;
		if (reply === CUT) {
			session.socket.resetAndDestroy();
		} else if (reply === SILENT) {
			session.silent = true;
		} else {
			const bytes = Buffer.from(`${reply}\r\n`);
			await (this.write ? this.write(session.socket, bytes) : session.socket.write(bytes));
			if (/^421/.test(reply))
				session.socket.end();
		}
		return typeof reply === 'string' ? reply : '';
	}

	fault(session, what) {
		this.faults.push(`connection ${session.connection}: ${what}`);
		return '503 5.5.1 out of turn';
	}

	async command(session, line) {
		this.commands.push(line);
		const [, verb] = line.match(/^(\w+)/) ?? [];
		switch (verb) {
		case 'HELO':
		case 'EHLO': {
			const offers = await this.script.ehlo?.(session) ?? this.offers;
			if (Array.isArray(offers))
				await this.say(session, '', ['script.example',
					...(this.cert && !session.tls ? ['STARTTLS'] : []), ...offers]
					.map((w, i, all) => `250${i === all.length - 1 ? ' ' : '-'}${w}`).join('\r\n'));
			else
				await this.say(session, '', offers);
			break;
		}
		case 'STARTTLS':
			await this.say(session, '', '220 go ahead');
			this.secure(session);
			break;
		case 'AUTH':
			this.logins = (this.logins || 0) + 1;
			await this.say(session, 'auth', '235 2.7.0 welcome');
			break;
		case 'MAIL': {
			const [, from, args] = line.match(/^MAIL FROM:<([^<>]*)>(.*)$/) ?? [];
			if (session.state !== 'idle' || from === undefined)
				return void await this.say(session, '', this.fault(session, line));
			session.letter = { from, mailArgs: args.trim(), connection: session.connection };
			if (/^2/.test(await this.say(session, 'mail', '250 2.1.0 Ok')))
				session.state = 'mail';
			break;
		}
		case 'RCPT': {
			const [, to, args] = line.match(/^RCPT TO:<([^<>]+)>(.*)$/) ?? [];
			if (session.state !== 'mail')
				return void await this.say(session, '', '503 5.5.1 no MAIL');
			if (to === undefined)
				return void await this.say(session, '', this.fault(session, line));
			Object.assign(session.letter, { to, rcptArgs: args.trim() });
			if (/^2/.test(await this.say(session, 'rcpt', '250 2.1.5 Ok')))
				session.state = 'rcpt';
			break;
		}
		case 'DATA':
			if (session.state !== 'rcpt' && !this.script.dataAnyway)
				return void await this.say(session, '', '554 5.5.1 no valid recipients');
			session.void = session.state !== 'rcpt';
			if (/^354/.test(await this.say(session, 'data', '354 go on')))
				session.state = 'data';
			break;
		case 'RSET':
			session.state = 'idle';
			await this.say(session, 'rset', '250 2.0.0 Ok');
			break;
		case 'QUIT':
			this.quits++;
			await this.say(session, '', '221 2.0.0 Bye');
			session.socket.end();
			break;
		default:
			await this.say(session, '', this.fault(session, line));
		}
	}

	async take(session, text) {
		const { letter } = session;
		session.state = 'idle';
		if (session.void) {
			if (text !== '')
				this.fault(session, 'a mail though nobody is to get it');
			return void await this.say(session, '', '554 5.5.1 no valid recipients');
		}
		this.begun++;
		if (/[^\r]\n|\r[^\n]/.test(text))
			this.fault(session, 'a bare CR or LF');
		letter.data = text.replace(/^\.\./gm, '.');
		letter.messageId = text.match(/^Message-ID:\s*(\S+)/im)?.[1];
		letter.received = Date.now();
		const reply = await this.say(session, 'dot', `250 2.0.0 Ok: queued as S${this.begun}`);
		if (/^2/.test(reply)) {
			session.mails++;
			this.accepted.push(letter);
		}
	}

	secure(session) {
		const plain = session.socket;
		plain.removeAllListeners('data');
		const socket = new tls.TLSSocket(plain, { isServer: true,
			cert: fs.readFileSync(this.cert.cert), key: fs.readFileSync(this.cert.key) });
		session.tls = true;
		session.rest = Buffer.alloc(0);
		session.state = 'idle';
		this.attach(session, socket);
	}
}

// imap_script - an IMAP server that does what a test tells it, right or wrong
//
// Place: tests/flow/imap_script.test.mjs.  Plain and already logged in
// (PREAUTH), which the gateway takes on a loopback address without a user.
// What it does well is enough for the gateway; a test's `twist` does the rest.
import net from 'node:net';

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

function internal(date) {
	const two = (n) => String(n).padStart(2, '0');
	return `${two(date.getUTCDate())}-${months[date.getUTCMonth()]}-${date.getUTCFullYear()} ` +
		`${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
}

export class Folder {
	constructor(validity = 17) {
		Object.assign(this, { validity, next: 1, mails: [] });
	}

	// Adds a mail as it arrives; answers its UID.
	add(text, { date = new Date('2026-11-22T09:00:00Z'), size, uid = this.next } = {}) {
		const bytes = Buffer.from(text);
		this.mails.push({ uid, bytes, date, size: size ?? bytes.length, flags: new Set() });
		this.next = Math.max(this.next, uid + 1);
		return uid;
	}

	get uids() {
		return this.mails.map((m) => m.uid);
	}
}

// The UIDs of `set` ("3:5,9,12:*") that the folder has, as RFC 3501 has it: "*"
// is the last one, and a range may be written backwards.
function chosen(folder, set) {
	const last = folder.mails.at(-1)?.uid ?? 0;
	const ranges = set.split(',').map((part) => {
		const [a, b = a] = part.split(':').map((n) => n === '*' ? last : Number(n));
		return [Math.min(a, b), Math.max(a, b)];
	});
	return folder.mails.filter((m) => ranges.some(([a, b]) => m.uid >= a && m.uid <= b));
}

const unquote = (s) => s.replace(/^"(.*)"$/, '$1').replace(/\\(.)/g, '$1');

class Session {
	constructor(server, socket) {
		Object.assign(this, { server, socket, folder: null, rest: '', idling: null });
		socket.on('error', () => {});
		socket.on('close', () => server.sessions.delete(this));
		socket.on('data', (bytes) => this.take(bytes.toString('latin1')));
		this.say('* PREAUTH at your service');
	}

	say(line) {
		if (!this.socket.destroyed)
			this.socket.write(`${line}\r\n`, 'latin1');
	}

	raw(bytes) {
		if (!this.socket.destroyed)
			this.socket.write(bytes);
	}

	hangUp() {
		this.socket.destroy();
	}

	take(text) {
		this.rest += text;
		for (let end; (end = this.rest.indexOf('\r\n')) >= 0; ) {
			const line = this.rest.slice(0, end);
			this.rest = this.rest.slice(end + 2);
			this.line(line);
		}
	}

	line(line) {
		if (this.idling !== null) {
			const tag = this.idling;
			this.idling = null;
			this.server.asked.push(line);
			this.say(`${tag} OK idled`);
			return;
		}
		const [, tag, command] = line.match(/^(\S+) (.*)$/) ?? [null, '*', line];
		this.server.asked.push(command);
		if (!this.server.twist?.(this, tag, command))
			this.answer(tag, command);
	}

	// What a good server says.
	answer(tag, command) {
		const [word] = command.match(/^(UID )?\S+/) ?? [''];
		const rest = command.slice(word.length + 1);
		const method = this[`on${word.replace(/^UID /, 'UID_')}`];
		if (!method) {
			this.say(`${tag} BAD what is ${word}?`);
			return;
		}
		const trouble = method.call(this, rest, tag);
		if (trouble !== undefined)
			this.say(`${tag} ${trouble || 'OK done'}`);
	}

	named(name) {
		return this.server.folders[unquote(name)];
	}

	onCAPABILITY() {
		this.say(`* CAPABILITY IMAP4rev1 ${this.server.capabilities}`);
		return '';
	}

	onNOOP() {
		return '';
	}

	onLOGOUT() {
		this.say('* BYE');
		return '';
	}

	onNAMESPACE() {
		const { prefix, separator } = this.server;
		this.say(`* NAMESPACE (("${prefix}" "${separator}")) NIL NIL`);
		return '';
	}

	onLIST(args) {
		const [, pattern] = args.match(/^\S+ (.*)$/);
		const wanted = unquote(pattern);
		const { separator, folders } = this.server;
		if (wanted === '')
			this.say(`* LIST (\\Noselect) "${separator}" ""`);
		for (const name of Object.keys(folders))
			if (wanted === '*' || wanted === name)
				this.say(`* LIST () "${separator}" "${name}"`);
		return '';
	}

	onSELECT(args) {
		this.folder = this.named(args);
		if (!this.folder)
			return 'NO no such mailbox';
		const { validity, next, mails } = this.folder;
		this.say('* FLAGS (\\Seen \\Deleted)');
		this.say(`* ${mails.length} EXISTS`);
		this.say('* 0 RECENT');
		this.say(`* OK [UIDVALIDITY ${validity}] valid`);
		if (!this.server.hidesNext)
			this.say(`* OK [UIDNEXT ${next}] next`);
		return 'OK [READ-WRITE] selected';
	}

	onSTATUS(args) {
		const name = args.match(/^("(?:[^"\\]|\\.)*"|\S+)/)[1];
		const folder = this.named(name);
		if (!folder)
			return 'NO no such mailbox';
		this.say(`* STATUS ${name} (MESSAGES ${folder.mails.length} ` +
			`UIDNEXT ${folder.next} UIDVALIDITY ${folder.validity})`);
		return '';
	}

	onCREATE(args) {
		if (this.server.prefix && !unquote(args).startsWith(this.server.prefix))
			return 'NO invalid mailbox name';
		this.server.folders[unquote(args)] ??= new Folder(18);
		return '';
	}

	onSUBSCRIBE(args) {
		this.server.subscribed.push(unquote(args));
		return '';
	}

	// The FETCH line of a mail; `body` is what stands for its bytes.
	item(mail, what) {
		const number = this.folder.mails.indexOf(mail) + 1;
		const partial = what.match(/BODY\.PEEK\[\]<0\.(\d+)>/);
		if (!/BODY/.test(what))
			return Buffer.from(`* ${number} FETCH (UID ${mail.uid} ` +
				(/FLAGS/.test(what) ? `FLAGS (${[...mail.flags].join(' ')}) ` : '') +
				`INTERNALDATE "${internal(mail.date)}" RFC822.SIZE ${mail.size})\r\n`);
		const bytes = partial ? mail.bytes.subarray(0, Number(partial[1])) : mail.bytes;
		return this.bodyItem(number, mail.uid, bytes, bytes.length, partial ? '<0>' : '');
	}

	bodyItem(number, uid, bytes, announced, origin = '') {
		return Buffer.concat([Buffer.from(`* ${number} FETCH (UID ${uid} BODY[]${origin} {${announced}}\r\n`),
			bytes, Buffer.from(')\r\n')]);
	}

	chosen(set) {
		return chosen(this.folder, set);
	}

	onUID_FETCH(args) {
		const [, set, what] = args.match(/^(\S+) (.*)$/);
		for (const mail of chosen(this.folder, set))
			this.raw(this.item(mail, what));
		return '';
	}

	remove(mails) {
		for (const mail of mails) {
			const at = this.folder.mails.indexOf(mail);
			this.folder.mails.splice(at, 1);
			this.say(`* ${at + 1} EXPUNGE`);
		}
	}

	copy(args) {
		const [, set, name] = args.match(/^(\S+) (.*)$/);
		const to = this.named(name);
		if (!to)
			return null;
		const mails = chosen(this.folder, set);
		for (const mail of mails)
			to.add(mail.bytes, { date: mail.date, size: mail.size });
		return mails;
	}

	onUID_COPY(args) {
		return this.copy(args) ? '' : 'NO [TRYCREATE] no such mailbox';
	}

	onUID_MOVE(args) {
		const mails = this.copy(args);
		if (!mails)
			return 'NO [TRYCREATE] no such mailbox';
		this.remove(mails);
		return '';
	}

	onUID_STORE(args) {
		for (const mail of chosen(this.folder, args.split(' ')[0]))
			mail.flags.add('\\Deleted');
		return '';
	}

	onUID_EXPUNGE(args) {
		this.remove(chosen(this.folder, args).filter((m) => m.flags.has('\\Deleted')));
		return '';
	}

	onUID_SEARCH(args) {
		const set = /^UID (\S+)$/.exec(args);
		const mails = set ? chosen(this.folder, set[1]) : this.folder.mails;
		this.say(`* SEARCH ${mails.map((m) => m.uid).join(' ')}`);
		return '';
	}

	onIDLE(args, tag) {
		this.idling = tag;
		this.say('+ idling');
		return undefined;
	}
}

export class ImapScript {
	// `twist(session, tag, command)` answers true when it has dealt with it.
	constructor({ twist, capabilities = 'MOVE UIDPLUS IDLE NAMESPACE', prefix = '',
		separator = '/', hidesNext = false } = {}) {
		Object.assign(this, { twist, capabilities, prefix, separator, hidesNext,
			folders: { INBOX: new Folder() }, asked: [], subscribed: [], sessions: new Set(), opened: 0 });
	}

	async start() {
		this.server = net.createServer((socket) => {
			this.opened++;
			this.sessions.add(new Session(this, socket));
		});
		await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
		this.port = this.server.address().port;
		return this;
	}

	get inbox() {
		return this.folders.INBOX;
	}

	get url() {
		return `imap://127.0.0.1:${this.port}/INBOX`;
	}

	// How often something was asked for.
	times(pattern) {
		return this.asked.filter((command) => pattern.test(command)).length;
	}

	// A mail arrives, and whoever waits is told.
	arrive(text, options) {
		const uid = this.inbox.add(text, options);
		for (const session of this.sessions)
			if (session.folder === this.inbox && session.idling !== null)
				session.say(`* ${this.inbox.mails.length} EXISTS`);
		return uid;
	}

	async close() {
		for (const session of this.sessions)
			session.hangUp();
		await new Promise((resolve) => this.server.close(resolve));
	}
}

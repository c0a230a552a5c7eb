// providers - stand-ins for those who carry texts, written from what they publish
//
// Place: tests/flow, tests/crash and tests/bench talk to them over verified TLS.
// Each keeps what it was sent and what it has received, like the real one; none
// was compared with the real one.  `faults` makes the next answers of a kind
// go wrong; `asked` counts the requests of each kind.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';

import { program } from './house.mjs';

const warsaw = new Intl.DateTimeFormat('sv-SE', {
	timeZone: 'Europe/Warsaw', dateStyle: 'short', timeStyle: 'medium' });
const local = (ms) => warsaw.format(ms);

// "2026-11-22 11:00:00" or "20261122110000" as the other compares it.
const digits = (s) => String(s).replace(/\D/g, '');

class Stub {
	constructor({ cert, secret = 'tajne-haslo' } = {}) {
		Object.assign(this, { cert, secret, texts: [], sent: [], faults: [], asked: {},
			times: {} }); // of the first and last request of a kind
		this.serial = 1000;
	}

	async start() {
		const serve = (request, response) => {
			let body = '';
			request.setEncoding('utf8');
			request.on('data', (bytes) => body += bytes);
			request.on('end', () => this.serve(request, body, response));
		};
		this.server = !this.cert ? http.createServer(serve) // behind another
			: https.createServer({ cert: fs.readFileSync(this.cert.cert),
				key: fs.readFileSync(this.cert.key) }, serve);
		await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
		this.port = this.server.address().port;
		return this;
	}

	async close() {
		this.server.closeAllConnections();
		await new Promise((resolve) => this.server.close(resolve));
	}

	// A text arrives at the provider.
	receive({ from = '+48110000301', text, at = '2026-11-22T10:00:00Z' }) {
		const ms = Date.parse(at);
		this.texts.push({ id: ++this.serial, from, text, ms, local: local(ms) });
		return this.serial;
	}

	// The next `times` answers of that kind go wrong in that way.
	fault(kind, how, times = 1) {
		this.faults.push({ kind, how, times });
	}

	count(kind) {
		return this.asked[kind] ?? 0;
	}

	// What the answer told is told; some forget it then.
	gave() {}

	next(kind) {
		const fault = this.faults.find((f) => f.kind === kind && f.times > 0);
		if (fault)
			fault.times--;
		return fault?.how;
	}

	serve(request, body, response) {
		const { kind, answer } = this.understand(request, body);
		const how = this.next(kind);
		this.asked[kind] = this.count(kind) + 1;
		this.times[kind] = [this.times[kind]?.[0] ?? performance.now(), performance.now()];
		if (how === 'silent') // not even read
			return request.socket.destroy();
		if (typeof how === 'object' && how.status) {
			response.writeHead(how.status, { 'Content-Type': 'text/html', ...how.headers });
			return response.end('<html>not now</html>');
		}
		let { status = 200, json, headers = {} } = answer();
		if (how === 'taken') // done, and the line cut before the answer
			return request.socket.destroy();
		if (typeof how === 'function')
			json = how(json);
		const text = typeof json === 'string' ? json : JSON.stringify(json);
		this.gave(kind, text);
		response.writeHead(status, { 'Content-Type': 'application/json',
			'Content-Length': Buffer.byteLength(text), ...headers });
		if (how === 'half') {
			response.write(text.slice(0, text.length / 2));
			return setTimeout(() => request.socket.destroy(), 20);
		}
		response.end(text);
	}
}

// SMSEagle's JSON-RPC, from its manual.
export class SmsEagle extends Stub {
	name = 'smseagle';

	understand(request, body) {
		const { method, params } = JSON.parse(body);
		const fail = (error_text) => ({ json: { result: { error_text, status: 'error' } } });
		if (request.url !== '/jsonrpc/sms' || request.method !== 'POST')
			return { kind: 'lost', answer: () => ({ status: 404, json: {} }) };
		if (params.access_token !== this.secret)
			return { kind: 'refused', answer: () => fail('Invalid access token') };
		if (method === 'sms.send_sms')
			return { kind: 'send', answer: () => {
				const message_id = String(++this.serial);
				this.sent.push({ to: params.to, text: params.message,
					reference: params.oid, id: message_id, ms: Date.now() });
				return { json: { result: { message_id, status: 'ok' } } };
			} };
		assert.equal(method, 'sms.read_sms');
		if (params.folder !== 'inbox')
			return { kind: 'find', answer: () => {
				const messages = params.folder !== 'sentitems' ? [] : this.sent
					.filter((s) => s.to === params.to).map((s) => ({ ID: s.id,
						oid: s.reference, Status: s.status ?? 'SendingOK',
						DestinationNumber: s.to, TextDecoded: s.text }));
				return messages.length ? { json: { result: { messages, status: 'ok' } } }
					: fail('No data to display');
			} };
		return { kind: 'poll', answer: () => {
			const messages = this.texts
				.filter((t) => params.idfrom ? t.id >= Number(params.idfrom)
					: digits(t.local) >= params.datefrom)
				.slice(0, Number(params.limit))
				.map((t) => ({ ID: String(t.id), SenderNumber: t.from,
					TextDecoded: t.text, ReceivingDateTime: t.local,
					UDH: '', Class: '-1', RecipientID: 'smseagle1',
					Processed: 'true', readed: 'false', oid: '' }));
			return messages.length ? { json: { result: { messages, status: 'ok' } } }
				: fail('No data to display');
		} };
	}
}

// SerwerSMS.pl's HTTPS API v2, from its documentation and client.
export class SerwerSms extends Stub {
	name = 'serwersms';

	understand(request, body) {
		const form = Object.fromEntries(new URLSearchParams(body));
		const fail = (code, type) => ({ json: { error: { code, type, message: type } } });
		if (request.headers.authorization !== `Bearer ${this.secret}`)
			return { kind: 'refused', answer: () => fail(1001, 'InvalidUser') };
		assert.equal(request.headers['content-type'], 'application/x-www-form-urlencoded');
		switch (request.url) {
		case '/messages/send_sms.json':
			return { kind: 'send', answer: () => {
				if (!/^\+\d{7,15}$/.test(form.phone))
					return fail(2001, 'ValidationPhoneError');
				assert.match(form.unique_id, /^[A-Za-z0-9]{3,50}$/);
				const id = (++this.serial).toString(16);
				this.sent.push({ to: form.phone, text: form.text,
					reference: form.unique_id, id });
				return { json: { success: true, queued: 1, unsent: 0, items: [{ id,
					phone: form.phone, status: 'queued', parts: 1 }] } };
			} };
		case '/messages/reports.json':
			return { kind: 'find', answer: () => ({ json: { paging: { page: 1, count: 1 },
				items: this.sent.filter((s) => s.reference === form.unique_id)
					.map((s) => ({ id: s.id, phone: s.to, status: s.status ?? 'sent',
						reason: s.reason })) } }) };
		case '/messages/recived.json':
			assert.equal(form.read, undefined, 'never marked as read');
			return { kind: 'poll', answer: () => {
				const limit = Number(form.limit), page = Number(form.page ?? 1);
				const all = this.texts.filter((t) => t.local >= form.date_from);
				return { json: { paging: { page, count: Math.max(1, Math.ceil(all.length / limit)) },
					items: all.slice((page - 1) * limit, page * limit).map((t) => ({
						id: t.id, type: 'nd', phone: t.from, recived: t.local,
						blacklist: false, text: t.text })) } };
			} };
		default:
			return { kind: 'lost', answer: () => fail(1000, 'InvalidAction') };
		}
	}
}

// SzybkiSMS.pl and GSMService.pl, from their published client.
export class SzybkiSms extends Stub {
	name = 'szybkisms';

	understand(request, body) {
		const url = new URL(request.url, 'https://localhost');
		const [, what, ids] = url.pathname.split('/');
		const page = Number(url.searchParams.get('page') ?? 1);
		const limit = Number(url.searchParams.get('limit') ?? 10);
		const fail = (status, title) => ({ status, json: { type: 'about:blank', status, title,
			detail: title, code: `${status}-1`, instance: url.pathname } });
		const list = (all, show) => () => {
			if (!(limit >= 1 && limit <= 50))
				return fail(400, 'Bad limit');
			const pages = Math.ceil(all.length / limit);
			return { json: all.slice((page - 1) * limit, page * limit).map(show),
				headers: { 'X-Total-Results': all.length, 'X-Total-Pages': pages,
					'X-Current-Page': page, 'X-Limit': limit } };
		};
		const iso = (ms) => new Date(ms).toISOString().replace(/\.\d+Z/, 'Z');
		const sent = (s) => ({ id: s.id, cid: s.reference, type: 1, recipient: s.to,
			sender: 'Bramka SMS', parts: 1, sent_date: iso(s.ms), status_date: iso(s.ms),
			status_code: (s.status ?? 'QUEUED').toUpperCase(), status_description: 'x',
			unicode: false, flash: false, price: 0.16 });
		if (request.headers.authorization !== `Bearer ${this.secret}`)
			return { kind: 'refused', answer: () => fail(401, 'Unauthorized') };
		if (request.method === 'DELETE')
			return { kind: 'delete', answer: () => {
				const gone = ids.split(',').map(Number);
				assert.ok(gone.length <= 50);
				const known = gone.filter((id) => this.texts.some((t) => t.id === id));
				this.texts = this.texts.filter((t) => !gone.includes(t.id));
				return known.length ? { json: gone.map((id) => ({ id,
					status: known.includes(id) ? 204 : 404 })) } : fail(404, 'Not found');
			} };
		if (what === 'incoming')
			return { kind: 'poll', answer: list([...this.texts].reverse(), (t) => ({ id: t.id,
				login: 'powiat', recipient: '+48110010010', sender: t.from,
				phonebook_sender_name: null, date: iso(t.ms), message: t.text,
				dedicated_number: '+48110010010', dedicated_prefix: null })) };
		if (request.method === 'POST')
			return { kind: 'send', answer: () => {
				const { recipients, message, type, unicode } = JSON.parse(body);
				assert.deepEqual([type, unicode], [1, false]);
				if (!/^\+\d{7,15}$/.test(recipients.nr))
					return fail(400, 'Bad recipient');
				this.sent.push({ id: String(++this.serial), to: recipients.nr, text: message,
					reference: recipients.cid, ms: this.now ?? Date.now() });
				return { json: [sent(this.sent.at(-1))] };
			} };
		if (ids)
			return { kind: 'find', answer: () => {
				const one = this.sent.find((s) => s.id === ids);
				return one ? { json: [sent(one)] } : fail(404, 'Not found');
			} };
		return { kind: 'find', answer: list([...this.sent].reverse(), sent) };
	}
}

// Infobip, from its OpenAPI description; `tests/conform` has it judged by that.
// Its inbox gives each text once.
export class Infobip extends Stub {
	name = 'infobip';

	forget(ids) {
		if (ids.size > 0)
			this.texts = this.texts.filter((t) => !ids.has(t.id));
	}

	gave(kind, text) {
		if (kind === 'poll')
			this.forget(new Set([...text.matchAll(/"messageId":"(\d+)"/g)].map(([, id]) => Number(id))));
	}

	understand(request, body) {
		const url = new URL(request.url, 'https://localhost');
		const limit = Number(url.searchParams.get('limit') ?? 50);
		const date = (ms) => new Date(ms).toISOString().replace('Z', '+0000');
		const status = (name = 'pending') => {
			const [groupId, groupName] = { pending: [1, 'PENDING'], delivered: [3, 'DELIVERED'],
				undelivered: [2, 'UNDELIVERABLE'] }[name];
			return { groupId, groupName, id: 26, name: `${groupName}_X`, description: 'x' };
		};
		if (request.headers.authorization !== `App ${this.secret}`)
			return { kind: 'refused', answer: () => ({ status: 401, json: { errorCode: 'E401',
				description: 'Unauthorized', action: 'x', violations: [], resources: [] } }) };
		switch (url.pathname) {
		case '/sms/1/inbox/reports':
			return { kind: 'poll', answer: () => {
				const some = this.texts.slice(0, limit);
				return { json: { results: some.map((t) => ({ messageId: String(t.id),
					from: t.from.replace('+', ''), to: '48110010010', text: t.text,
					cleanText: t.text, keyword: '', receivedAt: date(t.ms), smsCount: 1,
					price: { pricePerMessage: 0, currency: 'EUR' }, callbackData: '' })),
				messageCount: some.length, pendingMessageCount: this.texts.length - some.length } };
			} };
		case '/sms/3/messages':
			return { kind: 'send', answer: () => {
				const [{ sender, destinations: [{ to, messageId }], content: { text } }] =
					JSON.parse(body).messages;
				assert.equal(sender, '48110010010');
				assert.match(to, /^\d{7,15}$/);
				this.sent.push({ id: messageId, to: `+${to}`, text, reference: messageId });
				return { json: { bulkId: '1', messages: [{ messageId, status: status(),
					destination: to, details: { messageCount: 1 } }] } };
			} };
		case '/sms/3/logs':
			return { kind: 'find', answer: () => ({ json: { results: this.sent
				.filter((s) => s.id === url.searchParams.get('messageId'))
				.map((s) => ({ messageId: s.id, destination: s.to.slice(1),
					sender: '48110010010', sentAt: date(this.now ?? Date.now()),
					doneAt: date(this.now ?? Date.now()), messageCount: 1,
					status: status(s.status), content: { text: s.text } })) } }) };
		default:
			return { kind: 'lost', answer: () => ({ status: 404, json: {} }) };
		}
	}
}

// Twilio's Messages, from its OpenAPI description; `tests/conform` has it judged
// by that.
export class Twilio extends Stub {
	name = 'twilio';
	user = 'AC0123456789abcdef0123456789abcdef';

	message(m) {
		const date = (ms) => ms === undefined ? null
			: new Date(ms).toUTCString().replace('GMT', '+0000');
		return { sid: m.sid, body: m.text, from: m.from, to: m.to,
			direction: m.direction, status: m.status, account_sid: this.user,
			api_version: '2010-04-01', date_created: date(m.ms), date_sent: date(m.ms),
			date_updated: date(m.ms), num_segments: '1', num_media: '0',
			error_code: m.error ?? null, error_message: null, price: null,
			price_unit: 'USD', messaging_service_sid: null,
			uri: `/2010-04-01/Accounts/${this.user}/Messages/${m.sid}.json`,
			subresource_uris: {} };
	}

	sid(n) {
		return 'SM' + n.toString(16).padStart(32, '0');
	}

	understand(request, body) {
		const base = `/2010-04-01/Accounts/${this.user}/Messages`;
		const url = new URL(request.url, 'https://localhost');
		const query = url.searchParams;
		const fail = (status, code) => ({ status, json: { code, status,
			message: 'No', more_info: `https://www.twilio.com/docs/errors/${code}` } });
		if (request.headers.authorization !==
			'Basic ' + Buffer.from(`${this.user}:${this.secret}`).toString('base64'))
			return { kind: 'refused', answer: () => fail(401, 20003) };
		if (request.method === 'POST' && url.pathname === `${base}.json`)
			return { kind: 'send', answer: () => {
				const form = Object.fromEntries(new URLSearchParams(body));
				if (!/^\+\d{7,15}$/.test(form.To))
					return fail(400, 21211);
				const sid = this.sid(++this.serial);
				this.sent.push({ sid, id: sid, to: form.To, from: form.From,
					text: form.Body, direction: 'outbound-api', status: 'queued',
					ms: this.now ?? Date.now() });
				return { status: 201, json: this.message(this.sent.at(-1)) };
			} };
		if (url.pathname !== `${base}.json`)
			return { kind: 'find', answer: () => {
				const one = this.sent.find((s) => url.pathname === `${base}/${s.sid}.json`);
				return one ? { json: this.message(one) } : fail(404, 20404);
			} };
		return { kind: query.get('To') === '+48110010010' ? 'poll' : 'find', answer: () => {
			const size = Number(query.get('PageSize') ?? 50), page = Number(query.get('Page') ?? 0);
			const all = [...this.sent, ...this.texts.map((t) => ({ sid: this.sid(t.id),
				text: t.text, from: t.from, to: '+48110010010', ms: t.ms,
				direction: 'inbound', status: 'received' }))]
				.filter((m) => m.to === query.get('To') &&
					new Date(m.ms).toISOString().slice(0, 10) >= query.get('DateSent>'))
				.reverse(); // newest first
			const at = (n) => {
				const q = new URLSearchParams(query);
				q.set('Page', n);
				return `${base}.json?${q}`;
			};
			const more = (page + 1) * size < all.length;
			return { json: { messages: all.slice(page * size, (page + 1) * size)
				.map((m) => this.message(m)), page, page_size: size, start: page * size,
			end: Math.max(0, Math.min(all.length, (page + 1) * size) - 1),
			uri: at(page), first_page_uri: at(0), next_page_uri: more ? at(page + 1) : null,
			previous_page_uri: page > 0 ? at(page - 1) : null } };
		} };
	}
}

export const stubs = [SmsEagle, SerwerSms, SzybkiSms, Infobip, Twilio];

// The line of a house's configuration that leads to the stub.
export function line(house, stub, { start = 'all', extra = '' } = {}) {
	const file = `${house.dir}/token`;
	fs.writeFileSync(file, stub.secret, { mode: 0o600 });
	const login = stub.user ? `user = "${stub.user}" password_file = "${file}"`
		: `token_file = "${file}"`;
	return `sms "bramka" { provider = "${stub.name}" url = "https://localhost:${stub.port}"` +
		` ${login} pin = "${stub.cert.pin}" number = "+48110010010"` +
		` textable_prefixes = "+4811" start = "${start}" poll_every = 1 ${extra} }`;
}

// Puts that line in the place of the house's spool.
export function connect(house, stub, extra) {
	const conf = fs.readFileSync(house.conf, 'utf8');
	assert.match(conf, /^sms "bramka" .*$/m);
	fs.writeFileSync(house.conf, conf.replace(/^sms "bramka" .*$/m, line(house, stub, extra)));
}

// Polls once while this process answers; { status, signal, stdout, stderr }.  A last argument
// that is an object goes into the environment.
export function poll(house, ...args) {
	const env = typeof args.at(-1) === 'object' ? args.pop() : {};
	return new Promise((resolve) => {
		const child = spawn(program, ['-c', house.conf, '--now', house.now,
			...(args.length ? args : ['run', '--once'])],
		{ stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
		let stdout = '', stderr = '';
		child.stdout.on('data', (bytes) => stdout += bytes);
		child.stderr.on('data', (bytes) => stderr += bytes);
		child.on('close', (status, signal) => resolve({ status, signal, stdout, stderr }));
	});
}

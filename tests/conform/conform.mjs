// conform - a provider's own description judges what we ask and what our stub says
//
// Place: `make conform SPEC=FILE PROVIDER=NAME`, never part of `make test`.
// Prism stands between the gateway and the stand-in of tests/flow/providers.mjs
// and refuses what does not fit the OpenAPI description in FILE; a line of TLS
// stands before it, as the gateway speaks to no provider without.
//
//     gateway --TLS--> front --> prism --> stub
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';

import { House, until } from '../flow/house.mjs';
import { connect, poll, stubs } from '../flow/providers.mjs';
import { Authority, answers, freePort } from '../flow/servers.mjs';

const [name, spec] = process.argv.slice(2);
const Kind = stubs.find((s) => new s().name === name);
if (!Kind || !spec || !fs.existsSync(spec)) {
	console.error(`usage: make conform SPEC=FILE PROVIDER=${stubs.map((s) => new s().name).join('|')}`);
	process.exit(2);
}

const authority = new Authority();
const stub = await new Kind().start();
const prismPort = await freePort();
const prism = spawn('tests/node_modules/.bin/prism', ['proxy', '-h', '127.0.0.1', '-p',
	String(prismPort), '--errors', spec, `http://127.0.0.1:${stub.port}`],
{ stdio: ['ignore', 'pipe', 'pipe'] });
let prismSaid = '';
prism.stdout.on('data', (bytes) => prismSaid += bytes);
prism.stderr.on('data', (bytes) => prismSaid += bytes);

// What prism found wrong, and how many requests it let through.
const violations = [], passed = {};
let swallow = 0; // the answers to so many more sends get lost
const front = https.createServer({ cert: fs.readFileSync(authority.good.cert),
	key: fs.readFileSync(authority.good.key) }, (request, response) => {
	const on = http.request({ host: '127.0.0.1', port: prismPort, method: request.method,
		path: request.url, headers: request.headers }, (answer) => {
		let body = '';
		answer.setEncoding('utf8');
		answer.on('data', (bytes) => body += bytes);
		answer.on('end', () => {
			const what = `${request.method} ${request.url.replace(/\?.*/, '')}`;
			if (answer.headers['sl-violations'] || /problem\+json/.test(answer.headers['content-type'] ?? ''))
				violations.push(`${what}: ${answer.statusCode} ` +
					(answer.headers['sl-violations'] ?? body));
			else
				passed[what] = (passed[what] ?? 0) + 1;
			if (swallow > 0 && request.method === 'POST') {
				swallow--;
				return request.socket.destroy();
			}
			const { 'transfer-encoding': chunked, ...headers } = answer.headers;
			response.writeHead(answer.statusCode, { ...headers,
				'content-length': Buffer.byteLength(body) });
			response.end(body);
		});
	});
	on.on('error', () => request.socket.destroy());
	request.pipe(on);
});
await new Promise((resolve) => front.listen(0, '127.0.0.1', resolve));

const house = new House();
let failed = false;
try {
	await until('prism', () => answers(prismPort), 60000);
	connect(house, { name: stub.name, user: stub.user, secret: stub.secret,
		cert: authority.good, port: front.address().port });
	stub.now = Date.parse(house.now);
	const ok = async (...args) => {
		const done = await poll(house, ...args);
		assert.equal(done.status, 0, `${done.stderr}${violations.join('\n')}`);
	};
	for (let i = 0; i < 250; i++)
		stub.receive({ from: `+48110${String(i).padStart(6, '0')}`,
			text: `BL-7M4H Prosimy o kurs numer ${i}, żółty 😀.` });
	await ok();
	assert.equal(house.rows('remark', 'list').length, 250);
	assert.equal(stub.sent.length, 250);
	swallow = 1;
	stub.receive({ text: 'BL-7M4H Prosimy o ławki.' });
	await ok();
	house.now = new Date(Date.parse(house.now) + 20 * 6e4).toISOString();
	await ok();
	assert.equal(stub.sent.length, 251, 'looked up, not sent again');
	assert.ok(house.rows('outbox', 'list').filter((r) => r.channel === 'sms')
		.every((r) => r.state === 'sent'));
	assert.deepEqual(violations, []);
} catch (error) {
	failed = true;
	console.error(error.message);
	console.error(prismSaid.slice(-2000));
} finally {
	prism.kill('SIGTERM');
	front.closeAllConnections();
	front.close();
	await stub.close();
	house.close();
	authority.close();
}
for (const [what, n] of Object.entries(passed))
	console.log(`${n} times as described: ${what.replace(/(AC|SM)[0-9a-f]{32}/g, '$1...')}`);
for (const v of new Set(violations))
	console.log(`not as described: ${v}`);
console.log(failed ? 'FAILED' : `ok: ${name} and its stub keep to ${spec}`);
process.exit(failed ? 1 : 0);

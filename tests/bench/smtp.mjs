// smtp - how fast personalised mails leave through a mail server
//
// Place: `make bench`.  Confirmations that are owed leave to Postfix's smtp-sink,
// beside Postfix's own smtp-source, which sends one text again and again and
// keeps nothing.  Near: both ends and the sender on one processor, since which
// one they wake on decides more than they do; far: over a line with 15 ms each
// way.  Each round runs both, so that a noisy machine troubles both; what counts
// is the ratio within a round.  Our clock runs from the start of the program to
// the last mail settled on disk.
//
// N=8000 FAR=300 ROUNDS=3 sizes; ONLY=near,far parts
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';

import { Daemon, House, program, residentMail, until } from '../flow/house.mjs';
import { Line, SmtpSink } from '../flow/servers.mjs';

const size = (name, usual) => Number(process.env[name] || usual);
const n = size('N', 8000), far = size('FAR', 300), rounds = size('ROUNDS', 3);
const only = process.env.ONLY?.split(',') ?? ['near', 'far'];
const core = os.cpus().length - 1;
const say = (...columns) => console.log(columns[0].padEnd(52),
	...columns.slice(1).map((c) => String(c).padStart(11)));
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

// Seconds that a program takes; it has to end well.
function seconds(command, ...args) {
	const began = process.hrtime.bigint();
	const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
	let text = '';
	child.stderr.on('data', (bytes) => text = (text + bytes).slice(-2000));
	return new Promise((resolve, reject) => {
		child.on('error', reject);
		child.on('close', (code) => code === 0
			? resolve(Number(process.hrtime.bigint() - began) / 1e9)
			: reject(new Error(`${command} ${args.join(' ')}: ${text}`)));
	});
}

const outbox = (house, state) => Number(house.run('stats').match(new RegExp(`^Outbox:.*\\b${state} (\\d+)`, 'm'))?.[1] ?? 0);

// A house that owes `count` confirmations.
function owing(count, port, connections) {
	const house = new House({ smtp: { url: 'smtp://127.0.0.1:1', connections } });
	for (let i = 0; i < count; i++)
		house.mail(residentMail(i));
	house.try('run', '--once'); // nobody takes them there
	fs.writeFileSync(house.conf, fs.readFileSync(house.conf, 'utf8')
		.replace('smtp://127.0.0.1:1', `smtp://127.0.0.1:${port}`));
	const owed = outbox(house, 'queued');
	assert.ok(owed >= count, `${owed} mails are owed`);
	house.sentBefore = outbox(house, 'sent');
	return { house, owed };
}

const source = (port, count, sessions, ...before) => seconds(...before, '/usr/sbin/smtp-source',
	'-d', '-s', String(sessions), '-l', '2048', '-m', String(count), `127.0.0.1:${port}`);

function allSent(house, owed) {
	assert.equal(outbox(house, 'sent') - house.sentBefore, owed);
}

async function near() {
	const sink = await new SmtpSink({ keep: false, core }).start();
	const pin = ['taskset', '-c', String(core)];
	const ratios = [];
	for (let round = 0; round < rounds; round++) {
		const { house, owed } = owing(n, sink.port, 1);
		const before = owed / await source(sink.port, owed, 1, ...pin);
		const ours = owed / await seconds(...pin, program, '-c', house.conf, '--now', house.now, 'run', '--once');
		const after = owed / await source(sink.port, owed, 1, ...pin);
		allSent(house, owed);
		ratios.push(ours / ((before + after) / 2));
		say(`one connection, ${owed} mails`, before.toFixed(0), after.toFixed(0), ours.toFixed(0),
			ratios.at(-1).toFixed(2));
		house.close();
	}
	say('median (wanted: 0.70)', '', '', '', median(ratios).toFixed(2));
	await sink.close();
}

async function distant(connections, count, wanted) {
	const sink = await new SmtpSink({ keep: false }).start();
	const line = await new Line(sink.port, { delay: 15 }).start();
	const { house, owed } = owing(count, line.port, connections);
	const peer = Math.min(count, 60 * connections);
	const theirs = peer / await source(line.port, peer, connections);
	const began = process.hrtime.bigint();
	const daemon = new Daemon(house, { now: null });
	await until('all sent', () => daemon.log.split('outbox sent ').length > owed, 600000);
	const ours = owed / (Number(process.hrtime.bigint() - began) / 1e9);
	await daemon.stop();
	allSent(house, owed);
	say(`30 ms away, ${connections} connection${connections > 1 ? 's' : ''} (wanted: ${wanted}/s)`,
		theirs.toFixed(0), '', ours.toFixed(0), (ours / theirs).toFixed(2));
	house.close();
	await line.close();
	await sink.close();
}

say('mails a second', 'smtp-source', 'again', 'uwaga', 'ratio');
if (only.includes('near'))
	await near();
if (only.includes('far')) {
	await distant(1, far, 25);
	await distant(10, 6 * far, 200);
}

// crash - stopped anywhere and started again, the ledger is the same
//
// Place: `make crash`.  A house with the sample county and every sample message
// waiting is run once without disturbance; its ledger is what every other run
// must come to: stopped at each numbered durable step, killed at random moments
// (seeded) of `run --once` and of the daemon.  A preload shim shows that what is
// acknowledged has been synced before.
//
// usage: node tests/crash/crash.mjs [steps|random|daemon|sync]...   (default all)
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { random } from '../flow/house.mjs';

const program = path.resolve(process.env.UWAGA || 'build/uwaga');
const rounds = Number(process.env.ROUNDS || 100);
const seed = Number(process.env.SEED || 20261122);
const now = '2026-11-22T12:00:00+01:00';
// Memory is enough: a kill loses nothing that was written, synced or not.
const root = fs.mkdtempSync(path.join(
	fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir(), 'uwaga-crash-'));

// ---- a house that can be copied: every path in it is relative ---------------

const config = `
database = "uwaga.db"
keys_file = "keys"
answer_within = "240h"
office { name = "Starostwo Powiatowe" address = "konsultacje@powiat.example" domain = "powiat.example" phone = "110 000 000" }
mailbox "konsultacje" { url = "maildir:maildir" authserv_id = "mx.powiat.example" }
sms "bramka" { provider = "gammu" url = "spool:spool" number = "+48110010010" textable_prefixes = "+4811" }
smtp { url = "maildir:out" }
`;

function start(dir, args, env = {}) {
	return spawn(program,
		['-c', path.join(dir, 'uwaga.conf'), '--now', now, ...args],
		{ env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'ignore'] });
}

function run(dir, args, env = {}) {
	return spawnSync(program,
		['-c', path.join(dir, 'uwaga.conf'), '--now', now, ...args],
		{ env: { ...process.env, ...env }, encoding: 'utf8', maxBuffer: 1 << 28 });
}

function must(dir, ...args) {
	const done = run(dir, args);
	assert.equal(done.status, 0, `${args.join(' ')}: ${done.stderr}`);
	return done.stdout;
}

const rows = (dir, ...args) => must(dir, '--json', ...args).split('\n')
	.filter(Boolean).map((line) => JSON.parse(line));

// A text as gammu-smsd writes it; one of more than 70 letters in two segments.
function text(dir, serial, sms) {
	const hex = (s) => [...Buffer.from(s, 'utf16le').swap16()]
		.map((b) => b.toString(16).padStart(2, '0').toUpperCase()).join('');
	const stamp = new Date(sms.received_at).toISOString()
		.replace(/[-:]|\.000/g, '');
	const name = `IN${stamp.slice(0, 8)}_${stamp.slice(9, 15)}_` +
		`${String(serial % 100).padStart(2, '0')}_${sms.from}_00.txt`;
	fs.writeFileSync(path.join(dir, 'spool/inbox', name),
		['[SMSBackup000]', 'SMSC = "+48110000000"', 'PDU = Deliver',
			`DateTime = ${stamp}`, 'State = UnRead', `Number = "${sms.from}"`,
			`NumberUnicode = ${hex(sms.from)}`, 'Name = ""',
			...(hex(sms.text).match(/.{1,200}/g) || [''])
				.map((l, i) => `Text${String(i).padStart(2, '0')} = ${l}`),
			'Coding = Unicode_No_Compression', 'Folder = 1',
			`Length = ${[...sms.text].length}`, 'Class = -1',
			'ReplySMSC = FALSE', 'RejectDuplicates = FALSE',
			'ReplaceMessage = 0', 'MessageReference = 0', '', ''].join('\n'));
}

function prepare() {
	const dir = path.join(root, 'prepared');
	for (const sub of ['maildir/new', 'maildir/cur', 'maildir/tmp', 'out/new',
		'out/cur', 'out/tmp', 'spool/inbox', 'spool/outbox', 'spool/sent',
		'spool/error'])
		fs.mkdirSync(path.join(dir, sub), { recursive: true });
	fs.writeFileSync(path.join(dir, 'uwaga.conf'), config);
	must(dir, 'init', '--sample', '--context', 'samples/context');
	const mails = fs.readdirSync('samples/mail').filter((f) => f.endsWith('.eml'))
		.sort();
	mails.forEach((file, i) => fs.copyFileSync(path.join('samples/mail', file),
		path.join(dir, 'maildir/new', `${1700000000 + i}.M1.test`)));
	// Two that are no mails: they are acknowledged by another way.
	fs.writeFileSync(path.join(dir, 'maildir/new/1700000900.M1.empty'), '');
	fs.mkdirSync(path.join(dir, 'maildir/new/1700000901.M1.folder'));
	const texts = fs.readFileSync('samples/sms.jsonl', 'utf8').split('\n')
		.filter(Boolean).map((line) => JSON.parse(line));
	texts.forEach((sms, i) => text(dir, i, sms));
	// Where files have no Received, their time is the receipt time.
	for (const sub of ['maildir/new', 'spool/inbox'])
		for (const file of fs.readdirSync(path.join(dir, sub)))
			fs.utimesSync(path.join(dir, sub, file), 1795345200, 1795345200);
	return dir;
}

let copies = 0;
function copy(from) {
	const dir = path.join(root, `copy${copies++}`);
	fs.cpSync(from, dir, { recursive: true, preserveTimestamps: true });
	return dir;
}

// ---- the ledger: all that must come out the same -----------------------------

const list = (dir, sub) => fs.existsSync(path.join(dir, sub))
	? fs.readdirSync(path.join(dir, sub)).sort() : [];

// A header field of a letter of ours, unfolded and decoded.
function field(letter, name) {
	const value = new RegExp(`^${name}: (.*(?:\n[ \t].*)*)`, 'mi').exec(letter)?.[1];
	return value?.replace(/\?=\s+=\?/g, '?==?').replace(/=\?utf-8\?(.)\?(.*?)\?=/gi,
		(all, how, text) => (how.toUpperCase() === 'B'
			? Buffer.from(text, 'base64')
			: Buffer.from(text.replace(/_/g, ' ').replace(/=([0-9A-F]{2})/gi,
				(hex, digits) => String.fromCharCode(parseInt(digits, 16))), 'latin1'))
			.toString('latin1'));
}

function ledger(dir) {
	const journal = rows(dir, 'journal');
	const key = new Map(journal.map((r) => [r.id, `${r.source} ${r.external_id}`]));
	const letters = list(dir, 'out/new').map((f) =>
		fs.readFileSync(path.join(dir, 'out/new', f), 'utf8'));
	const ids = letters.map((l) => field(l, 'Message-ID'));
	assert.equal(new Set(ids).size, ids.length, 'a letter went out twice');
	assert.ok(!ids.includes(undefined), 'a letter without Message-ID');
	must(dir, 'verify');
	return {
		journal: journal.map((r) => [r.source, r.external_id, r.fate, r.code,
			r.why, r.text]).sort(),
		remarks: rows(dir, 'remark', 'list').map((r) => [r.number, r.code,
			r.state, r.text, key.get(r.inbound)]).sort(),
		outbox: rows(dir, 'outbox', 'list').map((r) => [key.get(r.inbound) ?? '',
			r.template, r.to, r.state]).sort(),
		letters: letters.map((l) => [field(l, 'To'),
			Buffer.from(field(l, 'Subject'), 'latin1').toString()].join(' | ')).sort(),
		texts: list(dir, 'spool/outbox').length,
		left: [list(dir, 'maildir/new'), list(dir, 'spool/inbox')],
		cur: list(dir, 'maildir/cur'),
		aside: list(dir, 'maildir/aside'),
		half: [list(dir, 'maildir/tmp'), list(dir, 'out/tmp')],
	};
}

// The daemon's sources come in any order, and remarks are numbered as they come:
// every number is given once, to whom is left open; so are messages.
function unordered(l) {
	const plain = (text) => text?.replace(/(BL-[0-9A-Z]{4}\/|message )\d+/g, '$1…');
	return { ...l,
		numbers: l.remarks.map((r) => `${r[1]} ${r[0]}`).sort(),
		remarks: l.remarks.map((r) => r.slice(1)).sort(),
		journal: l.journal.map((r) => r.map(plain)).sort(),
		letters: l.letters.map(plain).sort() };
}

// ---- the tests ---------------------------------------------------------------

const prepared = prepare();
const undisturbed = copy(prepared);
const log = path.join(root, 'steps');
const began = Date.now();
assert.equal(run(undisturbed, ['run', '--once'], { UWAGA_CRASH_LOG: log }).status, 0);
const duration = Date.now() - began;
const want = ledger(undisturbed);
const steps = fs.readFileSync(log, 'utf8').trim().split('\n');
assert.ok(want.journal.length > 50, 'the samples are there');
assert.ok(want.remarks.length > 10 && want.letters.length > 10);
assert.deepEqual(want.left, [[], []]);
assert.equal(want.outbox.filter((r) => r[0] !== '' && r[3] === 'sent').length,
	want.letters.length + want.texts);

// Runs what was stopped to its end and compares.
function recovered(dir, what, view = (l) => l) {
	const again = run(dir, ['run', '--once']);
	assert.equal(again.status, 0, `${what}: ${again.stderr}`);
	assert.deepEqual(view(ledger(dir)), view(want), what);
	fs.rmSync(dir, { recursive: true, force: true });
}

function testSteps() {
	let n = 1;
	for (; ; n++) {
		const dir = copy(prepared);
		const stopped = run(dir, ['run', '--once'], { UWAGA_CRASH_AT: String(n) });
		if (stopped.status === 0)
			break;
		assert.equal(stopped.signal, 'SIGKILL', `step ${n}: ${stopped.stderr}`);
		recovered(dir, `stopped at step ${n} (about ${steps[n - 1]})`);
	}
	// Not always the same number: on a slow machine a batch is committed in
	// more pieces.
	assert.ok(n > steps.length * 0.9, 'every step was visited');
	console.log(`ok - stopped at each of ${n - 1} durable steps`);
}

// Starts, kills after `ms`; answers whether it was still running.
function killAfter(dir, args, ms) {
	return new Promise((resolve) => {
		const child = start(dir, args);
		const timer = setTimeout(() => child.kill('SIGKILL'), ms);
		child.on('exit', (code, signal) => {
			clearTimeout(timer);
			resolve(signal === 'SIGKILL');
		});
	});
}

async function testKills(name, args, view) {
	const next = random(seed);
	let killed = 0, tried = 0;
	for (let longest = duration; killed < rounds; tried++) {
		const dir = copy(prepared);
		const ms = next() * longest;
		if (await killAfter(dir, args, ms))
			killed++;
		else
			longest = ms; // it had ended by then
		recovered(dir, `${name} killed after ${ms.toFixed(1)} ms (try ${tried}, seed ${seed})`, view);
		assert.ok(tried < 10 * rounds, `only ${killed} of ${tried} were still running`);
	}
	console.log(`ok - ${name} killed at ${killed} random moments (${tried} tries)`);
}

function testSync() {
	const dir = copy(prepared);
	const shim = path.join(root, 'shim.so');
	const made = spawnSync(process.env.CC || 'gcc', ['-O2', '-shared', '-fPIC',
		'-o', shim, 'tests/crash/shim.c'], { encoding: 'utf8' });
	assert.equal(made.status, 0, made.stderr);
	const events = path.join(root, 'events');
	assert.equal(run(dir, ['run', '--once'],
		{ LD_PRELOAD: shim, UWAGA_SHIM_LOG: events }).status, 0);
	assert.deepEqual(ledger(dir), want, 'watched by the shim');
	let dirty = false, writes = 0, syncs = 0;
	const acknowledged = [];
	for (const line of fs.readFileSync(events, 'utf8').split('\n')) {
		if (line.startsWith('write')) {
			dirty = true;
			writes++;
		} else if (line.startsWith('sync')) {
			dirty = false;
			syncs++;
		} else if (line.startsWith('rename') || line.startsWith('remove')) {
			assert.ok(!dirty, `not synced before: ${line}`);
			acknowledged.push(line);
		}
	}
	assert.ok(writes > 0 && syncs > 0);
	for (const file of list(prepared, 'maildir/new').concat(list(prepared, 'spool/inbox')))
		assert.ok(acknowledged.some((line) => line.includes(file)),
			`${file} was acknowledged`);
	console.log(`ok - ${acknowledged.length} renames, each behind a sync ` +
		`(${writes} writes, ${syncs} syncs of the write-ahead log)`);
}

const asked = process.argv.slice(2);
const wanted = (name) => asked.length === 0 || asked.includes(name);
try {
	if (wanted('sync'))
		testSync();
	if (wanted('steps'))
		testSteps();
	if (wanted('random'))
		await testKills('run --once', ['run', '--once']);
	if (wanted('daemon'))
		await testKills('the daemon', ['run'], unordered);
} finally {
	if (process.env.KEEP)
		console.log(root);
	else
		fs.rmSync(root, { recursive: true, force: true });
}

// bad_input - whatever comes in, the rest flows on; whatever is broken around
// the gateway is said in one clear sentence, and nothing is left half done
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { House, program } from './house.mjs';

const slow = /san/.test(program) ? 20 : 1; // a build with sanitizers

function story(name, body, options) {
	test(name, async () => {
		const house = new House(options);
		try {
			await body(house);
		} finally {
			house.close();
		}
	});
}

const good = (from = 'jan.lis@poczta.example') => ['Return-Path: <' + from + '>',
	'Received: from mx.poczta.example by mx.powiat.example; Sun, 22 Nov 2026 10:00:00 +0100',
	'Authentication-Results: mx.powiat.example; dmarc=pass header.from=poczta.example',
	`From: ${from}`, 'To: konsultacje@powiat.example', 'Subject: BL-7M4H',
	'Date: Sun, 22 Nov 2026 10:00:00 +0100', 'Message-ID: <good@poczta.example>',
	'MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8', '',
	'Prosimy o dodatkowe kursy autobusu w sobotę.', ''].join('\r\n');

const goodText = { from: '+48110000301', text: 'BL-7M4H Prosimy o ławki.',
	at: '2026-11-22T10:00:00+01:00' };

const head = 'From: zly@poczta.example\r\nTo: konsultacje@powiat.example\r\n' +
	'Subject: x\r\nMIME-Version: 1.0\r\n';

// The mails that kill parsers (a bomb in the boundary, nesting without end).
const killers = {
	'a boundary that is one quotation mark': head +
		'Content-Type: multipart/mixed; boundary="\\""\r\n\r\nx\r\n',
	'200,000 opened comments': 'From: ' + '('.repeat(200000) +
		'\r\nTo: konsultacje@powiat.example\r\nSubject: x\r\n\r\nx\r\n',
	'40,000 mails inside each other': head +
		'Content-Type: message/rfc822\r\n\r\n'.repeat(40000) + 'x\r\n',
	'15,000 multiparts inside each other': head +
		Array.from({ length: 15000 }, (_, i) =>
			`Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}\r\n`)
			.join('') + '\r\nx\r\n',
};

// Nothing that people can send fails to be filed, so the database is made to
// refuse some: what is undone with one must be there of the others.
story('what cannot be filed is kept whole and costs those around it nothing', (house) => {
	const refuse = `CREATE TRIGGER refuse BEFORE INSERT ON outbox
		WHEN NEW.recipient LIKE 'zly%' BEGIN SELECT RAISE(ABORT, 'not this one'); END`;
	assert.equal(spawnSync('sqlite3', [path.join(house.dir, 'uwaga.db'), refuse]).status, 0);
	const from = ['ola@a.example', 'zly1@a.example', 'jan@a.example', 'ewa@a.example',
		'zly2@a.example', 'iga@a.example'];
	const keys = from.map((address, i) => house.mail(good(address)
		.replace('good@', `mail${i}@`).replace('w sobotę', `w sobotę o ${i + 8}`)));
	house.poll();
	const journal = house.rows('journal');
	for (const [i, key] of keys.entries()) {
		const row = journal.find((r) => r.external_id === key);
		assert.equal(row.fate, from[i].startsWith('zly') ? 'unreadable' : 'filed', from[i]);
		if (row.fate === 'unreadable')
			assert.match(row.why, /could not be filed: .*not this one/);
	}
	assert.equal(journal.length, from.length);
	const remarks = house.rows('remark', 'list');
	assert.deepEqual(remarks.map((r) => r.number).sort(),
		['BL-7M4H/1', 'BL-7M4H/2', 'BL-7M4H/3', 'BL-7M4H/4']);
	assert.deepEqual(house.rows('outbox', 'list').map((r) => r.to)
		.filter((to) => /@a\.example/.test(to)).sort(),
		['ewa@a.example', 'iga@a.example', 'jan@a.example', 'ola@a.example']);
	house.run('verify');
	assert.deepEqual(fs.readdirSync(path.join(house.dir, 'maildir/new')), []);
	spawnSync('sqlite3', [path.join(house.dir, 'uwaga.db'), 'DROP TRIGGER refuse']);
	for (const row of journal.filter((r) => r.fate === 'unreadable'))
		house.run('inbound', 'retry', String(row.id));
	assert.equal(house.rows('remark', 'list').length, from.length, 'none is lost');
	house.run('verify');
});

story('the mails that kill parsers are put aside, the mail behind them is served', (house) => {
	const keys = Object.entries(killers)
		.map(([name, bytes]) => [name, house.mail(bytes)]);
	const behind = house.mail(good());
	const began = Date.now();
	house.poll();
	const took = Date.now() - began;
	const journal = house.rows('journal');
	const row = (key) => journal.find((r) => r.external_id === key);
	assert.equal(row(behind).fate, 'filed');
	assert.ok(took < 1000 * slow, `it took ${took} ms`);
	for (const [name, key] of keys) {
		assert.ok(row(key), name);
		assert.notEqual(row(key).fate, 'filed', name);
		assert.ok(row(key).why, name);
	}
	assert.equal(journal.length, 5, 'received = sum of fates');
	assert.deepEqual(fs.readdirSync(path.join(house.dir, 'maildir/new')), []);
});

const noise = Buffer.from(Array.from({ length: 5000 }, (_, i) => i * 7919 >> 3 & 255));
const large = Buffer.alloc(30 << 20, 'x');

// Puts what should not be there into a folder; answers the names.
function litter(dir, prefix) {
	const at = (name) => path.join(dir, prefix + name);
	fs.writeFileSync(at('empty'), '');
	fs.writeFileSync(at('binary'), noise);
	fs.writeFileSync(at('large'), large);
	fs.writeFileSync(at('truncated'), good().slice(0, 120));
	fs.mkdirSync(at('folder'));
	fs.writeFileSync(path.join(at('folder'), 'inside'), 'x');
	fs.symlinkSync('/etc/passwd', at('link'));
	fs.writeFileSync(at('unreadable'), 'x');
	fs.chmodSync(at('unreadable'), 0);
	const long_ago = new Date('2026-11-20T12:00:00Z');
	for (const name of ['empty', 'binary', 'large', 'truncated', 'folder', 'unreadable'])
		fs.utimesSync(at(name), long_ago, long_ago);
	fs.lutimesSync(at('link'), long_ago, long_ago);
	return ['empty', 'binary', 'large', 'truncated', 'folder', 'link', 'unreadable']
		.map((name) => prefix + name);
}

story('every file in a Maildir that is no mail is put aside with its reason', (house) => {
	const names = litter(path.join(house.dir, 'maildir/new'), '1600000000.');
	const behind = house.mail(good());
	house.poll();
	const journal = house.rows('journal');
	const row = (key) => journal.find((r) => r.external_id === key);
	assert.equal(row(behind).fate, 'filed');
	assert.equal(journal.length, names.length + 1);
	const why = { empty: /empty/, large: /31457280 bytes/, folder: /folder/, link: /link/ };
	for (const name of names) {
		const kind = name.split('.')[1];
		assert.notEqual(row(name).fate, 'filed', name);
		if (why[kind]) {
			assert.equal(row(name).fate, 'unreadable', name);
			assert.match(row(name).why, why[kind]);
			assert.ok(fs.lstatSync(path.join(house.dir, 'maildir/aside', name)), name);
		}
	}
	assert.equal(fs.readFileSync(path.join(house.dir, 'maildir/aside',
		'1600000000.folder', 'inside'), 'utf8'), 'x', 'kept whole');
	assert.deepEqual(fs.readdirSync(path.join(house.dir, 'maildir/new')), []);
	assert.equal(house.rows('outbox', 'list').filter((r) => r.inbound === row(behind).id).length, 1);
	const before = house.rows('journal');
	house.poll();
	assert.deepEqual(house.rows('journal'), before, 'a second run changes nothing');
});

story('every file in a spool that is no text is put aside with its reason', (house) => {
	const inbox = path.join(house.dir, 'spool/inbox');
	litter(inbox, 'IN20261120_120000_00_+48110000999_00.');
	house.text(goodText);
	house.poll();
	const journal = house.rows('journal');
	const filed = journal.filter((r) => r.fate === 'filed');
	assert.equal(filed.length, 1);
	assert.equal(filed[0].channel, 'sms');
	for (const r of journal)
		if (r.id !== filed[0].id) {
			assert.equal(r.fate, 'unreadable', r.why);
			assert.ok(r.why);
		}
	assert.deepEqual(fs.readdirSync(inbox), [], 'all were put aside');
	assert.equal(journal.length, 8);
	const before = house.rows('journal');
	house.poll();
	assert.deepEqual(house.rows('journal'), before, 'a second run changes nothing');
});

story('the same name used twice is two messages, and nothing is overwritten', (house) => {
	const drop = (bytes) => fs.writeFileSync(path.join(house.dir, 'maildir/new/my.eml'), bytes);
	drop(good());
	house.poll();
	drop(good().replace('autobusu', 'pociągu').replace('good@', 'other@'));
	house.poll();
	assert.equal(house.rows('remark', 'list').length, 2);
	assert.equal(fs.readdirSync(path.join(house.dir, 'maildir/cur'))
		.filter((name) => !name.startsWith('.')).length, 2);
});

// ---- what is broken around the gateway -------------------------------------

// A failing command says one sentence, and the house is as it was.
function refused(house, args, said, options = {}) {
	const env = { ...process.env, ...options.env };
	const done = spawnSync(program, ['-c', options.conf ?? house.conf,
		'--now', house.now, ...args], { encoding: 'utf8', env });
	assert.equal(done.status, 1, `${args.join(' ')}: ${done.stdout}${done.stderr}`);
	const sentences = done.stderr.split('\n')
		.filter((line) => line && !/^\d{4}-\d\d-\d\dT/.test(line)); // not the log
	assert.equal(sentences.length, 1, done.stderr);
	assert.match(sentences[0], said);
}

story('a damaged configuration is refused with the file and the line', (house) => {
	const original = fs.readFileSync(house.conf, 'utf8');
	house.mail(good());
	const cases = [
		['a key nobody knows', 'colour = "blue"\n' + original, /uwaga\.conf:1.*colour/],
		['a value that is no number', original.replace('authserv_id', 'poll_every = "often" authserv_id'), /uwaga\.conf:\d+/],
		['a bracket that is never closed', original + '\nsmtp {', /uwaga\.conf/],
		['bytes that are no text', noise, /uwaga\.conf/],
		['an unknown kind of mailbox', original.replace('maildir:', 'pigeon:'), /pigeon/],
	];
	for (const [name, bytes, said] of cases) {
		fs.writeFileSync(house.conf, bytes);
		refused(house, ['run', '--once'], said, { name });
	}
	fs.writeFileSync(house.conf, original);
	refused(house, ['run', '--once'], /missing\.conf/,
		{ conf: path.join(house.dir, 'missing.conf') });
	assert.equal(house.rows('journal').length, 0);
	house.poll();
	assert.equal(house.rows('journal')[0].fate, 'filed');
});

story('a missing folder is named with the command that makes it', (house) => {
	for (const gone of ['maildir/new', 'maildir', 'out', 'spool/inbox', 'spool']) {
		const from = path.join(house.dir, gone), to = from + '.away';
		fs.renameSync(from, to);
		refused(house, ['check'], /./);
		if (!gone.startsWith('out'))
			refused(house, ['run', '--once'], /maildir|spool/);
		fs.renameSync(to, from);
	}
	house.mail(good());
	house.poll();
	assert.equal(house.rows('journal').length, 1);
});

story('keys that are missing or open to others stop it', (house) => {
	const keys = path.join(house.dir, 'keys');
	fs.chmodSync(keys, 0o644);
	refused(house, ['run', '--once'], /chmod 600/);
	fs.renameSync(keys, keys + '.away');
	refused(house, ['run', '--once'], /uwaga init/);
	fs.renameSync(keys + '.away', keys);
	fs.chmodSync(keys, 0o600);
	house.poll();
});

// The preloaded disk; ASan wants to come first, and need not here.
function disk(house, bytes) {
	const shim = path.join(house.dir, 'disk.so');
	const made = spawnSync(process.env.CC || 'gcc', ['-O2', '-shared', '-fPIC',
		'-o', shim, 'tests/flow/disk.c'], { encoding: 'utf8' });
	assert.equal(made.status, 0, made.stderr);
	return { LD_PRELOAD: shim, UWAGA_DISK: house.dir,
		ASAN_OPTIONS: 'verify_asan_link_order=0',
		...(bytes === undefined ? {} : { UWAGA_DISK_BYTES: String(bytes) }) };
}

story('a read-only disk is said in one sentence and loses nothing', (house) => {
	house.mail(good());
	refused(house, ['run', '--once'], /read-only|Read-only/i, { env: disk(house) });
	assert.equal(house.rows('journal').length, 0);
	house.poll();
	assert.equal(house.rows('remark', 'list').length, 1);
});

story('a disk that fills up anywhere loses nothing and doubles nothing', (house) => {
	const before = Math.max(...house.rows('outbox', 'list').map((r) => r.id));
	for (let i = 0; i < 20; i++)
		house.mail(good(`osoba${i}@poczta.example`)
			.replace('good@', `good${i}@`).replace('sobotę', `sobotę o ${i}`));
	house.text(goodText);
	const room = [0, 10000, 50000, 100000, 150000, 200000, 300000];
	for (const bytes of room) {
		const done = spawnSync(program, ['-c', house.conf, '--now', house.now,
			'run', '--once'], { encoding: 'utf8',
			env: { ...process.env, ...disk(house, bytes) } });
		if (done.status === 0)
			continue; // there was room enough
		assert.equal(done.status, 1, done.stderr);
		assert.match(done.stderr, /disk/);
		house.run('verify');
	}
	house.poll();
	assert.equal(house.rows('remark', 'list').length, 21);
	// Rows that could not be written are tried again later.
	house.now = '2026-11-22T14:00:00+01:00';
	house.poll();
	const sent = house.rows('outbox', 'list').filter((r) => r.template.endsWith('confirm_remark') && r.id > before);
	assert.equal(sent.length, 21);
	assert.deepEqual(sent.filter((r) => r.state !== 'sent'), []);
	assert.equal(fs.readdirSync(path.join(house.dir, 'out/new')).length, 20);
});

// The schema's version in the file's header.
function setVersion(house, change) {
	const file = path.join(house.dir, 'uwaga.db');
	const fd = fs.openSync(file, 'r+');
	const bytes = Buffer.alloc(4);
	fs.readSync(fd, bytes, 0, 4, 60);
	bytes.writeUInt32BE(bytes.readUInt32BE() + change);
	fs.writeSync(fd, bytes, 0, 4, 60);
	fs.closeSync(fd);
}

story('a newer or older, foreign, damaged or missing database is refused', (house) => {
	const file = path.join(house.dir, 'uwaga.db');
	house.mail(good());
	setVersion(house, +1);
	refused(house, ['run', '--once'], /newer/);
	setVersion(house, -2);
	refused(house, ['run', '--once'], /migrate|older|init/);
	setVersion(house, +1);
	const kept = fs.readFileSync(file);
	fs.writeFileSync(file, noise);
	refused(house, ['run', '--once'], /database/);
	fs.writeFileSync(file, '');
	refused(house, ['run', '--once'], /./);
	fs.rmSync(file);
	refused(house, ['run', '--once'], /uwaga init/);
	fs.writeFileSync(file, kept);
	house.poll();
	assert.equal(house.rows('remark', 'list').length, 1);
});

test('a house that is not there yet is refused', () => {
	const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'uwaga-flow-'));
	const conf = path.join(dir, 'uwaga.conf');
	fs.writeFileSync(conf, 'database = "sub/uwaga.db" keys_file = "keys"\n' +
		'mailbox "m" { url = "maildir:m" }\nsmtp { url = "maildir:out" }\n');
	refused({ conf, now: '2026-11-22T12:00:00+01:00' }, ['run', '--once'], /./);
	assert.deepEqual(fs.readdirSync(dir), ['uwaga.conf'], 'nothing was made');
	fs.rmSync(dir, { recursive: true });
});

// What the help names, so that no command is forgotten.
story('an option that nobody knows ends every command that does not search for it', (house) => {
	const commands = [...house.run('--help').matchAll(/^  ([a-z-]+)  /gm)].map((m) => m[1]);
	assert.ok(commands.length > 20, commands.join(' '));
	for (const command of commands) {
		const help = house.run(command, '--help');
		const subs = [...help.matchAll(new RegExp(`uwaga ${command} ([a-z]+)`, 'g'))].map((m) => [m[1]]);
		for (const sub of subs.length > 0 ? subs : [[]]) {
			const said = spawnSync(program, ['-c', house.conf, command, ...sub, '--zz'],
				{ encoding: 'utf8', input: '', timeout: 10000 * slow });
			assert.notEqual(said.status, null, `${command} ${sub}: ${said.signal}`);
			if (said.status !== 0) // a search looks for it
				assert.match(said.stderr, /^uwaga: ./m, `${command} ${sub}`);
		}
	}
});

story('an option cut short that could be two is refused', (house) => {
	const said = house.try('subscription', 'list', '--co', 'BL-7M4H');
	assert.equal(said.status, 2);
	assert.match(said.stderr, /usage/);
	assert.equal(house.try('subscription', 'list', '--cod', 'BL-7M4H').status, 0);
});

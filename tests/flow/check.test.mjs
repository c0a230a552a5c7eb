// check - every part is tried, and what is wrong is said with what to do
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { House, program, residentMail } from './house.mjs';

const values = 'dpo_mail = "iod@powiat.example" rodo_url = "powiat.example/rodo" controller = "Starosta"';

function story(name, body, options) {
	test(name, () => {
		const house = new House(options);
		try {
			const conf = fs.readFileSync(house.conf, 'utf8');
			fs.writeFileSync(house.conf, conf.replace('phone = "110 000 000"', `phone = "110 000 000" ${values}`));
			body(house);
		} finally {
			house.close();
		}
	});
}

// What check says, by part; and its exit status.
function check(house, { env = {}, args = [] } = {}) {
	const done = spawnSync(program, ['-c', house.conf, '--now', house.now, '--json', 'check', ...args],
		{ encoding: 'utf8', env: { ...process.env, ...env } });
	const rows = done.stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
	return { status: done.status, rows, stderr: done.stderr,
		part: (what) => rows.find((r) => r.what === what) };
}

story('when all is well it says so, part by part, with every documented key', (house) => {
	house.mail(residentMail(1));
	let said = check(house);
	assert.deepEqual([said.status, said.stderr], [0, '']);
	for (const row of said.rows) {
		assert.deepEqual(Object.keys(row), ['what', 'result', 'note', 'last_poll', 'certificate_expires']);
		assert.notEqual(row.result, 'WRONG');
	}
	for (const what of ['configuration', 'database', 'clock and zone', 'disk', 'keys', 'templates',
		'mailbox konsultacje', 'sms bramka', 'sms bramka, way out', 'smtp'])
		assert.equal(said.part(what)?.result, 'ok', what);
	assert.equal(said.part('alerts').result, 'note');
	assert.equal(said.part('anchor').result, 'note');
	assert.match(said.part('mailbox konsultacje').note, /1 waiting.*never polled/);
	house.poll();
	said = check(house);
	assert.match(said.part('mailbox konsultacje').note, /0 waiting.*last good poll/);
	assert.equal(said.part('mailbox konsultacje').last_poll, house.now);
	house.now = '2026-11-22T13:00:00+01:00';
	assert.match(check(house).part('mailbox konsultacje').note, /long ago/);
});

story('a clock behind what was noted, a low disk and a lost folder are wrong', (house) => {
	house.poll();
	house.now = '2026-11-22T11:00:00+01:00';
	let said = check(house);
	assert.equal(said.status, 1);
	assert.match(said.part('clock and zone').note, /timedatectl/);
	assert.equal(said.rows.filter((r) => r.result === 'WRONG').length, 1);
	house.now = '2026-11-22T12:00:00+01:00';

	const shim = path.join(house.dir, 'disk.so'), free = path.join(house.dir, 'free');
	const made = spawnSync(process.env.CC || 'gcc', ['-O2', '-shared', '-fPIC',
		'-o', shim, 'tests/flow/disk.c'], { encoding: 'utf8' });
	assert.equal(made.status, 0, made.stderr);
	const env = { LD_PRELOAD: shim, UWAGA_DISK: house.dir, UWAGA_DISK_FREE: free,
		ASAN_OPTIONS: 'verify_asan_link_order=0' };
	for (const [mib, result] of [[1000, 'ok'], [300, 'note'], [199, 'WRONG']]) {
		fs.writeFileSync(free, String(mib));
		assert.equal(check(house, { env }).part('disk').result, result);
	}

	fs.rmdirSync(path.join(house.dir, 'out/tmp'));
	said = check(house);
	assert.match(said.part('smtp').note, /mkdir -p/);
	assert.equal(said.part('mailbox konsultacje').result, 'ok', 'the others are tried');
	assert.match(said.stderr, /^uwaga: 1 of these is wrong/);
});

story('it says who is told, what was told, and that a text needs a line', (house) => {
	assert.equal(check(house).part('alerts').note, 'by mail and text');
	assert.equal(check(house).part('anchor').note, 'notariusz@biuro.example');
	const back = path.join(house.dir, 'spool/inbox');
	fs.renameSync(back, back + '.away');
	house.try('run', '--once');
	const said = check(house);
	assert.equal(said.part('alert: source sms bramka').result, 'note');
	assert.match(said.part('alert: source sms bramka').note, /since 2026-11-22T12:00/);
	const conf = fs.readFileSync(house.conf, 'utf8');
	fs.writeFileSync(house.conf, conf.replace(/^sms "bramka".*$/m, ''));
	assert.match(check(house).part('alerts').note, /needs an sms line/);
}, { extra: 'alert { mail = "admin@powiat.example" sms = "+48110010099" }\nanchor = "notariusz@biuro.example"\n' });

story('secrets that others can read, or that are not there, are named but never shown', (house) => {
	const token = path.join(house.dir, 'token.json');
	const conf = fs.readFileSync(house.conf, 'utf8');
	fs.writeFileSync(house.conf, conf.replace('authserv_id', 'user = "x" oauth2 { token_url = "https://login.example/token" ' +
		`device_url = "https://login.example/device" client_id = "uwaga" token_file = "${token}" } authserv_id`));
	assert.match(check(house).part('mailbox konsultacje, oauth2').note, /uwaga login konsultacje/);
	fs.writeFileSync(token, '{"refresh_token": "very-secret"}', { mode: 0o644 });
	const said = check(house);
	assert.equal(said.status, 1);
	assert.ok(!JSON.stringify(said.rows).includes('very-secret'));
	assert.match(said.part('mailbox konsultacje, oauth2').note, /chmod 600/);
	fs.chmodSync(token, 0o600);
	assert.equal(check(house).part('secrets').result, 'ok');
});

story('wrong usage is said', (house) => {
	for (const args of [['x'], ['--within', '0'], ['--within', 'long'], ['--without']]) {
		const said = check(house, { args });
		assert.equal(said.status, 2);
		assert.match(said.stderr, /usage: uwaga check/);
	}
	assert.equal(check(house, { args: ['--within', '5'] }).status, 0);
});

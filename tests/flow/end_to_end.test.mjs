// end_to_end - the whole way over real servers: a mailbox at Dovecot, the
// daemon, Postfix as the relay, smtp-sink as where the residents are
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Daemon, House, residentMail, until } from './house.mjs';
import { Authority, Dovecot, Postfix, SmtpSink } from './servers.mjs';

class Town {
	async open(layout) {
		this.authority = new Authority();
		const cert = this.authority.good;
		this.dovecot = await new Dovecot({ layout, cert }).start();
		this.sink = await new SmtpSink().start();
		this.postfix = await new Postfix({ cert, relay: this.sink.port,
			dovecot: this.dovecot }).start();
		const login = { user: 'konsultacje', password: 'tajne-haslo',
			ca_file: this.authority.file };
		this.house = new House({
			imap: { ...login, url: this.dovecot.url(), start: 'all', poll_every: 1 },
			smtp: { ...login, url: `smtps://localhost:${this.postfix.smtps}` },
		});
		this.old = this.house.rows('outbox', 'list').length;
		return this;
	}

	start() {
		return this.daemon = new Daemon(this.house);
	}

	async close() {
		this.daemon?.child.kill('SIGKILL');
		this.house?.close();
		await this.postfix?.close();
		await this.sink?.close();
		await this.dovecot?.close();
		this.authority?.close();
	}
}

function story(name, layout, body) {
	test(name, async () => {
		const town = new Town();
		try {
			await town.open(layout);
			await body(town);
		} finally {
			await town.close();
		}
	});
}

// The Message-ID of the confirmation each resident got, of residents 0 to n-1.
function confirmations(town, n) {
	const mails = town.sink.mails();
	const ids = Array.from({ length: n }, (_, i) => mails
		.filter((m) => m.includes(`X-Rcpt-Args: <osoba${i}@poczta.example>`))
		.map((m) => m.match(/^Message-ID:\s*(\S+)/im)[1]));
	return ids;
}

const range = (from, to) => Array.from({ length: to - from }, (_, i) => residentMail(from + i));

for (const layout of ['maildir', 'sdbox'])
	story(`each mail becomes one remark and one confirmation (${layout})`, layout, async (town) => {
		const { dovecot, house } = town;
		await dovecot.deliver(range(0, 30));
		const daemon = town.start();
		await until('the first confirmations', () => town.sink.mails().length >= 30);
		// One that comes later is served at once, in spite of a server that died.
		await dovecot.deliver(range(30, 31));
		await until('the next one', () => town.sink.mails().length >= 31);
		await dovecot.kill();
		await town.postfix.kill();
		await dovecot.start();
		await town.postfix.start();
		await dovecot.deliver(range(31, 40));
		await until('those after the servers died', () => town.sink.mails().length >= 40, 60000);
		await until('all are moved', () => dovecot.count() === 0);
		await daemon.stop();

		const ids = confirmations(town, 40);
		assert.deepEqual(ids.map((own) => own.length), Array(40).fill(1), 'one each');
		assert.equal(new Set(ids.flat()).size, 40);
		assert.equal(dovecot.count('Przetworzone'), 40);
		const journal = house.rows('journal');
		assert.deepEqual(journal.map((r) => r.fate), Array(40).fill('filed'));
		assert.equal(house.rows('remark', 'list').length, 40);
		assert.ok(!/tajne-haslo|poczta\.example|Prosimy/.test(daemon.log),
			'no password, address or word of a resident in the log');
		house.run('verify');
	});

story('run --once takes what is there, sends what is owed and ends', 'sdbox', async (town) => {
	await town.dovecot.deliver(range(0, 250));
	town.house.poll();
	assert.equal(town.dovecot.count(), 0);
	await until('all confirmations', () => town.sink.mails().length >= 250, 60000);
	assert.deepEqual(confirmations(town, 250).map((own) => own.length), Array(250).fill(1));
	assert.equal(town.house.rows('remark', 'list').length, 250);
	town.house.poll();
	assert.equal(town.house.rows('journal').length, 250);
});

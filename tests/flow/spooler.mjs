// spooler - the folders of smsd (smstools 3) and of gammu-smsd without a modem, as fast as
// a test wants
//
// Place: beside modem.mjs and phone.mjs, which run the real ones.  It stands behind the gateway as the
// stand-ins of providers.mjs do: receive() drops a text in, `sent` is what left.
// Outgoing files go by way of `checked` to `sent`, so that a gateway that is killed and
// started again may find its file in any of them.
import fs from 'node:fs';
import path from 'node:path';

export class Spooler {
	name = 'smstools';

	constructor() {
		Object.assign(this, { sent: [], serial: 0, looked: 0 });
	}

	async start() {
		return this;
	}

	// Puts its line into the house's configuration.
	connect(house) {
		this.dir = path.join(house.dir, 'smsd');
		for (const sub of ['outgoing', 'checked', 'incoming', 'sent', 'failed'])
			fs.mkdirSync(path.join(this.dir, sub), { recursive: true });
		fs.writeFileSync(house.conf, fs.readFileSync(house.conf, 'utf8').replace(
			/provider = "gammu" url = "[^"]*"/, `provider = "smstools" url = "spool:${this.dir}"`));
		this.timer = setInterval(() => this.turn(), 7);
	}

	receive({ from, text, at }) {
		const local = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Warsaw',
			dateStyle: 'short', timeStyle: 'medium' }).format(Date.parse(at)).slice(2);
		const file = path.join(this.dir, `GSM1.${String(this.serial++).padStart(6, '0')}`);
		fs.writeFileSync(file, `From: ${from.slice(1)}\nFrom_TOA: 91 international, ISDN/telephone\n` +
			`Sent: ${local}\nReceived: ${local}\nSubject: GSM1\nAlphabet: UTF-8\n` +
			`Length: ${text.length}\n\n${text}`);
		const old = Date.now() / 1000 - 10;
		fs.utimesSync(file, old, old);
		fs.renameSync(file, path.join(this.dir, 'incoming', path.basename(file)));
	}

	// One step of each file that is on its way.
	turn() {
		const files = (sub) => fs.readdirSync(path.join(this.dir, sub)).filter((f) => f[0] !== '.');
		const move = (file, from, to) => fs.renameSync(path.join(this.dir, from, file),
			path.join(this.dir, to, file));
		for (const file of files('checked')) {
			const [head, ...text] = fs.readFileSync(path.join(this.dir, 'checked', file), 'utf8').split('\n\n');
			this.sent.push({ to: /^To: (\d+)/m.exec(head)[1], text: text.join('\n\n'), reference: file });
			move(file, 'checked', 'sent');
		}
		for (const file of files('outgoing'))
			move(file, 'outgoing', 'checked');
	}

	count() {
		return 0;
	}

	async close() {
		clearInterval(this.timer);
	}
}


// The same for gammu-smsd: the house has its spool already.
export class GammuSpooler {
	name = 'gammu';

	constructor() {
		Object.assign(this, { sent: [] });
	}

	async start() {
		return this;
	}

	connect(house) {
		this.house = house;
		this.timer = setInterval(() => this.turn(), 7);
	}

	receive(text) {
		this.house.text(text);
	}

	turn() {
		const at = (sub) => path.join(this.house.dir, 'spool', sub);
		for (const file of fs.readdirSync(at('outbox')).filter((f) => f.startsWith('OUT'))) {
			this.sent.push({ text: fs.readFileSync(path.join(at('outbox'), file), 'latin1'), reference: file });
			fs.renameSync(path.join(at('outbox'), file), path.join(at('sent'), file));
		}
	}

	count() {
		return 0;
	}

	async close() {
		clearInterval(this.timer);
	}
}

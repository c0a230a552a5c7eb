// browser - a headless Chromium that shows pages and answers questions of them
//
// Place: tests/flow; from Debian's package, over its debugging pipe, with a
// folder of its own and no network.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export class Browser {
	constructor() {
		this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'uwaga-browser-'));
		this.child = spawn('chromium', ['--headless', '--no-sandbox', '--disable-gpu',
			'--disable-quic', '--no-first-run', '--disable-background-networking',
			'--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
			'--remote-debugging-pipe', `--user-data-dir=${this.dir}`, 'about:blank'],
		{ stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'], env: { ...process.env, HOME: this.dir } });
		this.waiting = new Map();
		this.last = 0;
		this.said = '';
		this.rest = Buffer.alloc(0);
		this.child.stderr.on('data', (bytes) => this.said = (this.said + bytes).slice(-2000));
		this.child.stdio[4].on('data', (bytes) => this.take(bytes));
		this.child.stdio[3].on('error', () => {});
		this.ended = new Promise((resolve) => {
			const end = (why) => {
				for (const { reject } of this.waiting.values())
					reject(new Error(`chromium: ${why}\n${this.said}`));
				this.waiting.clear();
				resolve();
			};
			this.child.on('error', (e) => end(e.message));
			this.child.on('exit', (code, signal) => end(`ended (${code ?? signal})`));
		});
	}

	take(bytes) {
		this.rest = Buffer.concat([this.rest, bytes]);
		for (let at; (at = this.rest.indexOf(0)) >= 0;) {
			const { id, result, error } = JSON.parse(this.rest.subarray(0, at));
			this.rest = this.rest.subarray(at + 1);
			const call = this.waiting.get(id);
			this.waiting.delete(id);
			if (error)
				call?.reject(new Error(error.message));
			else
				call?.resolve(result);
		}
	}

	ask(method, params = {}, sessionId) {
		const id = ++this.last;
		return new Promise((resolve, reject) => {
			this.waiting.set(id, { resolve, reject });
			this.child.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + '\0');
		});
	}

	// A page with that HTML; what it answers evaluates JavaScript in it.
	async page(html, { width = 800, height = 900 } = {}) {
		const { targetId } = await this.ask('Target.createTarget', { url: 'about:blank' });
		const { sessionId } = await this.ask('Target.attachToTarget', { targetId, flatten: true });
		await this.ask('Emulation.setDeviceMetricsOverride',
			{ width, height, deviceScaleFactor: 1, mobile: false }, sessionId);
		const run = async (expression) => {
			const { result, exceptionDetails } = await this.ask('Runtime.evaluate',
				{ expression, awaitPromise: true, returnByValue: true }, sessionId);
			if (exceptionDetails)
				throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
			return result.value;
		};
		await run(`document.open(); document.write(${JSON.stringify(html)}); document.close()`);
		return run;
	}

	async close() {
		this.child.kill('SIGKILL');
		await this.ended;
		fs.rmSync(this.dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
	}
}

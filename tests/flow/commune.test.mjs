// commune - ZAPISZ and STOP with the name of a commune, as people write them
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { House } from './house.mjs';

const invitation = 'Re: [BL-10KE] Lędziny, 25 listopada: spotkanie konsultacyjne';
let serial = 0;

// What becomes of a mail (in answer to a notice, where the subject says so) or
// text of Jan, who follows Lędziny: [fate, what he follows, remarks].
function told(text, { subject = 'x', sms = false } = {}) {
	const house = new House();
	try {
		const file = path.join(house.dir, 'lista.csv');
		fs.writeFileSync(file, 'e-mail;telefon;gmina\njan@poczta.example;110000501;Lędziny\n');
		house.run('person', 'import', file, '--source', 'karta', '--consent', '2026-11-01');
		house.run('--json', 'meeting', 'announce', 's-10ke-ledziny-2', '--yes', '2');
		house.poll();
		const raw = fs.readdirSync(path.join(house.dir, 'out/new')).map((f) => fs.readFileSync(path.join(house.dir, 'out/new', f), 'utf8'))
			.find((m) => /^To: jan/m.test(m));
		const to = subject === invitation ? raw.match(/^Reply-To: (\S+)/m)[1] : 'konsultacje@powiat.example';
		if (sms)
			house.text({ from: '+48110000501', text, at: '2026-11-22T12:00:00+01:00' });
		else
			house.mail('Authentication-Results: mx.powiat.example; dmarc=pass header.from=poczta.example\r\n' +
				`From: jan@poczta.example\r\nTo: ${to}\r\nSubject: =?utf-8?B?${Buffer.from(subject).toString('base64')}?=\r\n` +
				`Message-ID: <c${++serial}@poczta.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${text}\r\n`);
		house.poll();
		const follows = house.rows('subscription', 'list', '--active').filter((s) => s.to === (sms ? '+48110000501' : 'jan@poczta.example'));
		return [house.rows('journal').at(-1).fate, follows.map((s) => s.commune || s.code).sort().join(), house.rows('remark', 'list').length];
	} finally {
		house.close();
	}
}

for (const [sentence, text, want, options] of [
	['STOP in answer to a notice, whose subject has a code', 'STOP Lędziny', ['command', '', 0], { subject: invitation }],
	['REZYGNUJĘ the same', 'REZYGNUJĘ Lędziny', ['command', '', 0], { subject: invitation }],
	['a sentence of leaving', 'Rezygnuję z powiadomień z gminy Lędziny.', ['command', '', 0]],
	['ZAPISZ in answer to a notice', 'ZAPISZ Imielin', ['command', 'Imielin,Lędziny', 0], { subject: invitation }],
	['a sentence of joining, with a name below', 'Dzień dobry,\nproszę mnie zapisać na powiadomienia dla gminy Chełm Śląski.\n\nPozdrawiam\nJan Lis',
		['command', 'Chełm Śląski,Lędziny', 0]],
	['a text of one', 'zapisz mnie na gm. imielin', ['command', 'Imielin,Lędziny', 0], { sms: true }],
	['the name in quotation marks', 'ZAPISZ "Imielin"', ['command', 'Imielin,Lędziny', 0]],
	['a code beside the commune to join', 'ZAPISZ BL-7M4H Bieruń', ['command', 'Bieruń,Lędziny', 0]],
	['a code beside the commune to leave is for staff', 'STOP BL-7M4H Lędziny', ['held', 'Lędziny', 0]],
	['a commune that there is not', 'ZAPISZ Atlantyda', ['held', 'Lędziny', 0]],
	['a remark that begins like an order', 'Zapisz do planu ławki w gminie Imielin', ['filed', 'Lędziny', 1], { subject: 'BL-7M4H' }],
	['a remark against a road', 'Stop obwodnicy w gminie Imielin', ['filed', 'Lędziny', 1], { subject: 'BL-7M4H' }],
])
	test(sentence, () => assert.deepEqual(told(text, options), want));

test('what asks for nothing stands between an invitation and its answer', () => {
	const house = new House();
	try {
		const file = path.join(house.dir, 'lista.csv');
		fs.writeFileSync(file, 'telefon;gmina\n110000501;Lędziny\n');
		house.run('person', 'import', file, '--source', 'karta', '--consent', '2026-11-01');
		house.run('--json', 'meeting', 'announce', 's-10ke-ledziny-2', '--yes', '1');
		house.poll();
		const say = (text) => {
			house.text({ from: '+48110000501', text, at: `2026-11-22T12:0${++serial % 10}:00+01:00` });
			house.poll();
			const { yes, no } = house.rows('meeting', 'show', 's-10ke-ledziny-2')[0];
			return [yes, no];
		};
		say('POMOC');
		assert.deepEqual(say('TAK'), [1, 0], 'help says: TAK/NIE');
		say('STAN');
		assert.deepEqual(say('NIE'), [0, 1]);
		say('STOP');
		assert.deepEqual(say('TAK'), [1, 0], 'no more notices, but of this one they were told');
		say('START');
		assert.deepEqual(say('NIE'), [0, 1]);
	} finally {
		house.close();
	}
});

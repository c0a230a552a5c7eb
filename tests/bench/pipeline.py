"""pipeline - what a careful programmer would write in Python

Place: mail.mjs measures the gateway against it.  imaplib, email and sqlite3
from the standard library; 200 mails a FETCH, one transaction a batch (WAL,
synchronous FULL), the mail moved only after the commit.

usage: pipeline.py PORT CA-FILE DATABASE
"""
import email
import email.policy
import imaplib
import re
import sqlite3
import ssl
import sys

BATCH = 200


def text_of(mail):
    part = mail.get_body(("plain", "html"))
    if part is None:
        return ""
    try:
        return part.get_content()
    except (LookupError, ValueError):
        return part.get_payload(decode=True).decode("utf-8", "replace")


def main(port, ca_file, database):
    db = sqlite3.connect(database, isolation_level=None)
    db.executescript("""
        PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
        CREATE TABLE inbound (id INTEGER PRIMARY KEY, uid INTEGER, message_id TEXT UNIQUE,
            sender TEXT, raw BLOB);
        CREATE TABLE remark (id INTEGER PRIMARY KEY, inbound INTEGER, code TEXT, text TEXT);
        CREATE TABLE outbox (id INTEGER PRIMARY KEY, recipient TEXT, subject TEXT, body TEXT,
            state TEXT);
    """)
    box = imaplib.IMAP4_SSL("localhost", port,
                            ssl_context=ssl.create_default_context(cafile=ca_file))
    box.login("konsultacje", "tajne-haslo")
    box.create("Przetworzone")
    box.select("INBOX")
    uids = box.uid("SEARCH", None, "ALL")[1][0].split()
    for start in range(0, len(uids), BATCH):
        some = b",".join(uids[start:start + BATCH]).decode()
        answer = box.uid("FETCH", some, "(UID BODY.PEEK[])")[1]
        db.execute("BEGIN IMMEDIATE")
        for item in answer:
            if not isinstance(item, tuple):
                continue
            uid = int(re.search(rb"UID (\d+)", item[0]).group(1))
            mail = email.message_from_bytes(item[1], policy=email.policy.default)
            cursor = db.execute(
                "INSERT OR IGNORE INTO inbound (uid, message_id, sender, raw) VALUES (?, ?, ?, ?)",
                (uid, mail["Message-ID"], mail["From"], item[1]))
            code = re.search(r"BL-[0-9A-Z]{4}", mail["Subject"] or "")
            if cursor.rowcount == 0 or code is None:
                continue
            text = text_of(mail)
            db.execute("INSERT INTO remark (inbound, code, text) VALUES (?, ?, ?)",
                       (cursor.lastrowid, code.group(), text))
            db.execute("INSERT INTO outbox (recipient, subject, body, state) "
                       "VALUES (?, ?, ?, 'queued')",
                       (mail["From"], "Re: " + mail["Subject"], "Przyjęto: " + text))
        db.execute("COMMIT")
        box.uid("MOVE", some, "Przetworzone")
    box.logout()


main(int(sys.argv[1]), sys.argv[2], sys.argv[3])

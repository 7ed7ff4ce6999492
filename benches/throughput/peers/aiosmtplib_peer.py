"""aiosmtplib with Jinja2: the benchmark's mail to every recipient of a list,
over as many connections as asked for, each kept open."""

import asyncio
import json
import sys
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from aiosmtplib import SMTP
from jinja2 import Environment, StrictUndefined

plain = Environment(undefined=StrictUndefined, keep_trailing_newline=True)
escaped = Environment(undefined=StrictUndefined, autoescape=True, keep_trailing_newline=True)


class Letter:
    def __init__(self, job):
        self.job = job
        self.subject = plain.from_string(job["subject"])
        self.text = plain.from_string(job["text"])
        self.html = escaped.from_string(job["html"])

    def to(self, recipient):
        message = EmailMessage()
        message["From"] = self.job["from"]
        message["To"] = Address(recipient["name"], addr_spec=recipient["email"])
        message["Reply-To"] = self.job["reply_to"]
        message["Subject"] = self.subject.render(recipient)
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain=self.job["domain"])
        message["List-Unsubscribe"] = f"<{self.job['unsubscribe']}>"
        message.set_content(self.text.render(recipient), cte="quoted-printable")
        message.add_alternative(
            self.html.render(recipient), subtype="html", cte="quoted-printable"
        )
        return message


async def work(job, letter, recipients):
    sent = 0
    async with SMTP(hostname=job["host"], port=job["port"], start_tls=False) as client:
        for recipient in recipients:
            await client.send_message(letter.to(recipient))
            sent += 1
    return sent


async def send(job, letter):
    recipients = iter(job["recipients"])
    workers = (work(job, letter, recipients) for _ in range(job["connections"]))
    return sum(await asyncio.gather(*workers))


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        job = json.load(file)
    letter = Letter(job)
    letter.to(job["recipients"][0])
    print("ready", flush=True)
    sys.stdin.readline()
    sent = asyncio.run(send(job, letter))
    print(json.dumps({"sent": sent}), flush=True)


main()

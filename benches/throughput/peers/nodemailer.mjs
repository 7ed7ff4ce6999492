// nodemailer's pooled transport with Handlebars: the benchmark's mail to every
// recipient of a list. Runs with its packages' folder as the working directory.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(`${process.cwd()}/`);
const Handlebars = require("handlebars");
const nodemailer = require("nodemailer");

const job = JSON.parse(readFileSync(process.argv[2], "utf8"));
const subject = Handlebars.compile(job.subject, { strict: true, noEscape: true });
const text = Handlebars.compile(job.text, { strict: true, noEscape: true });
const html = Handlebars.compile(job.html, { strict: true });
const transport = nodemailer.createTransport({
  host: job.host,
  port: job.port,
  ignoreTLS: true,
  pool: true,
  maxConnections: job.connections,
  maxMessages: Infinity,
});

// The templates are compiled at their first use; that is not the sending's.
[subject, text, html].forEach((template) => template(job.recipients[0]));

console.log("ready");
for await (const _ of createInterface({ input: process.stdin })) break;

let next = 0;
let sent = 0;
async function work() {
  while (next < job.recipients.length) {
    const recipient = job.recipients[next++];
    await transport.sendMail({
      from: job.from,
      to: { name: recipient.name, address: recipient.email },
      replyTo: job.reply_to,
      subject: subject(recipient),
      text: text(recipient),
      html: html(recipient),
      textEncoding: "quoted-printable",
      list: { unsubscribe: job.unsubscribe },
    });
    sent += 1;
  }
}
// Twice as many at work as there are connections, so that none waits for its next mail.
await Promise.all(Array.from({ length: job.connections * 2 }, work));
console.log(JSON.stringify({ sent }));
transport.close();
process.exit(0);

//! lettre's own pooled transport with Handlebars: the same mail to every
//! recipient of a list. It runs as a process of its own, this program's.

use crate::mail::{Job, Recipient};
use anyhow::{Context, Result};
use handlebars::Handlebars;
use lettre::message::header::{
    ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue,
};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::PoolConfig;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use std::io::{BufRead, Write};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Says to this program that it is the peer.
pub(crate) const ROLE: &str = "--as-lettre";

/// The command that does a job.
pub(crate) fn command(job: &Path) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(ROLE).arg(job);
    Ok(command)
}

/// Does a job, as the peer.
pub(crate) fn run(job: &Path) -> Result<()> {
    let job: Job = serde_json::from_slice(&std::fs::read(job)?)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let letter = Arc::new(Letter::new(job)?);
    letter.to(letter.job.recipients.first().context("nobody to send to")?)?;
    let mut out = std::io::stdout();
    writeln!(out, "ready")?;
    std::io::stdin().lock().read_line(&mut String::new())?;
    let sent = runtime.block_on(send(letter))?;
    writeln!(out, "{}", serde_json::json!({ "sent": sent }))?;
    Ok(())
}

async fn send(letter: Arc<Letter>) -> Result<usize> {
    let job = &letter.job;
    let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&job.host)
        .port(job.port)
        .pool_config(PoolConfig::new().max_size(job.connections))
        .build();
    let next = Arc::<AtomicUsize>::default();
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..job.connections {
        let (letter, transport, next) = (letter.clone(), transport.clone(), next.clone());
        workers.spawn(async move {
            while let Some(recipient) = letter
                .job
                .recipients
                .get(next.fetch_add(1, Ordering::Relaxed))
            {
                transport.send(letter.to(recipient)?).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = workers.join_next().await {
        ended??;
    }
    transport.shutdown().await;
    Ok(job.recipients.len())
}

/// The mail before it is anybody's.
struct Letter {
    job: Job,
    templates: Handlebars<'static>,
    from: Mailbox,
    reply_to: Mailbox,
    attachment: Option<Vec<u8>>,
}

impl Letter {
    fn new(job: Job) -> Result<Self> {
        let mut templates = Handlebars::new();
        templates.set_strict_mode(true);
        templates.register_template_string("text", &job.text)?;
        templates.register_template_string("html", &job.html)?;
        let attachment = job.attachment.as_ref().map(std::fs::read).transpose()?;
        Ok(Self {
            from: job.from.parse()?,
            reply_to: job.reply_to.parse()?,
            job,
            templates,
            attachment,
        })
    }

    /// Builds it anew, its attachment too, as lettre's documentation does.
    fn to(&self, recipient: &Recipient) -> Result<Message> {
        let body = MultiPart::alternative()
            .singlepart(self.part("text", ContentType::TEXT_PLAIN, recipient)?)
            .singlepart(self.part("html", ContentType::TEXT_HTML, recipient)?);
        let body = match &self.attachment {
            Some(file) => MultiPart::mixed().multipart(body).singlepart(
                Attachment::new("big.bin".to_owned()).body(
                    file.clone(),
                    ContentType::parse("application/octet-stream")?,
                ),
            ),
            None => body,
        };
        let to = Mailbox::new(Some(recipient.name.clone()), recipient.email.parse()?);
        Ok(Message::builder()
            .from(self.from.clone())
            .reply_to(self.reply_to.clone())
            .to(to)
            .subject(self.job.subject.clone())
            .header(ListUnsubscribe(format!("<{}>", self.job.unsubscribe)))
            .date_now()
            .message_id(None)
            .multipart(body)?)
    }

    fn part(&self, template: &str, kind: ContentType, to: &Recipient) -> Result<SinglePart> {
        Ok(SinglePart::builder()
            .header(kind)
            .header(ContentTransferEncoding::QuotedPrintable)
            .body(self.templates.render(template, to)?))
    }
}

#[derive(Clone)]
struct ListUnsubscribe(String);

impl Header for ListUnsubscribe {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe")
    }

    fn parse(value: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(value.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), self.0.clone())
    }
}

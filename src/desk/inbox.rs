//! The mailbox to which mail comes back: read over IMAP, once or for as long as
//! the service runs.

use super::bounces::Ingested;
use super::service::{FIRST_PAUSE, LAST_PAUSE, Service};
use super::{Desk, DeskError};
use crate::domain::inbox::ImapAccount;
use crate::inbound::imap::Inbox;
use crate::said;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

impl Desk {
    /// Fetches what nobody has handled in the mailbox of `[bounces.imap]`, and
    /// takes it in.
    ///
    /// # Errors
    /// No mailbox is set, it cannot be read, or the store failed: what was taken
    /// in before stays so, and the same can be asked again.
    pub async fn fetch_bounces(&self) -> Result<Ingested, DeskError> {
        let account = self.settings.bounces.imap.as_ref().ok_or_else(|| {
            DeskError::request(said!(
                "no mailbox is set: name one in a table [bounces.imap] of dateline.toml"
            ))
        })?;
        let mut inbox = Inbox::open(account).await?;
        let ingested = self.empty(&mut inbox).await?;
        inbox.close().await;
        Ok(ingested)
    }

    /// Takes in what is in a mailbox, a batch at a time. A message is marked once
    /// it is in the store: whatever breaks between the two, it comes again and
    /// is known.
    async fn empty(&self, inbox: &mut Inbox) -> Result<Ingested, DeskError> {
        let ears = self.ears().await?;
        let mut all = Ingested::default();
        loop {
            let fetched = inbox.fetch().await?;
            if fetched.is_empty() {
                return Ok(all);
            }
            let both = fetched.into_iter().map(|one| (one.uid, one.octets));
            let (uids, messages): (Vec<_>, Vec<_>) = both.unzip();
            all.add(self.take_messages(&ears, messages).await?);
            inbox.mark(&uids).await?;
        }
    }
}

impl Service {
    /// Reads the mailbox of the settings in force until it is told to stop: over
    /// one connection for as long as that holds, and over a new one after a wait
    /// that grows.
    pub async fn attend_mailbox(self: Arc<Self>, stop: CancellationToken) {
        let mut pause = FIRST_PAUSE;
        loop {
            let desk = self.desk();
            let Some(account) = &desk.settings.bounces.imap else {
                tokio::select! {
                    () = self.reloaded.notified() => continue,
                    () = stop.cancelled() => return,
                }
            };
            let ended = tokio::select! {
                ended = self.watch(&desk, account, &mut pause) => Some(ended),
                () = self.reloaded.notified() => None,
                () = stop.cancelled() => return,
            };
            self.mailbox_open.store(false, Ordering::Relaxed);
            let error = match ended {
                Some(Ok(never)) => match never {},
                Some(Err(error)) => error.to_string(),
                None => {
                    pause = FIRST_PAUSE;
                    continue;
                }
            };
            tracing::error!(error, again_in = ?pause, "cannot read the mailbox");
            tokio::select! {
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LAST_PAUSE),
                () = self.reloaded.notified() => pause = FIRST_PAUSE,
                () = stop.cancelled() => return,
            }
        }
    }

    /// Takes in whatever comes over one connection, until that breaks.
    async fn watch(
        &self,
        desk: &Desk,
        account: &ImapAccount,
        pause: &mut Duration,
    ) -> Result<Infallible, DeskError> {
        let mut inbox = Inbox::open(account).await?;
        let tells_news = inbox.tells_news();
        self.mailbox_open.store(true, Ordering::Relaxed);
        tracing::info!(folder = account.folder, tells_news, "the mailbox is open");
        loop {
            let ingested = desk.empty(&mut inbox).await?;
            *pause = FIRST_PAUSE;
            tell(&ingested, "imap");
            inbox = inbox.wait().await?;
        }
    }
}

/// Says what was taken in, where anything was.
pub(super) fn tell(ingested: &Ingested, way: &'static str) {
    if ingested.messages > 0 {
        tracing::info!(
            way,
            messages = ingested.messages,
            bounced = ingested.bounced,
            barred = ingested.barred,
            known = ingested.known,
            unmatched = ingested.unmatched,
            unknown = ingested.unknown,
            "mail came back"
        );
    }
}

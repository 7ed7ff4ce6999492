//! Composers at hand: one for each frozen content that is being sent.

use super::composer::Composer;
use super::content::FrozenContent;
use crate::domain::link::Links;
use crate::domain::opt_out_word::OptOutWords;
use crate::domain::return_path::ReturnPath;
use crate::domain::said::{Said, Tell};
use crate::store::{Store, StoreError};
use crate::{said, shown_as_said};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Contents kept ready at once; a composer holds its attachments encoded.
const MOST: usize = 4;

/// Makes composers from frozen content and keeps the last few.
#[derive(Debug, Default)]
pub struct Composers {
    /// By content hash, the most recently used last.
    ready: Mutex<VecDeque<(String, Arc<Composer>)>>,
    /// Where mails come back to; else to the newsroom's From.
    return_path: Option<ReturnPath>,
    /// Where readers have pages of their own.
    links: Option<Links>,
    /// By what readers are known who opt out by mail.
    words: Option<OptOutWords>,
}

/// Why there is no composer for a content.
#[derive(Debug, thiserror::Error)]
pub enum NoComposer {
    /// The store failed.
    Store(#[from] StoreError),
    /// The content is gone, cannot be read, or makes no mails.
    Content(Said),
}

impl Tell for NoComposer {
    fn said(&self) -> Said {
        match self {
            Self::Store(error) => error.said(),
            Self::Content(said) => said.clone(),
        }
    }
}

shown_as_said!(NoComposer);

impl Composers {
    /// For mails that come back to addresses of their own, have links to the
    /// readers' pages, and signed words to opt out by, where there are such.
    pub fn new(
        return_path: Option<ReturnPath>,
        links: Option<Links>,
        words: Option<OptOutWords>,
    ) -> Self {
        Self {
            return_path,
            links,
            words,
            ..Self::default()
        }
    }

    /// The composer of a content.
    ///
    /// # Errors
    /// See [`NoComposer`].
    pub async fn get(&self, store: &dyn Store, hash: &str) -> Result<Arc<Composer>, NoComposer> {
        // Held while one is made, so that two workers do not make it twice.
        let mut ready = self.ready.lock().await;
        let found = ready.iter().position(|(known, _)| known == hash);
        if let Some(entry) = found.and_then(|place| ready.remove(place)) {
            let composer = Arc::clone(&entry.1);
            ready.push_back(entry);
            return Ok(composer);
        }
        let bytes = store.content(hash).await?.ok_or_else(|| {
            NoComposer::Content(said!("the frozen content {hash} is not in the store", hash))
        })?;
        let made = tokio::task::spawn_blocking(move || make(bytes)).await;
        let composer = made
            .map_err(|torn| NoComposer::Content(Said::verbatim(torn)))
            .flatten()?;
        let composer = composer
            .with_return_path(self.return_path.clone())
            .with_words(self.words.clone());
        let composer = Arc::new(composer.linked(self.links.clone()));
        if ready.len() >= MOST {
            ready.pop_front();
        }
        ready.push_back((hash.to_owned(), Arc::clone(&composer)));
        Ok(composer)
    }

    /// Lets all of them go: nothing is being sent.
    pub async fn clear(&self) {
        self.ready.lock().await.clear();
    }
}

fn make(bytes: Vec<u8>) -> Result<Composer, NoComposer> {
    let wrong = |cause: Said| NoComposer::Content(cause);
    let content = FrozenContent::from_bytes(&bytes).map_err(|error| wrong(error.said()))?;
    // Its files would be there twice while they are encoded.
    drop(bytes);
    Composer::new(content)
        .map_err(|problems| wrong(Said::several(problems.iter().map(Tell::said), "; ")))
}

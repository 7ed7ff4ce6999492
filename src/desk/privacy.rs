//! What a person may ask of a newsroom that keeps their address: everything that
//! is held of them (GDPR article 15), and that it be erased (article 17).

use super::contacts::address;
use super::traces::{Traces, traces};
use super::{Desk, DeskError, Wiring};
use crate::config::StoreLocation;
use crate::domain::address::EmailAddress;
use crate::domain::ids::DeliveryId;
use crate::domain::problem::Problem;
use crate::domain::said::Said;
use crate::entropy::Entropy;
use crate::said;
use crate::store::Store;
use crate::store::erasure::{Erased, Forgetting, Forgot, Swept};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Everything that is held of an address.
#[derive(Debug, Clone, Serialize)]
pub struct Everything {
    /// Whose.
    pub email: EmailAddress,
    /// When it was put together.
    pub at: Timestamp,
    /// Rows of the store by table, each with its columns.
    pub store: BTreeMap<String, Vec<Map<String, Value>>>,
    /// Files of the workspace in which they are named, with the line where that is
    /// known.
    pub files: Vec<String>,
}

impl Everything {
    /// Whether nothing is held of them, but that they were forgotten.
    pub fn is_nothing(&self) -> bool {
        self.files.is_empty() && self.store.keys().all(|table| table == "forgotten")
    }

    /// What a table holds, in words for the person.
    pub fn title(table: &str) -> Said {
        match table {
            "contact" => said!("Contact list"),
            "contact_key" => said!("Words and lists you are found by"),
            "contact_import" => said!("Imports of contacts"),
            "contact_import_entry" => said!("Your record as it was before an import"),
            "contact_alias" => said!("Addresses of yours that were brought together"),
            "contact_distinct" => said!("Contacts who are not you"),
            "suppression" => said!("Bar on being written to"),
            "agreement" => said!("Embargo agreements"),
            "approval" => said!("Approvals of releases"),
            "act" => said!("What was done at the desk"),
            "content" => said!("Releases that name you"),
            "distribution" => said!("Distributions that name you"),
            "delivery_plan" => said!("Mails to you, as planned"),
            "delivery_state" => said!("What became of each mail"),
            "delivery_log" => said!("The delivery log"),
            "bounce" => said!("Reports that came back"),
            "account" => said!("Your account at the desk"),
            "session" => said!("Your sessions at the desk"),
            "api_token" => said!("Programs of your account"),
            "forgotten" => said!("That you were forgotten"),
            other => Said::verbatim(other),
        }
    }
}

/// What was erased, and what is left.
#[derive(Debug, Clone, Serialize)]
pub struct ForgetReport {
    /// Whose.
    pub email: EmailAddress,
    /// What went of the store.
    #[serde(flatten)]
    pub erased: Erased,
    /// Copies of the store in the workspace, from which it went too.
    pub copies: Vec<String>,
    /// Files of caught mails that went.
    pub caught: usize,
    /// Why something may remain in free pages of the store for now; the same
    /// command tries again.
    pub pending: Option<String>,
    /// What names them still, and stays: published words, the newsroom's staff,
    /// lines of the log.
    pub remaining: Vec<Said>,
}

impl Desk {
    /// Everything that any table or file holds of an address.
    ///
    /// # Errors
    /// It is no address, or the store or a file failed.
    pub async fn everything(&self, email: &str) -> Result<Everything, DeskError> {
        let email = address(email)?;
        let mut store: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for holding in self.store.holdings(&email).await? {
            store.entry(holding.table).or_default().push(holding.facts);
        }
        let found = self.traces(&email)?;
        let caught = found.caught.iter().map(|path| path.display().to_string());
        let kept = found
            .kept
            .iter()
            .chain(&found.published)
            .map(Problem::place);
        Ok(Everything {
            at: self.clock.now(),
            files: kept.chain(caught).collect(),
            email,
            store,
        })
    }

    /// How many addresses were forgotten, and stay barred.
    ///
    /// # Errors
    /// The store failed.
    pub async fn forgotten_count(&self) -> Result<u64, DeskError> {
        Ok(self.store.forgotten_count().await?)
    }

    fn traces(&self, email: &EmailAddress) -> Result<Traces, DeskError> {
        let own = match &self.settings.store {
            StoreLocation::Sqlite(path) => Some(path.as_path()),
            StoreLocation::Postgres(_) => None,
        };
        traces(&self.workspace, own, email)
    }

    /// Forgets an address: in the store, in copies of it and in caught mails that
    /// lie in the workspace. A hash that nobody can read keeps it barred. Every
    /// step can be done again: whatever stopped it, the same call finishes it.
    ///
    /// # Errors
    /// A file that people keep names them, a mail to them is being handed over or
    /// in doubt, or something failed; what was erased by then stays erased.
    pub async fn forget(
        &self,
        email: &str,
        by: &str,
        wiring: &dyn Wiring,
    ) -> Result<ForgetReport, DeskError> {
        let email = address(email)?;
        let found = self.traces(&email)?;
        if !found.kept.is_empty() {
            return Err(DeskError::Problems(found.kept));
        }
        let erased = self.forget_in(self.store.as_ref(), &email, by).await?;
        let mut copies = Vec::new();
        for path in &found.copies {
            copies.push(self.forget_copy(path, &email, by, wiring).await?);
        }
        for path in &found.caught {
            remove(path)?;
        }
        if erased.before.is_none() || !erased.rows.is_empty() {
            // Not whom: that is what was asked for.
            let facts = json!({ "rows": erased.rows, "cancelled": erased.cancelled });
            self.note(by, "contact_forgotten", facts).await?;
        }
        let pending = match self.store.sweep().await? {
            Swept::Clean => None,
            Swept::Pending(why) => Some(why),
        };
        Ok(ForgetReport {
            remaining: self.remaining(&email, &found.published).await?,
            caught: found.caught.len(),
            email,
            erased,
            copies,
            pending,
        })
    }

    async fn forget_in(
        &self,
        store: &dyn Store,
        email: &EmailAddress,
        by: &str,
    ) -> Result<Erased, DeskError> {
        let wish = Forgetting {
            email,
            at: self.clock.now(),
            by,
            fresh: Entropy.secret(),
        };
        match store.forget(wish).await? {
            Forgot::Done(erased) => Ok(erased),
            Forgot::InFlight(ids) => Err(DeskError::request(said!(
                "a mail to {email} is being handed over at this moment ({ids}); nothing was erased, try again in a minute",
                email,
                ids = listed(&ids)
            ))),
            Forgot::InDoubt(ids) => Err(DeskError::request(said!(
                "nobody knows whether a mail to {email} arrived ({ids}); nothing was erased: say how it ended with `dateline in-doubt settle`, then try again",
                email,
                ids = listed(&ids)
            ))),
        }
    }

    async fn forget_copy(
        &self,
        path: &Path,
        email: &EmailAddress,
        by: &str,
        wiring: &dyn Wiring,
    ) -> Result<String, DeskError> {
        let store = wiring
            .archive(&StoreLocation::Sqlite(path.to_owned()))
            .await?;
        self.forget_in(store.as_ref(), email, by).await?;
        if let Swept::Pending(why) = store.sweep().await? {
            return Err(DeskError::request(said!(
                "{email} went from {path}, but may remain in its free pages: {why}; try again",
                email,
                path = path.display(),
                why
            )));
        }
        Ok(path.display().to_string())
    }

    /// Where they are named still.
    async fn remaining(
        &self,
        email: &EmailAddress,
        published: &[Problem],
    ) -> Result<Vec<Said>, DeskError> {
        let mut left: Vec<_> = published
            .iter()
            .map(|problem| Said::verbatim(problem.place()))
            .collect();
        for holding in self.store.holdings(email).await? {
            match holding.table.as_str() {
                "forgotten" => {}
                "delivery_log" => left.push(said!(
                    "the line of log entry {seq}, which the log's chain is made of",
                    seq = holding.facts.get("seq").unwrap_or(&Value::Null)
                )),
                table => {
                    let key = holding.facts.values().next().unwrap_or(&Value::Null);
                    left.push(said!(
                        "{table}: {key}",
                        table = Everything::title(table),
                        key
                    ));
                }
            }
        }
        Ok(left)
    }
}

fn remove(path: &Path) -> Result<(), DeskError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(DeskError::file("remove", path)(error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

fn listed(ids: &[DeliveryId]) -> String {
    let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
    ids.join(", ")
}

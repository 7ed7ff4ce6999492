//! Approvals: who lets a release go out, and what bars it.

use super::workspace::LoadedContent;
use super::{Desk, DeskError};
use crate::domain::approval::{Approval, ContentPrint, approved, approvers, parity};
use crate::domain::audience::Rule;
use crate::domain::ids::ReleaseId;
use crate::domain::person::name_key;
use crate::domain::problem::Problem;
use crate::domain::said::{Said, Tell};
use crate::said;

/// An approval that was put on record.
#[derive(Debug, Clone)]
pub struct Approved {
    /// The approval.
    pub approval: Approval,
    /// Everybody who approved this very content.
    pub by: Vec<String>,
    /// How many are needed.
    pub needed: usize,
    /// What is worth knowing.
    pub warnings: Vec<Problem>,
}

/// Whether an order may be given now.
#[derive(Debug, Clone)]
pub struct Clearance {
    /// Approvals that are needed: none for what is under no embargo.
    pub needed: usize,
    /// Who approved this very content for this audience.
    pub by: Vec<String>,
    /// What is lacking, in words.
    pub lacking: Option<Said>,
    /// Languages that are not level, and nobody took note of it.
    pub uneven: Vec<Said>,
    /// The hash of what would be sent.
    pub content: String,
}

impl Desk {
    /// Puts on record that somebody approves a release as it is now, for an audience.
    ///
    /// # Errors
    /// The release's problems; languages that are not level, unless noted; the
    /// same person twice.
    pub async fn approve(
        &self,
        release: &str,
        rule: &Rule,
        by: &str,
        parity_ok: bool,
    ) -> Result<Approved, DeskError> {
        let (loaded, warnings) = self.load_checked(release)?;
        let id = &loaded.content.release.id;
        let print = loaded.content.print(rule, &self.settings.languages);
        let before = self.store.approvals(id).await?;
        let own = name_key(by);
        if let Some(first) = before
            .iter()
            .find(|one| one.print == print && name_key(&one.by) == own)
        {
            return Err(DeskError::conflict(said!(
                "{by} approved this very content {time} already; a second approval must be another person’s",
                by = first.by,
                time = self.moment(first.at)
            )));
        }
        if !parity_ok {
            refuse_uneven(id, &self.uneven(&loaded, &print, &before))?;
        }
        let approval = Approval {
            release: id.clone(),
            by: by.to_owned(),
            at: self.clock.now(),
            print: print.clone(),
            parity_ok,
        };
        self.store.approve(&approval).await?;
        let mut by = approvers(&before, &print);
        by.push(approval.by.clone());
        Ok(Approved {
            approval,
            by,
            needed: self.settings.approval.embargoed,
            warnings,
        })
    }

    /// Sees that a release may go out to an audience.
    ///
    /// # Errors
    /// An approval is missing or void; the languages are not level and nobody
    /// took note of it.
    pub(super) async fn cleared(
        &self,
        loaded: &LoadedContent,
        rule: &Rule,
        parity_ok: bool,
    ) -> Result<Clearance, DeskError> {
        let clearance = self.clearance_of(loaded, rule, parity_ok).await?;
        let id = &loaded.content.release.id;
        refuse_uneven(id, &clearance.uneven)?;
        if let Some(lacking) = &clearance.lacking {
            return Err(DeskError::conflict(said!(
                "{id}: {lacking}; `dateline approve {id} --to …`",
                id,
                lacking
            )));
        }
        Ok(clearance)
    }

    /// What a release still lacks before it may go out to an audience.
    pub(super) async fn clearance_of(
        &self,
        loaded: &LoadedContent,
        rule: &Rule,
        parity_ok: bool,
    ) -> Result<Clearance, DeskError> {
        let release = &loaded.content.release;
        let print = loaded.content.print(rule, &self.settings.languages);
        let approvals = self.store.approvals(&release.id).await?;
        let now = self.clock.now();
        let barred = release
            .embargo
            .as_ref()
            .is_some_and(|embargo| !embargo.is_lifted(now));
        let needed = if barred {
            self.settings.approval.embargoed
        } else {
            0
        };
        let noted = |approval: &Approval| approval.print == print && approval.parity_ok;
        let uneven = if parity_ok || approvals.iter().any(noted) {
            Vec::new()
        } else {
            self.uneven(loaded, &print, &approvals)
        };
        let lacking = approved(&approvals, &print, needed).err();
        Ok(Clearance {
            needed,
            by: approvers(&approvals, &print),
            lacking: lacking.map(|lacking| lacking.said()),
            uneven,
            content: print.hash(),
        })
    }

    /// Languages that are not level, in words.
    fn uneven(
        &self,
        loaded: &LoadedContent,
        print: &ContentPrint,
        before: &[Approval],
    ) -> Vec<Said> {
        let policy = &self.settings.approval;
        let last = before.last().map(|approval| (&approval.print, print));
        let uneven = parity(&loaded.edited, &policy.languages, policy.parity, last);
        uneven.iter().map(Tell::said).collect()
    }
}

fn refuse_uneven(id: &ReleaseId, uneven: &[Said]) -> Result<(), DeskError> {
    if uneven.is_empty() {
        return Ok(());
    }
    Err(DeskError::request(said!(
        "{id}: {uneven}; see that it says the same, then give --parity-ok",
        id,
        uneven = Said::several(uneven.iter().cloned(), "; ")
    )))
}

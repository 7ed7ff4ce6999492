//! Import: a file is read and compared with the contact list before anything
//! is written, and the plan that comes of it is a value to be shown. What was
//! done of it can be undone.

use super::suppression::forgotten;
use super::{Desk, DeskError};
use crate::dispatch::revisions::Deed;
use crate::domain::address::EmailAddress;
use crate::domain::contact::Contact;
use crate::domain::contact_fields::{Field, FieldChange, differences};
use crate::domain::ids::ImportId;
use crate::domain::import_record::{ImportKind, ImportRecord, Undone};
use crate::domain::likeness::{Likenesses, NamedRecord, Why};
use crate::domain::problem::Problem;
use crate::domain::said::{Said, Tell};
use crate::domain::suppression::bar_key;
use crate::entropy::{Entropy, in_order};
use crate::intake::{
    Charset, Column, ContactsRead, Format, ReadContact, Reading, Repeat, read_contacts,
};
use crate::said;
use crate::store::Imported;
use crate::store::erasure::Forgotten;
use crate::store::imports::{Changed, ContactChange, UndoOutcome};
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// How often an import is planned anew because somebody changed a contact
/// meanwhile.
const TRIES: u32 = 5;
/// Addresses that a refusal names.
const NAMED: usize = 50;

/// How an import treats what it finds.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// Only say what would be done.
    pub dry_run: bool,
    /// A single bad row stops all of it.
    pub strict: bool,
    /// What is said of the file's encoding and columns.
    pub reading: Reading,
    /// Who imports.
    pub by: String,
}

/// A contact that is new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedAdd {
    /// Its line.
    pub line: usize,
    /// Its address.
    pub email: EmailAddress,
}

/// A contact whose record changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedChange {
    /// Its line.
    pub line: usize,
    /// Its address.
    pub email: EmailAddress,
    /// Field by field.
    pub fields: Vec<FieldChange>,
}

/// A row that contradicts another, or what is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// Its line.
    pub line: usize,
    /// Its address.
    pub email: EmailAddress,
    /// What contradicts it, and what is done.
    pub message: Said,
    /// Where it differs from the row that stands.
    pub fields: Vec<FieldChange>,
}

/// A new contact that may be somebody known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Offered {
    /// Its line.
    pub line: usize,
    /// Its address.
    pub email: EmailAddress,
    /// Who it may be.
    pub like: EmailAddress,
    /// Why.
    pub why: Why,
}

/// What an import would do, and how the file was understood.
#[derive(Debug, Clone, Serialize)]
pub struct ImportPlan {
    /// The file's name.
    pub file: String,
    /// What it is.
    pub format: Format,
    /// Its encoding, where it is text.
    pub encoding: Option<Charset>,
    /// Where the contacts stand in it: a delimiter's or a sheet's name.
    pub within: Option<Said>,
    /// Its columns, and what each is taken for.
    pub columns: Vec<Column>,
    /// The first rows, as they stand there.
    pub sample: Vec<Vec<String>>,
    /// Contacts in the file.
    pub read: usize,
    /// What changes, counted.
    pub imported: Imported,
    /// New contacts.
    pub added: Vec<PlannedAdd>,
    /// Changed ones.
    pub changed: Vec<PlannedChange>,
    /// Contradictions.
    pub conflicts: Vec<Conflict>,
    /// New contacts that may be somebody known.
    pub duplicates: Vec<Offered>,
    /// Rows that are left out, and other remarks, with their lines.
    pub problems: Vec<Problem>,
    /// What is to be done.
    #[serde(skip)]
    changes: Vec<ContactChange>,
}

impl ImportPlan {
    /// A print of what is to be done: whoever confirms a plan confirms what they
    /// saw. Identifiers of new contacts are drawn anew each time, and do not count.
    pub fn print(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for change in &self.changes {
            let Some(to) = change.to() else { continue };
            hasher.update(&[u8::from(change.from().is_some())]);
            let fields = Field::ALL.into_iter().map(|field| field.of(to));
            let custom = to.custom.iter();
            let further = custom.flat_map(|(name, value)| [name.clone(), value.clone()]);
            let key = to.public_key.as_ref().map(|key| key.armored.clone());
            for text in fields.chain(further).chain([key.unwrap_or_default()]) {
                // The length goes first, so that no two plans read alike.
                hasher.update(&(text.len() as u64).to_le_bytes());
                hasher.update(text.as_bytes());
            }
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Rows that are left out.
    pub fn rejected(&self) -> usize {
        let mut lines = HashSet::new();
        self.problems
            .iter()
            .filter(|problem| problem.is_error() && lines.insert(problem.line))
            .count()
    }
}

/// What an import found and did.
#[derive(Debug, Clone, Serialize)]
#[must_use = "an import may be refused"]
pub struct ImportReport {
    /// What it found.
    #[serde(flatten)]
    pub plan: ImportPlan,
    /// It was only asked what would be done.
    pub dry_run: bool,
    /// The file is refused as a whole, for its problems; nothing was written.
    pub refused: bool,
    /// By which it can be undone; none where nothing changed.
    pub import: Option<ImportId>,
}

impl ImportReport {
    /// The report of what was not refused.
    ///
    /// # Errors
    /// The file was refused, for these problems.
    pub fn taken(self) -> Result<Self, DeskError> {
        if self.refused {
            Err(DeskError::Problems(self.plan.problems))
        } else {
            Ok(self)
        }
    }
}

/// What was undone.
#[derive(Debug, Clone, Serialize)]
pub struct UndoReport {
    /// Which import it was.
    pub import: ImportRecord,
    /// Contacts that were given back their record.
    pub restored: u64,
    /// Contacts that were taken away again.
    pub removed: u64,
}

impl Desk {
    /// Imports a file of contacts in one transaction. Bad rows are reported
    /// and do not stop the good ones, unless `strict`; then, and where no row is
    /// good, the file is refused.
    ///
    /// # Errors
    /// The file cannot be read, contacts are changed by others all the time, or
    /// the store failed.
    pub async fn import(
        &self,
        file: &Path,
        options: &ImportOptions,
    ) -> Result<ImportReport, DeskError> {
        let bytes = std::fs::read(file).map_err(DeskError::file("read", file))?;
        let name = file.display().to_string();
        self.import_octets(&name, &bytes, options).await
    }

    /// The same of a file's octets.
    ///
    /// # Errors
    /// As [`Self::import`].
    pub async fn import_octets(
        &self,
        name: &str,
        bytes: &[u8],
        options: &ImportOptions,
    ) -> Result<ImportReport, DeskError> {
        for _ in 0..TRIES {
            let plan = self.plan_import(name, bytes, &options.reading).await?;
            let has_errors = plan.problems.iter().any(Problem::is_error);
            let refused = has_errors && (options.strict || plan.read == 0);
            let import = if options.dry_run || refused {
                None
            } else {
                match self.apply_import(&plan, &options.by).await? {
                    Applied::Done(import) => import,
                    Applied::Stale(_) => continue,
                }
            };
            return Ok(ImportReport {
                plan,
                dry_run: options.dry_run,
                refused,
                import,
            });
        }
        Err(DeskError::request(said!(
            "contacts were changed by somebody else again and again while this was imported; nothing was written"
        )))
    }

    /// What an import of a file's octets would do.
    ///
    /// # Errors
    /// The store failed. What is wrong with the file stands in the plan.
    pub async fn plan_import(
        &self,
        file: &str,
        bytes: &[u8],
        reading: &Reading,
    ) -> Result<ImportPlan, DeskError> {
        let mut planning = self.read_file(file, bytes, reading).await?;
        let emails: Vec<_> = planning.emails().cloned().collect();
        planning.reject(&self.store.forgotten(&emails).await?);
        let asked: HashSet<EmailAddress> = planning.emails().cloned().collect();
        let mut known: HashMap<EmailAddress, Contact> = HashMap::new();
        let mut named = Vec::new();
        self.each_contact(|contact| {
            named.push(NamedRecord::of(&contact));
            if asked.contains(&contact.email) {
                known.insert(contact.email.clone(), contact);
            }
            Ok(())
        })
        .await?;
        let planning = apart(move || {
            planning.compare(&known);
            planning.offer(&named);
            planning
        })
        .await?;
        let barred = self.barred(&planning.plan).await?;
        Ok(planning.finish(barred))
    }

    async fn read_file(
        &self,
        file: &str,
        bytes: &[u8],
        reading: &Reading,
    ) -> Result<Planning, DeskError> {
        let now = self.clock.now();
        let (file, bytes, reading) = (file.to_owned(), bytes.to_vec(), reading.clone());
        apart(move || {
            let mut minted = 0;
            let mut mint = || {
                minted += 1;
                Entropy.contact(in_order(now, minted))
            };
            let read = read_contacts(&bytes, &file, &reading, &mut mint);
            Planning::begin(&file, read)
        })
        .await
    }

    /// Addresses of a plan that may not be written to.
    async fn barred(&self, plan: &ImportPlan) -> Result<Vec<Conflict>, DeskError> {
        let barred = self.store.suppressed().await?;
        let conflict = |line: usize, email: &EmailAddress| {
            let reason = barred.get(&bar_key(&email.to_string()))?;
            Some(Conflict {
                line,
                email: email.clone(),
                message: said!(
                    "the address is barred ({reason}): the contact is kept, and nothing is sent to it",
                    reason = reason.in_words()
                ),
                fields: Vec::new(),
            })
        };
        let added = plan.added.iter().map(|one| (one.line, &one.email));
        let changed = plan.changed.iter().map(|one| (one.line, &one.email));
        Ok(added
            .chain(changed)
            .filter_map(|(line, email)| conflict(line, email))
            .collect())
    }

    /// Does what a plan says, in one transaction. Where a contact has been
    /// changed since it was planned, nothing is done.
    ///
    /// # Errors
    /// The store failed.
    pub async fn apply_import(&self, plan: &ImportPlan, by: &str) -> Result<Applied, DeskError> {
        if plan.changes.is_empty() {
            return Ok(Applied::Done(None));
        }
        let source = Path::new(&plan.file).file_name();
        let record = ImportRecord {
            kind: ImportKind::File,
            source: source.map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            added: plan.imported.added,
            changed: plan.imported.changed,
            ..self.import_record(by)
        };
        match self.store.change_contacts(&plan.changes, &record).await? {
            Changed::Stale(emails) => Ok(Applied::Stale(emails)),
            Changed::Done => {
                // A list may have taken an agreement back.
                self.after_import(&record, "the imported list names no agreement")
                    .await?;
                Ok(Applied::Done(Some(record.id)))
            }
        }
    }

    /// An empty record of a change of many contacts, now.
    pub(super) fn import_record(&self, by: &str) -> ImportRecord {
        let at = self.clock.now();
        ImportRecord {
            id: Entropy.import(at),
            at,
            by: if by.is_empty() { "import" } else { by }.to_owned(),
            kind: ImportKind::Merge,
            source: String::new(),
            added: 0,
            changed: 0,
            removed: 0,
            undone: None,
        }
    }

    /// What follows from a change of many contacts: for early copy that is
    /// planned, and for the record of who did what.
    async fn after_import(&self, record: &ImportRecord, why: &str) -> Result<(), DeskError> {
        self.mind_agreements(&Deed {
            by: record.by.clone(),
            why: why.to_owned(),
            now: self.clock.now(),
        })
        .await?;
        let act = match (record.kind, &record.undone) {
            (_, Some(_)) => "import_undone",
            (ImportKind::File, None) => "contacts_imported",
            (ImportKind::Merge, None) => "contacts_merged",
        };
        let facts = serde_json::json!({
            "import": record.id.to_string(),
            "file": record.source,
            "added": record.added,
            "changed": record.changed,
            "removed": record.removed,
        });
        let by = record
            .undone
            .as_ref()
            .map_or(&record.by, |undone| &undone.by);
        self.note(by, act, facts).await
    }

    /// Imports and merges on record, the newest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn imports(&self) -> Result<Vec<ImportRecord>, DeskError> {
        Ok(self.store.imports().await?)
    }

    /// Makes every contact that an import changed as it was before: of the one
    /// named, else of the newest that stands.
    ///
    /// # Errors
    /// There is none, it was undone before, or contacts were changed since,
    /// which are named; then nothing is undone.
    pub async fn undo_import(
        &self,
        which: Option<&str>,
        by: &str,
    ) -> Result<UndoReport, DeskError> {
        let mut record = self.import_to_undo(which).await?;
        let undone = Undone {
            at: self.clock.now(),
            by: by.to_owned(),
        };
        match self.store.undo_import(record.id, &undone).await? {
            UndoOutcome::Done { restored, removed } => {
                record.undone = Some(undone);
                self.after_import(&record, "the import that named the agreement was undone")
                    .await?;
                Ok(UndoReport {
                    import: record,
                    restored,
                    removed,
                })
            }
            refused @ (UndoOutcome::ChangedSince(_)
            | UndoOutcome::Unknown
            | UndoOutcome::Before(_)
            | UndoOutcome::NotKept) => Err(refusal(&record, &refused)),
        }
    }

    async fn import_to_undo(&self, which: Option<&str>) -> Result<ImportRecord, DeskError> {
        let imports = self.store.imports().await?;
        let found = match which {
            None => imports.into_iter().find(|one| one.undone.is_none()),
            Some(which) => {
                let id: ImportId =
                    which
                        .trim()
                        .parse()
                        .map_err(|error: crate::domain::ids::IdError| {
                            DeskError::request(error.said())
                        })?;
                imports.into_iter().find(|one| one.id == id)
            }
        };
        found.ok_or_else(|| {
            DeskError::request(match which {
                Some(which) => said!(
                    "there is no import {id}; `dateline contacts imports` shows all",
                    id = which.escape_debug()
                ),
                None => said!("there is no import that could be undone"),
            })
        })
    }
}

fn refusal(record: &ImportRecord, outcome: &UndoOutcome) -> DeskError {
    let id = record.id;
    DeskError::request(match outcome {
        UndoOutcome::ChangedSince(emails) => said!(
            "{id} cannot be undone, for {count} of its contacts were changed since: {emails}; nothing was undone",
            id,
            count = emails.len(),
            emails = some_of(emails)
        ),
        UndoOutcome::Before(undone) => {
            said!(
                "{id} was undone already, by {by} at {time}",
                id,
                by = undone.by,
                time = Said::moment(undone.at, undone.at)
            )
        }
        UndoOutcome::NotKept => said!(
            "{id} cannot be undone any more: what was changed is kept of the {kept} newest imports",
            id,
            kept = crate::domain::import_record::KEPT
        ),
        UndoOutcome::Unknown | UndoOutcome::Done { .. } => said!("there is no import {id}", id),
    })
}

fn some_of(emails: &[String]) -> Said {
    let named = emails.iter().take(NAMED).map(String::as_str);
    let named = named.collect::<Vec<_>>().join(", ");
    match emails.len().checked_sub(NAMED) {
        None | Some(0) => Said::verbatim(named),
        Some(more) => said!("{named} and {more} more", named, more),
    }
}

/// What came of doing what a plan says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// It is done; the import's identifier, where anything changed.
    Done(Option<ImportId>),
    /// Nothing was done: these were changed since it was planned.
    Stale(Vec<EmailAddress>),
}

/// Runs what takes a second for a long list where no mail that is going out waits
/// for it.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, DeskError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|torn| DeskError::request(said!("the file could not be read: {torn}", torn)))
}

/// A plan on its way.
struct Planning {
    plan: ImportPlan,
    rows: Vec<ReadContact>,
}

impl Planning {
    fn begin(file: &str, read: ContactsRead) -> Self {
        let plan = ImportPlan {
            file: file.to_owned(),
            format: read.format,
            encoding: read.charset,
            within: read.within,
            columns: read.columns,
            sample: read.sample,
            read: read.contacts.len(),
            imported: Imported::default(),
            added: Vec::new(),
            changed: Vec::new(),
            conflicts: read.repeats.into_iter().map(twice).collect(),
            duplicates: Vec::new(),
            problems: read.problems,
            changes: Vec::new(),
        };
        Self {
            plan,
            rows: read.contacts,
        }
    }

    fn emails(&self) -> impl Iterator<Item = &EmailAddress> {
        self.rows.iter().map(|row| &row.partial.contact.email)
    }

    /// Leaves out those who asked to be forgotten.
    fn reject(&mut self, known: &HashMap<String, Forgotten>) {
        let (plan, rows) = (&mut self.plan, &mut self.rows);
        rows.retain(|row| {
            let email = &row.partial.contact.email;
            let Some(one) = known.get(&email.to_string()) else {
                return true;
            };
            let told = Problem::error(&plan.file, forgotten(email, one.at));
            plan.problems.push(told.at_line(row.line));
            false
        });
        plan.read = rows.len();
    }

    /// Tells what is new, changed and as it was.
    fn compare(&mut self, known: &HashMap<EmailAddress, Contact>) {
        for row in std::mem::take(&mut self.rows) {
            match known.get(&row.partial.contact.email) {
                None => self.add(row),
                Some(old) => {
                    self.keep_off(&row, old);
                    self.change(row.line, old, row.partial.over(old));
                }
            }
        }
    }

    /// Tells of lists that the contact left, and that the file names.
    fn keep_off(&mut self, row: &ReadContact, old: &Contact) {
        for list in row.partial.kept_off(old) {
            self.plan.conflicts.push(Conflict {
                line: row.line,
                email: old.email.clone(),
                message: said!(
                    "the contact left the list `{list}` by their own wish: they stay off it",
                    list
                ),
                fields: Vec::new(),
            });
        }
    }

    fn add(&mut self, row: ReadContact) {
        self.plan.imported.added += 1;
        self.plan.added.push(PlannedAdd {
            line: row.line,
            email: row.partial.contact.email.clone(),
        });
        self.plan
            .changes
            .push(ContactChange::Add(row.partial.contact));
    }

    fn change(&mut self, line: usize, old: &Contact, new: Contact) {
        if new == *old {
            self.plan.imported.unchanged += 1;
            return;
        }
        self.plan.imported.changed += 1;
        self.plan.changed.push(PlannedChange {
            line,
            email: new.email.clone(),
            fields: differences(old, &new),
        });
        self.plan
            .changes
            .push(ContactChange::Change(Box::new((old.clone(), new))));
    }

    /// Compares new contacts with everybody known, and with one another.
    fn offer(&mut self, known: &[NamedRecord]) {
        if self.plan.added.is_empty() {
            return;
        }
        let mut likenesses = Likenesses::default();
        for record in known {
            likenesses.add(record);
        }
        // Changes are in the order of the lines, and additions among them.
        let new = self.plan.changes.iter().filter_map(|change| match change {
            ContactChange::Add(contact) => Some(contact),
            ContactChange::Change(_) | ContactChange::Remove(_) => None,
        });
        for (contact, added) in new.zip(&self.plan.added) {
            for like in likenesses.add(&NamedRecord::of(contact)) {
                self.plan.duplicates.push(Offered {
                    line: added.line,
                    email: like.other,
                    like: like.one,
                    why: like.why,
                });
            }
        }
    }

    fn finish(mut self, barred: Vec<Conflict>) -> ImportPlan {
        self.plan.conflicts.extend(barred);
        self.plan.conflicts.sort_by_key(|conflict| conflict.line);
        self.plan
    }
}

fn twice(repeat: Repeat) -> Conflict {
    Conflict {
        line: repeat.line,
        message: said!(
            "the address stands in line {line} already, with another record; this row is left out",
            line = repeat.first
        ),
        email: repeat.email,
        fields: repeat.differs,
    }
}

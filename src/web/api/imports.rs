//! Imports of contacts: tried, done, listed, undone.

use super::files::octets;
use super::given::{Body, Caller};
use super::page::Page;
use super::problem::{Answer, FileProblem, Problem};
use crate::desk::import::{ImportOptions, ImportReport};
use crate::domain;
use crate::domain::import_record::{ImportKind, ImportRecord};
use crate::intake::{Mapping, Reading};
use crate::web::Front;
use axum::Json;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// A file of contacts to be imported: CSV, XLSX, vCard or LDIF.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Importing {
    /// Its name; what it is, is found out from what is in it.
    #[schema(min_length = 1, example = "contacts.csv")]
    file: String,
    /// What is in it, in base64 (RFC 4648 4): at most 16 MiB.
    #[schema(format = Byte, example = "ZW1haWwsbmFtZQphbm5hQGV4YW1wbGUub3JnLEFubmEK")]
    content: String,
    /// Its encoding, where it is found out wrongly.
    #[serde(default)]
    encoding: Option<String>,
    /// What columns mean: `COLUMN=FIELD`, `COLUMN=custom.NAME` or `COLUMN=ignore`.
    #[serde(default)]
    map: Vec<String>,
    /// Only say what would be done.
    #[serde(default)]
    dry_run: bool,
    /// A single bad row stops all of it.
    #[serde(default)]
    strict: bool,
}

impl Importing {
    fn options(&self, by: &str) -> Result<ImportOptions, Problem> {
        let mappings = self.map.iter().map(|text| Mapping::parse(text));
        let mappings = mappings.collect::<Result<_, _>>();
        Ok(ImportOptions {
            dry_run: self.dry_run,
            strict: self.strict,
            reading: Reading {
                encoding: self.encoding.clone(),
                mappings: mappings.map_err(|error| Problem::request(format!("`map`: {error}")))?,
            },
            by: by.to_owned(),
        })
    }
}

/// A column, and what it is taken for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ImportColumn {
    /// Its name in the file.
    name: String,
    /// The field it fills.
    meaning: String,
}

/// A field that differs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FieldChange {
    /// Its name.
    field: String,
    /// What was there.
    old: String,
    /// What is there now.
    new: String,
}

impl From<domain::contact_fields::FieldChange> for FieldChange {
    fn from(change: domain::contact_fields::FieldChange) -> Self {
        Self {
            field: change.field,
            old: change.old,
            new: change.new,
        }
    }
}

fn fields(changes: Vec<domain::contact_fields::FieldChange>) -> Vec<FieldChange> {
    changes.into_iter().map(FieldChange::from).collect()
}

/// A row of the file, and what it says of a contact.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ImportRow {
    /// Its line.
    line: usize,
    /// The contact's address.
    email: String,
    /// What differs, for a contact that is known.
    fields: Vec<FieldChange>,
    /// What contradicts it and what is done, for a conflict; why it may be somebody
    /// known, for one who may be.
    message: Option<String>,
    /// Who it may be.
    like: Option<String>,
}

/// What an import found and did.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Imported {
    /// The file's name.
    file: String,
    /// What it is: `CSV`, `XLSX`, `vCard` or `LDIF`.
    format: String,
    /// Its encoding, where it is text.
    encoding: Option<String>,
    /// Its columns, and what each is taken for.
    columns: Vec<ImportColumn>,
    /// Contacts in it.
    read: usize,
    /// Contacts whose record was the same already.
    unchanged: u64,
    /// New contacts.
    added: Vec<ImportRow>,
    /// Changed ones.
    changed: Vec<ImportRow>,
    /// Contradictions.
    conflicts: Vec<ImportRow>,
    /// New contacts that may be somebody known.
    duplicates: Vec<ImportRow>,
    /// Rows that are left out, and other remarks.
    problems: Vec<FileProblem>,
    /// Nothing was written.
    dry_run: bool,
    /// By which it can be undone; null where nothing changed.
    import: Option<String>,
}

fn row(line: usize, email: &impl ToString) -> ImportRow {
    ImportRow {
        line,
        email: email.to_string(),
        fields: Vec::new(),
        message: None,
        like: None,
    }
}

impl From<ImportReport> for Imported {
    fn from(report: ImportReport) -> Self {
        let plan = report.plan;
        let added = plan.added.into_iter();
        let changed = plan.changed.into_iter().map(|one| ImportRow {
            fields: fields(one.fields),
            ..row(one.line, &one.email)
        });
        let conflicts = plan.conflicts.into_iter().map(|one| ImportRow {
            fields: fields(one.fields),
            message: Some(one.message.to_string()),
            ..row(one.line, &one.email)
        });
        let duplicates = plan.duplicates.into_iter().map(|one| ImportRow {
            message: Some(one.why.to_string()),
            like: Some(one.like.to_string()),
            ..row(one.line, &one.email)
        });
        let columns = plan.columns.into_iter().map(|column| ImportColumn {
            meaning: column.meaning.to_string(),
            name: column.name,
        });
        Self {
            file: plan.file,
            format: plan.format.name().to_owned(),
            encoding: plan.encoding.map(|encoding| encoding.name.to_owned()),
            columns: columns.collect(),
            read: plan.read,
            unchanged: plan.imported.unchanged,
            added: added.map(|one| row(one.line, &one.email)).collect(),
            changed: changed.collect(),
            conflicts: conflicts.collect(),
            duplicates: duplicates.collect(),
            problems: plan.problems.into_iter().map(FileProblem::from).collect(),
            dry_run: report.dry_run,
            import: report.import.map(|import| import.to_string()),
        }
    }
}

/// Import a file of contacts, or only say what that would do. A bad row is told and
/// does not stop the good ones.
#[utoipa::path(post, path = "/api/v1/imports", operation_id = "import_contacts", tag = "contacts",
    request_body = Importing, responses((status = 200, body = Imported)))]
pub(super) async fn bring(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Body(asked): Body<Importing>,
) -> Answer<Json<Imported>> {
    let octets = octets(&asked.file, &asked.content)?;
    let options = asked.options(caller.name())?;
    let desk = front.desk();
    let report = desk.import_octets(&asked.file, &octets, &options).await?;
    Ok(Json(report.taken()?.into()))
}

/// An import or a merge on record.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Import {
    /// Its identifier.
    id: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// By whom.
    by: String,
    /// Whether two contacts were made one.
    merge: bool,
    /// The file's name; empty for a merge.
    source: String,
    /// Contacts that were new.
    added: u64,
    /// Contacts whose record changed.
    changed: u64,
    /// Contacts that went into another.
    removed: u64,
    /// When it was undone.
    #[schema(value_type = Option<String>, format = DateTime)]
    undone_at: Option<Timestamp>,
    /// By whom it was undone.
    undone_by: Option<String>,
}

impl From<ImportRecord> for Import {
    fn from(record: ImportRecord) -> Self {
        let undone = record.undone;
        Self {
            id: record.id.to_string(),
            at: record.at,
            by: record.by,
            merge: record.kind == ImportKind::Merge,
            source: record.source,
            added: record.added,
            changed: record.changed,
            removed: record.removed,
            undone_at: undone.as_ref().map(|undone| undone.at),
            undone_by: undone.map(|undone| undone.by),
        }
    }
}

/// Imports and merges, the newest first, on one page.
#[utoipa::path(get, path = "/api/v1/imports", operation_id = "imports", tag = "contacts",
    responses((status = 200, body = Page<Import>)))]
pub(super) async fn list(State(front): State<Arc<Front>>) -> Answer<Json<Page<Import>>> {
    let all = front.desk().imports().await?.into_iter();
    Ok(Json(Page::whole(all.map(Import::from).collect())))
}

/// What was undone.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ImportUndone {
    /// Which it was.
    import: Import,
    /// Contacts that were given back their record.
    restored: u64,
    /// Contacts that were taken away again.
    removed: u64,
}

/// Make every contact that an import or a merge changed as it was before.
#[utoipa::path(post, path = "/api/v1/imports/{import}/undo", operation_id = "undo_import",
    tag = "contacts", params(("import" = String, Path, description = "Its identifier")),
    responses((status = 200, body = ImportUndone)))]
pub(super) async fn undo(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Path(import): Path<String>,
) -> Answer<Json<ImportUndone>> {
    let desk = front.desk();
    let known = desk.imports().await?;
    if !known.iter().any(|one| one.id.to_string() == import) {
        return Err(Problem::missing("import", &import));
    }
    let undone = desk.undo_import(Some(&import), caller.name()).await?;
    Ok(Json(ImportUndone {
        import: undone.import.into(),
        restored: undone.restored,
        removed: undone.removed,
    }))
}

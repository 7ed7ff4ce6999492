//! Import at the desk: bring a file, see how it is understood and what would
//! change, say what is wrong with that, confirm; and undo.

use super::Front;
use super::fault::{Answer, Fault};
use super::fields::given;
use super::files::brought;
use super::sheet::Visitor;
use crate::desk::DeskError;
use crate::desk::import::{Applied, ImportPlan};
use crate::desk::slow::PATIENCE;
use crate::desk::uploads::Upload;
use crate::domain::contact_fields::{CUSTOM, Field, FieldChange};
use crate::domain::import_record::{ImportKind, ImportRecord};
use crate::intake::{Column, Mapping, Reading};
use axum::extract::{Multipart, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::{Form, Query};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// At most so many of each are shown; the numbers count all.
const SHOWN: usize = 100;
/// Imports that the page lists.
const LISTED: usize = 20;

pub(super) async fn show(State(front): State<Arc<Front>>, visitor: Visitor) -> Answer {
    sheet(&front, &visitor, None).await
}

async fn sheet(front: &Front, visitor: &Visitor, fault: Option<String>) -> Answer {
    let imports = front.desk().imports().await?;
    let imports: Vec<_> = imports
        .iter()
        .take(LISTED)
        .map(|one| listed(front, visitor, one))
        .collect();
    let page = json!({ "imports": imports, "fault": fault });
    front.page(visitor, "import", "import", page)
}

fn listed(front: &Front, visitor: &Visitor, one: &ImportRecord) -> Value {
    json!({
        "id": one.id,
        "at": front.shown(visitor, one.at),
        "by": one.by,
        "merge": one.kind == ImportKind::Merge,
        "source": one.source,
        "added": one.added,
        "changed": one.changed,
        "undone": one.undone.as_ref().map(|undone| json!({
            "by": undone.by, "at": front.shown(visitor, undone.at),
        })),
    })
}

/// Takes a file, and shows what it would do.
pub(super) async fn bring(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    form: Multipart,
) -> Answer {
    let Some((name, bytes)) = brought(form).await? else {
        let fault = front.pages.say(visitor.language, "import-no-file", &[]);
        return sheet(&front, &visitor, Some(fault)).await;
    };
    let now = front.desk().clock.now();
    let id = front.uploads.keep(&name, bytes, visitor.name()?, now);
    Ok(Redirect::to(&format!("/contacts/import/{id}")).into_response())
}

/// What is said of a file.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Said {
    #[serde(default)]
    encoding: String,
    /// `COLUMN=FIELD`, one for each column.
    #[serde(default)]
    map: Vec<String>,
    /// What the visitor was shown, where they confirm it.
    #[serde(default)]
    seen: String,
}

impl Said {
    fn reading(&self) -> Result<Reading, Fault> {
        let mappings = self.map.iter().map(|one| Mapping::parse(one));
        let mappings = mappings
            .collect::<Result<_, _>>()
            .map_err(|_| Fault::new(StatusCode::BAD_REQUEST))?;
        Ok(Reading {
            encoding: given(&self.encoding),
            mappings,
        })
    }
}

fn find(front: &Front, visitor: &Visitor, id: &str) -> Result<Arc<Upload>, Fault> {
    let now = front.desk().clock.now();
    let found = front.uploads.find(id, visitor.name()?, now);
    found.ok_or_else(|| Fault::worded(StatusCode::NOT_FOUND, "fault-no-upload"))
}

pub(super) async fn plan(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(said): Query<Said>,
) -> Answer {
    let upload = find(&front, &visitor, &id)?;
    planned(&front, &visitor, &upload, &said, None).await
}

async fn planned(
    front: &Front,
    visitor: &Visitor,
    upload: &Arc<Upload>,
    said: &Said,
    fault: Option<String>,
) -> Answer {
    // What somebody posted cannot be asked for again by its address.
    let patience = if fault.is_none() {
        Some(PATIENCE)
    } else {
        None
    };
    let Some(plan) = front.import_plan(upload, said, patience).await? else {
        let page = json!({ "id": upload.id, "counting": true });
        return front.page(visitor, "import-plan", "import", page);
    };
    let page = json!({
        "id": upload.id,
        "fault": fault,
        "encoding": said.encoding,
        "map": said.map,
        "plan": shown(front, visitor, &plan),
        "seen": plan.print(),
    });
    front.page(visitor, "import-plan", "import", page)
}

impl Front {
    /// What a file would do, worked out for whoever asks for it now: it is compared
    /// with every contact. Nothing, where that takes longer than they wait.
    async fn import_plan(
        &self,
        upload: &Arc<Upload>,
        said: &Said,
        patience: Option<Duration>,
    ) -> Result<Option<Arc<ImportPlan>>, Fault> {
        let (desk, reading) = (self.desk(), said.reading()?);
        let version = desk
            .store
            .contacts_version()
            .await
            .map_err(DeskError::from)?;
        let asked = format!("{} {version} {reading:?}", upload.id);
        let work = || {
            let (desk, upload) = (Arc::clone(&desk), Arc::clone(upload));
            let reading = reading.clone();
            async move {
                let plan = desk.plan_import(&upload.name, &upload.bytes, &reading);
                plan.await
            }
        };
        Ok(self.plans.look(&asked, patience, work).await?)
    }
}

/// Does what was shown. Where that is not what would be done now, it is shown
/// anew.
pub(super) async fn confirm(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(said): Form<Said>,
) -> Answer {
    let upload = find(&front, &visitor, &id)?;
    let desk = front.desk();
    let plan = desk
        .plan_import(&upload.name, &upload.bytes, &said.reading()?)
        .await?;
    let applied = if plan.print() == said.seen {
        desk.apply_import(&plan, visitor.name()?).await?
    } else {
        Applied::Stale(Vec::new())
    };
    match applied {
        Applied::Done(_) => {
            front.uploads.drop_one(&id);
            Ok(Redirect::to("/contacts/import?said=imported").into_response())
        }
        Applied::Stale(_) => {
            let fault = front.pages.say(visitor.language, "import-stale", &[]);
            planned(&front, &visitor, &upload, &said, Some(fault)).await
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Which {
    import: String,
}

pub(super) async fn undo(
    State(front): State<Arc<Front>>,
    visitor: Visitor,
    Form(which): Form<Which>,
) -> Answer {
    let undone = front
        .desk()
        .undo_import(Some(&which.import), visitor.name()?)
        .await;
    match front.told(&visitor, undone)? {
        Ok(_) => Ok(Redirect::to("/contacts/import?said=import-undone").into_response()),
        Err(fault) => sheet(&front, &visitor, Some(fault)).await,
    }
}

/// A plan as the page shows it.
fn shown(front: &Front, visitor: &Visitor, plan: &ImportPlan) -> Value {
    let columns: Vec<_> = plan
        .columns
        .iter()
        .filter(|column| !column.name.is_empty())
        .map(column)
        .collect();
    let names = plan.columns.iter().map(|column| column.name.as_str());
    let problems = plan.problems.iter().take(SHOWN);
    let tell = |said: &crate::domain::said::Said| front.tell(visitor, said);
    json!({
        "file": plan.file,
        "format": plan.format.name(),
        "encoding": plan.encoding,
        "within": plan.within.as_ref().map(tell),
        "columns": columns,
        "header": names.collect::<Vec<_>>(),
        "sample": plan.sample,
        "read": plan.read,
        "counts": plan.imported,
        "nothing": plan.added.is_empty() && plan.changed.is_empty(),
        "added": plan.added.iter().take(SHOWN).collect::<Vec<_>>(),
        "changed": plan.changed.iter().take(SHOWN).map(|one| json!({
            "line": one.line, "email": one.email, "fields": fields(&one.fields),
        })).collect::<Vec<_>>(),
        "conflicts": plan.conflicts.iter().take(SHOWN).map(|one| json!({
            "line": one.line, "email": one.email, "message": tell(&one.message), "fields": fields(&one.fields),
        })).collect::<Vec<_>>(),
        "conflicts_n": plan.conflicts.len(),
        "duplicates": plan.duplicates.iter().take(SHOWN).map(|one| json!({
            "line": one.line, "email": one.email, "like": one.like, "why": front.tell(visitor, &one.why),
        })).collect::<Vec<_>>(),
        "duplicates_n": plan.duplicates.len(),
        "problems": problems.map(|problem| json!({
            "line": problem.line, "message": tell(&problem.message), "error": problem.is_error(),
        })).collect::<Vec<_>>(),
        "problems_n": plan.problems.len(),
        "shown": SHOWN,
    })
}

fn fields(fields: &[FieldChange]) -> Vec<String> {
    let texts = fields.iter();
    texts
        .map(|one| format!("{}: {} → {}", one.field, one.old, one.new))
        .collect()
}

/// A column with everything that it could be taken for.
fn column(column: &Column) -> Value {
    let own = column.meaning.to_string();
    let fields = Field::ALL.into_iter().map(Field::name);
    let mut meanings: Vec<(String, bool)> = fields
        .chain(["given_name", "middle_name", "family_name", "ignore"])
        .map(|name| (name.to_owned(), true))
        .collect();
    let further = format!("{CUSTOM}{}", column.name.trim().to_lowercase());
    meanings.push((further, false));
    if !meanings.iter().any(|(name, _)| *name == own) {
        meanings.push((own.clone(), false));
    }
    let options = meanings.into_iter().map(|(meaning, field)| {
        json!({
            "value": format!("{}={meaning}", column.name),
            "name": meaning,
            "field": field,
            "own": meaning == own,
        })
    });
    json!({ "name": column.name, "options": options.collect::<Vec<_>>() })
}

//! Segments and press lists: what they hold, and one more saved.

use super::{Desk, DeskError};
use crate::config::{SEGMENTS_FILE, read_segments, with_segment};
use crate::domain::contact::Contact;
use crate::domain::contact_edit::FieldFault;
use crate::domain::contact_search::ContactSearch;
use crate::domain::likeness::Likeness;
use crate::domain::said::{Said, Tell};
use crate::domain::segment::{Matcher, Segment};
use crate::said;
use serde::Serialize;
use serde_json::json;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Contacts of each that are shown.
const FIRST: usize = 5;

/// A segment or a press list, and who is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    /// What it is chosen by: a segment's name, or `list:NAME`.
    pub name: String,
    /// A segment's rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// How many contacts are in it.
    pub count: u64,
    /// The first of them, by address.
    pub first: Vec<Member>,
}

/// A contact in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Member {
    /// Their identifier.
    pub id: String,
    /// Their address.
    pub email: String,
    /// Their name.
    pub name: String,
    /// Their outlet.
    pub outlet: String,
}

impl Member {
    fn of(contact: &Contact) -> Self {
        Self {
            id: contact.id.to_string(),
            email: contact.email.to_string(),
            name: contact.name.to_string(),
            outlet: contact.outlet.clone(),
        }
    }
}

/// All press lists, and how many contacts there are.
#[derive(Debug, Clone, Default)]
pub struct Lists {
    /// The lists, by name.
    pub groups: Vec<Group>,
    /// Contacts, on a list or not.
    pub contacts: u64,
}

impl Lists {
    /// The names of all lists.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.groups.iter();
        names.map(|group| group.name.strip_prefix(LIST).unwrap_or_default())
    }
}

/// What stands before a press list's name where segments are chosen.
const LIST: &str = "list:";

/// What all contacts were asked, and their state by then.
type Asked = (u64, Vec<(String, String)>);

/// The last counts of all segments and lists: they hold until a contact or a
/// rule changes. Only one count is under way at a time; whoever else asks waits
/// for it.
#[derive(Debug, Default)]
pub struct Counted {
    segments: Mutex<Option<(Asked, Arc<Vec<Group>>)>>,
    lists: Mutex<Option<(u64, Arc<Lists>)>>,
    /// Who is like whom.
    pub(super) likenesses: Mutex<Option<(u64, Arc<Vec<Likeness>>)>>,
}

/// A segment to be saved.
#[derive(Debug, Clone, Default)]
pub struct NewSegment {
    /// Its name.
    pub name: String,
    /// Its rule; where it is empty, it is made of the segments below.
    pub rule: String,
    /// Whoever is in one of these.
    pub to: Vec<String>,
    /// But in none of these.
    pub not: Vec<String>,
}

/// What came of saving a segment.
#[derive(Debug)]
#[must_use]
pub enum SegmentSaved {
    /// It stands in the file, and holds so many contacts.
    Done(Group),
    /// These fields cannot be so; nothing was written.
    Faulty(Vec<FieldFault>),
}

impl Desk {
    /// All segments with who is in them now.
    ///
    /// # Errors
    /// Problems in their file, or the store failed.
    pub async fn segment_groups(&self, counted: &Counted) -> Result<Arc<Vec<Group>>, DeskError> {
        let segments = self.segments_now()?;
        let rules = segments.iter();
        let rules = rules.map(|one| (one.name().to_owned(), one.rule().to_owned()));
        let mut last = counted.segments.lock().await;
        let asked = (self.store.contacts_version().await?, rules.collect());
        if let Some((known, groups)) = last.as_ref()
            && *known == asked
        {
            return Ok(Arc::clone(groups));
        }
        let groups = Arc::new(self.count(&segments).await?);
        *last = Some((asked, Arc::clone(&groups)));
        Ok(groups)
    }

    async fn count(&self, segments: &[Segment]) -> Result<Vec<Group>, DeskError> {
        let matcher = Matcher::default();
        let mut groups: Vec<_> = segments
            .iter()
            .map(|one| Group {
                name: one.name().to_owned(),
                rule: Some(one.rule().to_owned()),
                count: 0,
                first: Vec::new(),
            })
            .collect();
        self.each_contact(|contact| {
            let held = matcher.matches(&contact, segments);
            for (group, _) in groups.iter_mut().zip(held).filter(|(_, held)| *held) {
                group.count += 1;
                if group.first.len() < FIRST {
                    group.first.push(Member::of(&contact));
                }
            }
            Ok(())
        })
        .await?;
        Ok(groups)
    }

    /// All press lists with who stands on them.
    ///
    /// # Errors
    /// The store failed.
    pub async fn press_lists(&self, counted: &Counted) -> Result<Arc<Lists>, DeskError> {
        let mut last = counted.lists.lock().await;
        let version = self.store.contacts_version().await?;
        if let Some((known, lists)) = last.as_ref()
            && *known == version
        {
            return Ok(Arc::clone(lists));
        }
        let mut lists = Lists {
            groups: Vec::new(),
            contacts: self.store.contact_count().await?,
        };
        for (list, count) in self.store.lists().await? {
            let name = format!("{LIST}{list}");
            let search = ContactSearch::new("", Some(list));
            let first = self.find_contacts(&search, None, FIRST as u32).await?;
            lists.groups.push(Group {
                name,
                rule: None,
                count,
                first: first.iter().map(Member::of).collect(),
            });
        }
        let lists = Arc::new(lists);
        *last = Some((version, Arc::clone(&lists)));
        Ok(lists)
    }

    /// Saves one more segment into segments.toml: checked first, in one step, and
    /// beside everything that stands there.
    ///
    /// # Errors
    /// The file has problems or cannot be written, or the store failed; what is
    /// wrong with the segment is an answer.
    pub async fn save_segment(
        &self,
        new: &NewSegment,
        by: &str,
    ) -> Result<SegmentSaved, DeskError> {
        let name = new.name.trim();
        let rule = if new.rule.trim().is_empty() && !new.to.is_empty() {
            match self.composed(new).await? {
                Ok(rule) => rule,
                Err(fault) => return Ok(SegmentSaved::Faulty(vec![fault])),
            }
        } else {
            new.rule.replace("\r\n", "\n").trim().to_owned()
        };
        if let Err(faults) = self.add_to_file(name, &rule)? {
            return Ok(SegmentSaved::Faulty(faults));
        }
        self.note(
            by,
            "segment_saved",
            json!({ "segment": name, "rule": rule }),
        )
        .await?;
        let saved = self.segments(&[name.to_owned()])?;
        let group = self.count(&saved).await?.into_iter().next();
        let missing =
            || DeskError::request(said!("the segment `{name}` was taken out again", name));
        Ok(SegmentSaved::Done(group.ok_or_else(missing)?))
    }

    /// One rule for whoever is in some segments and not in others.
    ///
    /// A field that a contact lacks makes a segment's rule false; within a longer
    /// rule it may make all of it false. So every contact is asked both ways.
    async fn composed(&self, new: &NewSegment) -> Result<Result<String, FieldFault>, DeskError> {
        let (to, not) = (self.segments(&new.to)?, self.segments(&new.not)?);
        let rule = composed(&to, &not);
        let fault = |message: Said| FieldFault {
            field: "where".to_owned(),
            message,
        };
        let whole = match Segment::parse(new.name.trim(), &rule) {
            Ok(whole) => [whole],
            Err(error) => return Ok(Err(fault(error.said()))),
        };
        let (matcher, mut other) = (Matcher::default(), None);
        self.each_contact(|contact| {
            let (held, barred) = matcher.first_matches(&contact, &to, &not);
            let chosen = held.is_some() && barred.is_none();
            if other.is_none() && matcher.matches(&contact, &whole) != [chosen] {
                other = Some(contact.email);
            }
            Ok(())
        })
        .await?;
        Ok(match other {
            None => Ok(rule),
            Some(email) => Err(fault(said!(
                "as one rule these segments would choose otherwise for {email}, who lacks a field; guard it with has(contact.custom.COLUMN) in the segment that asks for it",
                email
            ))),
        })
    }

    fn add_to_file(
        &self,
        name: &str,
        rule: &str,
    ) -> Result<Result<(), Vec<FieldFault>>, DeskError> {
        let path = self.workspace.join(SEGMENTS_FILE);
        // Nobody else of ours writes it meanwhile.
        let folder = std::fs::File::open(&self.workspace)
            .and_then(|folder| folder.lock().map(|()| folder))
            .map_err(DeskError::file("lock", &self.workspace))?;
        let (_, text) = read_segments(&self.workspace).map_err(DeskError::Problems)?;
        let whole = match with_segment(&text, name, rule) {
            Ok(whole) => whole,
            Err(faults) => return Ok(Err(faults)),
        };
        replace(&path, whole.as_bytes()).map_err(DeskError::file("write", &path))?;
        drop(folder);
        Ok(Ok(()))
    }
}

fn composed(to: &[Segment], not: &[Segment]) -> String {
    // A rule that ends in a remark ends with its line.
    let held = |one: &Segment| match one.rule().contains("//") {
        true => format!("({}\n)", one.rule().trim()),
        false => format!("({})", one.rule().trim()),
    };
    if let ([only], []) = (to, not) {
        return only.rule().trim().to_owned();
    }
    let any = to.iter().map(held).collect::<Vec<_>>().join(" || ");
    let any = if to.len() > 1 && !not.is_empty() {
        format!("({any})")
    } else {
        any
    };
    not.iter()
        .map(held)
        .fold(any, |rule, one| format!("{rule} && !{one}"))
}

/// Puts another content in a file's place in one step, with the rights that the
/// file has; a new one is its owner's alone.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = target.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    if let Ok(known) = std::fs::metadata(&target) {
        file.as_file().set_permissions(known.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(&target)?;
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_become_one_rule() {
        let all = ["true", "false // never", " contact.country == 'KZ' "]
            .map(|rule| Segment::parse("s", rule).unwrap());
        assert_eq!(composed(&all[..1], &[]), "true");
        assert_eq!(composed(&all[..2], &[]), "(true) || (false // never\n)");
        assert_eq!(
            composed(&all[..1], &all[2..]),
            "(true) && !(contact.country == 'KZ')"
        );
        let whole = composed(&all, &all[1..]);
        assert!(Segment::parse("s", &whole).is_ok(), "{whole}");
        assert!(whole.starts_with("((true) || "), "{whole}");
    }
}

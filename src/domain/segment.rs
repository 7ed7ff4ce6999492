//! Segments: saved rules in CEL that select contacts.
//!
//! A rule is compiled and tried when it is loaded, so that a wrong one is
//! found by `check` and not on the day of the release. At selection a field
//! that a contact lacks makes the rule false, never an error.

use super::contact::Contact;
use super::said::{Said, Tell};
use crate::{said, shown_as_said};
use cel::{Context, Env, ExecutionError, Program, Value};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What a rule may ask of `contact`.
pub const FIELDS: [&str; 14] = [
    "email",
    "domain",
    "name",
    "salutation",
    "outlet",
    "role",
    "country",
    "languages",
    "time_zone",
    "beats",
    "lists",
    "embargo_agreement",
    "notes",
    "custom",
];

/// A saved rule over contacts.
pub struct Segment {
    name: String,
    rule: String,
    program: Program,
}

/// Why a rule cannot stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct SegmentError {
    segment: String,
    reason: Said,
    rule: String,
    marker: String,
}

impl Tell for SegmentError {
    fn said(&self) -> Said {
        let Self {
            segment,
            reason,
            rule,
            marker,
        } = self;
        said!(
            "segment `{segment}`: {reason}\n  {rule}\n  {marker}",
            segment,
            reason,
            rule,
            marker
        )
    }
}

shown_as_said!(SegmentError);

impl Segment {
    /// Compiles a rule and tries it on a contact with every field filled.
    ///
    /// # Errors
    /// A syntax error, an unknown field or function, or a rule that is neither
    /// true nor false; the message points into the rule.
    pub fn parse(name: &str, rule: &str) -> Result<Self, SegmentError> {
        let wrong = |reason: Said, at: usize| SegmentError {
            segment: name.to_owned(),
            reason,
            rule: rule.replace(['\n', '\t'], " "),
            marker: format!("{}^", " ".repeat(at)),
        };
        let program = Program::compile(rule).map_err(|errors| {
            let first = errors.errors.first();
            let message = first.map_or_else(
                || Said::verbatim(&errors),
                |error| Said::verbatim(&error.msg),
            );
            wrong(message, first.map_or(0, |error| offset_of(rule, error.pos)))
        })?;
        if let Some((field, at)) = unknown_field(rule) {
            let known = FIELDS.join(", ");
            return Err(wrong(
                said!(
                    "contact has no field `{field}`; expected one of {known} (or custom.COLUMN)",
                    field,
                    known
                ),
                at,
            ));
        }
        let segment = Self {
            name: name.to_owned(),
            rule: rule.to_owned(),
            program,
        };
        segment.probe().map_err(|(reason, named)| {
            wrong(
                reason,
                named
                    .and_then(|text| rule.find(&text))
                    .map_or(0, |byte| rule[..byte].chars().count()),
            )
        })?;
        Ok(segment)
    }

    /// The name it is chosen by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The rule as written.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// Runs the rule over an example, to find what compiling does not.
    fn probe(&self) -> Result<(), (Said, Option<String>)> {
        match self.program.execute(&root_with(Facts::example())) {
            Ok(Value::Bool(_))
            | Err(ExecutionError::NoSuchKey(_) | ExecutionError::IndexOutOfBounds(_)) => Ok(()),
            Ok(other) => Err((
                said!(
                    "the rule gives {kind}; expected true or false",
                    kind = format_args!("{:?}", other.type_of())
                ),
                None,
            )),
            Err(ExecutionError::UndeclaredReference(what)) => Err((
                said!("`{name}` is neither `contact` nor a function", name = what),
                Some(what.to_string()),
            )),
            Err(other) => Err((Said::verbatim(other), None)),
        }
    }

    fn matches(&self, context: &Context<'_, '_>) -> bool {
        matches!(self.program.execute(context), Ok(Value::Bool(true)))
    }
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Segment")
            .field("name", &self.name)
            .field("rule", &self.rule)
            .finish_non_exhaustive()
    }
}

/// Asks rules about contacts, one contact at a time: the contact is laid out
/// for CEL once, however many rules are asked about it.
pub struct Matcher {
    env: Arc<Env>,
}

impl Default for Matcher {
    fn default() -> Self {
        Self {
            env: Arc::new(Env::stdlib()),
        }
    }
}

impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Matcher")
    }
}

impl Matcher {
    /// Which of these segments hold the contact, in their order.
    pub fn matches(&self, contact: &Contact, segments: &[Segment]) -> Vec<bool> {
        let mut context = Context::with_env(Arc::clone(&self.env));
        add_contact(&mut context, Facts::of(contact));
        let held = segments.iter().map(|segment| segment.matches(&context));
        held.collect()
    }

    /// The first of these segments that holds the contact, and the first of
    /// those that bar it.
    pub fn first_matches<'s>(
        &self,
        contact: &Contact,
        to: &'s [Segment],
        not: &'s [Segment],
    ) -> (Option<&'s Segment>, Option<&'s Segment>) {
        let mut context = Context::with_env(Arc::clone(&self.env));
        add_contact(&mut context, Facts::of(contact));
        let first =
            |segments: &'s [Segment]| segments.iter().find(|segment| segment.matches(&context));
        (first(to), first(not))
    }
}

fn root_with(facts: Facts<'_>) -> Context<'static, 'static> {
    let mut context = Context::with_env(Arc::new(Env::stdlib()));
    add_contact(&mut context, facts);
    context
}

fn add_contact(context: &mut Context<'_, '_>, facts: Facts<'_>) {
    // Laying out plain strings and lists cannot fail; a contact that could not
    // be laid out would match no rule, which is the safe side.
    if let Ok(value) = cel::to_value(facts) {
        context.add_variable_from_value("contact", value);
    }
}

/// A contact as CEL sees it.
#[derive(Serialize)]
struct Facts<'c> {
    email: String,
    domain: &'c str,
    name: &'c str,
    salutation: &'c str,
    outlet: &'c str,
    role: &'c str,
    country: &'c str,
    languages: Vec<String>,
    time_zone: &'c str,
    beats: &'c [String],
    lists: &'c [String],
    embargo_agreement: bool,
    notes: &'c str,
    custom: &'c BTreeMap<String, String>,
}

static NO_CUSTOM: BTreeMap<String, String> = BTreeMap::new();

impl<'c> Facts<'c> {
    fn of(contact: &'c Contact) -> Self {
        Self {
            email: contact.email.to_string(),
            domain: contact.email.domain(),
            name: contact.name.as_str(),
            salutation: &contact.salutation,
            outlet: &contact.outlet,
            role: &contact.role,
            country: &contact.country,
            languages: contact.languages.iter().map(ToString::to_string).collect(),
            time_zone: contact.time_zone.as_ref().map_or("", |zone| zone.name()),
            beats: &contact.beats,
            lists: &contact.lists,
            embargo_agreement: contact.is_listed_as_agreed(),
            notes: &contact.notes,
            custom: &contact.custom,
        }
    }

    fn example() -> Self {
        Self {
            email: "desk@example.org".to_owned(),
            domain: "example.org",
            name: "Example",
            salutation: "Dear Example",
            outlet: "Example",
            role: "editor",
            country: "KZ",
            languages: vec!["en".to_owned()],
            time_zone: "Asia/Almaty",
            beats: &[],
            lists: &[],
            embargo_agreement: true,
            notes: "",
            custom: &NO_CUSTOM,
        }
    }
}

/// The character offset of a parser position (line from 1, column from 0 or 1).
fn offset_of(rule: &str, (line, column): (isize, isize)) -> usize {
    let lines_before = usize::try_from(line - 1).unwrap_or(0);
    let before: usize = rule
        .split('\n')
        .take(lines_before)
        .map(|line| line.chars().count() + 1)
        .sum();
    before + usize::try_from(column - 1).unwrap_or(0)
}

/// The first `contact.NAME` outside quotes whose name is unknown, and its offset in characters.
fn unknown_field(rule: &str) -> Option<(String, usize)> {
    let bare = without_strings(rule);
    let mut rest = 0;
    while let Some(found) = bare[rest..].find("contact.") {
        let start = rest + found + "contact.".len();
        let name: String = bare[start..]
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        let whole_word = !bare[..rest + found]
            .ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.'));
        if whole_word && !name.is_empty() && !FIELDS.contains(&name.as_str()) {
            return Some((name, bare[..start].chars().count()));
        }
        rest = start;
    }
    None
}

/// The rule with everything in quotes blanked, character for character.
fn without_strings(rule: &str) -> String {
    let mut quote = None;
    let mut escaped = false;
    rule.chars()
        .map(|c| match quote {
            Some(open) => {
                if c == open && !escaped {
                    quote = None;
                }
                escaped = c == '\\' && !escaped;
                ' '
            }
            None if matches!(c, '\'' | '"') => {
                quote = Some(c);
                ' '
            }
            None => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact() -> Contact {
        crate::domain::contact::example("a@example.org")
    }

    fn holds(rule: &str) -> bool {
        let segment = [Segment::parse("s", rule).unwrap()];
        Matcher::default()
            .first_matches(&contact(), &segment, &[])
            .0
            .is_some()
    }

    #[test]
    fn rules_select() {
        assert!(holds(
            "contact.country in ['KZ','KG'] && 'human-rights' in contact.beats"
        ));
        assert!(!holds("contact.country == 'DE'"));
        assert!(holds("contact.custom.tier == '1'"));
        assert!(holds(
            "contact.outlet.contains('Example') && !contact.embargo_agreement"
        ));
        assert!(holds("contact.languages.exists(l, l == 'ru')"));
    }

    #[test]
    fn a_missing_field_is_false() {
        assert!(!holds("contact.custom.absent == '1'"));
        assert!(holds(
            "contact.custom.absent == '1' || contact.country == 'KZ'"
        ));
    }

    #[test]
    fn wrong_rules_are_refused_at_load_and_pointed_at() {
        for (rule, part) in [
            ("contact.contry == 'KZ'", "contact has no field `contry`"),
            ("contact.country ==", "segment `s`"),
            ("contact.country", "expected true or false"),
            (
                "kontact.country == 'KZ'",
                "neither `contact` nor a function",
            ),
            ("contact.country > 4", "segment `s`"),
        ] {
            let error = Segment::parse("s", rule).unwrap_err().to_string();
            assert!(error.contains(part), "{rule}: {error}");
        }
        let error = Segment::parse("s", "true && contact.contry == 'contact.x'")
            .unwrap_err()
            .to_string();
        assert!(
            error.ends_with(&format!("\n  {}^", " ".repeat(16))),
            "{error}"
        );
    }
}

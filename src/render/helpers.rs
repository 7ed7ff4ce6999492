//! What a template may call. Nothing here reaches the system.
//!
//! `if` and `unless` are stricter than handlebars' own: a condition on a name
//! that no letter ever has is an error too, since a mistyped condition would
//! silently drop a part of the mail.

use super::marks;
use super::plain;
use super::shape::Shape;
use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, JsonTruthy, Output, RenderContext,
    RenderErrorReason, Renderable,
};
use std::borrow::Cow;

/// Fields that a letter may lack; templates test for them with `if`.
const OPTIONAL: [&str; 18] = [
    "boilerplate",
    "date",
    "dateline",
    "email",
    "embargo",
    "logo",
    "name",
    "notes",
    "outlet",
    "phone",
    "place",
    "postal_address",
    "preferences",
    "role",
    "salutation",
    "subhead",
    "subject",
    "website",
];

/// Registers the helpers of HTML templates.
pub(super) fn register(registry: &mut Handlebars<'static>) {
    // It would write to the process's log.
    registry.unregister_helper("log");
    registry.register_helper("if", Box::new(Condition { wanted: true }));
    registry.register_helper("unless", Box::new(Condition { wanted: false }));
    registry.register_helper("upper", Box::new(Words::shaping(Shape::Upper)));
}

/// Escapes a value for HTML text and quoted attributes.
pub fn escape(text: &str) -> Cow<'_, str> {
    const MEANINGFUL: [char; 5] = ['&', '<', '>', '"', '\''];
    if !text.contains(MEANINGFUL) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(at) = rest.find(MEANINGFUL) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        out.push_str(match from.as_bytes().first() {
            Some(b'&') => "&amp;",
            Some(b'<') => "&lt;",
            Some(b'>') => "&gt;",
            Some(b'"') => "&quot;",
            _ => "&#39;",
        });
        rest = from.get(1..).unwrap_or("");
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The helpers that only plain text has.
const TEXT_ONLY: [(&str, Shape); 4] = [
    ("wrap", Shape::Wrapped),
    ("underline", Shape::Underlined),
    ("heading", Shape::Heading),
    ("bullet", Shape::Bullet),
];

/// Registers what only plain text needs.
pub(super) fn register_text(registry: &mut Handlebars<'static>) {
    for (name, shape) in TEXT_ONLY {
        registry.register_helper(name, Box::new(Words::shaping(shape)));
    }
    registry.register_helper("rule", Box::new(rule));
}

/// Whether a name is that of a helper from one text to another.
pub(super) fn is_text_helper(name: &str) -> bool {
    name == "upper" || TEXT_ONLY.iter().any(|(own, _)| *own == name)
}

/// A copy of HTML templates that notes on a mark what it would do to a value.
pub(super) fn marking_html(registry: &Handlebars<'static>) -> Handlebars<'static> {
    let mut marking = registry.clone();
    marking.register_escape_fn(|text| marks::shaped(text, Shape::Escaped));
    marking.register_helper("upper", Box::new(Words::marking(Shape::Upper)));
    marking
}

/// A copy of text templates that notes on a mark what it would do to a value.
pub(super) fn marking_text(registry: &Handlebars<'static>) -> Handlebars<'static> {
    let mut marking = registry.clone();
    marking.register_helper("upper", Box::new(Words::marking(Shape::Upper)));
    for (name, shape) in TEXT_ONLY {
        marking.register_helper(name, Box::new(Words::marking(shape)));
    }
    marking
}

struct Condition {
    wanted: bool,
}

impl HelperDef for Condition {
    fn call<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        r: &'reg Handlebars<'reg>,
        ctx: &'rc Context,
        rc: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let param = h
            .param(0)
            .ok_or(RenderErrorReason::ParamNotFoundForIndex("if", 0))?;
        if param.is_value_missing()
            && !param
                .relative_path()
                .is_some_and(|path| may_be_absent(path))
        {
            return Err(RenderErrorReason::MissingVariable(param.relative_path().cloned()).into());
        }
        let branch = if param.value().is_truthy(false) == self.wanted {
            h.template()
        } else {
            h.inverse()
        };
        branch.map_or(Ok(()), |template| template.render(r, ctx, rc, out))
    }
}

/// `data` is the newsroom's own, so any name under it may be absent.
fn may_be_absent(path: &str) -> bool {
    let mut parts = path.split(['.', '/']).filter(|part| !part.is_empty());
    let last = path.rsplit(['.', '/']).next().unwrap_or(path);
    OPTIONAL.contains(&last) || parts.any(|part| part == "data")
}

/// A helper from text to text, escaped as any value is.
struct Words {
    shape: Shape,
    /// What it makes of a text in that shape.
    write: fn(&str, Shape) -> String,
}

impl Words {
    /// It shapes the text.
    fn shaping(shape: Shape) -> Self {
        let write = |text: &str, shape: Shape| shape.apply(text).into_owned();
        Self { shape, write }
    }

    /// The same, but a mark is not shaped: it notes the shape.
    fn marking(shape: Shape) -> Self {
        let write = marks::shaped;
        Self { shape, write }
    }
}

impl HelperDef for Words {
    fn call<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        r: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let param = h
            .param(0)
            .ok_or(RenderErrorReason::ParamNotFoundForIndex("a text helper", 0))?;
        if param.is_value_missing() {
            return Err(RenderErrorReason::MissingVariable(param.relative_path().cloned()).into());
        }
        let made = match param.value().as_str() {
            Some(text) => (self.write)(text, self.shape),
            None => (self.write)(&param.render(), self.shape),
        };
        out.write(&r.get_escape_fn()(&made))?;
        Ok(())
    }
}

fn rule(
    _: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    out.write(&"-".repeat(plain::COLUMNS))?;
    Ok(())
}

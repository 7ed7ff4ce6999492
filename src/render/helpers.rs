//! What a template may call. Nothing here reaches the system.
//!
//! `if` and `unless` are stricter than handlebars' own: a condition on a name
//! that no letter ever has is an error too, since a mistyped condition would
//! silently drop a part of the mail.

use super::plain;
use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, JsonTruthy, Output, RenderContext,
    RenderErrorReason, Renderable,
};

/// Fields that a letter may lack; templates test for them with `if`.
const OPTIONAL: [&str; 17] = [
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
    registry.register_helper("upper", Box::new(Words(|text| text.to_uppercase())));
}

/// Escapes a value for HTML text and quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
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
    out
}

/// Registers what only plain text needs.
pub(super) fn register_text(registry: &mut Handlebars<'static>) {
    registry.register_helper("wrap", Box::new(Words(|text| plain::wrap(text, "", ""))));
    registry.register_helper(
        "underline",
        Box::new(Words(|text| plain::underlined(text, '='))),
    );
    registry.register_helper(
        "heading",
        Box::new(Words(|text| plain::underlined(text, '-'))),
    );
    registry.register_helper("bullet", Box::new(Words(plain::bullet)));
    registry.register_helper("rule", Box::new(rule));
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
struct Words(fn(&str) -> String);

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
            Some(text) => (self.0)(text),
            None => (self.0)(&param.render()),
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

//! Which templates may be made into forms: those in which a reader's value can
//! decide nothing but whether it is there.
//!
//! Such a template prints the values of a reader, shapes them with a text
//! helper, or asks with `if` and `unless` whether there are any. All else that
//! could look into a value (comparing, looking up, computing, renaming it by a
//! parameter) must keep away from every name under which a reader's value or
//! something that holds one can be reached; a template that does not is written
//! anew for each reader. The walk errs on that side.

use super::helpers::is_text_helper;
use handlebars::Template;
use handlebars::template::{DecoratorTemplate, HelperTemplate, Parameter, TemplateElement};
use std::collections::HashMap;

/// Parts of names that lead to a reader's values; the first variant of all
/// `variants` holds the greeting.
const READER: [&str; 5] = ["recipient", "salutation", "why", "opt_out", "variants"];

/// Whether a template treats a reader's values as nothing but text.
pub(super) fn treats_readers_alike(template: &Template) -> bool {
    template.elements.iter().all(element)
}

fn element(element: &TemplateElement) -> bool {
    match element {
        TemplateElement::RawString(_) | TemplateElement::Comment(_) => true,
        TemplateElement::Expression(tag) | TemplateElement::HtmlExpression(tag) => helper(tag),
        TemplateElement::HelperBlock(tag) => helper(tag) && branches(tag),
        TemplateElement::PartialExpression(tag) | TemplateElement::PartialBlock(tag) => {
            // The indent of a partial goes into the lines of the values in it.
            tag.indent.is_none()
                && tag.params.iter().all(is_same_scope)
                && hash(&tag.hash)
                && inner(tag)
        }
        TemplateElement::DecoratorExpression(tag) | TemplateElement::DecoratorBlock(tag) => {
            tag.params.iter().all(is_apart) && hash(&tag.hash) && inner(tag)
        }
        _ => false,
    }
}

fn branches(tag: &HelperTemplate) -> bool {
    [&tag.template, &tag.inverse]
        .into_iter()
        .flatten()
        .all(treats_readers_alike)
}

fn inner(tag: &DecoratorTemplate) -> bool {
    tag.template.as_ref().is_none_or(treats_readers_alike)
}

fn hash(hash: &HashMap<String, Parameter>) -> bool {
    hash.values().all(is_apart)
}

fn helper(tag: &HelperTemplate) -> bool {
    // A block parameter would give a value a name that nobody watches.
    if tag.block_param.is_some() || !hash(&tag.hash) {
        return false;
    }
    let one = |fits: fn(&Parameter) -> bool| matches!(&tag.params[..], [only] if fits(only));
    match tag.name.as_name() {
        Some("if" | "unless") => one(is_plain),
        Some("each") => one(is_apart) || one(is_all_variants),
        Some("with") => one(is_same_scope),
        Some(name) if is_text_helper(name) && !tag.block => one(is_plain),
        // A field, printed; or a helper without parameters.
        Some(_) if tag.params.is_empty() => !tag.block || is_apart(&tag.name),
        Some(_) => tag.params.iter().all(is_apart),
        None => is_apart(&tag.name) && tag.params.iter().all(is_apart),
    }
}

/// A value as it is, whosever it is; or one computed from what is apart.
fn is_plain(parameter: &Parameter) -> bool {
    match parameter {
        Parameter::Name(_) | Parameter::Path(_) | Parameter::Literal(_) => true,
        Parameter::Subexpression(_) => is_apart(parameter),
        _ => false,
    }
}

/// Something from which no reader's value can be reached, under any name.
fn is_apart(parameter: &Parameter) -> bool {
    match parameter {
        Parameter::Literal(_) => true,
        Parameter::Name(name) => is_path_apart(name),
        Parameter::Path(_) => parameter.as_name().is_some_and(is_path_apart),
        Parameter::Subexpression(inner) => {
            let TemplateElement::Expression(tag) = inner.as_element() else {
                return false;
            };
            is_apart(&tag.name) && tag.params.iter().all(is_apart) && hash(&tag.hash)
        }
        _ => false,
    }
}

fn is_path_apart(path: &str) -> bool {
    let named = names(path).next().is_some();
    named && !READER.iter().any(|name| path.contains(name))
}

/// A scope in which a reader's values have the names they always have: where
/// the template already is or was, one of the variants, or something apart.
fn is_same_scope(parameter: &Parameter) -> bool {
    if is_apart(parameter) {
        return true;
    }
    let Parameter::Path(_) = parameter else {
        return false;
    };
    let mut names = names(parameter.as_name().unwrap_or("?"));
    match (names.next(), names.next(), names.next()) {
        (None, None, None) => true,
        (Some("variants"), Some(index), None) => index.parse::<usize>().is_ok(),
        (Some(_), _, _) | (None, _, _) => false,
    }
}

fn is_all_variants(parameter: &Parameter) -> bool {
    let Parameter::Path(_) = parameter else {
        return false;
    };
    let mut names = names(parameter.as_name().unwrap_or("?"));
    names.next() == Some("variants") && names.next().is_none()
}

/// The names in a path, without what only says where it begins.
fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split(['.', '/', '[', ']'])
        .map(str::trim)
        .filter(|name| !matches!(*name, "" | "this" | "@root"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(template: &str) -> bool {
        treats_readers_alike(&Template::compile(template).unwrap())
    }

    #[test]
    fn printing_shaping_and_asking_whether_it_is_there_are_fine() {
        for template in [
            "{{recipient.name}} {{{why}}} {{this.recipient.[outlet]}} {{rule}}",
            "{{#if recipient.outlet}}{{upper recipient.outlet}}{{else}}x{{/if}}",
            "{{#unless salutation}}x{{else if recipient.name}}{{wrap @root.why}}{{/unless}}",
            "{{#each variants}}{{#if first}}{{salutation}}{{/if}}{{/each}}",
            "{{#with variants.[0]}}{{bullet salutation}}{{/with}}",
            "{{#each contacts}}{{> contact this}}{{/each}}{{> foot}}{{> foot shade=newsroom.accent}}",
            "{{#if (eq release.kind \"statement\")}}{{why}}{{/if}}",
            "{{lookup data lang}}{{#each highlights}}{{@index}}{{this}}{{/each}}",
        ] {
            assert!(check(template), "{template}");
        }
    }

    #[test]
    fn whatever_could_look_into_a_value_is_not() {
        for template in [
            "{{#if (eq recipient.outlet \"X\")}}x{{/if}}",
            "{{#if (not salutation)}}x{{/if}}",
            "{{#eq why \"x\"}}x{{/eq}}",
            "{{#with recipient}}{{name}}{{/with}}",
            "{{#with (lookup this \"recipient\")}}{{name}}{{/with}}",
            "{{#each recipient}}{{this}}{{/each}}",
            "{{#each this}}{{this}}{{/each}}",
            "{{#each @root}}{{this}}{{/each}}",
            "{{#each variants.[0]}}{{this}}{{/each}}",
            "{{#each variants as |v|}}{{v.salutation}}{{/each}}",
            "{{#with variants}}{{len this}}{{/with}}",
            "{{#each variants}}{{#each ../this}}{{this}}{{/each}}{{/each}}",
            "{{lookup recipient \"name\"}}",
            "{{lookup @root \"why\"}}",
            "{{lookup this data.key}}",
            "{{len [salutation]}}",
            "{{len ../recipient/name}}",
            "{{upper (lookup recipient \"name\")}}",
            "{{#upper recipient.name}}x{{/upper}}",
            "{{> p recipient}}",
            "{{> p who=recipient.name}}",
            "{{> p all=this}}",
            "  {{> p}}\n",
            "{{#recipient}}{{name}}{{/recipient}}",
            "{{#*inline \"p\"}}{{#if (eq why \"x\")}}x{{/if}}{{/inline}}{{> p}}",
            "{{#> p}}{{len why}}{{/p}}",
            "{{#if a}}{{else}}{{len why}}{{/if}}",
            "{{wrap recipient.name width=why}}",
            "{{other recipient}}",
        ] {
            assert!(!check(template), "{template}");
        }
    }
}

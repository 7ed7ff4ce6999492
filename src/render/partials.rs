//! Checks a template before it may be registered: its nesting, the partials it
//! names, and that no chain of partials comes back to where it began.
//!
//! Handlebars would recurse until the stack is gone; here a loop is found at
//! load, and the error names the chain.

use crate::domain::problem::Problem;
use crate::domain::said::Said;
use crate::said;
use handlebars::Template;
use handlebars::template::{DecoratorTemplate, HelperTemplate, Parameter, TemplateElement};
use std::collections::{BTreeMap, BTreeSet};

/// Blocks or parentheses deeper than this are no template a person wrote.
const MAX_DEPTH: usize = 64;

/// Whether the parser can be let at a text: it recurses once per level.
pub(super) fn check_depth(shown: &str, text: &str) -> Result<(), Problem> {
    let mut depth = 0_usize;
    for (index, line) in text.lines().enumerate() {
        for piece in line.split("{{").skip(1) {
            let piece = piece.trim_start_matches(['{', '~']);
            if piece.starts_with(['#', '^']) {
                depth += 1;
            } else if piece.starts_with('/') {
                depth = depth.saturating_sub(1);
            }
            let parens = piece
                .split("}}")
                .next()
                .unwrap_or(piece)
                .matches('(')
                .count();
            if depth > MAX_DEPTH || parens > MAX_DEPTH {
                return Err(Problem::error(
                    shown,
                    said!(
                        "blocks or parentheses are nested more than {most} deep",
                        most = MAX_DEPTH
                    ),
                )
                .at_line(index + 1));
            }
        }
    }
    Ok(())
}

/// Which partials each template uses; inline partials are nodes of their own.
#[derive(Debug, Default)]
pub(super) struct Graph {
    uses: BTreeMap<String, BTreeSet<String>>,
    /// Uses that have no fallback block and so must exist.
    required: Vec<(String, String)>,
    computed: Vec<String>,
}

impl Graph {
    /// Takes in a template under its name.
    pub(super) fn add(&mut self, name: &str, template: &Template) {
        self.uses.entry(name.to_owned()).or_default();
        self.walk(name, template);
    }

    /// The faults: a name that is computed, a partial that is not there, a loop.
    pub(super) fn faults(&self) -> Vec<(String, Said)> {
        let computed = self.computed.iter().map(|name| {
            (
                name.clone(),
                said!("the name of a partial is computed; expected a plain name"),
            )
        });
        let missing = self
            .required
            .iter()
            .filter(|(_, used)| !self.uses.contains_key(used))
            .map(|(name, used)| {
                (
                    name.clone(),
                    said!(
                        "no partial `{used}` in the kit; expected a file `partials/{used}.hbs`",
                        used
                    ),
                )
            });
        let mut faults: Vec<_> = computed.chain(missing).collect();
        let mut done = BTreeSet::new();
        for name in self.uses.keys() {
            if let Some(chain) = self.cycle_from(name, &mut Vec::new(), &mut done) {
                faults.push((
                    name.clone(),
                    said!(
                        "partials include one another without end: {chain}",
                        chain = chain.join(" -> ")
                    ),
                ));
                break;
            }
        }
        faults
    }

    fn cycle_from(
        &self,
        name: &str,
        chain: &mut Vec<String>,
        done: &mut BTreeSet<String>,
    ) -> Option<Vec<String>> {
        if let Some(start) = chain.iter().position(|seen| seen == name) {
            let mut cycle = chain[start..].to_vec();
            cycle.push(name.to_owned());
            return Some(cycle);
        }
        if done.contains(name) {
            return None;
        }
        chain.push(name.to_owned());
        let found = self
            .uses
            .get(name)
            .into_iter()
            .flatten()
            .find_map(|used| self.cycle_from(used, chain, done));
        chain.pop();
        done.insert(name.to_owned());
        found
    }

    fn walk(&mut self, name: &str, template: &Template) {
        for element in &template.elements {
            if let TemplateElement::HelperBlock(block) = element {
                self.walk_helper(name, block);
            } else if let TemplateElement::PartialExpression(partial)
            | TemplateElement::PartialBlock(partial) = element
            {
                self.use_partial(name, partial);
            } else if let TemplateElement::DecoratorBlock(decorator)
            | TemplateElement::DecoratorExpression(decorator) = element
            {
                self.define_inline(name, decorator);
            }
        }
    }

    fn walk_helper(&mut self, name: &str, block: &HelperTemplate) {
        for branch in [&block.template, &block.inverse].into_iter().flatten() {
            self.walk(name, branch);
        }
    }

    fn use_partial(&mut self, name: &str, partial: &DecoratorTemplate) {
        if let Some(block) = &partial.template {
            self.walk(name, block);
        }
        match partial.name.as_name() {
            Some("@partial-block") => {}
            Some(used) => {
                self.uses
                    .entry(name.to_owned())
                    .or_default()
                    .insert(used.to_owned());
                if partial.template.is_none() {
                    self.required.push((name.to_owned(), used.to_owned()));
                }
            }
            None => self.computed.push(name.to_owned()),
        }
    }

    fn define_inline(&mut self, name: &str, decorator: &DecoratorTemplate) {
        let defined = decorator.params.first().and_then(|param| {
            if let Parameter::Literal(value) = param {
                value.as_str()
            } else {
                None
            }
        });
        match (defined, &decorator.template) {
            (Some(defined), Some(body)) => {
                let defined = defined.to_owned();
                self.uses.entry(defined.clone()).or_default();
                self.walk(&defined, body);
            }
            (None, Some(_)) => self.computed.push(name.to_owned()),
            (_, None) => {}
        }
    }
}

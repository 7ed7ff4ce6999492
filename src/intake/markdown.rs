//! What can be wrong in Markdown: links that lead nowhere, images from afar.
//!
//! comrak reads what Markdown makes of the text; where an author meant a link
//! and Markdown did not see one, the text itself tells.

use crate::domain::problem::Problem;
use crate::domain::said::Said;
use crate::said;
use comrak::nodes::{AstNode, NodeValue};
use comrak::{Arena, Options, parse_document};

/// A Markdown text and its place.
#[derive(Clone, Copy)]
pub(super) struct Body<'t> {
    pub(super) file: &'t str,
    pub(super) text: &'t str,
    /// The line of the file in which it begins.
    pub(super) first_line: usize,
    pub(super) allow_html: bool,
}

/// A text that was looked at.
pub(super) struct Checked {
    pub(super) text: String,
    /// Images of the release, with their lines.
    pub(super) images: Vec<(String, usize)>,
}

/// Looks at links and images.
pub(super) fn check(body: Body<'_>, problems: &mut Vec<Problem>) -> Checked {
    let arena = Arena::new();
    let root = parse_document(&arena, body.text, &Options::default());
    let mut images = Vec::new();
    for node in root.descendants() {
        look(node, body, &mut images, problems);
    }
    Checked {
        text: body.text.to_owned(),
        images,
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "comrak has some fifty kinds of nodes; no other leads anywhere"
)]
fn look<'a>(
    node: &'a AstNode<'a>,
    body: Body<'_>,
    images: &mut Vec<(String, usize)>,
    problems: &mut Vec<Problem>,
) {
    let ast = node.data.borrow();
    let line = body.first_line + ast.sourcepos.start.line.saturating_sub(1);
    let mut wrong = |message: Said| problems.push(Problem::error(body.file, message).at_line(line));
    match &ast.value {
        NodeValue::Link(link) => {
            if let Some(message) = link_fault(&link.url) {
                wrong(message);
            }
        }
        NodeValue::Image(image) if image.url.contains("://") || image.url.starts_with("//") => {
            wrong(said!(
                "the image `{url}` lies on another server; put the file into attachments/ (a remote image tells who reads the mail, and when)",
                url = image.url
            ))
        }
        NodeValue::Image(image) if image.url.trim().is_empty() => {
            wrong(said!("an image without a file"))
        }
        NodeValue::Image(image) => images.push((image.url.clone(), line)),
        NodeValue::Text(text) => {
            if let Some(message) = meant_as_link(text) {
                wrong(message);
            }
        }
        NodeValue::HtmlBlock(_) | NodeValue::HtmlInline(_) if !body.allow_html => {
            problems.push(
                Problem::warning(
                    body.file,
                    said!("HTML is not shown; write Markdown, or set allow_html in dateline.toml"),
                )
                .at_line(line),
            );
        }
        _ => {}
    }
}

fn link_fault(url: &str) -> Option<Said> {
    let url = url.trim();
    if url.is_empty() {
        return Some(said!("a link without a target"));
    }
    let scheme = url
        .split_once(':')
        .map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        Some("http" | "https")
            if url
                .split_once("//")
                .is_some_and(|(_, rest)| !rest.trim_start_matches('/').is_empty()) =>
        {
            None
        }
        Some("mailto" | "tel") => None,
        Some(_) | None if url.starts_with('#') => Some(said!(
            "the link `{url}` leads to a place in a page; a mail has none",
            url
        )),
        Some("http" | "https") => Some(said!("the link `{url}` has no host", url)),
        Some(other) => Some(said!(
            "the link `{url}` has the scheme `{scheme}`; expected https, http, mailto or tel",
            url,
            scheme = other
        )),
        None => Some(said!(
            "the link `{url}` leads nowhere from a mail; write the whole address, https://…",
            url
        )),
    }
}

/// Text in which an author meant a link: `](` survives only where Markdown
/// saw none, and `[text][label]` only where the label is not defined.
fn meant_as_link(text: &str) -> Option<Said> {
    if let Some(at) = text.find("](") {
        let shown: String = text[at..].chars().take(40).collect();
        return Some(said!(
            "broken link syntax at `{text}`; expected [text](https://…) without spaces in the address",
            text = shown
        ));
    }
    let label = text.find("][").and_then(|at| {
        text[at + 2..]
            .find(']')
            .map(|end| &text[at + 2..at + 2 + end])
    });
    label.map(|label| {
        said!(
            "the link label [{label}] is not defined; add a line `[{label}]: https://…`",
            label
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn faults(text: &str) -> Vec<String> {
        let mut problems = Vec::new();
        check(
            Body {
                file: "en.md",
                text,
                first_line: 5,
                allow_html: false,
            },
            &mut problems,
        );
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn sound_links_pass() {
        let text = "A [link](https://example.org/a), <https://example.org>, [mail](mailto:a@example.org), (see all) [1].\n";
        assert_eq!(faults(text), Vec::<String>::new());
    }

    #[test]
    fn each_fault_is_told_with_its_line() {
        for (text, part) in [
            (
                "x\n\n[a](https://example.org/a b)",
                "en.md:7: broken link syntax",
            ),
            ("[a](https://example.org", "broken link syntax"),
            ("[a]()", "without a target"),
            ("[a](javascript:alert(1))", "scheme `javascript`"),
            ("[a](page.html)", "leads nowhere"),
            ("[a][b]", "label [b] is not defined"),
            ("![a](https://example.org/a.png)", "lies on another server"),
            ("<script>x</script>", "warning: HTML is not shown"),
        ] {
            let found = faults(text);
            assert!(
                found.iter().any(|fault| fault.contains(part)),
                "{text}: {found:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in any::<String>()) {
            faults(&text);
        }
    }
}

//! Markdown to the two forms a mail holds: HTML with its styles inlined, and
//! readable plain text. Done once per variant, never per letter.
//!
//! Nothing remote gets in: an image is an attachment shown by Content-ID, or a
//! problem; a link is http, https, mailto or tel, or a problem.

use super::footnotes::Plain;
use crate::domain::said::Said;
use crate::said;
use comrak::nodes::NodeValue;
use comrak::{Arena, Node, Options};
use css_inline::CSSInliner;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// A text in both forms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Prose {
    /// HTML fragment, sanitised, with inline styles.
    pub(super) html: String,
    /// Plain text, wrapped, with links as footnotes.
    pub(super) text: String,
}

/// What the texts of one variant have in common.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    /// The kit's `style.css`, rendered for the variant.
    pub(super) css: &'a str,
    /// Attachment paths to Content-IDs.
    pub(super) images: &'a BTreeMap<String, String>,
    /// Whether raw HTML is let through (sanitised).
    pub(super) allow_html: bool,
    /// Footnotes used so far in the variant.
    pub(super) footnotes: usize,
}

impl Writer<'_> {
    /// Writes one text, or says all that is wrong with it.
    pub(super) fn write(&mut self, markdown: &str) -> Result<Prose, Vec<Said>> {
        let options = self.options();
        let arena = Arena::new();
        let root = comrak::parse_document(&arena, markdown, &options);
        let faults: Vec<Said> = root
            .descendants()
            .filter_map(|node| self.settle(node))
            .collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        let text = Plain::new(&mut self.footnotes).write(root);
        let mut html = String::new();
        comrak::format_html(root, &options, &mut html)
            .map_err(|error| vec![Said::verbatim(error)])?;
        let html = sanitise(&html, self.images)?;
        let html = self.inline(&html).map_err(|reason| vec![reason])?;
        Ok(Prose { html, text })
    }

    fn options(&self) -> Options<'static> {
        let mut options = Options::default();
        options.extension.strikethrough = true;
        options.extension.table = true;
        options.extension.autolink = true;
        options.render.r#unsafe = self.allow_html;
        options
    }

    /// Turns an image into its Content-ID; a fault where a node may not stay.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "comrak has some forty kinds of node; these differ from the rest"
    )]
    fn settle(&self, node: Node<'_>) -> Option<Said> {
        let mut data = node.data_mut();
        let (fault, replacement) = match &mut data.value {
            NodeValue::Image(image) => match content_id(&image.url, self.images) {
                Ok(cid) => {
                    image.url = cid;
                    (None, None)
                }
                Err(fault) => (Some(fault), None),
            },
            NodeValue::Link(link) => (bad_link(&link.url), None),
            NodeValue::HtmlBlock(html) if !self.allow_html => raw_html(&html.literal),
            NodeValue::HtmlInline(html) if !self.allow_html => raw_html(html),
            _ => (None, None),
        };
        if let Some(value) = replacement {
            data.value = value;
        }
        fault
    }

    fn inline(&self, html: &str) -> Result<String, Said> {
        let inliner = CSSInliner::options().load_remote_stylesheets(false).build();
        inliner
            .inline_fragment(html, self.css)
            .map_err(|error| said!("style.css: {error}", error))
    }
}

/// The Content-ID that stands for an image's path.
fn content_id(url: &str, images: &BTreeMap<String, String>) -> Result<String, Said> {
    let path = url.strip_prefix("./").unwrap_or(url);
    match images.get(path) {
        Some(cid) => Ok(format!("cid:{cid}")),
        None if url.contains("://") || url.starts_with("//") || url.starts_with("data:") => {
            Err(said!(
                "the image `{url}` is remote; attach the file and name its path, since a mail never fetches anything",
                url = url.escape_debug()
            ))
        }
        None => Err(said!(
            "the image `{url}` is none of the release's attachments for this language",
            url = url.escape_debug()
        )),
    }
}

/// A comment is dropped without a word; other raw HTML must not vanish silently.
fn raw_html(html: &str) -> (Option<Said>, Option<NodeValue>) {
    let html = html.trim();
    if html.starts_with("<!--") && html.ends_with("-->") {
        return (None, Some(NodeValue::Raw(String::new())));
    }
    let start: String = html.chars().take(40).collect();
    (
        Some(said!(
            "raw HTML `{start}` is not let through; use Markdown, or set `allow_html = true` for the newsroom",
            start = start.escape_debug()
        )),
        None,
    )
}

fn bad_link(url: &str) -> Option<Said> {
    let scheme = url
        .split_once(':')
        .map(|(scheme, _)| scheme.to_ascii_lowercase());
    let known = matches!(scheme.as_deref(), Some("http" | "https" | "mailto" | "tel"));
    (!known).then(|| {
        said!(
            "the link `{url}` is none of http, https, mailto and tel",
            url = url.escape_debug()
        )
    })
}

/// The second fence, for raw HTML above all: only harmless elements and
/// addresses remain, and no image that the mail does not carry itself.
fn sanitise(html: &str, images: &BTreeMap<String, String>) -> Result<String, Vec<Said>> {
    let (images, faults) = (images.clone(), Arc::new(Mutex::new(Vec::new())));
    let found = Arc::clone(&faults);
    let clean = ammonia::Builder::default()
        .url_schemes(HashSet::from([
            "http", "https", "mailto", "tel", "cid", "data",
        ]))
        .link_rel(None)
        .attribute_filter(move |element, attribute, value| {
            let checked = match (element, attribute) {
                ("img", "src") if value.starts_with("cid:") => Ok(Cow::Borrowed(value)),
                ("img", "src") => content_id(value, &images).map(Cow::Owned),
                (_, "href" | "src" | "cite") => {
                    bad_link(value).map_or(Ok(Cow::Borrowed(value)), Err)
                }
                _ => Ok(Cow::Borrowed(value)),
            };
            checked
                .map_err(|fault| {
                    found
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(fault)
                })
                .ok()
        })
        .clean(html)
        .to_string();
    let faults = std::mem::take(&mut *faults.lock().unwrap_or_else(PoisonError::into_inner));
    if faults.is_empty() {
        Ok(clean)
    } else {
        Err(faults)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(markdown: &str, allow_html: bool) -> Result<Prose, Vec<Said>> {
        let images = BTreeMap::from([(
            "attachments/map.png".to_owned(),
            "map@cid.example".to_owned(),
        )]);
        Writer {
            css: "p { margin: 0 }",
            images: &images,
            allow_html,
            footnotes: 0,
        }
        .write(markdown)
    }

    #[test]
    fn styles_are_inlined_and_images_go_by_content_id() {
        let prose = write("A *b* ![Map](attachments/map.png)", false).unwrap();
        insta::assert_snapshot!(prose.html, @r#"<p style="margin: 0;">A <em>b</em> <img src="cid:map@cid.example" alt="Map"></p>"#);
        assert_eq!(prose.text, "A b [Map]\n");
    }

    #[test]
    fn what_may_not_stay_is_named_all_at_once() {
        let faults = write(
            "[a](javascript:alert(1)) ![p](https://track.example/p.gif) ![q](x.png)\n\n<b>bold</b>",
            false,
        )
        .unwrap_err();
        insta::assert_snapshot!(Said::several(faults, "\n"), @r"
    the link `javascript:alert(1)` is none of http, https, mailto and tel
    the image `https://track.example/p.gif` is remote; attach the file and name its path, since a mail never fetches anything
    the image `x.png` is none of the release's attachments for this language
    raw HTML `<b>` is not let through; use Markdown, or set `allow_html = true` for the newsroom
    raw HTML `</b>` is not let through; use Markdown, or set `allow_html = true` for the newsroom
    ");
    }

    #[test]
    fn allowed_html_is_sanitised() {
        let prose = write("<b onclick=\"x()\">bold</b><script>alert(1)</script> <img src=\"attachments/map.png\"> <a href=\"javascript:x\">y</a>", true).unwrap();
        insta::assert_snapshot!(prose.html, @r#"<p style="margin: 0;"><b>bold</b> <img src="cid:map@cid.example"> <a>y</a></p>"#);
    }

    #[test]
    fn allowed_html_fetches_nothing() {
        for src in [
            "https://track.example/p.gif",
            "//track.example/p.gif",
            "data:image/gif;base64,R0",
        ] {
            assert!(
                write(&format!("<img src='{src}'>"), true).unwrap_err()[0]
                    .to_string()
                    .contains("is remote"),
                "{src}"
            );
        }
    }

    #[test]
    fn a_comment_is_dropped() {
        let prose = write("One\n\n<!-- legal: check -->\n\nTwo", false).unwrap();
        assert_eq!(prose.text, "One\n\nTwo\n");
        assert!(!prose.html.contains("legal"));
    }
}

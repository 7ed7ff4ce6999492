//! Markdown as plain text that reads well: links as numbered footnotes,
//! quotations indented, lists hanging, everything wrapped.

use super::plain::{COLUMNS, wrap};
use comrak::Node;
use comrak::nodes::{ListType, NodeValue};

/// Quotations and lists nested deeper than this go no further in.
const MAX_DEPTH: usize = 8;

/// A text under construction.
pub(super) struct Plain<'a> {
    footnotes: &'a mut usize,
    links: Vec<(usize, String)>,
    blocks: Vec<String>,
}

impl<'a> Plain<'a> {
    /// Starts a text whose footnotes go on from a number.
    pub(super) fn new(footnotes: &'a mut usize) -> Self {
        Self {
            footnotes,
            links: Vec::new(),
            blocks: Vec::new(),
        }
    }

    /// Writes a document with its footnotes below; ends with a line feed.
    pub(super) fn write(mut self, root: Node<'_>) -> String {
        for block in root.children() {
            self.block(block, "", "", 0);
        }
        if !self.links.is_empty() {
            let notes: Vec<String> = self
                .links
                .iter()
                .map(|(number, url)| format!("[{number}] {url}"))
                .collect();
            self.blocks.push(notes.join("\n"));
        }
        super::plain::tidy(&self.blocks.join("\n\n"))
    }

    /// Writes a block; its first line starts with `first`, the others with `indent`.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "comrak has some forty kinds of node; these differ from the rest"
    )]
    fn block(&mut self, node: Node<'_>, first: &str, indent: &str, depth: usize) {
        let data = node.data();
        match &data.value {
            NodeValue::Heading(heading) => {
                let text = self.inlines(node);
                let mark = if heading.level <= 2 { '-' } else { ' ' };
                self.blocks.push(super::plain::underlined(&text, mark));
            }
            NodeValue::BlockQuote => self.nested(node, &format!("{indent}    "), depth),
            NodeValue::List(list) => self.list(node, list.list_type, list.start, indent, depth),
            NodeValue::CodeBlock(code) => {
                let lines: Vec<String> = code
                    .literal
                    .lines()
                    .map(|line| format!("{indent}    {line}"))
                    .collect();
                self.blocks.push(lines.join("\n"));
            }
            NodeValue::ThematicBreak => self.blocks.push(format!("{:^COLUMNS$}", "* * *")),
            NodeValue::Table(_) => self.table(node),
            NodeValue::HtmlBlock(_) => {}
            _ => {
                let text = self.inlines(node);
                if !text.is_empty() {
                    let lines = text.split('\n').enumerate();
                    let wrapped: Vec<String> = lines
                        .map(|(index, line)| {
                            wrap(line, if index == 0 { first } else { indent }, indent)
                        })
                        .collect();
                    self.blocks.push(wrapped.join("\n"));
                }
            }
        }
    }

    fn nested(&mut self, node: Node<'_>, indent: &str, depth: usize) {
        if depth > MAX_DEPTH {
            let text = self.inlines(node);
            self.blocks.push(wrap(&text, indent, indent));
            return;
        }
        for child in node.children() {
            self.block(child, indent, indent, depth + 1);
        }
    }

    /// The items of a list stand together, as one block.
    fn list(&mut self, node: Node<'_>, kind: ListType, start: usize, indent: &str, depth: usize) {
        let outer = std::mem::take(&mut self.blocks);
        let mut items = Vec::new();
        for (index, item) in node.children().enumerate() {
            let mark = match kind {
                ListType::Bullet => "  • ".to_owned(),
                ListType::Ordered => format!("{:>3}. ", start + index),
            };
            let hang = format!("{indent}{}", " ".repeat(mark.chars().count()));
            let mut first = format!("{indent}{mark}");
            for child in item
                .children()
                .take(if depth > MAX_DEPTH { 1 } else { usize::MAX })
            {
                self.block(child, &first, &hang, depth + 1);
                first.clone_from(&hang);
            }
            items.append(&mut self.blocks);
        }
        self.blocks = outer;
        self.blocks.push(items.join("\n"));
    }

    fn table(&mut self, node: Node<'_>) {
        let rows: Vec<String> = node
            .children()
            .map(|row| {
                let cells: Vec<String> = row.children().map(|cell| self.inlines(cell)).collect();
                cells.join(" | ")
            })
            .collect();
        self.blocks.push(rows.join("\n"));
    }

    /// The words of a node, on one line but for hard breaks; links get numbers.
    fn inlines(&mut self, node: Node<'_>) -> String {
        let mut text = String::new();
        for child in node.children() {
            self.inline(child, &mut text);
        }
        text
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "comrak has some forty kinds of node; these differ from the rest"
    )]
    fn inline(&mut self, node: Node<'_>, out: &mut String) {
        let data = node.data();
        match &data.value {
            NodeValue::Text(text) => out.push_str(text),
            NodeValue::Code(code) => out.push_str(&code.literal),
            NodeValue::SoftBreak => out.push(' '),
            NodeValue::LineBreak => out.push('\n'),
            NodeValue::Image(_) => {
                let alt = self.inlines(node);
                out.push_str(&format!("[{alt}]"));
            }
            NodeValue::Link(link) => {
                let text = self.inlines(node);
                out.push_str(&text);
                let bare = link
                    .url
                    .strip_prefix("mailto:")
                    .or_else(|| link.url.strip_prefix("tel:"))
                    .unwrap_or(&link.url);
                if text != bare && text != link.url {
                    out.push_str(&format!(" [{}]", self.number(&link.url)));
                }
            }
            NodeValue::HtmlInline(_) | NodeValue::Raw(_) => {}
            _ => out.push_str(&self.inlines(node)),
        }
    }

    fn number(&mut self, url: &str) -> usize {
        if let Some((number, _)) = self.links.iter().find(|(_, seen)| seen == url) {
            return *number;
        }
        *self.footnotes += 1;
        self.links.push((*self.footnotes, url.to_owned()));
        *self.footnotes
    }
}

//! A release's Markdown as the desk shows it while it is worked on: whatever is
//! in it, nothing but plain text structure comes out.

use comrak::{Options, markdown_to_html};

/// HTML for a page of the desk: no raw HTML, no images, no style, and links that
/// lead to the web alone.
pub fn prose(markdown: &str) -> String {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    let html = markdown_to_html(markdown, &options);
    ammonia::Builder::default()
        .rm_tags(["img"])
        .url_schemes(["http", "https", "mailto", "tel"].into())
        .clean(&html)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_active_comes_out() {
        let html = prose(
            "a *b* <script>x</script> ![i](http://x.example/i.png) [l](javascript:x) [m](https://a.example)\n\n<b onclick=x style=y>z</b>",
        );
        for bad in ["<script", "<img", "javascript:", "onclick", "style="] {
            assert!(!html.contains(bad), "{html}");
        }
        assert!(
            html.contains("<em>b</em>") && html.contains("https://a.example"),
            "{html}"
        );
    }

    proptest! {
        #[test]
        fn whatever_is_written_no_script_comes_out(text in "(\\PC|[<>\"'&\\n\\[\\]()`]){0,80}") {
            let html = prose(&format!("{text}<script>{text}<img src=x onerror={text}>"));
            prop_assert!(!html.contains("<script") && !html.contains("<img"));
        }
    }
}

//! The mail as Chromium lays it out: nothing overflows at 600 and at 360 pixels.

use crate::support::{EMBARGOED, Workspace, run};
use std::process::Command;

/// Frames the page at a width and writes down what sticks out of it.
const FRAME: &str = r#"<!doctype html><meta charset="utf-8"><body style="margin:0"><iframe id="f" style="border:0;width:WIDTHpx;height:3000px" src="PAGE"></iframe>
<script>document.getElementById("f").onload = e => { const d = e.target.contentDocument;
document.title = [d.documentElement.scrollWidth, d.documentElement.dir || d.body.dir || getComputedStyle(d.body).direction, d.images.length, [...d.images].filter(i => !i.naturalWidth).length].join(" "); };</script>"#;

fn measure(page: &std::path::Path, width: u32) -> Vec<String> {
    let folder = page.parent().unwrap();
    let frame = folder.join(format!("frame-{width}.html"));
    std::fs::write(
        &frame,
        FRAME
            .replace("WIDTH", &width.to_string())
            .replace("PAGE", &page.file_name().unwrap().to_string_lossy()),
    )
    .unwrap();
    let profile = folder.join(format!("profile-{width}"));
    let said = run(Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
        ])
        .args([
            "--disable-sync",
            "--allow-file-access-from-files",
            "--virtual-time-budget=5000",
            "--dump-dom",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(&frame));
    let title = said
        .out
        .split("<title>")
        .nth(1)
        .and_then(|rest| rest.split("</title>").next());
    title
        .unwrap_or_else(|| panic!("{}{}", said.out, said.err))
        .split(' ')
        .map(str::to_owned)
        .collect()
}

#[test]
fn nothing_overflows_and_arabic_runs_from_the_right() {
    let workspace = Workspace::with_contacts();
    for language in ["en", "ru", "ar"] {
        let out = workspace.path(&format!("preview-{language}"));
        let said = workspace.dateline(&[
            "preview",
            EMBARGOED,
            "--lang",
            language,
            "--out",
            &out.display().to_string(),
        ]);
        assert_eq!(said.code, 0, "{}", said.err);
        for width in [600, 360] {
            let [wide, direction, images, broken] =
                measure(&out.join(format!("{language}.html")), width)
                    .try_into()
                    .unwrap();
            assert!(
                wide.parse::<u32>().unwrap() <= width,
                "{language} at {width}: {wide} pixels wide"
            );
            assert_eq!(
                direction,
                if language == "ar" { "rtl" } else { "ltr" },
                "{language}"
            );
            assert_eq!(
                (images.as_str(), broken.as_str()),
                ("2", "0"),
                "{language}: logo and chart are shown"
            );
        }
    }
}

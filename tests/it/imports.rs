//! Import through the command line, with files as press offices have them.

use crate::support::{Said, Workspace};
use encoding_rs::{Encoding, KOI8_R, WINDOWS_1251, WINDOWS_1252, X_MAC_CYRILLIC};
use serde_json::Value;
use std::io::{Cursor, Write};
use std::os::unix::fs::PermissionsExt;
use zip::write::{SimpleFileOptions, ZipWriter};

/// As Excel for Russia writes it: semicolons, a line that says so, a quoted
/// line break and quotes in quotes.
const RUSSIAN: &str = "sep=;\r\nЭл. почта;Фамилия;Имя;Издание;Должность;Страна;Языки;Примечания;Уровень\r\n\
    anna@волна.example;Ким;Анна;\"Газета \"\"Волна\"\"\";редактор;Казахстан;русский, казахский;\"пишите утром,\nдо десяти\";1\r\n\
    yana@example.org;Эйдельман;Яна;Речной вестник;обозреватель;Россия;русский;;2\r\n";

fn import(workspace: &Workspace, file: &str, further: &[&str]) -> Said {
    let file = workspace.path(file).display().to_string();
    workspace.dateline(&[&["contacts", "import", &file], further].concat())
}

fn import_json(workspace: &Workspace, file: &str, further: &[&str]) -> Value {
    let file = workspace.path(file).display().to_string();
    let (code, report) = workspace.json(&[&["contacts", "import", &file], further].concat());
    assert_eq!(code, 0, "{report}");
    report
}

fn contact(workspace: &Workspace, email: &str) -> Value {
    let (code, contact) = workspace.json(&["contacts", "show", email]);
    assert_eq!(code, 0, "{contact}");
    contact
}

fn contacts(workspace: &Workspace) -> Vec<Value> {
    let (_, contacts) = workspace.json(&["contacts", "list"]);
    contacts.as_array().unwrap().clone()
}

fn encoded(text: &str, encoding: &'static Encoding) -> Vec<u8> {
    let (bytes, _, unmappable) = encoding.encode(text);
    assert!(!unmappable);
    bytes.into_owned()
}

#[test]
fn tables_in_every_encoding_of_excel() {
    let little = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let marked = format!("\u{feff}{RUSSIAN}");
    let cases: [(&str, &str, Vec<u8>); 7] = [
        ("UTF-8", "form", RUSSIAN.as_bytes().to_vec()),
        ("UTF-8", "mark", marked.as_bytes().to_vec()),
        ("UTF-16LE", "mark", little(&marked)),
        ("UTF-16BE", "mark", big(&marked)),
        ("windows-1251", "letters", encoded(RUSSIAN, WINDOWS_1251)),
        ("KOI8-R", "letters", encoded(RUSSIAN, KOI8_R)),
        ("MacCyrillic", "letters", encoded(RUSSIAN, X_MAC_CYRILLIC)),
    ];
    let workspace = Workspace::new();
    for (place, (name, found, bytes)) in cases.into_iter().enumerate() {
        std::fs::write(workspace.path("list.csv"), bytes).unwrap();
        let report = import_json(&workspace, "list.csv", &[]);
        assert_eq!(report["encoding"]["name"], name, "{report}");
        assert_eq!(report["encoding"]["found"], found);
        assert_eq!(report["within"], "semicolons");
        assert_eq!(report["problems"].as_array().unwrap().len(), 0, "{report}");
        let counts = &report["imported"];
        let same = [0, 0, 2].map(Value::from);
        let new = [2, 0, 0].map(Value::from);
        let expected = if place == 0 { new } else { same };
        let counted = ["added", "changed", "unchanged"].map(|what| counts[what].clone());
        assert_eq!(counted, expected, "the same list in {name}");
    }
    let anna = contact(&workspace, "anna@волна.example");
    assert_eq!(anna["name"], "Анна Ким");
    assert_eq!(anna["outlet"], "Газета \"Волна\"");
    assert_eq!(anna["country"], "KZ");
    assert_eq!(anna["languages"], serde_json::json!(["ru", "kk"]));
    assert_eq!(anna["notes"], "пишите утром,\nдо десяти");
    assert_eq!(anna["custom"]["уровень"], "1");
}

#[test]
fn western_tables_and_what_is_said_of_them() {
    let workspace = Workspace::new();
    let french = "Courriel;Prénom;Nom;Société;Pays\nhelene@example.org;Hélène;Lefèvre;La Dépêche;Côte d’Ivoire\n";
    std::fs::write(workspace.path("fr.csv"), encoded(french, WINDOWS_1252)).unwrap();
    let report = import_json(&workspace, "fr.csv", &[]);
    assert_eq!(report["encoding"]["name"], "windows-1252");
    let helene = contact(&workspace, "helene@example.org");
    assert_eq!(
        (&helene["name"], &helene["country"]),
        (&"Hélène Lefèvre".into(), &"CI".into())
    );
    let spanish = "Correo electrónico\tNombre\tApellidos\tMedio\tIdiomas\ninigo@example.org\tÍñigo\tNúñez\tEl Río\tinglés; español\n";
    std::fs::write(workspace.path("es.csv"), encoded(spanish, WINDOWS_1252)).unwrap();
    import_json(&workspace, "es.csv", &[]);
    assert_eq!(
        contact(&workspace, "inigo@example.org")["languages"],
        serde_json::json!(["en", "es"])
    );
    // Nobody can know these columns, and what is said of them goes first.
    let own = "Куда слать;Почта;Кто\nx@example.org;ул. Мира, 1;Икс\n";
    std::fs::write(workspace.path("own.csv"), encoded(own, KOI8_R)).unwrap();
    let maps = [
        "--encoding",
        "koi8-r",
        "--map",
        "Куда слать=email",
        "--map",
        "Почта=custom.street",
        "--map",
        "Кто=name",
    ];
    let report = import_json(&workspace, "own.csv", &maps);
    assert_eq!(report["encoding"]["found"], "asked");
    let own = contact(&workspace, "x@example.org");
    assert_eq!(
        (&own["name"], &own["custom"]["street"]),
        (&"Икс".into(), &"ул. Мира, 1".into())
    );
    for (further, part) in [
        (
            vec!["--map", "Кого=name"],
            "--map names the column `Кого`, which the header does not have",
        ),
        (vec!["--map", "Кто=who"], "`who` is no field of a contact"),
        (
            vec!["--encoding", "klingon"],
            "`klingon` is no encoding known here",
        ),
        (vec!["--report", "what.txt"], "must end in .csv or .json"),
    ] {
        let said = import(&workspace, "own.csv", &further);
        assert_eq!(said.code, 2, "{further:?}");
        assert!(said.err.contains(part), "{further:?}: {}", said.err);
    }
}

/// A workbook as Excel writes it, with strings shared and in place, a number, a
/// day and an error.
fn workbook() -> Vec<u8> {
    workbook_of(ROWS)
}

const ROWS: &str = r#"<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c><c r="D1" t="s"><v>3</v></c></row>
<row r="2"><c r="A2" t="inlineStr"><is><t>anna@example.org</t></is></c><c r="B2" t="inlineStr"><is><t>Анна Ким</t></is></c><c r="C2" s="1"><v>46054</v></c><c r="D2"><v>77012345678</v></c></row>
<row r="4"><c r="A4" t="inlineStr"><is><t>no address</t></is></c></row>
<row r="5"><c r="A5" t="inlineStr"><is><t>b@example.org</t></is></c><c r="B5" t="e"><v>#N/A</v></c></row>
<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>
"#;

/// With these rows in its second sheet.
fn workbook_of(rows: &str) -> Vec<u8> {
    let sheet = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>"#
    );
    let parts = [
        (
            "[Content_Types].xml",
            r#"<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/worksheets/sheet2.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/><Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>"#,
        ),
        (
            "_rels/.rels",
            r#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
        ),
        (
            "xl/workbook.xml",
            r#"<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="О файле" sheetId="1" r:id="rId1"/><sheet name="Пресса" sheetId="2" r:id="rId2"/></sheets></workbook>"#,
        ),
        (
            "xl/_rels/workbook.xml.rels",
            r#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet2.xml"/><Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/><Relationship Id="rId4" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#,
        ),
        (
            "xl/styles.xml",
            r#"<?xml version="1.0" encoding="UTF-8"?><styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>"#,
        ),
        (
            "xl/sharedStrings.xml",
            r#"<?xml version="1.0" encoding="UTF-8"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>Почта</t></si><si><t>ФИО</t></si><si><t>Эмбарго</t></si><si><t>Телефон</t></si></sst>"#,
        ),
        (
            "xl/worksheets/sheet1.xml",
            r#"<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>Список прессы</t></is></c></row></sheetData></worksheet>"#,
        ),
        ("xl/worksheets/sheet2.xml", &sheet),
    ];
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn a_workbook_of_excel() {
    let workspace = Workspace::new();
    // By its content, whatever its name.
    std::fs::write(workspace.path("list.csv"), workbook()).unwrap();
    let report = import_json(&workspace, "list.csv", &[]);
    assert_eq!(
        (&report["format"], &report["encoding"]),
        (&"xlsx".into(), &Value::Null)
    );
    assert_eq!(report["within"], "sheet `Пресса`");
    let anna = contact(&workspace, "anna@example.org");
    assert_eq!(anna["name"], "Анна Ким");
    assert_eq!(anna["embargo_agreement"]["since"], "2026-02-01");
    assert_eq!(anna["custom"]["телефон"], "77012345678");
    let problems: Vec<_> = report["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| {
            (
                problem["line"].as_u64(),
                problem["message"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert!(
        problems[0].1.contains("has 2 sheets; `Пресса` is read"),
        "{problems:?}"
    );
    assert_eq!(problems[1].0, Some(5), "the cell with an error");
    assert_eq!(problems[2].0, Some(4), "the row without an address");
    let mut broken = workbook();
    broken.truncate(900);
    std::fs::write(workspace.path("broken.xlsx"), broken).unwrap();
    let said = import(&workspace, "broken.xlsx", &[]);
    assert_eq!(said.code, 2);
    assert!(
        said.err.contains("is no sound XLSX workbook"),
        "{}",
        said.err
    );
}

#[test]
fn a_workbook_whose_rows_are_all_but_empty_does_not_fill_the_memory() {
    let workspace = Workspace::new();
    let far: String = (1..20_000)
        .map(|n| format!("<row r=\"{n}\"><c r=\"SR{n}\"><v>1</v></c></row>"))
        .collect();
    std::fs::write(workspace.path("far.xlsx"), workbook_of(&far)).unwrap();
    let said = import(&workspace, "far.xlsx", &[]);
    assert_eq!(said.code, 2, "{}", said.out);
    let told = "has more than 8000000 cells in the sheet `Пресса`";
    assert!(said.err.contains(told), "{}", said.err);
}

#[test]
fn address_books() {
    let workspace = Workspace::new();
    workspace.write(
        "cards.vcf",
        "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Анна Ким\r\nEMAIL:anna@example.org\r\nORG:Steppe Post\r\nTITLE:Editor\r\nLANG:ru\r\n\
         NOTE:two\\nlines\r\nEND:VCARD\r\nBEGIN:VCARD\r\nVERSION:3.0\r\nN:Narsee;Aarti\r\nEMAIL;TYPE=INTERNET:aarti@example.org\r\n\
         PHOTO;ENCODING=b:AAAA\r\nEND:VCARD\r\nBEGIN:VCARD\r\nVERSION:4.0\r\nFN:Nobody\r\nEND:VCARD\r\n",
    );
    let said = import(&workspace, "cards.vcf", &[]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        said.out.contains("vCard, UTF-8") && said.out.contains("left out: PHOTO"),
        "{}",
        said.out
    );
    assert!(
        said.err
            .contains("cards.vcf:16: the row has no address in `email`"),
        "{}",
        said.err
    );
    assert_eq!(
        contact(&workspace, "aarti@example.org")["name"],
        "Aarti Narsee"
    );
    // What a directory does not speak of stays.
    workspace.write(
        "book.ldif",
        "version: 1\ndn: mail=anna@example.org\nobjectclass: person\ncn:: 0JDQvdC90LAg0JrQuNC8\nmail: anna@example.org\no: Volna\n\n\
         dn: mail=vera@example.org\nmail: vera@example.org\ngivenName: Vera\nsn: Kim\n",
    );
    let report = import_json(&workspace, "book.ldif", &[]);
    assert_eq!(report["format"], "ldif");
    assert_eq!(
        report["changed"][0]["fields"],
        serde_json::json!([{"field": "outlet", "old": "Steppe Post", "new": "Volna"}])
    );
    let anna = contact(&workspace, "anna@example.org");
    assert_eq!(
        (&anna["role"], &anna["notes"]),
        (&"Editor".into(), &"two\nlines".into())
    );
    assert_eq!(contact(&workspace, "vera@example.org")["name"], "Vera Kim");
}

const FIRST: &str =
    "email,name,outlet,tier\na@example.org,A,Steppe Post,1\nb@example.org,B,Steppe Post,2\n";
const SECOND: &str = "email,outlet,tier\n\
    a@example.org,=Volna,1\nb@example.org,Steppe Post,2\nc@example.org,River Daily,3\nc@EXAMPLE.org,Other Daily,3\nnobody,x,1\n";

#[test]
fn a_dry_run_tells_everything_and_writes_nothing() {
    let workspace = Workspace::new();
    workspace.write("one.csv", FIRST);
    workspace.write("two.csv", SECOND);
    assert_eq!(import(&workspace, "one.csv", &[]).code, 0);
    workspace.sqlite("INSERT INTO suppression (email, reason, at, source) VALUES ('c@example.org', 'opt-out', '2026-01-01T00:00:00Z', 'a test')");
    let before = contacts(&workspace);
    let csv = workspace.path("what.csv").display().to_string();
    let said = import(&workspace, "two.csv", &["--dry-run", "--report", &csv]);
    assert_eq!(said.code, 0, "{}", said.err);
    for part in [
        "columns: email = email, outlet = outlet, tier = custom.tier",
        "line 4: + c@example.org",
        "line 2: ~ a@example.org\n    outlet: Steppe Post -> =Volna\n",
        "line 4: conflict: c@example.org: the address is barred (opt-out)",
        "line 5: conflict: c@example.org: the address stands in line 4 already",
        "    outlet: River Daily -> Other Daily",
        "3 contacts read: 1 would be added, 1 would be changed, 1 unchanged, 2 conflict(s), 1 rejected, 0 remark(s) (nothing was written)",
    ] {
        assert!(said.out.contains(part), "{part}\n{}", said.out);
    }
    assert!(
        said.err
            .contains("two.csv:6: `email`: `nobody` is not a mail address"),
        "{}",
        said.err
    );
    assert_eq!(contacts(&workspace), before);
    assert_eq!(
        workspace
            .sqlite("SELECT count(*) FROM contact_import")
            .trim(),
        "1"
    );
    let report = workspace.read("what.csv");
    let lines: Vec<_> = report.lines().collect();
    assert_eq!(lines[0], "line,outcome,email,field,old,new,message");
    assert_eq!(
        lines[1],
        "2,changed,a@example.org,outlet,Steppe Post,'=Volna,"
    );
    assert_eq!(lines[2], "4,added,c@example.org,,,,");
    assert!(
        lines.iter().any(|line| line.starts_with("6,rejected,,,,,")),
        "{report}"
    );
    let mode = std::fs::metadata(&csv).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let json = workspace.path("what.json").display().to_string();
    assert_eq!(import(&workspace, "two.csv", &["--report", &json]).code, 0);
    let report: Value = serde_json::from_str(&workspace.read("what.json")).unwrap();
    assert_eq!(report["added"][0]["email"], "c@example.org");
    let again = import_json(&workspace, "two.csv", &[]);
    assert_eq!(again["imported"]["unchanged"], 3, "{again}");
    assert_eq!(again["import"], Value::Null, "nothing to undo");
}

#[test]
fn an_import_is_undone_unless_somebody_was_at_it() {
    let workspace = Workspace::new();
    workspace.write("one.csv", FIRST);
    workspace.write("two.csv", SECOND);
    import_json(&workspace, "one.csv", &["--by", "vera"]);
    let before = contacts(&workspace);
    let second = import_json(&workspace, "two.csv", &["--by", "ivan"]);
    assert_ne!(contacts(&workspace), before);
    let (code, undone) = workspace.json(&["contacts", "undo", "--by", "vera"]);
    assert_eq!(code, 0, "{undone}");
    assert_eq!(undone["import"]["id"], second["import"]);
    assert_eq!(
        (&undone["restored"], &undone["removed"]),
        (&1.into(), &1.into())
    );
    assert_eq!(contacts(&workspace), before);
    let id = second["import"].as_str().unwrap();
    let said = workspace.dateline(&["contacts", "undo", id]);
    assert_eq!(said.code, 2);
    assert!(
        said.err.contains("was undone already, by vera"),
        "{}",
        said.err
    );
    let (_, imports) = workspace.json(&["contacts", "imports"]);
    assert_eq!(imports[0]["undone"]["by"], "vera");
    assert_eq!(
        (&imports[1]["source"], &imports[1]["by"]),
        (&"one.csv".into(), &"vera".into())
    );
    // The first can be undone no more where a later one changed its contacts.
    let first = imports[1]["id"].as_str().unwrap().to_owned();
    let third = import_json(&workspace, "two.csv", &[]);
    let said = workspace.dateline(&["contacts", "undo", &first]);
    assert_eq!(said.code, 2);
    assert!(
        said.err
            .contains("1 of its contacts were changed since: a@example.org; nothing was undone"),
        "{}",
        said.err
    );
    assert_eq!(contacts(&workspace).len(), 3);
    for id in [third["import"].as_str().unwrap(), &first] {
        assert_eq!(workspace.dateline(&["contacts", "undo", id]).code, 0);
    }
    assert!(contacts(&workspace).is_empty());
    let said = workspace.dateline(&["contacts", "undo"]);
    assert!(
        said.code == 2 && said.err.contains("there is no import that could be undone"),
        "{}",
        said.err
    );
    let acts = workspace.sqlite("SELECT record ->> 'act' FROM act ORDER BY seq");
    let acts: Vec<_> = acts.lines().collect();
    assert_eq!(
        acts[..3],
        ["contacts_imported", "contacts_imported", "import_undone"]
    );
}

#[test]
fn a_file_that_is_refused_has_its_report_too() {
    let workspace = Workspace::new();
    workspace.write("two.csv", SECOND);
    let csv = workspace.path("what.csv").display().to_string();
    let said = import(&workspace, "two.csv", &["--strict", "--report", &csv]);
    assert_eq!(said.code, 2, "{}", said.out);
    assert!(
        said.err.contains("two.csv:6: `email`: `nobody`"),
        "{}",
        said.err
    );
    let report = workspace.read("what.csv");
    assert!(report.contains("\n6,rejected,,,,,"), "{report}");
    assert!(contacts(&workspace).is_empty());
    workspace.write("none.csv", "email,name\nnobody,A\n");
    let json = workspace.path("what.json").display().to_string();
    assert_eq!(import(&workspace, "none.csv", &["--report", &json]).code, 2);
    let report: Value = serde_json::from_str(&workspace.read("what.json")).unwrap();
    assert_eq!(
        (&report["refused"], &report["import"]),
        (&Value::Bool(true), &Value::Null)
    );
    assert_eq!(report["problems"][0]["line"], 2, "{report}");
}

#[test]
fn one_person_is_offered_and_merged_on_request() {
    let workspace = Workspace::new();
    workspace.write(
        "one.csv",
        "email,name,outlet,role,beats,lists\nnarsee@example.org,Aarti Narsee,Steppe Post,,rivers,wires\nother@example.org,Aarti Narsee,Volna,,,\n",
    );
    workspace.write(
        "two.csv",
        "email,name,outlet,role,beats,lists,embargo_agreement\na.n@example.net,Нарси Аарти,The Steppe Post,Editor,climate,wires,yes\nNarsee@EXAMPLE.org,A. N.,X,,,,\n",
    );
    import_json(&workspace, "one.csv", &[]);
    let report = import_json(&workspace, "two.csv", &[]);
    assert_eq!(
        report["imported"]["added"], 2,
        "nothing is merged by itself"
    );
    assert_eq!(
        report["duplicates"],
        serde_json::json!([
            {"line": 2, "email": "a.n@example.net", "like": "narsee@example.org", "why": "name_and_outlet"},
            {"line": 3, "email": "Narsee@example.org", "like": "narsee@example.org", "why": "capitals"},
        ])
    );
    let said = workspace.dateline(&["contacts", "duplicates"]);
    assert!(
        said.out.contains("the same name at the same outlet") && said.out.contains("2 pair(s)"),
        "{}",
        said.out
    );
    workspace.sqlite("INSERT INTO suppression VALUES ('a.n@example.net', 'opt-out', '2026-01-01T00:00:00Z', 'a test', 'by telephone')");
    let before = contacts(&workspace);
    let merge = ["contacts", "merge", "narsee@example.org", "a.n@example.net"];
    let (code, merged) = workspace.json(&merge);
    assert_eq!(code, 0, "{merged}");
    assert_eq!(merged["barred"], "opt-out");
    let kept = contact(&workspace, "narsee@example.org");
    assert_eq!(kept["role"], "Editor");
    assert_eq!(kept["beats"], serde_json::json!(["rivers", "climate"]));
    assert_eq!(kept["lists"], serde_json::json!(["wires"]));
    assert_eq!(
        kept["embargo_agreement"],
        serde_json::json!({ "since": null }),
        "it is one person who agreed"
    );
    assert_eq!(contacts(&workspace).len(), before.len() - 1);
    let barred =
        workspace.sqlite("SELECT reason, note FROM suppression WHERE email = 'narsee@example.org'");
    assert_eq!(
        barred.trim(),
        "opt-out|merged with a.n@example.net: by telephone"
    );
    let acts = workspace.sqlite("SELECT record FROM act ORDER BY seq DESC LIMIT 2");
    assert!(
        acts.contains("contacts_merged") && acts.contains("suppressed"),
        "{acts}"
    );
    assert!(acts.contains("\"removed\":\"a.n@example.net\""), "{acts}");
    let (_, listed) = workspace.json(&["contacts", "list", "--list", "wires"]);
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
    let (_, listed) = workspace.json(&["contacts", "list", "--search", "a.n@example.net"]);
    assert_eq!(listed, serde_json::json!([]));
    assert_eq!(workspace.dateline(&merge).code, 2, "it is gone");
    let itself = workspace.dateline(&[
        "contacts",
        "merge",
        "other@example.org",
        "other@example.org",
    ]);
    assert!(
        itself.code == 2 && itself.err.contains("with itself"),
        "{}",
        itself.err
    );
    assert_eq!(workspace.dateline(&["contacts", "undo"]).code, 0);
    assert_eq!(contacts(&workspace), before);
}

#[test]
fn an_agreement_is_taken_back_by_a_list_that_speaks_of_it_alone() {
    let workspace = Workspace::new();
    workspace.write(
        "one.csv",
        "email,embargo_agreement\na@example.org,2026-02-01\n",
    );
    workspace.write("two.csv", "email,name\na@example.org,Anna\n");
    workspace.write("three.csv", "email,embargo_agreement\na@example.org,\n");
    let agreement = || contact(&workspace, "a@example.org")["embargo_agreement"].clone();
    import_json(&workspace, "one.csv", &[]);
    import_json(&workspace, "two.csv", &[]);
    assert_eq!(agreement()["since"], "2026-02-01");
    import_json(&workspace, "three.csv", &[]);
    assert_eq!(agreement(), Value::Null);
}

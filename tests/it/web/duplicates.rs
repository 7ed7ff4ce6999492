//! Duplicates at the desk: offered, told apart, compared and made one.

use super::browser::{Browser, Page, acts, user};
use crate::support::{ServiceProcess, Workspace};

const KEPT: &str = "narsee@steppe-post.example";
const OTHER: &str = "a.n@old-mail.example";
const XSS: &str = "<script>alert(1)</script>\"'><img src=x>";

fn twice() -> (Workspace, ServiceProcess, Browser) {
    let workspace = Workspace::new();
    user(&workspace, "ivan", "author");
    for (email, name, role) in [
        (KEPT, "Aarti Narsee", "Reporter"),
        (OTHER, "Нарси Аарти", XSS),
    ] {
        let role = format!("role={role}");
        let name = format!("name={name}");
        let notes = format!("notes=of {email}");
        let add = [
            "contacts",
            "add",
            email,
            &name,
            "outlet=Steppe Post",
            &role,
            &notes,
        ];
        let said = workspace.dateline(&add);
        assert_eq!(said.code, 0, "{}", said.err);
    }
    let service = ServiceProcess::start(&workspace);
    let browser = Browser::of(&service, "ivan");
    (workspace, service, browser)
}

fn compare(workspace: &Workspace) -> String {
    let id = |email| {
        let (_, contact) = workspace.json(&["contacts", "show", email]);
        contact["id"].as_str().unwrap().to_owned()
    };
    format!("/contacts/merge?kept={}&other={}", id(KEPT), id(OTHER))
}

/// The values of all hidden fields and chosen options.
fn form(page: &Page) -> Vec<(String, String)> {
    let form = page
        .body
        .split("action=\"/contacts/merge\"")
        .nth(1)
        .unwrap();
    let form = form.split("</form>").next().unwrap();
    let inputs = form.split("<input ").skip(1);
    let inputs = inputs.map(|input| input.split('>').next().unwrap());
    let value = |input: &str, name: &str| {
        let rest = input.split(&format!(" {name}=\"")).nth(1);
        rest.map(|rest| rest.split('"').next().unwrap().to_owned())
    };
    inputs
        .filter(|input| input.contains("hidden") || input.ends_with(" checked"))
        .map(|input| {
            let input = format!(" {input}");
            (
                value(&input, "name").unwrap(),
                value(&input, "value").unwrap(),
            )
        })
        .collect()
}

fn post(browser: &mut Browser, form: &[(String, String)]) -> Page {
    let form: Vec<_> = form
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    browser.post("/contacts/merge", &form)
}

#[test]
fn two_records_are_compared_chosen_from_and_made_one() {
    let (workspace, _service, mut ivan) = twice();
    let page = ivan.get("/contacts/duplicates");
    let way = compare(&workspace);
    page.holds("1 pair may be one person")
        .holds("The same name at the same outlet")
        .holds("/contacts/merge?kept=con_");
    ivan.get("/contacts").holds("href=\"/contacts/duplicates\"");
    let page = ivan.get(&way);
    page.holds("Stays")
        .holds(KEPT)
        .holds("name=\"pick.role\" value=\"kept\" checked")
        .holds("name=\"pick.notes\" value=\"both\" checked")
        .lacks("<script>alert")
        .lacks("name=\"pick.outlet\"");
    let mut chosen = form(&page);
    let names: Vec<_> = chosen.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "kept",
            "other",
            "seen",
            "pick.name",
            "pick.role",
            "pick.notes"
        ]
    );
    chosen[3].1 = "other".into();
    // Somebody changes one of them meanwhile: what was seen is no more so.
    let said = workspace.dateline(&["contacts", "set", OTHER, "country=KZ"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let page = post(&mut ivan, &chosen);
    assert_eq!(page.status, 409);
    page.holds("changed by somebody else just now")
        .holds("name=\"pick.name\" value=\"other\" checked")
        .holds("name=\"pick.country\"");
    let again = form(&page);
    let done = post(&mut ivan, &again);
    assert_eq!(
        (done.status, done.location()),
        (303, "/contacts/duplicates?said=merged")
    );
    ivan.get("/contacts/duplicates?said=merged")
        .holds("The two are one now")
        .holds("Nobody is here twice");
    let (_, now) = workspace.json(&["contacts", "show", KEPT]);
    assert_eq!(
        (&now["name"], &now["country"]),
        (&"Нарси Аарти".into(), &"KZ".into())
    );
    assert_eq!(
        (&now["role"], &now["notes"]),
        (&"Reporter".into(), &format!("of {KEPT}\nof {OTHER}").into())
    );
    assert!(acts(&workspace)[0].ends_with("contacts_merged"));
    let path = format!("/contacts/{}", now["id"].as_str().unwrap());
    ivan.get(&path).holds("Also had").holds(OTHER);
    assert_eq!(ivan.get(&way).status, 404, "it is gone");
}

#[test]
fn what_no_form_sends_is_refused() {
    let (workspace, _service, mut ivan) = twice();
    let way = compare(&workspace);
    let given = form(&ivan.get(&way));
    for (name, value) in [
        ("pick.role", "both"),
        ("pick.role", "mine"),
        ("pick.email", "other"),
        ("pick.nothing", "kept"),
    ] {
        let mut form = given.clone();
        form.push((name.into(), value.into()));
        assert_eq!(post(&mut ivan, &form).status, 400, "{name}={value}");
    }
    let mut itself = given.clone();
    itself[1].1.clone_from(&given[0].1);
    assert_eq!(post(&mut ivan, &itself).status, 404);
    let mut unseen = given;
    unseen[2].1.clear();
    assert_eq!(post(&mut ivan, &unseen).status, 409);
    assert_eq!(workspace.dateline(&["contacts", "show", OTHER]).code, 0);
}

#[test]
fn two_people_are_told_apart_and_offered_again() {
    let (_workspace, _service, mut ivan) = twice();
    let pair = [("one", KEPT), ("other", OTHER)];
    let apart = ivan.post("/contacts/duplicates/apart", &pair);
    assert_eq!(apart.location(), "/contacts/duplicates?said=told-apart");
    ivan.get("/contacts/duplicates")
        .holds("Nobody is here twice")
        .holds("1 pair that is two people")
        .holds("Offer again");
    let again = ivan.post("/contacts/duplicates/again", &pair);
    assert_eq!(again.location(), "/contacts/duplicates?said=offered-again");
    ivan.get("/contacts/duplicates")
        .holds("1 pair may be one person");
    let page = ivan.post("/contacts/duplicates/again", &pair);
    assert_eq!(page.status, 422);
    page.holds("nobody told");
    let itself = [("one", KEPT), ("other", KEPT)];
    let page = ivan.post("/contacts/duplicates/apart", &itself);
    assert_eq!(page.status, 422);
    page.holds("cannot be told apart from itself");
    // What is no place stands before all of them.
    for place in ["x", "%ff%00", KEPT] {
        ivan.get(&format!("/contacts/duplicates?after={place}"))
            .holds("1 pair may be one person");
    }
    ivan.get("/contacts/duplicates?after=z@z.example+z@z.example")
        .holds("From the first");
}

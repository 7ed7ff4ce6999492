//! A distribution while it runs: its figures, what wants a person, and the stream
//! that brings both.

use super::browser::{Browser, user};
use crate::support::{CatcherProcess, EMBARGOED, ServiceProcess, Workspace, eventually};
use dateline::desk::Desk;
use dateline::desk::live::Watched;
use dateline::wire::World;
use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

/// A distribution that waits for hours, and its page.
fn waiting() -> (Workspace, String) {
    let workspace = Workspace::with_contacts();
    workspace.lift_in(86_400);
    let at = (crate::support::now() + jiff::SignedDuration::from_hours(2)).to_string();
    let planned = workspace.dateline(&["send", EMBARGOED, "--to", "wires", "--at", &at]);
    assert_eq!(planned.code, 0, "{}", planned.err);
    let id = workspace.json(&["status", "latest"]).1["id"].clone();
    (workspace, id.as_str().unwrap().to_owned())
}

/// As if a relay had put the first of them off.
fn put_off(workspace: &Workspace, reply: &str) {
    workspace.sqlite(&format!(
        "UPDATE delivery_state SET state = 'deferred', facts = '{{\"state\":\"deferred\",\"until\":\"2040-01-01T00:00:00Z\",\"reply\":\"{reply}\"}}', due_at = 2208988800000000 \
         WHERE id = (SELECT min(id) FROM delivery_state)"
    ));
}

#[test]
fn what_became_of_it_is_told_by_language_and_domain_with_the_rate() {
    let workspace = Workspace::with_contacts();
    let catcher = CatcherProcess::start(&workspace.path("mailbox"));
    workspace.relay(&format!("host = \"127.0.0.1\"\nport = {}\n", catcher.port));
    workspace.lift_in(86_400);
    user(&workspace, "vera", "approver");
    let service = ServiceProcess::start(&workspace);
    let order = ["send", EMBARGOED, "--to", "wires", "--to", "central-asia"];
    assert_eq!(workspace.dateline(&order).code, 0);
    let mut status = serde_json::Value::Null;
    eventually("the early copies are out", || {
        status = workspace.json(&["status", "latest"]).1;
        status["by_state"]["accepted"].as_u64() > Some(10)
            && status["by_state"]["in_doubt"].as_u64() > Some(0)
    });
    assert!(status["rate"].as_f64().unwrap() > 0.0, "{status}");
    let outcome = |counts: &serde_json::Value, name: &str| counts[name].as_u64().unwrap();
    let languages = status["outcomes_by_language"].as_object().unwrap();
    for name in ["accepted", "in_doubt", "failed"] {
        let by_language: u64 = languages.values().map(|one| outcome(one, name)).sum();
        let by_state = match name {
            "failed" => &status["by_state"]["rejected"],
            name => &status["by_state"][name],
        };
        assert_eq!(by_language, by_state.as_u64().unwrap_or(0), "{status}");
    }
    let domains = status["outcomes_by_domain"].as_array().unwrap();
    let counted = status["by_domain"].as_array().unwrap();
    for (one, count) in domains.iter().zip(counted) {
        let whole: u64 = ["accepted", "waiting", "in_doubt", "failed", "ended"]
            .map(|name| outcome(one, name))
            .iter()
            .sum();
        assert_eq!(
            (&one["domain"], whole),
            (&count[0], count[1].as_u64().unwrap())
        );
    }
    let text = workspace.dateline(&["status", "latest"]).out;
    assert!(text.contains("mails a second now"), "{text}");
    assert!(
        text.contains("rehearsal.example") && text.contains(" in doubt"),
        "{text}"
    );
    // A list says less.
    let (_, all) = workspace.json(&["status"]);
    for more in ["rate", "outcomes_by_domain"] {
        assert!(all["distributions"][0].get(more).is_none(), "{all}");
    }
    let mut vera = Browser::of(&service, "vera");
    let page = vera.get(&format!(
        "/distributions/{}",
        status["id"].as_str().unwrap()
    ));
    page.holds("Rate now")
        .holds("a minute")
        .holds("By domain: ")
        .holds("By language: ")
        .holds("rehearsal.example: ")
        .holds("In doubt 1")
        .holds("10 more in others")
        .holds("class=\"legend\"");
    vera.language = "ru";
    vera.get(&format!(
        "/distributions/{}",
        status["id"].as_str().unwrap()
    ))
    .holds("Скорость сейчас")
    .holds("Под вопросом 1");
}

#[test]
fn what_is_put_off_comes_by_the_stream_and_not_twice() {
    let (workspace, id) = waiting();
    user(&workspace, "vera", "approver");
    let service = ServiceProcess::start(&workspace);
    let mut vera = Browser::of(&service, "vera");
    let path = format!("/distributions/{id}/events");
    let done = Cell::new(false);
    let heard = vera.events(&path, |text| {
        if text.contains("event: wants") && !done.replace(true) {
            assert!(!text.contains("greylisted"));
            put_off(&workspace, "451 greylisted <b>");
        }
        text.contains("greylisted")
    });
    assert!(heard.contains("451 greylisted &lt;b&gt;"), "{heard}");
    // Whoever comes back with what they heard last is sent what is new alone.
    let mut ids = heard.lines().filter_map(|line| line.strip_prefix("id: "));
    let last = ids.next_back().unwrap().to_owned();
    let done = Cell::new(false);
    let heard = vera.events_after(&path, &last, |text| {
        if text.contains("retry: ") && !done.replace(true) {
            put_off(&workspace, "452 full");
        }
        text.contains("452 full")
    });
    assert_eq!(heard.matches("event: wants").count(), 1, "{heard}");
    assert!(!heard.contains("greylisted"), "{heard}");
    // Without JavaScript the page says the same.
    vera.get(&format!("/distributions/{id}")).holds("452 full");
    // Whoever was away meanwhile gets the whole state first.
    let heard = vera.events(&path, |text| text.contains("452 full"));
    assert!(heard.contains("event: figures"), "{heard}");
}

#[test]
fn a_stream_ends_when_all_is_settled() {
    let (workspace, id) = waiting();
    user(&workspace, "vera", "approver");
    let service = ServiceProcess::start(&workspace);
    let mut vera = Browser::of(&service, "vera");
    let killed = Cell::new(false);
    let heard = vera.events(&format!("/distributions/{id}/events"), |text| {
        if text.contains("event: wants") && !killed.replace(true) {
            let said = workspace.dateline(&["kill", &id, "--why", "withdrawn"]);
            assert_eq!(said.code, 0, "{}", said.err);
        }
        false
    });
    // Without data a browser would not hear of it, and come back for ever.
    let end = "event: end\ndata: all is settled";
    assert!(heard.trim_end().ends_with(end), "{heard}");
    assert!(
        heard.contains("Killed") && heard.contains("withdrawn"),
        "{heard}"
    );
    // What could be done to it can be no more.
    let steer: Vec<_> = heard.split("event: steer").collect();
    assert_eq!(steer.len(), 3, "{heard}");
    assert!(
        steer[1].contains("/hold\"") && !steer[2].contains("/hold\""),
        "{heard}"
    );
}

#[test]
fn who_is_signed_in_no_more_hears_no_more() {
    let (workspace, id) = waiting();
    user(&workspace, "vera", "approver");
    let service = ServiceProcess::start(&workspace);
    let mut vera = Browser::of(&service, "vera");
    let path = format!("/distributions/{id}/events");
    let disabled = Cell::new(false);
    // The distribution waits for hours, and the stream ends nevertheless.
    let heard = vera.events(&path, |text| {
        if text.contains("event: steer") && !disabled.replace(true) {
            assert_eq!(workspace.dateline(&["user", "disable", "vera"]).code, 0);
        }
        false
    });
    assert!(!heard.contains("event: end"), "{heard}");
    assert!(vera.get(&path).location().starts_with("/sign-in"));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_watchers_cost_one_look() {
    let (workspace, id) = waiting();
    let desk = Desk::open(&workspace.path(""), &World).await.unwrap();
    let (desk, id) = (Arc::new(desk), id.parse().unwrap());
    let watched = Arc::new(Watched::every(Duration::from_secs(3600)));
    let looks = (0..20).map(|_| {
        let (watched, desk) = (Arc::clone(&watched), Arc::clone(&desk));
        tokio::spawn(async move { watched.glance(&desk, id).await.unwrap().unwrap() })
    });
    let mut seen = Vec::new();
    for look in looks.collect::<Vec<_>>() {
        seen.push(look.await.unwrap());
    }
    assert!(seen.iter().all(|one| Arc::ptr_eq(one, &seen[0])));
    // Whoever opens the page sees it as it is, and so does everybody then.
    put_off(&workspace, "451 later");
    let now = watched.look(&desk, id).await.unwrap().unwrap();
    assert!(seen[0].deferred.is_empty());
    assert_eq!(now.deferred[0].reply, "451 later");
    let then = watched.glance(&desk, id).await.unwrap().unwrap();
    assert!(Arc::ptr_eq(&then, &now));
    // And where a moment is over, somebody looks again.
    let busy = Watched::every(Duration::ZERO);
    let first = busy.look(&desk, id).await.unwrap().unwrap();
    let anew = async {
        while Arc::ptr_eq(&busy.glance(&desk, id).await.unwrap().unwrap(), &first) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), anew)
        .await
        .unwrap();
    let nobody = "dst_00000000000000000000000000".parse().unwrap();
    assert!(watched.glance(&desk, nobody).await.unwrap().is_none());
}

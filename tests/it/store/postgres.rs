//! What PostgreSQL alone can do: refuse, go away, and come back.

use super::ground::*;
use crate::cluster::{Cluster, cluster};
use dateline::config::StoreLocation;
use dateline::desk::Wiring;
use dateline::domain::relay::Secret;
use dateline::store::archive::Archive;
use dateline::store::archive::{Kind, Part};
use dateline::store::{LEAD_FOR, StoreError};
use dateline::wire::World;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

async fn open(url: &str) -> Result<Arc<dyn Archive>, StoreError> {
    open_with(url, None).await
}

async fn open_with(url: &str, password: Option<&str>) -> Result<Arc<dyn Archive>, StoreError> {
    let location = StoreLocation::parse(url, Path::new("/")).unwrap();
    World
        .archive(&location.with_password(password.map(Secret::new)))
        .await
}

/// What is said when it cannot be opened.
async fn refusal(url: &str) -> (StoreError, String) {
    let error = open(url).await.unwrap_err();
    let said = error.to_string();
    (error, said)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_says_why() {
    let url = cluster().database();
    let (error, said) = refusal(&cluster().url("postgres", "nowhere")).await;
    assert!(matches!(error, StoreError::Unavailable { .. }), "{said}");
    assert!(
        said.contains("nowhere\" does not exist") && said.contains("CREATE DATABASE"),
        "{said}"
    );
    let (error, said) = refusal("postgres://press@127.0.0.1:1/n").await;
    assert!(matches!(error, StoreError::CutOff { .. }), "{said}");
    cluster().sql(
        "postgres",
        "CREATE ROLE bystander LOGIN; CREATE ROLE locked LOGIN PASSWORD 'right'",
    );
    let (error, said) = refusal(&url.replace("postgres@", "bystander@")).await;
    assert!(matches!(error, StoreError::Unavailable { .. }), "{said}");
    assert!(said.contains("permission denied"), "{said}");
    let locked = url.replace("postgres@", "locked@");
    for password in [None, Some("hunter2")] {
        let error = open_with(&locked, password).await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
        let said = error.to_string();
        assert!(
            said.contains("locked") && !said.contains("hunter2"),
            "{said}"
        );
    }
    cluster().sql(&url, "GRANT CREATE ON SCHEMA public TO locked");
    let store = open_with(&locked, Some("right")).await.unwrap();
    assert!(!format!("{store:?}").contains("right"));
    drop(store);
    cluster().sql(&url, "UPDATE dateline_schema SET version = 99");
    let (error, said) = refusal(&url).await;
    assert!(
        matches!(error, StoreError::TooNew { found: 99, .. }),
        "{said}"
    );
    let latin = "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0";
    cluster().sql("postgres", latin);
    let (_, said) = refusal(&cluster().url("postgres", "latin")).await;
    assert!(said.contains("LATIN1") && said.contains("UTF8"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_is_as_strict_as_it_is_asked_to_be() {
    let url = cluster().database().replace("127.0.0.1", "localhost");
    let (error, said) = refusal(&format!("{url}?sslmode=verify-full")).await;
    assert!(
        matches!(
            error,
            StoreError::Unavailable { .. } | StoreError::CutOff { .. }
        ),
        "{said}"
    );
    assert!(said.contains("certificate"), "{said}");
    let ca = cluster().certificate();
    for mode in [
        "require".to_owned(),
        format!("verify-full&sslrootcert={}", ca.display()),
    ] {
        let store = open(&format!("{url}?sslmode={mode}")).await.unwrap();
        planned(store.as_ref(), 1).await;
        let encrypted = "SELECT bool_or(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE datname = current_database()";
        assert_eq!(cluster().sql(&url, encrypted), "t");
    }
    let socket = cluster().socket_dir().display().to_string();
    let name = url.rsplit('/').next().unwrap();
    let port = cluster().port;
    let socket = format!("postgres:///{name}?host={socket}&port={port}&user=postgres");
    assert_eq!(
        open(&socket)
            .await
            .unwrap()
            .distributions()
            .await
            .unwrap()
            .len(),
        2
    );
}

/// Every session of a database is ended.
fn end_sessions(url: &str) {
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    cluster().sql(url, end);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_is_told_from_a_fault_and_passes() {
    let url = cluster().database();
    let store = open(&url).await.unwrap();
    let mut bell = store.listen().await.unwrap().unwrap();
    planned(store.as_ref(), 1).await;
    timeout(PATIENCE, bell.rung()).await.unwrap();
    for _ in 0..3 {
        end_sessions(&url);
        // The first to find out is told so; nothing else goes wrong.
        let deadline = Instant::now() + PATIENCE;
        let beat = dateline::domain::clock_guard::Heartbeat {
            at: at(1),
            machine: None,
        };
        while let Err(error) = store.beat(&beat).await {
            assert!(matches!(error, StoreError::CutOff { .. }), "{error}");
            assert!(Instant::now() < deadline, "it never came back");
        }
        // What rang meanwhile nobody heard, so the bell rings of itself.
        timeout(PATIENCE, bell.rung()).await.unwrap();
    }
    planned(store.as_ref(), 1).await;
    timeout(PATIENCE, bell.rung()).await.unwrap();
    verified(store.as_ref()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_and_starts_is_waited_for() {
    let cluster = Cluster::start();
    let url = cluster.database();
    let store = open(&url).await.unwrap();
    planned(store.as_ref(), 3).await;
    cluster.restart();
    let deadline = Instant::now() + PATIENCE;
    let lease = loop {
        let lease = lease();
        match store
            .lease(lease, at(60), dateline::store::Term::First)
            .await
        {
            Ok(_) => break lease,
            Err(error) => assert!(matches!(error, StoreError::CutOff { .. }), "{error}"),
        }
        assert!(Instant::now() < deadline, "it never came back");
    };
    assert_eq!(claim(store.as_ref(), lease, 1, 9).await.claimed.len(), 3);
    verified(store.as_ref()).await;
}

/// A leader that says nothing, whether it was stopped or cut off, is followed
/// by another, and finds out.
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_leader_loses_the_lead() {
    let url = cluster().database();
    let (one, two) = (open(&url).await.unwrap(), open(&url).await.unwrap());
    assert!(one.lead().await.unwrap());
    let silent_since = Instant::now();
    timeout(Duration::from_secs(10), async {
        while !two.lead().await.unwrap() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .unwrap();
    assert!(silent_since.elapsed() > LEAD_FOR / 2, "not before its time");
    assert!(
        !one.lead().await.unwrap(),
        "it asks, and learns that it leads no more"
    );
    // One whose session is ended by somebody takes it back where nobody has it.
    end_sessions(&url);
    let led = [one.lead().await.unwrap(), two.lead().await.unwrap()];
    assert_eq!(led, [true, false]);
}

/// What stands in no layout would be lost in a copy, but for what is made of the rest.
#[tokio::test(flavor = "multi_thread")]
async fn the_archive_knows_every_table_and_column() {
    let url = cluster().database();
    open(&url).await.unwrap();
    let columns = |table: &str| {
        let sql = format!(
            "SELECT column_name || ' ' || data_type FROM information_schema.columns \
             WHERE table_schema = 'public' AND table_name = '{table}' \
             AND is_generated = 'NEVER' ORDER BY 1"
        );
        cluster().sql(&url, &sql)
    };
    for part in Part::ALL {
        let layout = part.layout();
        let mut known: Vec<_> = layout
            .columns
            .iter()
            .map(|(name, kind)| match kind {
                Kind::Whole => format!("{name} bigint"),
                Kind::Text => format!("{name} text"),
                Kind::Bytes => format!("{name} bytea"),
            })
            .collect();
        known.sort_unstable();
        assert_eq!(columns(layout.table), known.join("\n"), "{part:?}");
    }
    let mut tables: Vec<_> = Part::ALL.iter().map(|part| part.layout().table).collect();
    tables.extend([
        "pace",
        "session",
        "contact_key",
        "contact_book",
        "dateline_schema",
    ]);
    tables.sort_unstable();
    let there = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1";
    assert_eq!(cluster().sql(&url, there), tables.join("\n"));
    // SQLite's are the same.
    let ground = Ground::sqlite();
    ground.open().await;
    for part in Part::ALL {
        let layout = part.layout();
        let names = ground.sql(&format!(
            "SELECT name FROM pragma_table_info('{}') ORDER BY 1",
            layout.table
        ));
        let mut known: Vec<_> = layout.columns.iter().map(|(name, _)| *name).collect();
        known.sort_unstable();
        assert_eq!(names, known.join("\n"), "{part:?}");
    }
    let there = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1";
    tables.retain(|table| *table != "dateline_schema");
    assert_eq!(ground.sql(there), tables.join("\n"));
}

/// Waits until no session is left on a database: each tells what it did when it ends.
fn all_told(url: &str) {
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
        AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
    crate::support::eventually("every session has ended", || {
        cluster().sql(url, others) == "0"
    });
}

/// A turn touches the rows that it is about, by their own index: not all that a
/// lease holds, nor all that was ever finished.
#[tokio::test(flavor = "multi_thread")]
async fn a_turn_costs_what_it_is_about() {
    let url = cluster().database();
    drop(open(&url).await.unwrap());
    all_told(&url);
    let scans = "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'delivery_state'";
    // Each of its indexes was built by one.
    let built = cluster().sql(&url, scans);
    let store = open(&url).await.unwrap();
    planned(store.as_ref(), 3000).await;
    let lease = leased(store.as_ref(), 600).await;
    for _ in 0..12 {
        let turned = claim(store.as_ref(), lease, 1, 250).await;
        let records = outcomes(&turned, lease, &accepted(2));
        assert!(store.record(&records).await.unwrap().is_empty());
    }
    drop(store);
    all_told(&url);
    let updates = "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'delivery_state'";
    assert_eq!(cluster().sql(&url, updates), "6000");
    assert_eq!(cluster().sql(&url, scans), built);
    let read = |index: &str| -> u64 {
        let read = "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = ";
        let sql = format!("{read}'{index}'");
        cluster().sql(&url, &sql).parse().unwrap()
    };
    assert!(
        read("delivery_claimed") < 300,
        "leases are not asked for outcomes"
    );
    assert!(
        read("delivery_waiting") < 30_000,
        "what is finished is not walked past"
    );
    assert!(read("delivery_state_pkey") < 30_000);
}

//! A store as a whole: copied from one backend to the other, and back.

use super::ground::*;
use dateline::domain::agreement::{AgreementWord, Party, Said, Scope};
use dateline::domain::approval::{Approval, ContentPrint};
use dateline::domain::clock_guard::{Heartbeat, MachineTime};
use dateline::domain::suppression::{Suppression, SuppressionReason};
use dateline::store::archive::{Archive, Part};
use dateline::store::copy::{AtWork, CopyFailure, copy};

/// Something of everything, with one lease that ends at 60.
async fn furnished(store: &dyn Archive) {
    let contacts: Vec<_> = (0..700).map(contact).collect();
    store.import(&contacts).await.unwrap();
    let bar = Suppression {
        email: email(3),
        reason: SuppressionReason::Manual,
        at: at(0),
        source: "Редакция".into(),
        note: String::new(),
    };
    store.suppress(&[bar]).await.unwrap();
    planned(store, 1300).await;
    let lease = leased(store, 60).await;
    let turned = claim(store, lease, 1, 20).await;
    let records = outcomes(&turned, lease, &accepted(2));
    store.record(&records[..15]).await.unwrap();
    for by in ["vera", "ivan"] {
        let approval = Approval {
            release: release(),
            by: by.into(),
            at: at(1),
            print: ContentPrint::default(),
            parity_ok: false,
        };
        store.approve(&approval).await.unwrap();
    }
    let word = AgreementWord {
        party: Party::Contact(email(4)),
        scope: Scope::Release(release()),
        said: Said::Granted,
        since: None,
        until: None,
        recorded_at: at(2),
        recorded_by: "vera".into(),
        note: String::new(),
    };
    store.record_agreement(&word).await.unwrap();
    let beat = Heartbeat {
        at: at(5),
        machine: Some(MachineTime {
            steady: jiff::SignedDuration::from_secs(7),
            boot: "a".into(),
        }),
    };
    store.beat(&beat).await.unwrap();
    super::accounts::furnish(store).await;
    super::tokens::furnish(store).await;
    super::erasure::furnish(store).await;
    super::imports::furnish(store).await;
    super::merge::furnish(store).await;
    super::bounces::furnish(store, records[0].delivery).await;
}

/// Every row of every part.
async fn everything(store: &dyn Archive) -> Vec<dateline::store::archive::Row> {
    let mut whole = store.read_whole().await.unwrap();
    let mut all = Vec::new();
    for part in Part::ALL {
        let mut after = part.layout().before_all();
        loop {
            let rows = whole.page(part, &after).await.unwrap();
            let Some(last) = rows.last() else { break };
            after = last[0].clone();
            all.extend(rows);
        }
    }
    all
}

pub(super) async fn a_copy_is_the_same_and_goes_on(ground: &Ground) {
    let from = ground.open().await;
    furnished(from.as_ref()).await;
    let (other, back) = (ground.other(), ground.other().other());
    let to = other.open().await;
    let copied = copy(
        from.as_ref(),
        to.as_ref(),
        &other.url(),
        AtWork::Refuse,
        at(61),
    )
    .await;
    let copied = copied.unwrap();
    assert_eq!(copied.log_entries, 1301 + 20 + 15);
    let rows: Vec<_> = copied.parts.iter().map(|part| part.rows).collect();
    assert_eq!(
        rows,
        [
            698, 1, 1, 1, 1300, 1300, 1, 2, 1, 1336, 1, 1, 1, 1, 2, 4, 1, 1, 1, 1, 1, 1, 1
        ]
    );
    assert_eq!(
        everything(from.as_ref()).await,
        everything(to.as_ref()).await
    );
    // And back again, into a third.
    let third = back.open().await;
    let copied = copy(
        to.as_ref(),
        third.as_ref(),
        &back.url(),
        AtWork::Refuse,
        at(61),
    )
    .await;
    assert!(copied.is_ok(), "{copied:?}");
    assert_eq!(
        everything(from.as_ref()).await,
        everything(third.as_ref()).await
    );
    // The copy goes on where the original stopped.
    assert_eq!(verified(to.as_ref()).await, 1336);
    assert_eq!(to.reap(at(61)).await.unwrap().in_doubt, 5);
    planned(to.as_ref(), 10).await;
    let lease = leased(to.as_ref(), 600).await;
    assert_eq!(
        claim(to.as_ref(), lease, 100, 2000).await.claimed.len(),
        1290
    );
    for by in ["maria"] {
        let mut approvals = to.approvals(&release()).await.unwrap();
        approvals[0].by = by.into();
        to.approve(&approvals[0]).await.unwrap();
    }
    assert_eq!(to.approvals(&release()).await.unwrap().len(), 3);
    assert_eq!(verified(to.as_ref()).await, 1336 + 5 + 11 + 1290);
}

pub(super) async fn a_copy_refuses_what_would_be_lost(ground: &Ground) {
    let from = ground.open().await;
    furnished(from.as_ref()).await;
    let other = ground.other();
    let to = other.open().await;
    let (from, to) = (from.as_ref(), to.as_ref());
    let refused = copy(from, to, "there", AtWork::Refuse, at(59))
        .await
        .unwrap_err();
    assert!(
        matches!(refused, CopyFailure::AtWork { leases: 1, .. }),
        "{refused}"
    );
    assert!(
        copy(from, to, "there", AtWork::Ignore, at(59))
            .await
            .is_ok()
    );
    let refused = copy(from, to, "there", AtWork::Ignore, at(59))
        .await
        .unwrap_err();
    assert!(matches!(refused, CopyFailure::NotEmpty(_)), "{refused}");
    assert!(refused.to_string().contains("there"));
}

pub(super) async fn a_failed_copy_leaves_nothing(ground: &Ground) {
    let from = ground.open().await;
    furnished(from.as_ref()).await;
    ground.sql(
        "UPDATE delivery_log SET line = replace(line, 'accepted', 'rejected') WHERE seq = 1330",
    );
    let other = ground.other();
    let to = other.open().await;
    let refused = copy(from.as_ref(), to.as_ref(), "there", AtWork::Refuse, at(61)).await;
    let refused = refused.unwrap_err();
    assert!(refused.to_string().contains("entry 1330"), "{refused}");
    let mut whole = to.read_whole().await.unwrap();
    for part in Part::ALL {
        let expected = u64::from(part == Part::Head);
        assert_eq!(whole.count(part).await.unwrap(), expected, "{part:?}");
    }
    drop(whole);
    assert_eq!(verified(to.as_ref()).await, 0);
    planned(to.as_ref(), 2).await;
    assert_eq!(verified(to.as_ref()).await, 3);
}

//! Revisions: a distribution and its deliveries changed as one.

use super::log::Pending;
use super::plan::keep_content;
use super::rows::{STANDING, get, stand};
use super::turn::{Hold, lock_course};
use super::{PostgresStore, Result, bell};
use crate::domain::delivery::Life;
use crate::domain::log::LogEvent;
use crate::store::values::{due_at, json, micros};
use crate::store::{Move, Reach, Revision, Standing};
use sqlx::{AssertSqlSafe, PgConnection};

/// Deliveries in one statement.
const PAGE: i64 = 500;

/// Changes it if it still is as it was read.
pub(super) async fn revise(store: &PostgresStore, revision: Revision<'_>) -> Result<Option<u64>> {
    let wrong = |error| store.failed(error);
    let mut transaction = store.begin().await?;
    // Whoever claims at this moment is done before; whoever comes later sees the change.
    lock_course(&mut transaction, &revision.from.id.to_string(), Hold::Alone)
        .await
        .map_err(wrong)?;
    if !change(&mut transaction, &revision).await.map_err(wrong)? {
        return Ok(None);
    }
    let mut events = Pending::default();
    events
        .add(&mut transaction, revision.events.clone())
        .await
        .map_err(wrong)?;
    let mut moved = 0;
    let mut after = Some(String::new());
    while let Some(last) = after {
        let (page, next) = standing(store, &mut transaction, &revision, &last).await?;
        let (moves, said) = moves(&revision, page);
        moved += u64::try_from(moves.id.len()).unwrap_or(u64::MAX);
        write(&mut transaction, moves).await.map_err(wrong)?;
        events.add(&mut transaction, said).await.map_err(wrong)?;
        after = next;
    }
    bell::ring(&mut transaction).await.map_err(wrong)?;
    events.append(&store.place, &mut transaction).await?;
    store.commit(transaction).await?;
    Ok(Some(moved))
}

/// Writes the distribution, if it still is as it was read.
async fn change(connection: &mut PgConnection, revision: &Revision<'_>) -> sqlx::Result<bool> {
    if let Some(content) = revision.content {
        keep_content(&mut *connection, &revision.to.content, content).await?;
    }
    let changed = sqlx::query(
        "UPDATE distribution SET record = $1, content = $2, course = $3, not_after = $4, lift = $5 WHERE id = $6 AND record = $7",
    )
    .bind(json(revision.to))
    .bind(&revision.to.content)
    .bind(revision.to.course.name())
    .bind(revision.to.schedule.not_after.map(micros))
    .bind(revision.to.lift().map(micros))
    .bind(revision.from.id.to_string())
    .bind(json(revision.from))
    .execute(connection)
    .await?;
    Ok(changed.rows_affected() > 0)
}

/// A delivery with the number of its plan.
type Numbered = (i64, Standing);

/// The next deliveries that are asked about, locked in the order of identifiers
/// as everybody does; and the last of them, where more may follow.
async fn standing(
    store: &PostgresStore,
    connection: &mut PgConnection,
    revision: &Revision<'_>,
    after: &str,
) -> Result<(Vec<Numbered>, Option<String>)> {
    let states: &[&str] = match revision.reach {
        Reach::Claimed => &["claimed"],
        Reach::Open => &["planned", "due", "deferred", "claimed", "in_doubt"],
    };
    let question = format!(
        "{STANDING} WHERE state.distribution = $1 AND state.state = ANY($2) AND state.id > $3 \
         ORDER BY state.id LIMIT $4 FOR UPDATE OF state"
    );
    let rows = sqlx::query(AssertSqlSafe(question))
        .bind(revision.from.id.to_string())
        .bind(states)
        .bind(after)
        .bind(PAGE)
        .fetch_all(connection)
        .await
        .map_err(|error| store.failed(error))?;
    let place = &store.place;
    let page = rows
        .iter()
        .map(|row| Ok((get(place, row, "n")?, stand(place, row)?)))
        .collect::<Result<_>>()?;
    // A row that moved on while it was waited for leaves its page short, so
    // only an empty page is the last.
    let last = rows.last().map(|row| get(place, row, "id")).transpose()?;
    Ok((page, last))
}

/// The columns of one statement's deliveries.
#[derive(Default)]
struct Moves {
    /// Plans that are other now.
    plan_n: Vec<i64>,
    plan: Vec<String>,
    id: Vec<String>,
    phase: Vec<&'static str>,
    permitted_from: Vec<Option<i64>>,
    state: Vec<&'static str>,
    facts: Vec<String>,
    due_at: Vec<i64>,
    due_since: Vec<i64>,
    still_held: Vec<bool>,
}

fn moves(revision: &Revision<'_>, page: Vec<Numbered>) -> (Moves, Vec<LogEvent>) {
    let (mut moves, mut events) = (Moves::default(), Vec::new());
    for (n, standing) in page {
        if let Some(next) = (revision.moves)(&standing) {
            moves.push(n, &standing, &next);
            events.extend(next.event);
        }
    }
    (moves, events)
}

impl Moves {
    fn push(&mut self, n: i64, from: &Standing, to: &Move) {
        let (delivery, state) = (&to.delivery, &to.state);
        if *delivery != from.delivery {
            self.plan_n.push(n);
            self.plan.push(json(delivery));
        }
        let permitted_from = delivery.permitted_from.map(micros);
        self.id.push(delivery.id.to_string());
        self.phase.push(delivery.phase.name());
        self.permitted_from.push(permitted_from);
        self.state.push(state.name());
        self.facts.push(json(state));
        self.due_at
            .push(due_at(state).max(permitted_from.unwrap_or(i64::MIN)));
        self.due_since.push(micros(delivery.not_before));
        self.still_held
            .push(state.life() == Life::Claimed && *state == from.state);
    }
}

async fn write(connection: &mut PgConnection, moves: Moves) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE delivery_plan AS kept SET plan = given.plan FROM UNNEST($1::bigint[], $2::text[]) AS given (n, plan) WHERE kept.n = given.n",
    )
    .bind(moves.plan_n)
    .bind(moves.plan)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "UPDATE delivery_state AS kept SET phase = given.phase, permitted_from = given.permitted_from, state = given.state, \
             facts = given.facts, due_at = given.due_at, due_since = given.due_since, lease = CASE WHEN given.still_held THEN kept.lease END \
         FROM UNNEST($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bool[]) \
             AS given (id, phase, permitted_from, state, facts, due_at, due_since, still_held) \
         WHERE kept.id = given.id",
    )
    .bind(moves.id)
    .bind(moves.phase)
    .bind(moves.permitted_from)
    .bind(moves.state)
    .bind(moves.facts)
    .bind(moves.due_at)
    .bind(moves.due_since)
    .bind(moves.still_held)
    .execute(connection)
    .await
    .map(drop)
}

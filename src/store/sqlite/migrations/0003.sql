-- A change of state writes a short row: what was planned stands apart, and a
-- lease's end is one row for all that the lease holds.
CREATE TABLE lease (
    token TEXT PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What had not begun is due again: from here on what is claimed has begun.
UPDATE delivery SET state = 'due', facts = '{"state":"due"}', lease = NULL, lease_until = NULL
WHERE state = 'claimed' AND facts ->> 'attempt' IS NULL;

INSERT INTO lease (token, until)
SELECT lease, min(lease_until) FROM delivery WHERE state = 'claimed' GROUP BY lease;

CREATE TABLE delivery_plan (
    n INTEGER PRIMARY KEY,
    distribution TEXT NOT NULL REFERENCES distribution (id) DEFERRABLE INITIALLY DEFERRED,
    contact TEXT NOT NULL,
    email TEXT NOT NULL,
    domain TEXT NOT NULL,
    plan TEXT NOT NULL,           -- the delivery as planned, JSON
    UNIQUE (distribution, contact)
) STRICT;

CREATE TABLE delivery_state (
    n INTEGER PRIMARY KEY REFERENCES delivery_plan (n) DEFERRABLE INITIALLY DEFERRED,
    id TEXT NOT NULL UNIQUE,
    distribution TEXT NOT NULL,
    language TEXT NOT NULL,
    phase TEXT NOT NULL,
    permitted_from INTEGER,       -- the embargo's bar
    due_since INTEGER NOT NULL,   -- when it first fell due
    state TEXT NOT NULL,
    facts TEXT NOT NULL,          -- the state with its facts, JSON
    due_at INTEGER NOT NULL,      -- when it may be claimed, where it waits
    attempts INTEGER NOT NULL DEFAULT 0,
    lease TEXT
) STRICT;

INSERT INTO delivery_plan (n, distribution, contact, email, domain, plan)
SELECT rowid, distribution, contact, email, domain, plan FROM delivery;
INSERT INTO delivery_state (n, id, distribution, language, phase, permitted_from, due_since, state, facts, due_at, attempts, lease)
SELECT rowid, id, distribution, language, phase, permitted_from, due_since, state, facts, due_at, attempts, lease FROM delivery;

DROP TABLE delivery;

-- Whatever waits, by its time and by its distribution; a finished row stands in neither.
CREATE INDEX delivery_due ON delivery_state (due_at, distribution) WHERE state IN ('planned', 'due', 'deferred');
CREATE INDEX delivery_waiting ON delivery_state (distribution, due_at) WHERE state IN ('planned', 'due', 'deferred');
CREATE INDEX delivery_claimed ON delivery_state (lease) WHERE state = 'claimed';
CREATE INDEX delivery_in_doubt ON delivery_state (n) WHERE state = 'in_doubt';
CREATE INDEX delivery_of ON delivery_state (distribution);

-- For people and for reading; writing goes to the tables.
CREATE VIEW delivery AS
SELECT state.n, state.id, state.distribution, plan.contact, plan.email, plan.domain, state.language, state.phase, plan.plan,
    state.permitted_from, state.due_since, state.state, state.facts, state.due_at, state.attempts, state.lease
FROM delivery_state AS state JOIN delivery_plan AS plan ON plan.n = state.n;

-- What the machine's steady clock showed at the last sign of life, and which
-- start of the machine that counts from.
ALTER TABLE heartbeat ADD COLUMN steady INTEGER;
ALTER TABLE heartbeat ADD COLUMN boot TEXT;

-- Queues that move at a set pace: when the next free place is.
CREATE TABLE pace (
    queue TEXT PRIMARY KEY,
    next INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

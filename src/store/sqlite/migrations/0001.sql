-- Contacts: identified by address.
CREATE TABLE contact (
    email TEXT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE suppression (
    email TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    at TEXT NOT NULL,
    source TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Frozen content, once for each hash.
CREATE TABLE content (
    hash TEXT PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;

CREATE TABLE distribution (
    id TEXT PRIMARY KEY,
    release TEXT NOT NULL,
    content TEXT NOT NULL REFERENCES content (hash),
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX distribution_release ON distribution (release);

-- Times are microseconds since 1970.
CREATE TABLE delivery (
    id TEXT PRIMARY KEY,
    distribution TEXT NOT NULL REFERENCES distribution (id) DEFERRABLE INITIALLY DEFERRED,
    contact TEXT NOT NULL,
    email TEXT NOT NULL,
    domain TEXT NOT NULL,
    language TEXT NOT NULL,
    phase TEXT NOT NULL,
    plan TEXT NOT NULL,           -- the delivery as planned, JSON
    permitted_from INTEGER,       -- the embargo's bar
    due_since INTEGER NOT NULL,   -- when it first fell due
    state TEXT NOT NULL,
    facts TEXT NOT NULL,          -- the state with its facts, JSON
    due_at INTEGER NOT NULL,      -- when it falls due, where it waits
    attempts INTEGER NOT NULL DEFAULT 0,
    lease TEXT,
    lease_until INTEGER,
    UNIQUE (distribution, contact)
) STRICT;

CREATE INDEX delivery_due ON delivery (due_at) WHERE state IN ('planned', 'due', 'deferred');
CREATE INDEX delivery_claimed ON delivery (lease_until) WHERE state = 'claimed';
CREATE INDEX delivery_in_doubt ON delivery (id) WHERE state = 'in_doubt';
CREATE INDEX delivery_distribution ON delivery (distribution, state);

-- Only ever added to.
CREATE TABLE delivery_log (
    seq INTEGER PRIMARY KEY,
    distribution TEXT NOT NULL,
    delivery TEXT,
    line TEXT NOT NULL,
    personal TEXT,
    salt TEXT,
    hash TEXT NOT NULL
) STRICT;

CREATE INDEX delivery_log_distribution ON delivery_log (distribution, seq);

-- The end of the chain.
CREATE TABLE log_head (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seq INTEGER NOT NULL,
    hash TEXT NOT NULL
) STRICT;

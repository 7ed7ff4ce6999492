-- Who works at the desk.
CREATE TABLE account (
    name TEXT PRIMARY KEY,
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- By the hash of the token, which nobody else has.
CREATE TABLE session (
    hash TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    ends INTEGER NOT NULL,
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX session_account ON session (account);
CREATE INDEX session_ends ON session (ends);

-- Who did what; only ever added to.
CREATE TABLE act (
    seq INTEGER PRIMARY KEY,
    record TEXT NOT NULL
) STRICT;

-- The log is searched by address.
CREATE INDEX delivery_plan_email ON delivery_plan (email);

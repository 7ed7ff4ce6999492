-- Addresses of contacts that went into another: none of them is a contact's.
CREATE TABLE contact_alias (
    email TEXT PRIMARY KEY,
    id TEXT NOT NULL,             -- the contact's that had it
    kept TEXT NOT NULL,           -- the address of the contact that it went into
    at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX contact_alias_kept ON contact_alias (kept);

-- Pairs of contacts that are two people, whatever they look like: by a hash of both addresses.
CREATE TABLE contact_distinct (
    pair TEXT PRIMARY KEY,
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;

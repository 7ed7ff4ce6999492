-- Addresses of contacts that went into another: none of them is a contact's.
CREATE TABLE contact_alias (
    email TEXT COLLATE "C" PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL,       -- the contact's that had it
    kept TEXT COLLATE "C" NOT NULL,     -- the address of the contact that it went into
    at TEXT COLLATE "C" NOT NULL
);

CREATE INDEX contact_alias_kept ON contact_alias (kept);

-- Pairs of contacts that are two people, whatever they look like: by a hash of both addresses.
CREATE TABLE contact_distinct (
    pair TEXT COLLATE "C" PRIMARY KEY,
    record TEXT NOT NULL
);

-- Imports, and other changes of many contacts at once.
CREATE TABLE contact_import (
    id TEXT PRIMARY KEY,
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What the newest of them changed.
CREATE TABLE contact_import_entry (
    entry TEXT PRIMARY KEY,       -- the import, a blank, the address
    before TEXT,                  -- the contact as it was, JSON; none where it was new
    after TEXT                    -- the print of what it became; none where it went
) STRICT, WITHOUT ROWID;

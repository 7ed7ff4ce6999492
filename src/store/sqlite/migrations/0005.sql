-- Contacts are found by the beginnings of their words, folded as SQLite cannot:
-- they stand beside each record (` anna example kim`), and each word by itself.
ALTER TABLE contact ADD COLUMN words TEXT NOT NULL DEFAULT '';

-- What a contact is found by: kind is `word` or `list`.
CREATE TABLE contact_key (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    email TEXT NOT NULL,
    PRIMARY KEY (kind, value, email)
) STRICT, WITHOUT ROWID;

-- Another number after every change of a contact.
CREATE TABLE contact_book (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    version INTEGER NOT NULL
) STRICT;

INSERT INTO contact_book (one, version) VALUES (1, 0);

-- Why an address is barred, in words.
ALTER TABLE suppression ADD COLUMN note TEXT NOT NULL DEFAULT '';
CREATE INDEX suppression_reason ON suppression (reason, email);

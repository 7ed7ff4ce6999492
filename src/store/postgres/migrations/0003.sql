-- Contacts are found by the beginnings of their words, folded as both backends do alike:
-- they stand beside each record (` anna example kim`), and each word by itself.
ALTER TABLE contact ADD COLUMN words TEXT COLLATE "C" NOT NULL DEFAULT '';

-- What a contact is found by: kind is `word` or `list`.
CREATE TABLE contact_key (
    kind TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    email TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, value, email)
);

-- Another number after every change of a contact.
CREATE TABLE contact_book (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    version BIGINT NOT NULL
) WITH (fillfactor = 10);

INSERT INTO contact_book (one, version) VALUES (1, 0);

-- Why an address is barred, in words.
ALTER TABLE suppression ADD COLUMN note TEXT NOT NULL DEFAULT '';
CREATE INDEX suppression_reason ON suppression (reason, email);

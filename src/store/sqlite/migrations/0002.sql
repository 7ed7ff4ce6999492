-- Distributions are held, resumed and killed, and grow stale.
ALTER TABLE distribution ADD COLUMN course TEXT NOT NULL DEFAULT 'under_way';
ALTER TABLE distribution ADD COLUMN not_after INTEGER;
ALTER TABLE distribution ADD COLUMN lift INTEGER;
CREATE INDEX distribution_not_after ON distribution (not_after) WHERE not_after IS NOT NULL;

UPDATE distribution SET lift = unixepoch(record ->> 'lift') * 1000000, record = json_remove(json_set(record,
    '$.schedule', json_object(
        'start', 'at', 'at', record ->> 'scheduled', 'from', record ->> 'planned_at',
        'window', 'always', 'wave_gap', 'PT0S', 'not_after', NULL),
    '$.embargo', iif(record ->> 'lift' IS NULL, NULL, json_object('until', record ->> 'lift', 'zone', 'UTC')),
    '$.course', json_object('course', 'under_way', 'since', record ->> 'planned_at')),
    '$.scheduled', '$.lift');

-- Nothing falls due before the embargo permits it, so the next due instant is the first of its index.
UPDATE delivery SET due_at = permitted_from WHERE permitted_from > due_at;

CREATE TABLE approval (
    seq INTEGER PRIMARY KEY,
    release TEXT NOT NULL,
    record TEXT NOT NULL
) STRICT;

CREATE INDEX approval_release ON approval (release, seq);

-- Words on embargo agreements; only ever added to.
CREATE TABLE agreement (
    seq INTEGER PRIMARY KEY,
    record TEXT NOT NULL
) STRICT;

-- When a service was last there to send.
CREATE TABLE heartbeat (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    at INTEGER NOT NULL
) STRICT;

-- Whether a delivery waits, as one column: a list of three states in an index's
-- condition has SQLite build a table of the three for every row that it writes.
ALTER TABLE delivery_state ADD COLUMN waits INTEGER
    GENERATED ALWAYS AS (state = 'planned' OR state = 'due' OR state = 'deferred') VIRTUAL;
DROP INDEX delivery_due;
DROP INDEX delivery_waiting;
CREATE INDEX delivery_due ON delivery_state (due_at, distribution) WHERE waits;
CREATE INDEX delivery_waiting ON delivery_state (distribution, due_at) WHERE waits;
-- What is counted by domain need not read the plans.
CREATE INDEX delivery_plan_domain ON delivery_plan (distribution, domain);

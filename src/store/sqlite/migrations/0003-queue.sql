-- The asynchronous queue, and the box for what could go nowhere.

-- What an event carries: written once, read once, deleted once.
CREATE TABLE queue_events (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  request_id TEXT NOT NULL,
  accepted_at_ms INTEGER NOT NULL,
  head TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;

-- When each falls due. The table is its own index: lanes side by side, each in due order, so taking the first of a lane reads nothing
-- else, however many there are; and moving an entry to another instant never touches a payload of a megabyte.
CREATE TABLE queue_entries (
  lane TEXT NOT NULL,
  due_at_ms INTEGER NOT NULL,
  event_id INTEGER NOT NULL,
  -- 1: somebody holds it, and due_at_ms is when the lease runs out.
  leased INTEGER NOT NULL DEFAULT 0 CHECK (leased IN (0, 1)),
  attempt_count INTEGER NOT NULL DEFAULT 0,
  deferral_count INTEGER NOT NULL DEFAULT 0,
  lost_count INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (lane, due_at_ms, event_id)
) STRICT, WITHOUT ROWID;

-- Those that are held, few at any time: to settle them, and to release them at a start.
CREATE UNIQUE INDEX queue_entries_leased ON queue_entries (event_id) WHERE leased = 1;

CREATE TABLE dead_letters (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  function_name TEXT NOT NULL,
  lane TEXT NOT NULL,
  request_id TEXT NOT NULL,
  accepted_at_ms INTEGER NOT NULL,
  boxed_at_ms INTEGER NOT NULL,
  condition TEXT NOT NULL,
  reason TEXT NOT NULL,
  attempt_count INTEGER NOT NULL,
  head TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;

CREATE INDEX dead_letters_function ON dead_letters (function_name, id);

-- Functions, their versions and aliases, and the documents configured about them.

CREATE TABLE functions (
  name TEXT NOT NULL PRIMARY KEY,
  created_at_ms INTEGER NOT NULL,
  tags TEXT NOT NULL,
  version_next INTEGER NOT NULL CHECK (version_next >= 1),
  reserved_concurrency INTEGER
) STRICT, WITHOUT ROWID;

-- Number 0 is $LATEST, so that it sorts before the published ones.
CREATE TABLE versions (
  function_name TEXT NOT NULL REFERENCES functions (name) ON DELETE CASCADE,
  number INTEGER NOT NULL CHECK (number >= 0),
  revision_id TEXT NOT NULL,
  settings TEXT NOT NULL,
  code_sha256 TEXT NOT NULL,
  code_bytes INTEGER NOT NULL CHECK (code_bytes >= 0),
  state TEXT NOT NULL,
  state_reason TEXT,
  update_status TEXT,
  update_status_reason TEXT,
  last_modified_ms INTEGER NOT NULL,
  -- Digest of $LATEST's code and settings when this version was published from it; null in $LATEST itself.
  published_from TEXT,
  PRIMARY KEY (function_name, number)
) STRICT;

CREATE UNIQUE INDEX versions_latest ON versions (function_name) WHERE number = 0;
CREATE INDEX versions_unsettled ON versions (function_name, number)
  WHERE state = 'Pending' OR update_status = 'InProgress';
CREATE INDEX versions_code ON versions (code_sha256);

CREATE TABLE aliases (
  function_name TEXT NOT NULL REFERENCES functions (name) ON DELETE CASCADE,
  name TEXT NOT NULL,
  version_number INTEGER NOT NULL,
  description TEXT NOT NULL,
  weights TEXT NOT NULL,
  revision_id TEXT NOT NULL,
  PRIMARY KEY (function_name, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE documents (
  kind TEXT NOT NULL,
  owner TEXT NOT NULL,
  key TEXT NOT NULL,
  body TEXT NOT NULL,
  code_sha256 TEXT,
  code_bytes INTEGER CHECK (code_bytes >= 0),
  revision INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  modified_at_ms INTEGER NOT NULL,
  PRIMARY KEY (kind, owner, key),
  CHECK ((code_sha256 IS NULL) = (code_bytes IS NULL))
) STRICT;

CREATE INDEX documents_owner ON documents (owner);
CREATE INDEX documents_code ON documents (code_sha256) WHERE code_sha256 IS NOT NULL;

-- The bytes of all code, kept beside the rows: every create asks for the sum, and adding up 50,000 versions takes milliseconds.
CREATE TABLE code_usage (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  bytes INTEGER NOT NULL CHECK (bytes >= 0)
) STRICT;
INSERT INTO code_usage (id, bytes) VALUES (1, 0);

CREATE TRIGGER versions_usage_insert AFTER INSERT ON versions BEGIN
  UPDATE code_usage SET bytes = bytes + NEW.code_bytes;
END;
CREATE TRIGGER versions_usage_update AFTER UPDATE OF code_bytes ON versions BEGIN
  UPDATE code_usage SET bytes = bytes - OLD.code_bytes + NEW.code_bytes;
END;
CREATE TRIGGER versions_usage_delete AFTER DELETE ON versions BEGIN
  UPDATE code_usage SET bytes = bytes - OLD.code_bytes;
END;
CREATE TRIGGER documents_usage_insert AFTER INSERT ON documents WHEN NEW.code_bytes IS NOT NULL BEGIN
  UPDATE code_usage SET bytes = bytes + NEW.code_bytes;
END;
CREATE TRIGGER documents_usage_update AFTER UPDATE OF code_bytes ON documents BEGIN
  UPDATE code_usage SET bytes = bytes - ifnull(OLD.code_bytes, 0) + ifnull(NEW.code_bytes, 0);
END;
CREATE TRIGGER documents_usage_delete AFTER DELETE ON documents WHEN OLD.code_bytes IS NOT NULL BEGIN
  UPDATE code_usage SET bytes = bytes - OLD.code_bytes;
END;

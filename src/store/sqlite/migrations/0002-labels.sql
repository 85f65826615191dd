-- A second name under which documents are found: the id of a function URL, the code signing configuration that a function obeys.

ALTER TABLE documents ADD COLUMN label TEXT;
CREATE INDEX documents_label ON documents (kind, label) WHERE label IS NOT NULL;

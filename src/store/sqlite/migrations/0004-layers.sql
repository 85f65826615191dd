-- Until now a function's layers were names of what did not exist.

UPDATE versions SET settings = json_set(settings, '$.layers', json('[]')) WHERE json_extract(settings, '$.layers') <> '[]';

-- Finds the versions with layers among many without: a sweep asks for them, as they use the layers' packages.

CREATE INDEX versions_with_layers ON versions (function_name, number) WHERE json_extract(settings, '$.layers') <> '[]';

import { createAlias } from "../../services/aliases/create-alias.ts";
import { deleteAlias } from "../../services/aliases/delete-alias.ts";
import { getAlias } from "../../services/aliases/get-alias.ts";
import { listAliases } from "../../services/aliases/list-aliases.ts";
import { updateAlias } from "../../services/aliases/update-alias.ts";
import type { Verbs } from "./route.ts";

export const aliasVerbs = {
  CreateAlias: createAlias,
  GetAlias: getAlias,
  UpdateAlias: updateAlias,
  DeleteAlias: deleteAlias,
  ListAliases: listAliases,
} satisfies Verbs;

import {
  createCodeSigningConfig,
  deleteCodeSigningConfig,
  getCodeSigningConfig,
  listCodeSigningConfigs,
  updateCodeSigningConfig,
} from "../../services/code-signing/code-signing-configs.ts";
import {
  deleteFunctionCodeSigningConfig,
  getFunctionCodeSigningConfig,
  listFunctionsByCodeSigningConfig,
  putFunctionCodeSigningConfig,
} from "../../services/code-signing/function-code-signing.ts";
import type { Verbs } from "./route.ts";

export const codeSigningVerbs = {
  CreateCodeSigningConfig: createCodeSigningConfig,
  GetCodeSigningConfig: getCodeSigningConfig,
  UpdateCodeSigningConfig: updateCodeSigningConfig,
  DeleteCodeSigningConfig: deleteCodeSigningConfig,
  ListCodeSigningConfigs: listCodeSigningConfigs,
  ListFunctionsByCodeSigningConfig: listFunctionsByCodeSigningConfig,
  PutFunctionCodeSigningConfig: putFunctionCodeSigningConfig,
  GetFunctionCodeSigningConfig: getFunctionCodeSigningConfig,
  DeleteFunctionCodeSigningConfig: deleteFunctionCodeSigningConfig,
} satisfies Verbs;

import { createFunction } from "../../services/functions/create-function.ts";
import { deleteFunction } from "../../services/functions/delete-function.ts";
import { getFunction, getFunctionConfiguration } from "../../services/functions/get-function.ts";
import { listFunctions } from "../../services/functions/list-functions.ts";
import { updateFunctionCode } from "../../services/functions/update-function-code.ts";
import { updateFunctionConfiguration } from "../../services/functions/update-function-configuration.ts";
import type { Verbs } from "./route.ts";

export const functionVerbs = {
  CreateFunction: createFunction,
  GetFunction: getFunction,
  GetFunctionConfiguration: getFunctionConfiguration,
  ListFunctions: listFunctions,
  UpdateFunctionCode: updateFunctionCode,
  UpdateFunctionConfiguration: updateFunctionConfiguration,
  DeleteFunction: deleteFunction,
} satisfies Verbs;

import { getFunctionRecursionConfig, putFunctionRecursionConfig } from "../../services/runtime/recursion.ts";
import { getRuntimeManagementConfig, putRuntimeManagementConfig } from "../../services/runtime/runtime-management.ts";
import { getFunctionScalingConfig, putFunctionScalingConfig } from "../../services/runtime/scaling.ts";
import type { Verbs } from "./route.ts";

export const runtimeVerbs = {
  PutRuntimeManagementConfig: putRuntimeManagementConfig,
  GetRuntimeManagementConfig: getRuntimeManagementConfig,
  PutFunctionRecursionConfig: putFunctionRecursionConfig,
  GetFunctionRecursionConfig: getFunctionRecursionConfig,
  PutFunctionScalingConfig: putFunctionScalingConfig,
  GetFunctionScalingConfig: getFunctionScalingConfig,
} satisfies Verbs;

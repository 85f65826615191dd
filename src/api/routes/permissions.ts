import { addPermission, getPolicy, removePermission } from "../../services/permissions/permissions.ts";
import {
  deleteResourcePolicy,
  getResourcePolicy,
  putResourcePolicy,
} from "../../services/permissions/resource-policy.ts";
import type { Verbs } from "./route.ts";

export const permissionVerbs = {
  AddPermission: addPermission,
  RemovePermission: removePermission,
  GetPolicy: getPolicy,
  PutResourcePolicy: putResourcePolicy,
  GetResourcePolicy: getResourcePolicy,
  DeleteResourcePolicy: deleteResourcePolicy,
} satisfies Verbs;

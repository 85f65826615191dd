/** Ready roles: policies that most keys want. */
import type { Policy } from "./parse.ts";
import { parseIdentityPolicy } from "./parse.ts";

const allow = (...actions: string[]) => ({ Effect: "Allow", Action: actions, Resource: "*" });
const policy = (...statements: object[]) => ({ Version: "2012-10-17", Statement: statements });

const READ = ["lambda:Get*", "lambda:List*", "s3:Get*", "s3:List*", "lambent:Get*", "lambent:List*"];

export const ROLES = {
  /** Everything, keys included. */
  admin: policy(allow("*")),
  /** Everything but keys, the audit log and the clock. */
  deployer: policy(allow("lambda:*", "s3:*", "lambent:*"), {
    Effect: "Deny",
    Action: ["lambent:*Key", "lambent:*Keys", "lambent:*Audit", "lambent:Move*"],
    Resource: "*",
  }),
  /** Calls functions, and sees nothing. */
  invoker: policy(allow("lambda:InvokeFunction", "lambda:InvokeFunctionUrl")),
  /** Sees everything but keys and the audit log, and changes nothing. */
  reader: policy(allow(...READ), { Effect: "Deny", Action: ["lambent:*Keys", "lambent:*Audit"], Resource: "*" }),
} as const;

export type RoleName = keyof typeof ROLES;

export const ROLE_NAMES = Object.keys(ROLES) as RoleName[];

export const isRoleName = (text: string): text is RoleName => Object.hasOwn(ROLES, text);

const parsed = new Map<RoleName, Policy>();

export function rolePolicy(name: RoleName): Policy {
  const known = parsed.get(name) ?? parseIdentityPolicy(ROLES[name]);
  parsed.set(name, known);
  return known;
}

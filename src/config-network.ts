/** Where functions may connect to, as flags and a file of the operator say it. */
import { readFileSync } from "node:fs";
import { SettingError } from "./config-setting.ts";
import { type Destination, type NetworkPolicy, parseDestinations, parsePolicy } from "./core/network-policy.ts";

export interface NetworkConfig {
  /** For functions that name no security group with a policy. */
  readonly policy: NetworkPolicy;
  /** In addition, for all. */
  readonly opened: readonly Destination[];
  /** By the id of a security group, which a function names in its VpcConfig. */
  readonly policies: Readonly<Record<string, NetworkPolicy>>;
}

/** @throws SettingError */
export function policyText(text: string): string {
  if (text !== "") parse(text);
  return text;
}

/** @throws SettingError */
export function readNetwork(given: { policy: string; open: string; policies: string }): NetworkConfig {
  return Object.freeze({
    policy: parse(given.policy),
    opened: given.open === "" ? [] : parseDestinations(given.open),
    policies: given.policies === "" ? {} : readPolicies(given.policies),
  });
}

function parse(text: string): NetworkPolicy {
  try {
    return parsePolicy(text);
  } catch (error) {
    throw new SettingError((error as Error).message);
  }
}

const GROUP_ID = /^sg-[0-9a-zA-Z]+$/;

function readPolicies(path: string): Record<string, NetworkPolicy> {
  const refuse = (what: string): never => {
    throw new SettingError(`Cannot use '${path}' for --network-policies: ${what}`);
  };
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    return refuse((error as Error).message);
  }
  if (typeof read !== "object" || read === null || Array.isArray(read))
    return refuse('it has to hold an object like {"sg-0db1": "db.internal:5432"}');
  const entries = Object.entries(read).map(([id, text]): [string, NetworkPolicy] => {
    if (!GROUP_ID.test(id)) refuse(`'${id}' is no security group's id, like sg-0db1`);
    if (typeof text !== "string") refuse(`the policy of ${id} has to be a text, like all, none or db.internal:5432`);
    try {
      return [id, parsePolicy(text)];
    } catch (error) {
      return refuse(`the policy of ${id}: ${(error as Error).message}`);
    }
  });
  return Object.fromEntries(entries);
}

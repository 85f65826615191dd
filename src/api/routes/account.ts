import { getAccountSettings } from "../../services/account/get-account-settings.ts";
import type { Verbs } from "./route.ts";

export const accountVerbs = {
  GetAccountSettings: getAccountSettings,
} satisfies Verbs;

import type { ServiceContext } from "../../services/context.ts";
import type { InputOf, OperationName, OutputOf } from "../../shapes/operations.ts";

/** What an operation does. */
export type Verb<Name extends OperationName> = (ctx: ServiceContext, input: InputOf<Name>) => Promise<OutputOf<Name>>;

/** Operations that do something; the table of all of them is `shapes/operations.ts`. */
export type Verbs = { readonly [Name in OperationName]?: Verb<Name> };

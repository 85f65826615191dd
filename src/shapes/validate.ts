import type { Infer, Shape } from "./dsl.ts";
import { INVALID, read } from "./read.ts";
import { refusal } from "./refusal.ts";

/**
 * The one way from `unknown` to a type. For an operation's input, `raw` holds every member by its API name, wherever it
 * travelled: text from the path, the query (a list: several texts) and the headers, JSON from the body, bytes for a payload.
 * @throws AwsError ValidationException for broken constraints, all of them in one message.
 * @throws AwsError SerializationException for a value of the wrong JSON type.
 */
export function validate<S extends Shape>(shape: S, raw: unknown): Infer<S> {
  const value = read(shape, raw, false);
  if (value === INVALID) throw refusal(shape, raw);
  return value as Infer<S>; // what `read` has just proved, member by member
}

/** A statement of a function's policy as AddPermission builds it. Source: recorded answers of GetPolicy; key order included. */
import { invalidParameter } from "../../errors/aws-error.ts";
import type { InputOf } from "../../shapes/operations.ts";
import type { PolicyStatement } from "./policy.ts";

type Given = InputOf<"AddPermission">;

/** @throws AwsError InvalidParameterValueException for a principal that is none. */
export function statementOf(input: Given, resource: string): PolicyStatement {
  if (input.FunctionUrlAuthType !== undefined && input.Action !== "lambda:InvokeFunctionUrl")
    throw invalidParameter("FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action");
  const condition = conditionOf(input);
  return {
    Sid: input.StatementId,
    Effect: "Allow",
    Principal: principalOf(input.Principal),
    Action: input.Action,
    Resource: resource,
    ...(Object.keys(condition).length > 0 && { Condition: condition }),
  };
}

const ACCOUNT = /^\d{12}$/;
const IAM_ARN = /^arn:aws[a-zA-Z-]*:(iam|sts)::\d{12}:.+$/;
const SERVICE = /^[a-z0-9-]+(\.[a-z0-9-]+)*\.(amazonaws\.com(\.cn)?|amazon\.com|aws\.internal)$/;

function principalOf(principal: string): unknown {
  if (principal === "*") return "*";
  if (ACCOUNT.test(principal)) return { AWS: `arn:aws:iam::${principal}:root` };
  if (IAM_ARN.test(principal)) return { AWS: principal };
  if (SERVICE.test(principal)) return { Service: principal };
  throw invalidParameter("The provided principal was invalid. Please check the principal and try again.");
}

function conditionOf(input: Given): Record<string, Record<string, string>> {
  const equals = {
    ...(input.SourceAccount !== undefined && { "AWS:SourceAccount": input.SourceAccount }),
    ...(input.FunctionUrlAuthType !== undefined && { "lambda:FunctionUrlAuthType": input.FunctionUrlAuthType }),
    ...(input.EventSourceToken !== undefined && { "lambda:EventSourceToken": input.EventSourceToken }),
    ...(input.PrincipalOrgID !== undefined && { "aws:PrincipalOrgID": input.PrincipalOrgID }),
  };
  return {
    ...(input.SourceArn !== undefined && { ArnLike: { "AWS:SourceArn": input.SourceArn } }),
    ...(Object.keys(equals).length > 0 && { StringEquals: equals }),
    ...(input.InvokedViaFunctionUrl !== undefined && {
      Bool: { "lambda:InvokedViaFunctionUrl": String(input.InvokedViaFunctionUrl) },
    }),
  };
}

import { AwsError } from "../../errors/aws-error.ts";
import type { DocumentChange, Need } from "../../store/document-port.ts";
import { DocumentKind } from "../document-kind.ts";

/** Which code signing configuration a function obeys: the owner is the function, the label the configuration's ARN. */
export const functionLinks = new DocumentKind<{ readonly arn: string }>("function-code-signing");

/** That the configuration is there. */
export const needsConfig = (arn: string): Need => ({
  need: "document",
  key: { kind: "code-signing-config", owner: "", key: arn },
});

/** The link of a function that is made together with it. */
export const linkOf = ({
  functionName,
  arn,
  nowMs,
}: {
  functionName: string;
  arn: string;
  nowMs: number;
}): DocumentChange => ({
  kind: functionLinks.kind,
  owner: functionName,
  key: "",
  body: { arn },
  label: arn,
  nowMs,
});

export const signingConfigMissing = (arn: string): AwsError =>
  new AwsError(
    "CodeSigningConfigNotFoundException",
    `The code signing configuration cannot be found. Check that the provided configuration is not deleted: ${arn}.`,
  );

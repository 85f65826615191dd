/** `lambent doctor`: what this host offers to wall functions in with, which walls would be taken, and what would be stronger. */
import type { Command } from "commander";
import type { Examination } from "../sandbox/walls/examine.ts";

export function addDoctor(program: Command, examine: () => Promise<Examination>): void {
  program
    .command("doctor")
    .description("Say what walls around functions this host offers; exits 1 when none holds")
    .exitOverride()
    .action(async () => {
      const examination = await examine();
      process.stdout.write(reportOf(examination));
      if (examination.auto === undefined)
        throw new Error("No walls hold here, and serve would not start without --isolation none");
    });
}

export function reportOf({ facts, kinds, auto, networkFailure, advice }: Examination): string {
  const walls = kinds.map(({ kind, works, reason }) => row(kind, works ? "works" : `does not work: ${reason}`));
  return [
    "This host",
    ...facts.map(({ what, finding }) => row(what, finding)),
    "",
    "Walls around functions, the strongest first (each was tried)",
    ...walls,
    "",
    `--isolation auto takes: ${auto ?? "nothing, and the server does not start"}`,
    `Functions can be held to a network policy: ${networkFailure === undefined ? "yes" : `no (${networkFailure})`}`,
    ...(advice.length > 0 ? ["", "Stronger would be", ...advice.map((text) => `  ${text}`)] : []),
    "",
  ].join("\n");
}

const LABEL_WIDTH = 18;
const row = (label: string, text: string): string => `  ${label.padEnd(LABEL_WIDTH)}${text}`;

/**
 * Counting what came of operations.
 *
 * @module
 */
import type { SyncError } from "../model/error.ts";
import type { Expunge, Outcome } from "../model/operation.ts";
import type { AttributesDone } from "./attributes.ts";
import { NOTHING_DONE, type SideReport } from "../model/report.ts";

/** Outcomes of one mailbox on one side, added up. */
export class Tally {
  /** What was done. */
  done: SideReport = NOTHING_DONE;
  /** What was refused or could not be read. */
  readonly problems: SyncError[] = [];
  /** Whether somebody changed a mailbox meanwhile, so that another try is worth it. */
  changed = false;

  /** The mails that were expunged. */
  readonly gone: Expunge[] = [];

  /** Adds outcomes. */
  take(outcomes: readonly Outcome[]): void {
    let { saved, savedBytes, updated, expunged } = this.done;
    for (const outcome of outcomes) {
      if (outcome._tag === "Refused") {
        this.lose(outcome.error);
        continue;
      }
      switch (outcome.operation._tag) {
        case "SaveMail":
          saved++;
          savedBytes += outcome.operation.mail.size;
          break;
        case "RenumberMail":
        case "UpdateFlags":
          updated++;
          break;
        case "Expunge":
          expunged++;
          this.gone.push(outcome.operation);
          break;
        case "RaiseStatus":
      }
    }
    this.done = { ...this.done, saved, savedBytes, updated, expunged };
  }

  /** Adds what was done to attributes. */
  takeAttributes({ count, problem }: AttributesDone): void {
    this.done = { ...this.done, attributes: this.done.attributes + count };
    if (problem !== null) this.lose(problem);
  }

  /** Adds something that could not be done. */
  lose(error: SyncError): void {
    if (error._tag === "Changed") this.changed = true;
    this.problems.push(error);
  }
}

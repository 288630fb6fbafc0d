/**
 * GUIDs for mails that have none.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { type Guid, guid } from "../model/ids.ts";

/** A GUID that no other mail has: 128 random bits as 32 hex digits. */
export const newGuid = (): Guid => guid(randomBytes(16).toString("hex"));

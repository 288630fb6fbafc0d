/**
 * GUIDs for mails that have none.
 *
 * @module
 */
import { type Guid, guid } from "../model/ids.ts";

/** A GUID that no other mail has: 122 random bits (a version 4 UUID) as 32 hex digits. */
export const newGuid = (): Guid => guid(crypto.randomUUID().replaceAll("-", ""));

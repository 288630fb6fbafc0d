/**
 * An error as text for people.
 *
 * @module
 */
import type { Place, SyncError } from "../model/error.ts";
import { visibleText } from "./visible_text.ts";

const placeText = (place: Place): string => {
  const parts: string[] = [];
  if (place.mailbox !== undefined) parts.push(`mailbox ${place.mailbox}`);
  if (place.uid !== undefined) parts.push(`UID ${place.uid}`);
  if (place.path !== undefined) {
    parts.push(place.offset === undefined ? place.path : `${place.path} at byte ${place.offset}`);
  } else if (place.offset !== undefined) parts.push(`byte ${place.offset}`);
  return parts.join(", ");
};

/** An error as one line: the place, then what is wrong. Control characters in names are written out. */
export const errorText = (error: SyncError): string => {
  const place = placeText(error.where);
  return visibleText(place === "" ? error.what : `${place}: ${error.what}`);
};

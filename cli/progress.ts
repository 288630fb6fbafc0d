/**
 * The line on a terminal that shows how far a long run is.
 *
 * @module
 */
import { visibleText } from "../lib/codec/visible_text.ts";
import type { SyncEvent } from "../lib/model/report.ts";

/** It is drawn so often at most. */
const EVERY_MS = 100;

/** A short run shows none. */
const AFTER_MS = 500;

const UNITS = ["bytes", "kB", "MB", "GB", "TB"] as const;

/** A number of bytes for people. */
export const bytesText = (bytes: number): string => {
  let unit = 0;
  let value = bytes;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
};

const durationText = (seconds: number): string => {
  const whole = Math.ceil(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number): string => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
};

/** How far one mailbox is. */
interface Course {
  readonly begun: number;
  readonly total: number;
  done: number;
  bytes: number;
}

/** Follows a run's events; `write` gets text for the terminal, `now` is in milliseconds. */
export class Progress {
  readonly #write: (text: string) => void;
  readonly #now: () => number;
  readonly #begun: number;
  #drawn = 0;
  #isShown = false;
  /** Those under way: over a pipe the next one is begun before the last one is done. */
  readonly #courses = new Map<string, Course>();
  #mailbox = "";
  #allBytes = 0;

  /** Shows nothing yet. */
  constructor(write: (text: string) => void, now: () => number) {
    this.#write = write;
    this.#now = now;
    this.#begun = now();
  }

  /** Takes one event. */
  take(event: SyncEvent): void {
    if (event._tag === "MailboxBegun") {
      this.#begin(event.name, event.messages);
      if (!this.#courses.has(this.#mailbox)) this.#mailbox = event.name;
    } else if (event._tag === "Progress") {
      const course = this.#courses.get(event.name) ?? this.#begin(event.name, 0);
      course.done += event.operations;
      course.bytes += event.bytes;
      this.#allBytes += event.bytes;
      this.#mailbox = event.name;
    } else {
      if (event._tag === "MailboxDone") this.#courses.delete(event.name);
      return;
    }
    this.#draw();
  }

  #begin(name: string, total: number): Course {
    const course: Course = { begun: this.#now(), total, done: 0, bytes: 0 };
    this.#courses.set(name, course);
    return course;
  }

  #draw(): void {
    const now = this.#now();
    if (now - this.#begun < AFTER_MS || now - this.#drawn < EVERY_MS) return;
    this.#drawn = now;
    this.#isShown = true;
    this.#write(`\r\x1b[K${this.line(now)}`);
  }

  /** The line as it is at a moment. */
  line(now: number): string {
    const { begun, total, done, bytes } = this.#courses.get(this.#mailbox) ??
      { begun: now, total: 0, done: 0, bytes: 0 };
    const parts = [
      total > 0 && done <= total ? `${done} of ${total} mails` : `${done} changes`,
      bytesText(bytes),
    ];
    const seconds = (now - this.#begun) / 1000;
    if (seconds > 0) parts.push(`${bytesText(Math.round(this.#allBytes / seconds))}/s`);
    const here = (now - begun) / 1000;
    if (done > 0 && done < total) {
      parts.push(`${durationText(here * (total - done) / done)} left`);
    }
    return visibleText(`${this.#mailbox}: ${parts.join(", ")}`);
  }

  /** Takes the line away, so that other text can be shown. */
  clear(): void {
    if (this.#isShown) this.#write("\r\x1b[K");
    this.#isShown = false;
  }
}

/**
 * Stand-in for `@std/streams/text-line-stream`: text in lines.
 *
 * @module
 */

/**
 * Turns text in chunks into its lines, without their line ends (LF or CR LF). A last line without an end is a line, an
 * empty one behind the last line end is none. Linear also for a line in many chunks.
 */
export class TextLineStream extends TransformStream<string, string> {
  /** Makes the stream. */
  constructor() {
    let pending: string[] = [];
    super({
      transform: (chunk, controller) => {
        const lines = chunk.split("\n");
        const rest = lines.pop()!;
        for (const [i, line] of lines.entries()) {
          const whole = i === 0 ? pending.join("") + line : line;
          controller.enqueue(whole.endsWith("\r") ? whole.slice(0, -1) : whole);
        }
        if (lines.length > 0) pending = [];
        if (rest !== "") pending.push(rest);
      },
      flush: (controller) => {
        if (pending.length > 0) controller.enqueue(pending.join(""));
      },
    });
  }
}

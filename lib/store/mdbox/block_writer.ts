/**
 * What is written to a file m.N, in blocks.
 *
 * @module
 */
import { bytesOfText } from "../../codec/byte_text.ts";
import { MESSAGE_HEADER_SIZE, putMessageHeader } from "../../codec/mdbox_file.ts";
import type { Fd, Os } from "../../port/os.ts";

/** Small pieces are written together in blocks of this size. */
const BLOCK = 256 * 1024;
/** So many bytes are sent on their way to the disk together. */
const SENT_TOGETHER = 1 << 20;

/** A file that is written to. */
export interface BlockTarget {
  /** It, open. */
  readonly fd: Fd;
  /** Where the next byte goes. */
  end: number;
}

/** Collects small pieces to blocks, so that a mail does not cost three system calls. */
export class BlockWriter {
  readonly #os: Os;
  readonly #block = new Uint8Array(BLOCK);
  #held = 0;
  /** Bytes of the file that were written and not sent to the disk, and where they begin. */
  #unsent = 0;
  #unsentAt = 0;

  /** Holds nothing yet. */
  constructor(os: Os) {
    this.#os = os;
  }

  /** Writes bytes behind what the target has, a copy of them. */
  write(target: BlockTarget, bytes: Uint8Array): void {
    if (this.#held + bytes.length > BLOCK) this.flush(target);
    if (bytes.length > BLOCK) {
      this.#put(target, bytes, target.end);
    } else {
      this.#block.set(bytes, this.#held);
      this.#held += bytes.length;
    }
    target.end += bytes.length;
  }

  /** Writes the header of a mail of so many bytes. */
  writeHeader(target: BlockTarget, bodySize: number): void {
    if (this.#held + MESSAGE_HEADER_SIZE > BLOCK) this.flush(target);
    putMessageHeader(this.#block, this.#held, bodySize);
    this.#held += MESSAGE_HEADER_SIZE;
    target.end += MESSAGE_HEADER_SIZE;
  }

  /** Writes text in the form of `textOfBytes`. */
  writeText(target: BlockTarget, text: string): void {
    if (this.#held + text.length > BLOCK) this.flush(target);
    const [block, at] = [this.#block, this.#held];
    // A few characters of ASCII, as a rule: it takes longer to call an encoder for them.
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f || text.length > BLOCK) return this.write(target, bytesOfText(text));
      block[at + i] = code;
    }
    this.#held += text.length;
    target.end += text.length;
  }

  /** Writes what is held. */
  flush(target: BlockTarget): void {
    if (this.#held === 0) return;
    const bytes = this.#block.subarray(0, this.#held);
    this.#held = 0;
    this.#put(target, bytes, target.end - bytes.length);
  }

  /** What is to be durable at the end is on its way while the next mails are read. */
  #put({ fd }: BlockTarget, bytes: Uint8Array, at: number): void {
    const { disk } = this.#os;
    disk.write(fd, bytes, at);
    if (at !== this.#unsentAt + this.#unsent) {
      this.#unsent = 0;
      this.#unsentAt = at;
    }
    this.#unsent += bytes.length;
    if (this.#unsent < SENT_TOGETHER) return;
    disk.beginSync?.(fd, this.#unsentAt, this.#unsent);
    this.#unsentAt += this.#unsent;
    this.#unsent = 0;
  }

  /** What is held is not written. */
  forget(): void {
    this.#held = 0;
  }
}

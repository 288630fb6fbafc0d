/**
 * The mails of an index as columns: UIDs ascending, flag bytes, and any number of byte columns that grow and shrink
 * with them. Expunges only mark; {@linkcode Rows.compact} closes the gaps once.
 *
 * Columns are laid over 32-bit words in memory order. Dovecot's files are little-endian and so is every machine that
 * Deno runs on, so words can be copied from file to column as they are.
 *
 * @module
 */

/** Memory that a file may ask for, per byte of it: more is not justified by any index that a mail server wrote. */
const BYTES_PER_BYTE = 256;
const FREE_BYTES = 1 << 16;

/**
 * The first place at or after `from` whose value is not below `wanted`, of `count` ascending values; `count` if none.
 * Logarithmic in its distance from `from`, so a list in order costs little for each of its items.
 */
export const lowerBound = (
  values: Uint32Array,
  count: number,
  wanted: number,
  from: number,
): number => {
  let low = from;
  let high = from;
  for (let step = 1; high < count && values[high]! < wanted; step *= 2) {
    low = high + 1;
    high += step;
  }
  if (high > count) high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** Some bytes for each mail. */
export class Column {
  /** Distance between two mails' data, bytes. */
  readonly stride: number;
  /** The data: mail `row` at `row * stride`. */
  bytes: Uint8Array<ArrayBuffer>;
  /** The same memory as words. */
  words: Uint32Array<ArrayBuffer>;

  /** Zeros for `rows` mails. */
  constructor(stride: number, rows: number) {
    this.stride = stride;
    const buffer = new ArrayBuffer((stride * rows + 3) & ~3);
    this.bytes = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
  }

  /** The same data for the first `rows` mails, in memory of its own. */
  copy(rows: number): Column {
    const copy = new Column(this.stride, rows);
    copy.bytes.set(this.bytes.subarray(0, copy.bytes.length));
    return copy;
  }

  /** Makes room for `rows` mails; what is there stays. */
  resize(rows: number): void {
    if (((this.stride * rows + 3) & ~3) === this.bytes.length) return;
    const larger = this.copy(rows);
    this.bytes = larger.bytes;
    this.words = larger.words;
  }

  /**
   * Takes `size` bytes per mail, for `count` mails from `row`, out of `source`: the first at `at`, the next `step`
   * bytes on. Linear; by words where all is aligned.
   */
  fill(
    row: number,
    count: number,
    size: number,
    source: Uint8Array,
    at: number,
    step: number,
  ): void {
    if (count === 0) return;
    if (((size | this.stride) & 3) === 0) {
      this.#fillWords(row, count, size >> 2, source, at, step);
      return;
    }
    const to = this.bytes;
    for (let i = 0, a = at, b = row * this.stride; i < count; i++, a += step, b += this.stride) {
      for (let k = 0; k < size; k++) to[b + k] = source[a + k]!;
    }
  }

  #fillWords(
    row: number,
    count: number,
    width: number,
    source: Uint8Array,
    at: number,
    step: number,
  ): void {
    const to = this.words;
    const toStep = this.stride >> 2;
    let b = row * toStep;
    if (((step | (source.byteOffset + at)) & 3) === 0) {
      const length = (source.length - at) >> 2;
      const from = new Uint32Array(source.buffer, source.byteOffset + at, length);
      const fromStep = step >> 2;
      for (let i = 0, a = 0; i < count; i++, a += fromStep, b += toStep) {
        for (let k = 0; k < width; k++) to[b + k] = from[a + k]!;
      }
      return;
    }
    const from = new DataView(source.buffer, source.byteOffset, source.byteLength);
    for (let i = 0, a = at; i < count; i++, a += step, b += toStep) {
      for (let k = 0; k < width; k++) to[b + k] = from.getUint32(a + k * 4, true);
    }
  }
}

/** UIDs, flags and columns of the mails of one index. */
export class Rows {
  /** How many mails there are, expunged ones included until {@linkcode compact}. */
  count = 0;
  /** UIDs, ascending; only the first `count` count. */
  uids: Uint32Array<ArrayBuffer> = new Uint32Array(0);
  /** All eight flag bits. */
  flags: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  readonly #columns = new Set<Column>();
  #width = 0;
  #allowance = FREE_BYTES;
  #work = FREE_BYTES;
  #dead: Uint8Array | null = null;

  /** The same mails without columns, in memory of its own. */
  copy(): Rows {
    const copy = new Rows();
    copy.count = this.count;
    copy.uids = this.uids.slice(0, this.count);
    copy.flags = this.flags.slice(0, this.count);
    copy.#allowance = this.#allowance;
    copy.#work = this.#work;
    copy.#dead = this.#dead?.slice(0, this.count) ?? null;
    return copy;
  }

  /** Makes room for so many mails more, as far as that much memory is justified. */
  reserve(mails: number): void {
    const count = this.count + mails;
    if (count > this.uids.length && count * this.#width <= this.#allowance) this.#resize(count);
  }

  /** Notes that so many bytes of file were read: they justify memory and work. */
  feed(bytes: number): void {
    this.#allowance += bytes * BYTES_PER_BYTE;
    this.#work += bytes * BYTES_PER_BYTE;
  }

  /** Takes memory beside the columns from what the bytes read so far justify; false: too much. */
  take(bytes: number): boolean {
    this.#allowance -= bytes;
    return this.count * this.#width <= this.#allowance;
  }

  /** Takes work (bytes to go through) from what the bytes read so far justify; false: too much. */
  spend(bytes: number): boolean {
    this.#work -= bytes;
    return this.#work >= 0;
  }

  /** A new column of zeros, or null when that much memory is not justified. */
  addColumn(stride: number): Column | null {
    if (this.count * (this.#width + stride) > this.#allowance) return null;
    const column = new Column(stride, this.uids.length);
    this.#columns.add(column);
    this.#width += stride;
    return column;
  }

  /** Takes over a column that was made for just these mails; what gave it must not use it any more. */
  adoptColumn(column: Column): void {
    column.resize(this.uids.length);
    this.#columns.add(column);
    this.#width += column.stride;
  }

  /** Forgets a column. */
  dropColumn(column: Column): void {
    if (this.#columns.delete(column)) this.#width -= column.stride;
  }

  /**
   * Adds mails, whose UIDs ascend and are above all there, with zeros in every column. False, and nothing added, when
   * that much memory is not justified.
   */
  append(uids: Uint32Array, flags: Uint8Array): boolean {
    const count = this.count + uids.length;
    if (count * this.#width > this.#allowance) return false;
    if (count > this.uids.length) this.#resize(Math.max(count, this.count + (this.count >> 1)));
    this.uids.set(uids, this.count);
    this.flags.set(flags, this.count);
    this.count = count;
    return true;
  }

  #resize(capacity: number): void {
    const uids = new Uint32Array(capacity);
    const flags = new Uint8Array(capacity);
    uids.set(this.uids.subarray(0, this.count));
    flags.set(this.flags.subarray(0, this.count));
    this.uids = uids;
    this.flags = flags;
    for (const column of this.#columns) column.resize(capacity);
    if (this.#dead !== null) {
      const dead = new Uint8Array(capacity);
      dead.set(this.#dead);
      this.#dead = dead;
    }
  }

  /** The first row at or after `from` whose UID is not below `uid`; `count` if none. */
  lower(uid: number, from = 0): number {
    return lowerBound(this.uids, this.count, uid, from);
  }

  /** The row of a UID, -1 where there is none. `hint`: a row it may be at or shortly after. */
  find(uid: number, hint = 0): number {
    // Who goes through all mails finds each where he expects it.
    if (this.#dead === null && hint < this.count && this.uids[hint] === uid) return hint;
    const from = hint < this.count && this.uids[hint]! <= uid ? hint : 0;
    const row = this.lower(uid, from);
    return row < this.count && this.uids[row] === uid && (this.#dead?.[row] ?? 0) === 0 ? row : -1;
  }

  /** Marks rows `[from, to)` as expunged. They stay in place, but `find` does not see them. */
  expunge(from: number, to: number): void {
    this.#dead ??= new Uint8Array(this.uids.length);
    this.#dead.fill(1, from, to);
  }

  /** Closes the gaps that expunges left. Linear, and only when there are any. */
  compact(): void {
    const dead = this.#dead;
    if (dead === null) return;
    this.#dead = null;
    let to = 0;
    for (let row = 0; row < this.count;) {
      if (dead[row] !== 0) {
        row++;
        continue;
      }
      let end = row + 1;
      while (end < this.count && dead[end] === 0) end++;
      if (row !== to) this.#move(row, end, to);
      to += end - row;
      row = end;
    }
    // Rows that come later must find zeros.
    for (const { bytes, stride } of this.#columns) {
      bytes.fill(0, to * stride, this.count * stride);
    }
    this.count = to;
  }

  #move(from: number, end: number, to: number): void {
    this.uids.copyWithin(to, from, end);
    this.flags.copyWithin(to, from, end);
    for (const { bytes, stride } of this.#columns) {
      bytes.copyWithin(to * stride, from * stride, end * stride);
    }
  }
}

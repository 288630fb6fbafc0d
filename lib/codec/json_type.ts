/**
 * Types of io-ts for what comes by the ten thousand. They tell whether a value is right, and not where it is wrong, which
 * is what most of the work of io-ts's own is for.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import * as t from "io-ts";

/** A type that can be asked without anything being made but the value. */
export class Checked<A> extends t.Type<A, unknown> {
  /** The value as it is to be; undefined: it is none. */
  readonly read: (value: unknown) => A | undefined;

  /** By what reads, what writes, and what knows a value that was read. */
  constructor(
    name: string,
    read: (value: unknown) => A | undefined,
    write: (value: A) => unknown,
    is: (value: unknown) => boolean,
  ) {
    super(
      name,
      (value): value is A => is(value),
      (value, context) => {
        const found = read(value);
        return found === undefined ? t.failure(value, context) : t.success(found);
      },
      write,
    );
    this.read = read;
  }
}

/** What reads values of any type; undefined: it is none. */
export const readerOf = <A>(type: t.Type<A, unknown>): (value: unknown) => A | undefined => {
  if (type instanceof Checked) return type.read;
  return (value) => {
    const decoded = type.decode(value);
    return E.isRight(decoded) ? decoded.right : undefined;
  };
};

/** A type out of what makes its value of anything; undefined: it is none. */
export const checked = <A>(
  name: string,
  read: (value: unknown) => A | undefined,
  write: (value: A) => unknown = (value) => value,
  is: (value: unknown) => boolean = (value) => read(value) !== undefined,
): Checked<A> => new Checked(name, read, write, is);

/** The same, or null. */
export const nullOr = <A>(type: t.Type<A, unknown>): Checked<A | null> => {
  const read = readerOf(type);
  return new Checked<A | null>(
    `null or ${type.name}`,
    (value) => value === null ? null : read(value),
    (value) => value === null ? null : type.encode(value),
    (value) => value === null || type.is(value),
  );
};

type Fields = Readonly<Record<string, t.Mixed>>;

type ObjectOf<F extends Fields> = { readonly [K in keyof F]: t.TypeOf<F[K]> };

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Objects with these fields; others that they have stay. */
export const object = <F extends Fields>(name: string, fields: F): Checked<ObjectOf<F>> => {
  const names = Object.keys(fields);
  const types = Object.values(fields);
  const readers = types.map(readerOf);
  return new Checked<ObjectOf<F>>(
    name,
    (value) => {
      if (!isObject(value)) return undefined;
      let result: Record<string, unknown> | null = null;
      for (let i = 0; i < names.length; i++) {
        const field = names[i]!;
        const given = value[field];
        const found = readers[i]!(given);
        if (found === undefined) return undefined;
        if (found === given) continue;
        result ??= { ...value };
        result[field] = found;
      }
      return (result ?? value) as ObjectOf<F>;
    },
    (object) => {
      const told: Record<string, unknown> = { ...object };
      names.forEach((field, i) => told[field] = types[i]!.encode(told[field]));
      return told;
    },
    (value) => isObject(value) && names.every((field, i) => types[i]!.is(value[field])),
  );
};

/** Arrays of something. */
export const list = <A>(type: t.Type<A, unknown>): Checked<readonly A[]> => {
  const read = readerOf(type);
  return new Checked<readonly A[]>(
    `list of ${type.name}`,
    (value) => {
      if (!Array.isArray(value)) return undefined;
      let result: A[] | null = null;
      for (let i = 0; i < value.length; i++) {
        const found = read(value[i]);
        if (found === undefined) return undefined;
        if (found === value[i]) continue;
        result ??= value.slice();
        result[i] = found;
      }
      return result ?? value;
    },
    (items) => items.map(type.encode),
    (value) => Array.isArray(value) && value.every(type.is),
  );
};

/** Objects whose field `_tag` says of which type they are. */
export const tagged = <F extends Fields>(types: F): Checked<t.TypeOf<F[keyof F]>> => {
  const byTag = new Map(
    Object.entries(types).map(([tag, type]) => [tag, { type, read: readerOf(type) }]),
  );
  const typeOf = (value: unknown) =>
    isObject(value) && typeof value["_tag"] === "string" ? byTag.get(value["_tag"]) : undefined;
  return new Checked<t.TypeOf<F[keyof F]>>(
    [...byTag.keys()].join(" | "),
    (value) => typeOf(value)?.read(value) as t.TypeOf<F[keyof F]> | undefined,
    (value) => typeOf(value)!.type.encode(value),
    (value) => typeOf(value)?.type.is(value) ?? false,
  );
};

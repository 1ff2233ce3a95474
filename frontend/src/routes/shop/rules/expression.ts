/**
 * Conditions as the builder sees them: groups of tests, to and from the text that the
 * server reads. What the builder cannot show stays text; the server alone says what is wrong.
 */

export type Join = "and" | "or";

/** Written `is`, `is not` …: what a test asks of its fact. */
export type Operator =
  | "=="
  | "!="
  | "<"
  | "<="
  | ">"
  | ">="
  | "in"
  | "not in"
  | "starts_with"
  | "not starts_with"
  | "between"
  | "not between"
  | "contains"
  | "not contains"
  | "so"
  | "not so";

export interface Test {
  key: number;
  fact: string;
  operator: Operator;
  values: string[];
}

export interface Group {
  key: number;
  join: Join;
  parts: Part[];
}

export type Part = Group | Test;

export type FactType = "TEXT" | "NUMBER" | "LIST" | "FLAG";
/** The types of the facts that there are. */
export type Facts = ReadonlyMap<string, FactType>;

/** What may be asked of each type of fact, the likeliest first. */
export const OPERATORS: Record<FactType, readonly Operator[]> = {
  TEXT: ["==", "!=", "in", "not in", "starts_with", "not starts_with", "between", "not between"],
  NUMBER: ["==", "!=", ">", ">=", "<", "<=", "between", "not between"],
  LIST: ["contains", "not contains"],
  FLAG: ["so", "not so"],
};

let lastKey = 0;
export function nextKey(): number {
  lastKey += 1;
  return lastKey;
}

export function isGroup(part: Part): part is Group {
  return "parts" in part;
}

export function emptyGroup(join: Join = "and"): Group {
  return { key: nextKey(), join, parts: [] };
}

export function newTest(fact: string, type: FactType): Test {
  return { key: nextKey(), fact, operator: OPERATORS[type][0] ?? "==", values: [] };
}

/** How many values an operator takes; a list takes any number. */
export function arity(operator: Operator): 0 | 1 | 2 | "list" {
  if (operator === "in" || operator === "not in") return "list";
  if (operator === "between" || operator === "not between") return 2;
  return operator === "so" || operator === "not so" ? 0 : 1;
}

/** Whether nothing is left to fill in. */
export function isComplete(group: Group): boolean {
  return group.parts.every((part) => {
    if (isGroup(part)) return part.parts.length > 0 && isComplete(part);
    const wanted = arity(part.operator);
    const given = part.values.filter((value) => value.trim() !== "").length;
    return wanted === "list" ? given > 0 : given === wanted;
  });
}

// --- to text

function quoted(text: string): string {
  return text.includes('"') ? `'${text}'` : `"${text}"`;
}

function printTest({ fact, operator, values }: Test, facts: Facts): string {
  const value = (text = "") => (facts.get(fact) === "NUMBER" ? text.trim() : quoted(text));
  const [first, second] = values;
  switch (operator) {
    case "so":
      return fact;
    case "not so":
      return `not ${fact}`;
    case "contains":
      return `${quoted(first ?? "")} in ${fact}`;
    case "not contains":
      return `not (${quoted(first ?? "")} in ${fact})`;
    case "in":
      return `${fact} in [${values.map(quoted).join(", ")}]`;
    case "not in":
      return `not (${fact} in [${values.map(quoted).join(", ")}])`;
    case "between":
      return `${fact} between ${value(first)} and ${value(second)}`;
    case "not between":
      return `not (${fact} between ${value(first)} and ${value(second)})`;
    case "not starts_with":
      return `not (${fact} starts_with ${value(first)})`;
    default:
      return `${fact} ${operator} ${value(first)}`;
  }
}

export function print(group: Group, facts: Facts): string {
  const parts = group.parts.map((part) =>
    isGroup(part) ? `(${print(part, facts)})` : printTest(part, facts),
  );
  return parts.join(` ${group.join} `);
}

// --- from text

type Word = { kind: "name" | "text" | "number"; text: string } | { kind: "sign"; text: string };

const WORD =
  /\s*(?:(?<name>\p{Alphabetic}[\p{Alphabetic}\p{N}_.]*)|(?<number>-?\d[\d.]*)|"(?<double>[^"]*)"|'(?<single>[^']*)'|(?<sign>==|!=|<=|>=|&&|\|\||[<>()[\],!]))/uy;

function words(text: string): Word[] | null {
  const found: Word[] = [];
  WORD.lastIndex = 0;
  while (WORD.lastIndex < text.trimEnd().length) {
    const groups = WORD.exec(text)?.groups;
    if (!groups) return null;
    const { name, number, double, single, sign } = groups;
    if (name !== undefined) found.push({ kind: "name", text: name });
    else if (number !== undefined) found.push({ kind: "number", text: number });
    else if (sign !== undefined) found.push({ kind: "sign", text: sign });
    else found.push({ kind: "text", text: double ?? single ?? "" });
  }
  return found;
}

/** What the builder cannot show. */
class NotShown extends Error {}

const NEGATED: Partial<Record<Operator, Operator>> = {
  "==": "!=",
  "!=": "==",
  "<": ">=",
  "<=": ">",
  ">": "<=",
  ">=": "<",
  in: "not in",
  starts_with: "not starts_with",
  between: "not between",
  contains: "not contains",
  so: "not so",
};

class Reader {
  private next = 0;
  constructor(
    private readonly words: readonly Word[],
    private readonly facts: Facts,
  ) {}

  whole(): Part {
    const part = this.chain("or", ["or", "||"], () =>
      this.chain("and", ["and", "&&"], () => this.not()),
    );
    if (this.next < this.words.length) throw new NotShown();
    return part;
  }

  private chain(join: Join, signs: string[], read: () => Part): Part {
    const first = read();
    const parts = [first];
    while (this.take(...signs)) parts.push(read());
    return parts.length === 1 ? first : { key: nextKey(), join, parts };
  }

  private not(): Part {
    if (!this.take("not", "!")) return this.test();
    const inner = this.not();
    const operator = isGroup(inner) ? undefined : NEGATED[inner.operator];
    if (isGroup(inner) || !operator) throw new NotShown();
    return { ...inner, operator };
  }

  private test(): Part {
    if (this.take("(")) {
      const inner = this.chain("or", ["or", "||"], () =>
        this.chain("and", ["and", "&&"], () => this.not()),
      );
      if (!this.take(")")) throw new NotShown();
      return inner;
    }
    const first = this.words[this.next];
    if (first?.kind === "text") {
      this.next += 1;
      if (!this.take("in")) throw new NotShown();
      return this.of(this.fact("LIST"), "contains", [first.text]);
    }
    const fact = this.fact();
    const type = this.facts.get(fact);
    if (type === "FLAG") return this.of(fact, "so", []);
    if (type === "TEXT" && this.take("in")) return this.of(fact, "in", this.list());
    if (type === "TEXT" && this.take("starts_with")) {
      return this.of(fact, "starts_with", [this.value("text")]);
    }
    const kind = type === "NUMBER" ? "number" : "text";
    if (this.take("between")) {
      const low = this.value(kind);
      if (!this.take("and")) throw new NotShown();
      return this.of(fact, "between", [low, this.value(kind)]);
    }
    const sizes = type === "NUMBER" ? (["<", "<=", ">", ">="] as const) : [];
    for (const operator of ["==", "!=", ...sizes] as const) {
      if (this.take(operator)) return this.of(fact, operator, [this.value(kind)]);
    }
    throw new NotShown();
  }

  private of(fact: string, operator: Operator, values: string[]): Test {
    return { key: nextKey(), fact, operator, values };
  }

  private fact(type?: FactType): string {
    const word = this.words[this.next];
    const known = word?.kind === "name" ? this.facts.get(word.text) : undefined;
    if (!word || !known || (type && known !== type)) throw new NotShown();
    this.next += 1;
    return word.text;
  }

  private value(kind: "text" | "number"): string {
    const word = this.words[this.next];
    if (word?.kind !== kind) throw new NotShown();
    this.next += 1;
    return word.text;
  }

  private list(): string[] {
    const items: string[] = [];
    if (!this.take("[")) throw new NotShown();
    do items.push(this.value("text"));
    while (this.take(","));
    if (!this.take("]")) throw new NotShown();
    return items;
  }

  private take(...any: string[]): boolean {
    const word = this.words[this.next];
    const found = (word?.kind === "sign" || word?.kind === "name") && any.includes(word.text);
    if (found) this.next += 1;
    return found;
  }
}

/** The condition as groups of tests; null where it is wrong, or more than the builder shows. */
export function parse(text: string, facts: Facts): Group | null {
  if (text.trim() === "") return emptyGroup();
  const found = words(text);
  if (!found) return null;
  try {
    const part = new Reader(found, facts).whole();
    return isGroup(part) ? part : { key: nextKey(), join: "and", parts: [part] };
  } catch (error) {
    if (error instanceof NotShown) return null;
    throw error;
  }
}

/** Where a count of characters ends in a text, which counts some of them twice. */
export function indexOf(text: string, characters: number): number {
  return Array.from(text).slice(0, characters).join("").length;
}

/** The text before a mistake, the word that is wrong, and what follows. */
export function split(text: string, offset: number): [string, string, string] {
  const at = indexOf(text, offset);
  const rest = text.slice(at);
  const word =
    /^(?:[\p{Alphabetic}\p{N}_.]+|"[^"]*"?|'[^']*'?|[=!<>&|]{1,2}|\S)/u.exec(rest)?.[0] ?? "";
  return [text.slice(0, at), word, rest.slice(word.length)];
}

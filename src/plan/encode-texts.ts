import { utf8 } from "../platform/utf8.ts";

/** The texts of a plan: each stands in its data once, with a NUL behind it, in the order they were first asked for. */
export class Texts {
  /** Where those lie in the data that have their place already, by index. */
  readonly addresses: number[] = [];
  private readonly texts: string[] = [];
  private readonly indices = new Map<string, number>();

  /** The number of a text; its address is known once it is laid out. */
  index(text: string): number {
    let index = this.indices.get(text);
    if (index === undefined) {
      if (text.includes("\0")) throw new Error(`a NUL byte in ${JSON.stringify(text)}`);
      index = this.texts.push(text) - 1;
      this.indices.set(text, index);
    }
    return index;
  }

  /** Gives those that have no place yet one behind the other, from `address` on, and returns them encoded. */
  layOut(address: number): Uint8Array {
    const { addresses } = this;
    const texts = this.texts;
    let at = addresses.length;
    if (at === texts.length) return new Uint8Array(0);
    const joined = `${(at === 0 ? texts : texts.slice(at)).join("\0")}\0`;
    const bytes = utf8.encode(joined);
    const ascii = bytes.length === joined.length;
    for (; at < texts.length; at++) {
      addresses.push(address);
      const text = texts[at] as string;
      address += (ascii ? text.length : utf8.encode(text).length) + 1;
    }
    return bytes;
  }
}

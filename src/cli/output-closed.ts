/** Nobody reads the output any more: husk ends without a word, as programs end by SIGPIPE. */
export class OutputClosed extends Error {}

/** The exit status of a program that wrote to nobody. */
export const BROKEN_PIPE = 141;
